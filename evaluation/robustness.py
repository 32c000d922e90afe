"""What happens to the predictions when the images are changed on purpose."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from evaluation import attacks
from evaluation.arrays import Floats, Ints, softmax
from evaluation.attacks import AttackFigures, Pixels
from evaluation.comparison import mcnemar, paired_proportion
from evaluation.corruptions import CORRUPTIONS, SEVERITIES, corrected
from evaluation.errors import InputError
from evaluation.images import ImageTable, open_image
from evaluation.inputs import Predictions
from evaluation.intervals import Estimate, benjamini_hochberg, proportion, scaled
from evaluation.sensitivity import Sensitivity
from evaluation.settings import Attack, Settings

MOST_IMAGES = 200
MOST_MAPS = 8
BATCH = 64
# Side of the patch that hides a part of the image, as a share of its side.
PATCH = 0.2
STRIDES = 12


@runtime_checkable
class ImageModel(Protocol):
    """What `model=` must offer; `evaluation.adapters` makes one from torch or Keras.

    Optional methods: `gradient(images, labels)`, the slope of the loss by the pixels, and
    `heat_map(images, classes)`, shape (n, h, w), e.g. Grad-CAM.
    """

    def predict(self, images: NDArray[np.float32]) -> NDArray[np.floating]:
        """Return scores of shape (n, K) for RGB images of 0…255, shape (n, height, width, 3)."""
        ...


@dataclass(frozen=True, slots=True)
class Ladder:
    """Accuracy under one corruption at one severity; p of McNemar's test against clean images."""

    corruption: str
    severity: int
    accuracy: Estimate
    p: float
    q: float


@dataclass(frozen=True, eq=False)
class HeatMap:
    """How much each part of an image speaks for a class, 0…1, shape (h, w)."""

    index: int
    target: int
    method: str
    values: Floats


@dataclass(frozen=True, slots=True)
class Correction:
    """A counterfactual: images of a named range, the property brought to the others' median.

    gain: rise of the accuracy over all samples that their correction brings.
    """

    name: str
    n: int
    before: float
    after: float
    gain: Estimate


@dataclass(frozen=True, eq=False)
class Robustness:
    """Everything that was tried with the model on `indices`.

    agreement: share of those images that the model predicts as pred_list does.
    """

    indices: Ints
    agreement: float
    clean: Estimate
    attack: Attack
    gradient: str
    attacked: AttackFigures
    attacked_rate: Estimate
    noise: AttackFigures
    noise_rate: Estimate
    p: float
    ladders: list[Ladder]
    heat_maps: list[HeatMap]
    corrections: list[Correction]


class _Classifier:
    """Probabilities of images of any sizes, in batches of equal size."""

    def __init__(self, model: ImageModel, k: int) -> None:
        self.model, self.k = model, k

    def __call__(self, images: Sequence[Pixels]) -> Floats:
        result = np.empty((len(images), self.k))
        for rows in _equal_sizes(images):
            scores = np.asarray(self.model.predict(np.stack([images[i] for i in rows])), float)
            if scores.shape != (len(rows), self.k) or not np.isfinite(scores).all():
                raise InputError(
                    f"model.predict gave shape {scores.shape} for {len(rows)} images; expected "
                    f"finite scores of shape ({len(rows)}, {self.k})"
                )
            sums = scores.sum(axis=1)
            ready = (scores >= 0).all() and bool(np.allclose(sums, 1, atol=1e-3))
            result[rows] = scores if ready else softmax(scores)
        return result


def _equal_sizes(images: Sequence[Pixels]) -> list[list[int]]:
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for index, image in enumerate(images):
        by_shape.setdefault(image.shape, []).append(index)
    return [
        rows[start : start + BATCH]
        for rows in by_shape.values()
        for start in range(0, len(rows), BATCH)
    ]


def as_model(model: object) -> ImageModel:
    """Return what was given as `model=`, a plain function wrapped. Raises InputError otherwise."""
    if isinstance(model, ImageModel):
        return model
    if callable(model):
        return _Function(model)
    raise InputError(
        f"model is a {type(model).__name__}; expected a function from images (n, height, width, 3) "
        "to scores (n, K), or an object with such a `predict` (see evaluation.adapters)"
    )


