"""Rules about decisions and confidences: labels, temperature, thresholds, bias, pairs."""

import numpy as np

from evaluation.findings import Findings
from evaluation.intervals import Estimate, newcombe, quantile
from evaluation.pairs import Pair
from evaluation.suggestions.model import Claim, Cost, Gain, Suggestion
from evaluation.suggestions.texts import CAVEAT, NO_TEMPERATURE, fill
from evaluation.suggestions.wording import about, number, percent, tail_p

FEWEST_LABELS = 3
SMALLEST_SHARE = 0.005
LEAST_ECE = 0.02
COVERAGE = 0.9
# Fewer errors between two classes than this are no basis for a project.
FEWEST_PAIR_ERRORS = 5
LEAST_RATIO = 1.5
# What a pair costs: images to tell the two apart, a guess that grows with what is at stake.
FEWEST_PAIR_IMAGES, IMAGES_PER_ERROR = 50, 10
LEVEL = 0.05
# The part by which fitted posteriors of listed labels are off on planted sets, either way.
POSTERIOR_SLACK = 0.15

Outcome = tuple[list[Suggestion], list[float]]


def relabel(found: Findings) -> Outcome:
    """LBL: labels that are more probably wrong than not."""
    errors = found.confidences.label_errors if found.confidences else None
    if errors is None:
        return [], []
    n = len(found.predictions)
    count = errors.expected_count
    p = errors.p
    enough = (count.value or 0.0) >= max(FEWEST_LABELS, SMALLEST_SHARE * n)
    if not enough or not len(errors.listed):
        return [], [p]
    listed = errors.listed
    same = found.predictions.labels[listed] == found.predictions.predicted[listed]
    agrees = errors.agrees[listed]
    value = float((agrees - same).sum()) / n
    chance = float((agrees * (1 - agrees)).sum()) ** 0.5 * quantile(found.settings.alpha)
    half = float(np.hypot(chance, POSTERIOR_SLACK * len(listed))) / n
    top = float((~same).sum()) / n
    gain = Estimate(value, value - half, min(value + half, top))
    text = fill(
        "LBL",
        listed=str(len(listed)),
        expected=about(count.value),
        low=about(count.low),
        high=about(count.high),
    )
    accuracy = found.overall["accuracy"].value or 0.0
    return [
        Suggestion(
            rule="LBL",
            target="",
            text=text,
            evidence={
                "expected_wrong_labels": count,
                "listed": len(listed),
                "cut": errors.cut,
                "noise_rate": errors.noise_rate,
            },
            claim=Claim("likelihood ratio of label noise against none", p, p),
            gain=Gain("accuracy", gain, "estimate", 1 - accuracy),
            cost=_cost(found, "review", len(listed)),
            indices=tuple(listed.tolist()),
        )
    ], [p]


def temperature(found: Findings) -> Outcome:
    """CAL: dividing the logits by a constant, where that lowers the log-loss and the ECE.

    Wrong labels look like overconfidence. A temperature that answers them lowers the log-loss and
    moves confidences away from accuracies: that is no calibration and is not suggested.
    """
    scaled = found.confidences.temperature if found.confidences else None
    if scaled is None or found.confidences is None:
        return [], []
    p = tail_p(scaled.nll_gain, found.settings.alpha)
    if scaled.ece_before <= LEAST_ECE or not scaled.helps:
        return [], [p]
    without = temperature_of_true_labels(found)
    text = fill(
        "CAL",
        t=number(scaled.t),
        nll_before=number(scaled.nll_before),
        nll_after=number(scaled.nll_after),
        ece_before=number(scaled.ece_before),
        ece_after=number(scaled.ece_after),
        caveat=caveat(without),
    )
    return [
        Suggestion(
            rule="CAL",
            target="",
            text=text,
            evidence={
                "temperature": scaled.t,
                "temperature_without_wrong_labels": without,
                "ece_before": scaled.ece_before,
                "ece_after": scaled.ece_after,
                "nll_before": scaled.nll_before,
                "nll_after": scaled.nll_after,
            },
            claim=Claim("paired t-test of cross-fitted log-loss", p, p),
            gain=Gain("log_loss", scaled.nll_gain, "estimate", scaled.nll_before),
            cost=_cost(found, "change", 1),
        )
    ], [p]


def temperature_of_true_labels(found: Findings) -> float | None:
    """Return the temperature without the wrong labels; None where there may be none."""
    errors = found.confidences.label_errors if found.confidences else None
    return errors.temperature if errors and errors.p < found.settings.alpha else None


def caveat(without: float | None) -> tuple[str, str]:
    """Return what wrong labels do to the temperature, in both languages."""
    if without is None:
        return "", ""
    return CAVEAT[0].format(number(without)), CAVEAT[1].format(number(without))


def no_temperature(found: Findings) -> tuple[str, str] | None:
    """Return why a temperature that lowers the log-loss is not suggested; None where it is."""
    scaled = found.confidences.temperature if found.confidences else None
    if scaled is None or scaled.helps or (scaled.nll_gain.low or 0.0) <= 0:
        return None
    en, zh = caveat(temperature_of_true_labels(found))
    numbers = [number(value) for value in (scaled.t, scaled.ece_before, scaled.ece_after)]
    return NO_TEMPERATURE[0].format(*numbers, en), NO_TEMPERATURE[1].format(*numbers, zh)


