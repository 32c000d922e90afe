"""What the confidences say: ranking, calibration, rejection, and wrong labels."""

from evaluation import (
    calibration,
    curves,
    decision,
    label_errors,
    ranking,
    samples,
    selective,
    temperature,
)
from evaluation.arrays import Ints
from evaluation.findings import Confidences
from evaluation.inputs import Predictions
from evaluation.intervals import Estimate, mean_interval, proportion
from evaluation.log import Log, too_small
from evaluation.settings import Settings


def assess(
    data: Predictions,
    per_sample: samples.Samples,
    content: tuple[Ints, Ints],
    settings: Settings,
    log: Log,
) -> Confidences:
    """Return what the confidences say; content: the order of the rows by content, and halves."""
    order, halves = content
    alpha, seed = settings.alpha, settings.seed
    ranks = ranking.class_ranks(data, per_sample.p_true, halves)
    sizes = (int((halves == 0).sum()), int((halves == 1).sum()))
    missing = too_small(len(data)) or ("" if data.k > 1 else "there is one class only")
    given = None if missing else per_sample
    if per_sample.clipped:
        log.warnings.append(
            f"{per_sample.clipped} labels have a probability of practically 0; "
            "the log-loss counts them at the smallest step of the scores' precision"
        )
    return Confidences(
        samples=per_sample,
        ranking=ranking.rank(data, ranks, order, alpha, seed),
        curves=curves.class_curves(ranks, len(data)),
        calibration=calibration.calibrate(data, per_sample, order, settings.bins, alpha, seed),
        temperature=log.run(
            "temperature",
            given,
            missing,
            lambda _: temperature.fit(data, order, settings.bins, alpha, seed + 1),
        ),
        selective=selective.risk_coverage(per_sample.confidence, per_sample.correct, alpha),
        sweep=selective.sweep(per_sample.confidence, data.labels, data.predicted, data.k),
        thresholds=selective.class_thresholds(ranks, sizes),
        bias=log.run(
            "class_bias", given, missing, lambda _: decision.bias_gain(data, halves, alpha)
        ),
        label_errors=log.run(
            "label_errors",
            given,
            missing,
            lambda one: label_errors.find(data, one.p_true, settings.label_cut, alpha),
        ),
    )


def overall_figures(found: Confidences | None, settings: Settings) -> dict[str, Estimate]:
    """Return the figures of the whole set that rest on confidences."""
    if found is None:
        return {}
    per_sample, alpha = found.samples, settings.alpha
    n = len(per_sample.above)
    figures = {
        f"top{k}_accuracy": proportion(int((per_sample.above < k).sum()), n, alpha)
        for k in settings.topk
        if k > 1
    }
    return figures | {
        "log_loss": mean_interval(per_sample.log_loss, alpha),
        "brier": mean_interval(per_sample.brier, alpha),
        "macro_auc": found.ranking.macro_auc,
        "macro_average_precision": found.ranking.macro_average_precision,
        "ece": found.calibration.ece,
        "smooth_ece": found.calibration.smooth,
        "aurc": found.selective.aurc,
        "excess_aurc": found.selective.excess_aurc,
    }