@dataclass(frozen=True)
class _Function:
    function: Callable[[NDArray[np.float32]], NDArray[np.floating]]

    def predict(self, images: NDArray[np.float32]) -> NDArray[np.floating]:
        return self.function(images)


def probe(
    model: ImageModel,
    data: Predictions,
    table: ImageTable,
    attack: Attack,
    settings: Settings,
    named: Sequence[Sensitivity] = (),
) -> Robustness:
    """Return how the model takes attacks, noise, corruptions and corrections of its images."""
    rng = np.random.default_rng(settings.seed)
    usable = np.flatnonzero(table.readable)
    size = min(MOST_IMAGES, len(usable))
    indices = np.sort(rng.choice(usable, size, replace=False))
    images, labels = _load(table, indices), data.labels[indices]
    classify = _Classifier(model, data.k)
    clean = classify(images)
    predicted = clean.argmax(axis=1)
    attacked, gradient = _attack(model, classify, images, labels, attack, rng)
    noisy = [_noise(image, attack.eps, rng) for image in images]
    figures = [
        attacks.figures(images, changed, classify(changed), labels) for changed in (attacked, noisy)
    ]
    rates = [proportion(f.successes, f.n, settings.alpha) for f in figures]
    fooled = [classify(changed).argmax(axis=1) != labels for changed in (attacked, noisy)]
    only = [int((fooled[0] & ~fooled[1]).sum()), int((fooled[1] & ~fooled[0]).sum())]
    return Robustness(
        indices=indices,
        agreement=float((predicted == data.predicted[indices]).mean()),
        clean=proportion(int((predicted == labels).sum()), size, settings.alpha),
        attack=attack,
        gradient=gradient,
        attacked=figures[0],
        attacked_rate=rates[0],
        noise=figures[1],
        noise_rate=rates[1],
        p=mcnemar(*only) if only[0] > only[1] else 1.0,
        ladders=_ladders(classify, images, labels, predicted, settings),
        heat_maps=_heat_maps(model, classify, images, indices, labels, clean),
        corrections=_corrections(classify, data, table, named, settings),
    )


def _load(table: ImageTable, indices: Ints) -> list[Pixels]:
    loaded = []
    for index in indices.tolist():
        path = table.paths[index]
        if path is None:
            raise InputError(f"image {index} has no file")
        image, _ = open_image(path)
        loaded.append(np.asarray(image.convert("RGB"), np.float32))
    return loaded


def _noise(image: Pixels, eps: float, rng: np.random.Generator) -> Pixels:
    """Return the image with every number moved by eps, up or down at random."""
    signs = rng.integers(0, 2, image.shape) * 2 - 1
    return np.clip(image + np.float32(eps) * signs.astype(np.float32), 0, 255)


def _attack(
    model: ImageModel,
    classify: _Classifier,
    images: list[Pixels],
    labels: Ints,
    attack: Attack,
    rng: np.random.Generator,
) -> tuple[list[Pixels], str]:
    """Return the attacked images, and how the gradient was had."""
    offered = getattr(model, "gradient", None)
    result = [image.copy() for image in images]
    for size in attacks.steps_of(attack):
        for rows in _equal_sizes(result):
            batch, truth = np.stack([result[i] for i in rows]), labels[rows]
            slope = offered(batch, truth) if offered else _estimate(classify, batch, truth, rng)
            start = np.stack([images[i] for i in rows])
            moved = attacks.attack_step(batch, slope, size, start, attack.eps)
            for place, i in enumerate(rows):
                result[i] = moved[place]
    return result, "model" if offered else "estimated from scores"


def _estimate(
    classify: _Classifier, batch: Pixels, labels: Ints, rng: np.random.Generator
) -> Pixels:
    """Return the slope of the loss by antithetic random directions (Ilyas et al. 2018)."""
    slope = np.zeros_like(batch)
    here = np.arange(len(batch))
    for _ in range(attacks.DIRECTIONS):
        direction = rng.standard_normal(batch.shape, np.float32)
        sides = []
        for sign in (1, -1):
            moved = np.clip(batch + np.float32(sign * attacks.PROBE) * direction, 0, 255)
            sides.append(-np.log(np.maximum(classify(list(moved))[here, labels], 1e-12)))
        slope += ((sides[0] - sides[1]).astype(np.float32))[:, None, None, None] * direction
    return slope