def reject(found: Findings) -> Outcome:
    """THR: handing unsure predictions to a person."""
    if found.confidences is None:
        return [], []
    samples = found.confidences.samples
    n, alpha = len(samples.correct), found.settings.alpha
    if min((found.halves == 0).sum(), (found.halves == 1).sum()) == 0:
        return [], []
    # The threshold of each half is the other half's, so that no sample helps to set its own.
    cuts = [float(np.quantile(samples.confidence[found.halves == h], 1 - COVERAGE)) for h in (1, 0)]
    accepted = samples.confidence >= np.array(cuts)[found.halves]
    kept, wrong = int(accepted.sum()), int((~samples.correct).sum())
    still = int((~samples.correct & accepted).sum())
    if kept in (0, n) or wrong == 0:
        return [], []
    before, after = wrong / n, still / kept
    against = newcombe((wrong - still, n - kept), (still, kept), alpha)
    p = tail_p(against, alpha)
    if after >= before / 2:
        return [], [p]
    # before - after = share of the rejected · (their error - error of the accepted), exactly.
    gain = _times_share(against, (n - kept) / n, n, alpha)
    evidence = {
        "threshold": float(np.mean(cuts)),
        "coverage": kept / n,
        "error_before": before,
        "error_after": after,
    }
    words = [number(evidence["threshold"]), *map(percent, (kept / n, before, after))]
    return [
        Suggestion(
            rule="THR",
            target="",
            text=fill(
                "THR", threshold=words[0], coverage=words[1], before=words[2], after=words[3]
            ),
            evidence=evidence,
            claim=Claim("Newcombe interval of rejected against accepted errors excludes 0", p, p),
            gain=Gain("error_of_accepted", gain, "estimate", before),
            cost=_cost(found, "review", n - kept),
            indices=tuple(np.flatnonzero(~accepted).tolist()),
        )
    ], [p]


def bias(found: Findings) -> Outcome:
    """TH2: shifting the decision between classes."""
    shifted = found.confidences.bias if found.confidences else None
    if shifted is None:
        return [], []
    p = tail_p(shifted.gain, found.settings.alpha)
    text = fill(
        "TH2", rule=shifted.rule, before=number(shifted.before), after=number(shifted.after)
    )
    classes = found.predictions.classes
    return [
        Suggestion(
            rule="TH2",
            target="",
            text=text,
            evidence={
                "rule": shifted.rule,
                "bias": {classes[c]: float(b) for c, b in enumerate(shifted.bias)},
                "macro_f1_before": shifted.before,
                "macro_f1_after": shifted.after,
            },
            claim=Claim("influence-function interval of cross-fitted macro-F1 excludes 0", p, p),
            gain=Gain("macro_f1", shifted.gain, "estimate", 1 - shifted.before),
            cost=_cost(found, "change", 1),
        )
    ], [p]


def pairs(found: Findings) -> Outcome:
    """CNF: two classes that are confused more than their sizes explain."""
    k = found.predictions.k
    total = k * (k - 1) // 2
    tested = [pair.p for pair in found.pairs]
    # Pairs without errors were tested too: their p-value is 1.
    tested += [1.0] * max(0, total - len(tested))
    suggestions = []
    for pair in found.pairs:
        errors = pair.forward + pair.backward
        often = errors >= max(FEWEST_PAIR_ERRORS, LEAST_RATIO * pair.expected)
        if pair.q < LEVEL and often:
            suggestions.append(_pair(found, pair, errors))
    return suggestions, tested


def _pair(found: Findings, pair: Pair, errors: int) -> Suggestion:
    names, n = found.predictions.classes, len(found.predictions)
    labels, predicted = found.predictions.labels, found.predictions.predicted
    half = quantile(found.settings.alpha) * errors**0.5
    amount = Estimate(errors / n, max(errors - half, 0.0) / n, (errors + half) / n)
    both = (pair.first, pair.second)
    inside = np.isin(labels, both) & np.isin(predicted, both) & (labels != predicted)
    return Suggestion(
        rule="CNF",
        target=f"{pair.first}-{pair.second}",
        text=fill(
            "CNF",
            first=names[pair.first],
            second=names[pair.second],
            errors=str(errors),
            ratio=number(errors / max(pair.expected, 1e-9)),
        ),
        evidence={
            "errors": errors,
            "expected": pair.expected,
            "forward": pair.forward,
            "backward": pair.backward,
            "q_asymmetry": pair.q_asymmetry,
            "gain_of_best_threshold": pair.ceiling,
        },
        claim=Claim("gamma-Poisson, against the errors of the other pairs", pair.p, pair.q),
        gain=Gain("accuracy", amount, "ceiling", 1 - (found.overall["accuracy"].value or 0.0)),
        cost=_cost(found, "collect", max(FEWEST_PAIR_IMAGES, IMAGES_PER_ERROR * errors)),
        indices=tuple(np.flatnonzero(inside).tolist()),
    )


def _times_share(estimate: Estimate, share: float, n: int, alpha: float) -> Estimate:
    """Return the estimate times a share that was itself counted on n samples."""
    value, low, high = estimate.value or 0.0, estimate.low or 0.0, estimate.high or 0.0
    counted = quantile(alpha) * abs(value) * (share * (1 - share) / n) ** 0.5
    return Estimate(
        value * share,
        value * share - float(np.hypot((value - low) * share, counted)),
        value * share + float(np.hypot((high - value) * share, counted)),
    )


def _cost(found: Findings, unit: str, amount: int) -> Cost:
    return Cost(unit, amount, found.settings.minutes(unit, amount))
