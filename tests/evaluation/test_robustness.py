from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from evaluation import analyse, attacks, corruptions, robustness
from evaluation.errors import InputError
from evaluation.settings import Attack
from tests.evaluation.samples import softmax


class Threshold:
    """Calls an image bright or dark by its mean, through a logistic curve."""

    def predict(self, images: np.ndarray) -> np.ndarray:
        score = (images.mean(axis=(1, 2, 3)) - 128) / 12
        return np.column_stack([-score, score])


class Differentiable(Threshold):
    """Offers the slope of its loss: up for dark images, down for bright ones."""

    def gradient(self, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        p = softmax(self.predict(images))
        slope = (p[:, 1] - labels)[:, None, None, None] / 2 / images[0].size
        return np.broadcast_to(slope, images.shape).astype(np.float32)


class Patch:
    """Calls an image by the brightness of its upper left corner alone."""

    def predict(self, images: np.ndarray) -> np.ndarray:
        score = (images[:, :6, :6].mean(axis=(1, 2, 3)) - 128) / 10
        return np.column_stack([-score, score])


def judged(folder: Path, model: Any, **options: Any) -> dict[str, Any]:
    """Return the adversarial part of an analysis of forty dark and bright pictures."""
    rng = np.random.default_rng(0)
    labels, images, names = [], [], []
    for i in range(40):
        level = 60 if i % 2 == 0 else 200
        pixels = np.clip(rng.normal(level, 12, (24, 24, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
        names.append(f"{i}.png")
        labels.append(i % 2)
        images.append(pixels.astype(np.float32))
    scores = Threshold().predict(np.stack(images))
    result = analyse(
        "image_classification",
        scores,
        labels,
        names,
        image_root=folder,
        model=model,
        input_kind="logits",
        **options,
    )
    return dict(result["adversarial"])


@pytest.mark.parametrize("attack", ["FGSM", "i-FGSM"])
def test_an_attack_beats_noise_of_its_size(tmp_path: Path, attack: str) -> None:
    parameters = {"attack_method": attack, "eps": 80, "iter_times": 4}
    found = judged(tmp_path, Differentiable(), adv_param=parameters)
    assert found["agreement_with_pred_list"] == 1.0
    assert found["gradient"] == "model"
    assert found["attacked"]["mr"] > 0.9
    assert found["noise"]["mr"] < 0.1
    assert found["attacked"]["acac"] > 0.5 > found["attacked"]["actc"]
    assert found["p"] < 1e-6


@pytest.mark.slow
def test_scores_are_enough_for_an_attack(tmp_path: Path) -> None:
    found = judged(tmp_path, Threshold(), adv_param={"attack_method": "FGSM", "eps": 200})
    assert found["gradient"] == "estimated from scores"
    assert found["attacked"]["mr"] > found["noise"]["mr"]


def test_a_plain_function_is_a_model(tmp_path: Path) -> None:
    found = judged(tmp_path, lambda images: Threshold().predict(images))
    assert found["clean_accuracy"]["value"] == 1.0


def test_darkness_hurts_a_model_that_goes_by_brightness(tmp_path: Path) -> None:
    found = judged(tmp_path, Differentiable())
    steps = {(s["corruption"], s["severity"]): s for s in found["corruptions"]}
    assert steps["darker", 5]["accuracy"]["value"] == 0.5
    assert steps["darker", 5]["q"] < 0.05
    assert steps["blur", 3]["accuracy"]["value"] == 1.0
    assert len(steps) == 30


@pytest.mark.parametrize(
    "model",
    [
        lambda images: np.zeros((len(images), 3)),
        lambda images: np.zeros((1, 2)),
        lambda images: np.full((len(images), 2), np.nan),
    ],
)
def test_a_model_of_other_shape_or_without_numbers_is_refused(
    tmp_path: Path, model: Callable[[np.ndarray], np.ndarray]
) -> None:
    with pytest.raises(InputError, match=r"model\.predict gave"):
        judged(tmp_path, model)


def test_occlusion_shows_what_was_looked_at() -> None:
    image = np.full((30, 30, 3), 60, np.float32)
    image[:6, :6] = 250

    def classify(images: list[np.ndarray]) -> np.ndarray:
        return softmax(Patch().predict(np.stack(images)))

    values = robustness.occlusion(classify, image, 1)
    assert np.unravel_index(values.argmax(), values.shape) == (0, 0)
    assert values[values.shape[0] // 2 :, values.shape[1] // 2 :].max() < 1e-6


class Contrary(Threshold):
    """Is always wrong, and draws what it was given as its map."""

    def __init__(self, drawn: np.ndarray) -> None:
        self.drawn = drawn

    def predict(self, images: np.ndarray) -> np.ndarray:
        return super().predict(images)[:, ::-1]

    def heat_map(self, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
        return self.drawn


@pytest.mark.parametrize(("drawn", "method"), [(np.eye(3), "model"), (np.eye(3) * 0, "occlusion")])
def test_an_empty_map_of_the_model_gives_way_to_occlusion(
    tmp_path: Path, drawn: np.ndarray, method: str
) -> None:
    found = judged(tmp_path, Contrary(drawn[None]))
    assert {item["method"] for item in found["heat_maps"]} == {method}


def test_a_map_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"heat_map gave shape \(3, 3\) for one image"):
        judged(tmp_path, Contrary(np.eye(3)))


def test_attacked_images_stay_within_eps_and_range() -> None:
    rng = np.random.default_rng(0)
    start = rng.uniform(0, 255, (2, 8, 8, 3)).astype(np.float32)
    moved = start
    for size in attacks.steps_of(Attack("i-FGSM", 30, 4)):
        moved = attacks.attack_step(moved, rng.normal(size=start.shape), size, start, 30)
    assert np.abs(moved - start).max() <= 30 + 1e-4
    assert moved.min() >= 0
    assert moved.max() <= 255


def test_structural_similarity_follows_its_definition() -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 255, (20, 22, 1)).astype(np.float32)
    y = np.clip(x + rng.normal(0, 20, x.shape), 0, 255).astype(np.float32)
    values = []
    for i in range(20 - 6):
        for j in range(22 - 6):
            a = x[i : i + 7, j : j + 7, 0].astype(float).ravel()
            b = y[i : i + 7, j : j + 7, 0].astype(float).ravel()
            c = np.cov(a, b)
            top = (2 * a.mean() * b.mean() + 6.5025) * (2 * c[0, 1] + 58.5225)
            bottom = a.mean() ** 2 + b.mean() ** 2 + 6.5025
            values.append(top / (bottom * (c[0, 0] + c[1, 1] + 58.5225)))
    assert attacks.ssim(x, y) == pytest.approx(np.mean(values), rel=1e-6)
    assert attacks.ssim(x, x) == pytest.approx(1.0)


def test_attack_figures_follow_deepsec() -> None:
    clean = [np.full((4, 4, 3), 100, np.float32), np.full((4, 4, 3), 50, np.float32)]
    moved = [clean[0] + 10, clean[1]]
    p = np.array([[0.2, 0.8], [0.9, 0.1]])
    found = attacks.figures(clean, moved, p, np.array([0, 0]))
    assert (found.mr, found.acac, found.actc) == pytest.approx((0.5, 0.8, 0.2))
    assert found.ald_0 == pytest.approx(0.5)
    assert found.ald_2 == pytest.approx(0.05)
    assert found.psnr == pytest.approx(10 * np.log10(255**2 / 100))


@pytest.mark.parametrize("name", list(corruptions.CORRUPTIONS))
def test_damage_grows_with_severity_and_stays_in_range(name: str) -> None:
    rng = np.random.default_rng(0)
    image = ndimage.zoom(rng.uniform(0, 255, (8, 8, 3)), (6, 6, 1), order=1).astype(np.float32)
    damaged = [
        corruptions.CORRUPTIONS[name](image, severity, np.random.default_rng(1))
        for severity in corruptions.SEVERITIES
    ]
    far = [float(np.abs(one - image).mean()) for one in damaged]
    assert far == sorted(far)
    assert damaged[-1].shape == image.shape
    assert damaged[-1].min() >= 0
    assert damaged[-1].max() <= 255


@pytest.mark.parametrize(
    ("name", "target"), [("brightness", 0.5), ("contrast", 0.1), ("saturation", 0.2)]
)
def test_a_correction_moves_the_property_to_its_target(name: str, target: float) -> None:
    rng = np.random.default_rng(0)
    image = (60 + rng.uniform(-30, 30, (32, 32, 3))).astype(np.float32)

    def measured(pixels: np.ndarray) -> float:
        luma = pixels @ corruptions.LUMA
        high, low = pixels.max(axis=2), pixels.min(axis=2)
        values = {"brightness": luma.mean() / 255, "contrast": luma.std() / 255}
        return float({**values, "saturation": ((high - low) / high).mean()}[name])

    changed = corruptions.corrected(image, name, target)
    assert changed is not None
    assert abs(measured(changed) - target) < 0.3 * abs(measured(image) - target)


def test_properties_without_a_correction_have_none() -> None:
    assert corruptions.corrected(np.ones((4, 4, 3), np.float32), "noise", 1.0) is None
