"""The order in which analyses run, and what each of them needs."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import numpy as np

from evaluation import (
    comparison,
    confusion,
    drift,
    duplicates,
    embedding,
    images,
    pairs,
    samples,
    sensitivity,
    slices,
    tail,
)
from evaluation.arrays import Floats, Ints, content_folds, content_order
from evaluation.columns import Column, build_columns
from evaluation.comparison import Comparison
from evaluation.confidences import assess, overall_figures
from evaluation.custom import Metric, measure_custom
from evaluation.drift import Drift
from evaluation.embedding import Embedding
from evaluation.findings import Findings, NotRun
from evaluation.inputs import Predictions
from evaluation.log import Log, too_small
from evaluation.names import locate
from evaluation.robustness import ImageModel, Robustness, probe
from evaluation.settings import Attack, Settings

logger = logging.getLogger(__name__)

# Every analysis that can be chosen, and what it rests on and is therefore run with it.
ANALYSES: Mapping[str, tuple[str, ...]] = {
    "confidence": (),
    "temperature": ("confidence",),
    "class_bias": ("confidence",),
    "label_errors": ("confidence",),
    "images": (),
    "duplicates": ("images",),
    "sensitivity": ("images",),
    "slices": ("images",),
    "embedding": (),
    "robustness": ("images",),
    "comparison": (),
    "drift": (),
    "custom": (),
}
NO_IMAGE = "no image could be read"


@dataclass(frozen=True, eq=False)
class Reference:
    """Another set of samples, such as the training data; any part may be missing."""

    predictions: Predictions
    paths: Sequence[Path | None]
    metadata: Mapping[str, Floats | list[str]]


@dataclass(frozen=True, eq=False)
class Request:
    """The data of one analysis, checked; only `predictions` must be there."""

    predictions: Predictions
    image_root: Path | None = None
    path_map: Mapping[str, str] | None = None
    metadata: Mapping[str, Floats | list[str]] = field(default_factory=dict)
    features: object = None
    model: ImageModel | None = None
    attack: Attack = field(default_factory=Attack)
    baseline: Predictions | None = None
    reference: Reference | None = None
    custom: Mapping[str, Metric] = field(default_factory=dict)
    custom_block: Mapping[str, object] = field(default_factory=dict)
    only: frozenset[str] = frozenset(ANALYSES)
    warnings: Sequence[str] = ()


def run(request: Request, settings: Settings) -> Findings:
    """Return everything that can be found out from a request."""
    data, alpha = request.predictions, settings.alpha
    log = Log([*data.warnings, *request.warnings], request.only)
    per_sample = None if data.scores is None else samples.measure(data)
    order = content_order(samples.content_keys(data, per_sample))
    halves = content_folds(order, 2, settings.seed)
    counts = confusion.count(data.labels, data.predicted, data.k)
    confidences = log.run(
        "confidence",
        per_sample,
        "class ids carry no confidences",
        lambda given: assess(data, given, (order, halves), settings, log),
    )
    table = _images(request, order, settings, log)
    there = _reference_images(request, settings)
    constant, found, sensitive = _properties(request, table, halves, settings, log)
    return Findings(
        predictions=data,
        settings=settings,
        halves=halves,
        counts=counts,
        classes=confusion.class_scores(counts, alpha),
        overall=confusion.summary(counts, alpha) | overall_figures(confidences, settings),
        pairs=pairs.confused_pairs(counts, data),
        tail=tail.judge(counts, alpha, settings.seed),
        confidences=confidences,
        images=table,
        duplicates=log.run(
            "duplicates", table, NO_IMAGE, lambda given: duplicates.find(given, data.labels, there)
        ),
        sensitivity=sensitive,
        slices=found,
        constant_columns=constant,
        custom_block=request.custom_block,
        warnings=log.warnings,
        not_run=log.not_run,
        timing=log.timing,
        **_optional(request, table, there, sensitive, settings, log),
    )


class _Optional(TypedDict):
    embedding: Embedding | None
    comparison: Comparison | None
    drift: Drift | None
    robustness: Robustness | None
    custom: Mapping[str, object]


def _optional(
    request: Request,
    table: images.ImageTable | None,
    there: images.ImageTable | None,
    sensitive: Sequence[sensitivity.Sensitivity],
    settings: Settings,
    log: Log,
) -> _Optional:
    """Return the analyses that need more than predictions and images."""
    data = request.predictions
    named = [item for item in sensitive if item.named]
    model = request.model

    def robust(given: images.ImageTable) -> Robustness | None:
        if model is None:
            return None
        return probe(model, data, given, request.attack, settings, named)

    return {
        "embedding": log.run(
            "embedding",
            request.features,
            "needs features=",
            lambda given: embedding.embed(given, len(data), settings.seed),
        ),
        "comparison": log.run(
            "comparison",
            request.baseline,
            "needs baseline=",
            lambda given: comparison.compare(data, given, settings.alpha),
        ),
        "drift": log.run(
            "drift",
            request.reference,
            "needs reference=",
            lambda given: _drift(request, given, table, there, settings),
        ),
        "robustness": log.run(
            "robustness",
            table if model is not None else None,
            "needs model=" if model is None else NO_IMAGE,
            robust,
        ),
        "custom": log.run(
            "custom",
            request.custom or None,
            "needs custom_metric=",
            lambda given: measure_custom(given, data, settings),
        )
        or {},
    }


def _properties(
    request: Request,
    table: images.ImageTable | None,
    halves: Ints,
    settings: Settings,
    log: Log,
) -> tuple[list[str], slices.SliceSearch | None, Sequence[sensitivity.Sensitivity]]:
    """Return the constant columns, the slices, and the sensitivity to each column."""
    data = request.predictions
    values: dict[str, Floats | list[str]] = dict(table.values) if table is not None else {}
    columns, constant = build_columns(values | dict(request.metadata))
    missing = too_small(len(data)) or (
        "" if columns else "no image could be read and no metadata was given"
    )
    given = columns if not missing else None
    wrong = (data.predicted != data.labels).astype(float)
    classes = Column("class", data.labels.astype(float), data.labels, np.empty(0), data.classes)
    found = log.run(
        "slices",
        given,
        missing,
        lambda known: slices.find_slices(known, wrong, classes, halves, settings.alpha),
    )
    sensitive = log.run(
        "sensitivity",
        given,
        missing,
        lambda known: sensitivity.analyse_columns(
            known, data, halves, settings.alpha, found.slices if found else ()
        ),
    )
    return constant, found, sensitive or ()


def _images(
    request: Request, order: Ints, settings: Settings, log: Log
) -> images.ImageTable | None:
    paths, reason = locate(request.predictions.names, request.image_root, request.path_map)
    if not reason and not _pillow():
        reason = "Pillow is not installed (pip install autosearch[report])"
    if settings.max_images == 0:
        reason = "max_images is 0"
    name = request.predictions.name
    table = log.run(
        "images", None if reason else paths, reason, lambda _: _read(paths, order, settings)
    )
    if table is None:
        return None
    if not table.readable.any():
        index, why = table.failures[0]
        log.not_run.append(NotRun("images", f"none could be read (e.g. {name(index)}: {why})"))
        return None
    if table.failures:
        index, why = table.failures[0]
        count = len(table.failures)
        log.warnings.append(f"{count} images could not be read, e.g. {name(index)}: {why}")
    log.warnings.extend(f"{count} images: {note}" for note, count in sorted(table.notes.items()))
    return table


def _pillow() -> bool:
    from importlib.util import find_spec

    return find_spec("PIL") is not None


def _read(paths: Sequence[Path | None], order: Ints, settings: Settings) -> images.ImageTable:
    chosen = np.arange(len(paths))
    if settings.max_images is not None and settings.max_images < len(paths):
        rng = np.random.default_rng(settings.seed)
        # Places in the order of content: which images are drawn does not follow the list's order.
        chosen = np.sort(order[rng.choice(len(paths), settings.max_images, replace=False)])
    return images.read_images(paths, chosen, settings.n_jobs)


def _reference_images(request: Request, settings: Settings) -> images.ImageTable | None:
    reference = request.reference
    if reference is None or not reference.paths or not {"drift", "duplicates"} & request.only:
        return None
    if not _pillow():
        return None
    data = reference.predictions
    known = None if data.scores is None else samples.measure(data)
    return _read(reference.paths, content_order(samples.content_keys(data, known)), settings)


def _drift(
    request: Request,
    reference: Reference,
    here: images.ImageTable | None,
    there: images.ImageTable | None,
    settings: Settings,
) -> Drift:
    sets: list[dict[str, Floats | list[str]]] = []
    for data, table, metadata in (
        (request.predictions, here, request.metadata),
        (reference.predictions, there, reference.metadata),
    ):
        values: dict[str, Floats | list[str]] = {
            "label": [data.classes[i] for i in data.labels],
            "prediction": [data.classes[i] for i in data.predicted],
        }
        if data.scores is not None:
            values["confidence"] = samples.measure(data).confidence
        if table is not None:
            values |= table.values
        sets.append(values | dict(metadata))
    right = [
        (int((d.predicted == d.labels).sum()), len(d))
        for d in (reference.predictions, request.predictions)
    ]
    return drift.compare(sets[0], sets[1], (right[0], right[1]), settings.alpha)
