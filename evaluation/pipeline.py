"""The order in which analyses run, and what each of them needs."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

from evaluation import (
    calibration,
    comparison,
    confusion,
    curves,
    decision,
    drift,
    duplicates,
    embedding,
    images,
    label_errors,
    pairs,
    ranking,
    samples,
    selective,
    sensitivity,
    slices,
    tail,
    temperature,
)
from evaluation.arrays import Floats, Ints, content_folds
from evaluation.columns import Column, build_columns, categorical
from evaluation.custom import Metric, measure_custom
from evaluation.errors import EvaluationError
from evaluation.findings import Confidences, Findings, NotRun
from evaluation.inputs import Predictions
from evaluation.intervals import Estimate, mean_interval, proportion
from evaluation.names import locate
from evaluation.robustness import ImageModel, Robustness, probe
from evaluation.settings import Attack, Settings

logger = logging.getLogger(__name__)

# Below this many samples nothing is tested: only descriptions and intervals are given.
FEWEST_FOR_TESTS = 30
ANALYSES = (
    "confidence",
    "label_errors",
    "images",
    "duplicates",
    "sensitivity",
    "slices",
    "embedding",
    "robustness",
    "comparison",
    "drift",
    "custom",
)
T = TypeVar("T")


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


class Log:
    """What was not run, what was warned about, and how long each part took."""

    def __init__(self, warnings: Sequence[str], only: frozenset[str]) -> None:
        self.warnings = list(warnings)
        self.not_run: list[NotRun] = []
        self.timing: dict[str, float] = {}
        self.only = only

    def skip(self, analysis: str, reason: str) -> None:
        """Record that an analysis was left out."""
        self.not_run.append(NotRun(analysis, reason))

    def run(self, analysis: str, reason: str, work: Callable[[], T]) -> T | None:
        """Return the result of an analysis, or None where a reason speaks against it."""
        if analysis not in self.only:
            reason = "not asked for (op_list)"
        if reason:
            self.skip(analysis, reason)
            return None
        start = time.perf_counter()
        result = work()
        self.timing[analysis] = time.perf_counter() - start
        logger.debug("%s took %.3f s", analysis, self.timing[analysis])
        return result


def run(request: Request, settings: Settings) -> Findings:
    """Return everything that can be found out from a request."""
    data = request.predictions
    log = Log([*data.warnings, *request.warnings], request.only)
    start = time.perf_counter()
    per_sample = None if data.scores is None else samples.measure(data)
    halves = content_folds(samples.content_keys(data, per_sample), 2, settings.seed)
    counts = confusion.count(data.labels, data.predicted, data.k)
    overall = dict(confusion.summary(counts, settings.alpha))
    classes = confusion.class_scores(counts, settings.alpha)
    pair_list = pairs.confused_pairs(counts, data)
    tail_figures = tail.judge(counts, settings.alpha, settings.seed)
    log.timing["quality"] = time.perf_counter() - start
    confidences = log.run(
        "confidence",
        "" if per_sample else "class ids carry no confidences",
        lambda: _confidences(data, per_sample, halves, settings, log),  # type: ignore[arg-type]
    )
    if confidences is not None:
        overall |= _confidence_figures(confidences, settings)
    small = _too_small(len(data))
    table = _images(request, settings, log)
    columns, constant = _columns(request, table)
    no_columns = small or ("" if columns else "no image could be read and no metadata was given")
    wrong = (data.predicted != data.labels).astype(float)
    found = log.run(
        "slices",
        no_columns,
        lambda: slices.find_slices(columns, wrong, _class_column(data), halves, settings.alpha),
    )
    sensitive = log.run(
        "sensitivity",
        no_columns,
        lambda: sensitivity.analyse_columns(
            columns,
            data.labels,
            data.predicted,
            data.k,
            halves,
            settings.alpha,
            found.slices if found else (),
        ),
    )
    reference_table = _reference_images(request, settings, log)
    return Findings(
        predictions=data,
        settings=settings,
        halves=halves,
        counts=counts,
        classes=classes,
        overall=overall,
        pairs=pair_list,
        tail=tail_figures,
        confidences=confidences,
        images=table,
        duplicates=log.run(
            "duplicates",
            "" if table is not None else "no image could be read",
            lambda: duplicates.find(table, data.labels, reference_table),  # type: ignore[arg-type]
        ),
        sensitivity=sensitive or (),
        slices=found,
        embedding=log.run(
            "embedding",
            "" if request.features is not None else "needs features=",
            lambda: embedding.embed(request.features, len(data), settings.seed),
        ),
        comparison=log.run(
            "comparison",
            "" if request.baseline is not None else "needs baseline=",
            lambda: comparison.compare(data, request.baseline, settings.alpha),  # type: ignore[arg-type]
        ),
        drift=log.run(
            "drift",
            "" if request.reference is not None else "needs reference=",
            lambda: _drift(request, table, reference_table, settings),
        ),
        robustness=_robustness(request, settings, table, sensitive or (), log),
        custom=log.run(
            "custom",
            "" if request.custom else "needs custom_metric=",
            lambda: measure_custom(request.custom, data, settings),
        )
        or {},
        custom_block=request.custom_block,
        constant_columns=constant,
        warnings=log.warnings,
        not_run=log.not_run,
        timing=log.timing,
    )


def _too_small(n: int) -> str:
    return f"{n} samples; tests need {FEWEST_FOR_TESTS}" if n < FEWEST_FOR_TESTS else ""


def _class_column(data: Predictions) -> Column:
    return Column("class", data.labels.astype(float), data.labels, np.empty(0), data.classes)


def _confidences(
    data: Predictions, per_sample: samples.Samples, halves: Ints, settings: Settings, log: Log
) -> Confidences:
    alpha, seed = settings.alpha, settings.seed
    ranks = ranking.class_ranks(data, per_sample.p_true, halves)
    sizes = (int((halves == 0).sum()), int((halves == 1).sum()))
    small = _too_small(len(data))
    folds = content_folds(
        samples.content_keys(data, per_sample), temperature.FOLDS, settings.seed + 1
    )
    scaled = None
    if small:
        log.skip("temperature", small)
    else:
        scaled = temperature.fit(data, folds, settings.bins, alpha, seed)
    if per_sample.clipped:
        log.warnings.append(
            f"{per_sample.clipped} labels have a probability of practically 0; "
            "the log-loss counts them at the smallest step of the scores' precision"
        )
    return Confidences(
        samples=per_sample,
        ranking=ranking.rank(data, ranks, alpha, seed),
        curves=curves.class_curves(ranks, len(data)),
        calibration=calibration.calibrate(data, per_sample, settings.bins, alpha, seed),
        temperature=scaled,
        selective=selective.risk_coverage(per_sample.confidence, per_sample.correct, alpha),
        sweep=selective.sweep(per_sample.confidence, data.labels, data.predicted, data.k),
        thresholds=selective.class_thresholds(ranks, sizes),
        bias=None if small else decision.bias_gain(data, halves, alpha),
        label_errors=log.run(
            "label_errors",
            small or ("" if data.k > 1 else "one class only"),
            lambda: label_errors.find(data, per_sample.p_true, settings.label_cut, alpha, seed),
        ),
    )


def _confidence_figures(found: Confidences, settings: Settings) -> dict[str, Estimate]:
    per_sample, alpha = found.samples, settings.alpha
    n = len(per_sample.above)
    figures = {
        f"top{k}_accuracy": proportion(int((per_sample.above < k).sum()), n, alpha)
        for k in settings.topk
        if k > 1
    }
    average = found.ranking.macro_average_precision
    return figures | {
        "log_loss": mean_interval(per_sample.log_loss, alpha),
        "brier": mean_interval(per_sample.brier, alpha),
        "macro_auc": found.ranking.macro_auc,
        "macro_average_precision": Estimate(
            average, reason="no class has samples" if average is None else ""
        ),
        "ece": found.calibration.ece,
        "aurc": Estimate(found.selective.aurc),
    }


def _images(request: Request, settings: Settings, log: Log) -> images.ImageTable | None:
    paths, reason = locate(request.predictions.names, request.image_root, request.path_map)
    if not reason and not _pillow():
        reason = "Pillow is not installed (pip install autosearch[report])"
    if settings.max_images == 0:
        reason = "max_images is 0"
    table = log.run("images", reason, lambda: _read(paths, settings))
    if table is None:
        return None
    if not table.readable.any():
        first = table.failures[0] if table.failures else (0, "")
        log.skip("images", f"none could be read ({request.predictions.name(first[0])}: {first[1]})")
        return None
    if table.failures:
        index, why = table.failures[0]
        log.warnings.append(
            f"{len(table.failures)} images could not be read, e.g. "
            f"{request.predictions.name(index)}: {why}"
        )
    log.warnings.extend(f"{count} images: {note}" for note, count in sorted(table.notes.items()))
    return table


def _pillow() -> bool:
    from importlib.util import find_spec

    return find_spec("PIL") is not None


def _read(paths: Sequence[Path | None], settings: Settings) -> images.ImageTable:
    chosen = np.arange(len(paths))
    if settings.max_images is not None and settings.max_images < len(paths):
        rng = np.random.default_rng(settings.seed)
        chosen = np.sort(rng.choice(len(paths), settings.max_images, replace=False))
    return images.read_images(paths, chosen, settings.n_jobs)


def _reference_images(request: Request, settings: Settings, log: Log) -> images.ImageTable | None:
    reference = request.reference
    if reference is None or not reference.paths or not {"drift", "duplicates"} & log.only:
        return None
    return _read(reference.paths, settings) if _pillow() else None


def _columns(request: Request, table: images.ImageTable | None) -> tuple[list[Column], list[str]]:
    values: dict[str, Floats | list[str]] = {}
    if table is not None:
        values |= table.values
    return build_columns(values | dict(request.metadata))


def _drift(
    request: Request,
    here: images.ImageTable | None,
    there: images.ImageTable | None,
    settings: Settings,
) -> drift.Drift:
    reference = request.reference
    if reference is None:
        raise EvaluationError("no reference was given")
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


def _robustness(
    request: Request,
    settings: Settings,
    table: images.ImageTable | None,
    sensitive: Sequence[sensitivity.Sensitivity],
    log: Log,
) -> Robustness | None:
    reason = "" if request.model is not None else "needs model="
    if not reason and table is None:
        reason = "no image could be read"
    return log.run(
        "robustness",
        reason,
        lambda: probe(
            request.model,
            request.predictions,
            table,
            request.attack,
            settings,
            [item for item in sensitive if item.named],
        ),  # type: ignore[arg-type]
    )