def _ladders(
    classify: _Classifier,
    images: list[Pixels],
    labels: Ints,
    predicted: Ints,
    settings: Settings,
) -> list[Ladder]:
    right = predicted == labels
    found = []
    for name, corrupt in CORRUPTIONS.items():
        for severity in SEVERITIES:
            rng = np.random.default_rng((settings.seed, severity))
            changed = [corrupt(image, severity, rng).astype(np.float32) for image in images]
            now = classify(changed).argmax(axis=1) == labels
            p = mcnemar(int((now & ~right).sum()), int((right & ~now).sum()))
            found.append((name, severity, proportion(int(now.sum()), len(now), settings.alpha), p))
    q = benjamini_hochberg([item[3] for item in found])
    return [Ladder(*item, float(value)) for item, value in zip(found, q, strict=True)]


def _heat_maps(
    model: ImageModel,
    classify: _Classifier,
    images: list[Pixels],
    indices: Ints,
    labels: Ints,
    clean: Floats,
) -> list[HeatMap]:
    """Return maps of the surest errors, for the class that was predicted."""
    predicted = clean.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    chosen = wrong[np.argsort(-clean[wrong].max(axis=1), kind="stable")][:MOST_MAPS]
    result = []
    for place in chosen.tolist():
        target = int(predicted[place])
        method, values = _heat_map(model, classify, images[place], target)
        result.append(HeatMap(int(indices[place]), target, method, values))
    return result


def _heat_map(
    model: ImageModel, classify: _Classifier, image: Pixels, target: int
) -> tuple[str, Floats]:
    """Return how it was made, and a map scaled to 0…1, all 0 where nothing stands out.

    The model's own map is empty where no part speaks for the class: then what hiding parts does is
    shown instead.
    """
    offered = getattr(model, "heat_map", None)
    if offered:
        values = np.asarray(offered(image[None], np.array([target])), float)
        if values.ndim != 3 or len(values) != 1:
            raise InputError(
                f"model.heat_map gave shape {values.shape} for one image; expected (1, h, w)"
            )
        found = _to_unit(values[0])
        if found.any():
            return getattr(model, "heat_map_method", "model"), found
    return "occlusion", _to_unit(occlusion(classify, image, target))


def _to_unit(values: Floats) -> Floats:
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def occlusion(classify: Callable[[Sequence[Pixels]], Floats], image: Pixels, target: int) -> Floats:
    """Return by how much hiding each part lowers the target's probability.

    Zeiler and Fergus (2014).
    """
    height, width = image.shape[:2]
    tall, wide = max(1, round(PATCH * height)), max(1, round(PATCH * width))
    tops = np.unique(np.linspace(0, height - tall, STRIDES).astype(int))
    lefts = np.unique(np.linspace(0, width - wide, STRIDES).astype(int))
    grey = image.mean(axis=(0, 1))
    hidden = []
    for top in tops:
        for left in lefts:
            copy = image.copy()
            copy[top : top + tall, left : left + wide] = grey
            hidden.append(copy)
    base = float(classify([image])[0, target])
    drop = base - classify(hidden)[:, target]
    return np.maximum(drop, 0).reshape(len(tops), len(lefts))


def _corrections(
    classify: _Classifier,
    data: Predictions,
    table: ImageTable,
    named: Sequence[Sensitivity],
    settings: Settings,
) -> list[Correction]:
    result = []
    for item in named:
        if item.found is None or item.column.name not in table.values:
            continue
        inside = item.column.members(item.found.low, item.found.high)
        rest = ~inside & table.readable
        target = float(np.median(item.column.values[rest]))
        members = np.flatnonzero(inside & table.readable)
        chosen = members
        if len(members) > MOST_IMAGES:
            rng = np.random.default_rng(settings.seed)
            chosen = np.sort(rng.choice(members, MOST_IMAGES, replace=False))
        images = _load(table, chosen)
        changed = [corrected(image, item.column.name, target) for image in images]
        if any(image is None for image in changed):
            continue
        labels = data.labels[chosen]
        before = classify(images).argmax(axis=1) == labels
        after = classify([c for c in changed if c is not None]).argmax(axis=1) == labels
        gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
        share = len(members) / len(data)
        gain = paired_proportion(gained, lost, len(chosen), settings.alpha)
        result.append(
            Correction(
                item.column.name,
                len(members),
                float(before.mean()),
                float(after.mean()),
                scaled(gain, share),
            )
        )
    return result
