from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from evaluation import adapters, analyse
from evaluation.errors import InputError


def two_groups(n: int = 80) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, n)
    return rng.normal(size=(n, 3)) + labels[:, None] * 2, np.array(["no", "yes"])[labels]


def test_a_scikit_learn_classifier_gives_probabilities() -> None:
    x, y = two_groups()
    model = LogisticRegression().fit(x, y)
    scores, labels = adapters.from_sklearn(model, x, y)
    np.testing.assert_allclose(scores, model.predict_proba(x))
    assert model.classes_[labels].tolist() == y.tolist()
    found = analyse("image_classification", scores, labels)
    assert found["overall"]["accuracy"]["value"] == pytest.approx(model.score(x, y))


def test_margins_of_two_classes_become_two_logits() -> None:
    x, y = two_groups()
    model = LinearSVC().fit(x, y)
    scores, _ = adapters.from_sklearn(model, x, y)
    assert scores.shape == (80, 2)
    assert (model.classes_[scores.argmax(axis=1)] == model.predict(x)).all()


def test_an_unknown_label_is_refused() -> None:
    x, y = two_groups()
    model = LogisticRegression().fit(x, y)
    with pytest.raises(InputError, match=r"y\[1\] is 'maybe'"):
        adapters.from_sklearn(model, x[:2], ["no", "maybe"])


@pytest.fixture
def keras(monkeypatch: pytest.MonkeyPatch) -> Any:
    if find_spec("tensorflow") is None:
        pytest.importorskip("torch", reason="Keras has no backend: no tensorflow, no torch")
        monkeypatch.setenv("KERAS_BACKEND", "torch")
    return pytest.importorskip("keras", reason="keras is not installed")


# Keras on torch asks torch's arrays in a way that numpy 2 deprecates.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_keras_model_is_asked_without_training(keras: Any) -> None:
    layers = [
        keras.layers.Input((3,)),
        keras.layers.Dropout(0.9),
        keras.layers.Dense(2, activation="softmax"),
    ]
    model = keras.Sequential(layers)
    x, y = two_groups(50)
    labels = (y == "yes").astype(int)
    batches = [(x[:30].astype(np.float32), labels[:30]), (x[30:].astype(np.float32), labels[30:])]
    scores, found = adapters.from_keras(model, batches)
    np.testing.assert_allclose(scores, model.predict(x.astype(np.float32), verbose=0), rtol=1e-5)
    assert found.tolist() == labels.tolist()
    assert len(analyse("image_classification", scores, found)["classes"]) == 2


def test_batches_of_a_keras_model_are_joined() -> None:
    class Sign:
        def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
            return np.column_stack([images[:, 0], -images[:, 0]])

    batches = [(np.ones((2, 1)), [0, 0]), (-np.ones((1, 1)), [1])]
    scores, labels = adapters.from_keras(Sign(), batches)
    assert scores.argmax(axis=1).tolist() == labels.tolist() == [0, 0, 1]
    with pytest.raises(InputError, match="no batch"):
        adapters.from_keras(Sign(), [])


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch", reason="torch is not installed")


@pytest.fixture
def network(torch: Any) -> Any:
    """Return a small network that tells bright from dark upper left corners."""
    torch.manual_seed(0)
    convolution = torch.nn.Conv2d(3, 2, 3, padding=1)
    with torch.no_grad():
        convolution.weight.zero_()
        convolution.weight[1] += 1 / 27
        convolution.bias.zero_()

    class Corner(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution = convolution

        def forward(self, images: Any) -> Any:
            level = self.convolution(images)[:, 1, :8, :8].mean(dim=(1, 2))
            return torch.stack([-20 * (level - 0.5), 20 * (level - 0.5)], dim=1)

    return Corner()


def corners() -> tuple[np.ndarray, np.ndarray]:
    """Return (images, labels): the upper left corner is dark or bright, the rest is noise."""
    rng = np.random.default_rng(0)
    images = rng.uniform(90, 160, (24, 20, 20, 3)).astype(np.float32)
    labels = np.arange(24) % 2
    images[labels == 1, :8, :8] += 60
    images[labels == 0, :8, :8] -= 60
    return images, labels


def test_a_torch_module_gives_scores_and_keeps_its_mode(torch: Any, network: Any) -> None:
    images, labels = corners()
    tensor = torch.as_tensor(images).permute(0, 3, 1, 2) / 255
    network.train()
    scores, found = adapters.from_torch(
        network, [(tensor[:10], labels[:10]), (tensor[10:], labels[10:])]
    )
    assert network.training
    assert (scores.argmax(axis=1) == found).all()
    assert found.tolist() == labels.tolist()


def test_the_gradient_of_a_torch_model_is_that_of_its_loss(network: Any) -> None:
    images, labels = corners()
    model = adapters.TorchModel(network)
    slope = model.gradient(images[:2], labels[:2])

    def loss(changed: np.ndarray) -> float:
        scores = model.predict(changed[None].astype(np.float32)).astype(float)[0]
        return float(np.log(np.exp(scores).sum()) - scores[labels[0]])

    moved = images[0].copy()
    moved[2, 3, 1] += 20
    back = images[0].copy()
    back[2, 3, 1] -= 20
    assert slope.shape == images[:2].shape
    assert slope[0, 2, 3, 1] == pytest.approx((loss(moved) - loss(back)) / 40, rel=0.05)
    assert abs(slope[0, 15, 15]).max() < 1e-9


def test_grad_cam_points_at_what_counts(network: Any) -> None:
    images, _ = corners()
    model = adapters.TorchModel(network, layer=network.convolution)
    maps = model.heat_map(images[1:2], np.array([1]))[0]
    assert maps.shape == (20, 20)
    assert maps[:7, :7].mean() > 0


def test_grad_cam_needs_no_trainable_parameter(network: Any) -> None:
    images, _ = corners()
    model = adapters.TorchModel(network, layer=network.convolution)
    free = model.heat_map(images[1:2], np.array([1]))
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    np.testing.assert_allclose(model.heat_map(images[1:2], np.array([1])), free)


def test_a_torch_model_is_probed_as_a_whole(tmp_path: Path, network: Any) -> None:
    images, labels = corners()
    for i, image in enumerate(images):
        Image.fromarray(image.astype(np.uint8)).save(tmp_path / f"{i}.png")
    model = adapters.TorchModel(network, size=(20, 20), layer=network.convolution)
    shown = labels.copy()
    shown[:2] = 1 - shown[:2]
    result = analyse(
        "image_classification",
        model.predict(images),
        shown,
        [f"{i}.png" for i in range(24)],
        image_root=tmp_path,
        model=model,
        adv_param={"attack_method": "i-FGSM", "eps": 90, "iter_times": 3},
    )
    found = result["adversarial"]
    assert found["gradient"] == "model"
    assert found["attacked"]["mr"] > found["noise"]["mr"]
    # Nothing speaks for "dark" in this network, only against it: there its own map is empty.
    maps = {item["target"]: item["method"] for item in found["heat_maps"]}
    assert maps == {0: "occlusion", 1: "Grad-CAM"}
