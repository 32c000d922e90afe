"""Estimated gains against what acting on the suggestion brings, on sets planted anew."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.evaluation_claims import labels
from benchmarks.evaluation_claims.slices import Array, covers, softmax
from evaluation import Result, analyse
from evaluation.suggestions.model import Suggestion

CLASSES = 6
SAMPLES = 2000
FRESH = 200_000
SETS, QUICK_SETS = 40, 6

# A set, and the gain that undoing its fault brings, given the suggestion made of it.
Case = tuple[Result, Callable[[Suggestion], float]]


def judged(p: Array, given: Array, **options: object) -> Result:
    """Return the analysis of probabilities or class ids."""
    return analyse("image_classification", p, given, **options)  # type: ignore[arg-type]


def suggestion(result: Result, rule: str) -> Suggestion | None:
    """Return the first suggestion of a rule."""
    return next((item for item in result.suggestions if item.rule == rule), None)


def scored(rng: np.random.Generator, samples: int, sharpness: float) -> tuple[Array, Array]:
    """Return logits and labels drawn from their softmax, logits then multiplied by sharpness."""
    logits = rng.normal(size=(samples, CLASSES)) * 2.2
    chosen = softmax(logits).cumsum(axis=1) < rng.random((samples, 1))
    return logits * sharpness, np.minimum(chosen.sum(axis=1), CLASSES - 1)


def relabelled(seed: int) -> Case:
    """Flipped labels; the listed ones are given their true label."""
    flips = labels.clusters(CLASSES, SAMPLES, seed % 2 == 1, 500 + seed)
    predicted = flips.p.argmax(axis=1)

    def gain(item: Suggestion) -> float:
        repaired, listed = flips.given.copy(), list(item.indices)
        repaired[listed] = flips.truth[listed]
        return float((predicted == repaired).mean() - (predicted == flips.given).mean())

    return judged(flips.p, flips.given), gain


def cooled(seed: int) -> Case:
    """Overconfident logits; fresh ones are divided by the temperature."""
    rng = np.random.default_rng([1, seed])
    logits, truth = scored(rng, SAMPLES, 2.0)

    def gain(item: Suggestion) -> float:
        fresh, labels_ = scored(rng, FRESH, 2.0)
        temperature = float(str(item.evidence["temperature"]))
        before, after = (
            -np.log(softmax(z)[np.arange(FRESH), labels_] + 1e-300).mean()
            for z in (fresh, fresh / temperature)
        )
        return float(before - after)

    return judged(softmax(logits), truth), gain


def rejected(seed: int) -> Case:
    """Calibrated scores of an easy task; fresh ones below the threshold are handed over."""
    rng = np.random.default_rng([2, seed])
    logits, truth = scored(rng, SAMPLES, 1.0)

    def easy(z: Array, y: Array) -> tuple[Array, Array]:
        z = z.copy()
        sure = rng.random(len(z)) < 0.85
        z[np.flatnonzero(sure), y[sure]] += 8
        return softmax(z), y

    p, truth = easy(logits, truth)

    def gain(item: Suggestion) -> float:
        fresh, labels_ = easy(*scored(rng, FRESH, 1.0))
        wrong = fresh.argmax(axis=1) != labels_
        kept = fresh.max(axis=1) >= float(str(item.evidence["threshold"]))
        return float(wrong.mean() - wrong[kept].mean())

    return judged(p, truth), gain


def shifted(seed: int) -> Case:
    """Scores that favour two classes; the bias is added to fresh ones."""
    rng = np.random.default_rng([3, seed])
    bias = np.array([2.0, 2.0, 0, 0, 0, 0])
    logits, truth = scored(rng, SAMPLES, 1.0)

    def gain(item: Suggestion) -> float:
        from sklearn.metrics import f1_score

        fresh, labels_ = scored(rng, FRESH, 1.0)
        found = item.evidence["bias"]
        assert isinstance(found, dict)
        log_p = np.log(softmax(fresh + bias))
        before, after = (
            f1_score(labels_, z.argmax(axis=1), average="macro")
            for z in (log_p, log_p + np.array(list(found.values())))
        )
        return float(after - before)

    return judged(softmax(logits + bias), truth), gain


def confused(seed: int) -> Case:
    """Two classes that are taken for each other; without the fault they are told apart."""
    rng = np.random.default_rng([4, seed])
    truth = rng.integers(0, CLASSES, SAMPLES)
    sound = np.where(rng.random(SAMPLES) < 0.92, truth, (truth + rng.integers(1, 6, SAMPLES)) % 6)
    swapped = (truth < 2) & (sound == truth) & (rng.random(SAMPLES) < 0.2)
    predicted = np.where(swapped, 1 - truth, sound)
    names = [str(i) for i in range(CLASSES)]
    return judged(predicted, truth, label_map_dict=names), lambda _: float(swapped.mean())


def rare(seed: int) -> Case:
    """Rare classes are recognised less often; without the fault as often as the large ones."""
    rng = np.random.default_rng([5, seed])
    sizes = np.array([800, 600, 400, 250, 150, 100, 80, 60])
    truth = np.repeat(np.arange(8), sizes)
    lost = np.array([0, 0, 0, 0.08, 0.16, 0.22, 0.26, 0.3])[truth]
    chance = rng.random(len(truth))
    right, would_be = chance < 0.93 - lost, chance < 0.93
    predicted = np.where(right, truth, (truth + rng.integers(1, 8, len(truth))) % 8)
    names = [str(i) for i in range(8)]
    return (
        judged(predicted, truth, label_map_dict=names),
        lambda _: float(would_be.mean() - right.mean()),
    )


CASES: dict[str, Callable[[int], Case]] = {
    "LBL": relabelled,
    "CAL": cooled,
    "THR": rejected,
    "TH2": shifted,
    "CNF": confused,
    "IMB": rare,
}


def report(quick: bool, _: Path | None) -> Iterator[str]:
    """Yield, per rule, how often it spoke and how often its interval covered the true gain."""
    yield "gain of  suggested  covered   estimate   true gain"
    for rule, make in CASES.items():
        hits, values, truths, sets = 0, [], [], QUICK_SETS if quick else SETS
        for seed in range(sets):
            result, gain = make(seed)
            item = suggestion(result, rule)
            if item is None or item.gain is None:
                continue
            amount, true = item.gain.amount, gain(item)
            hits += covers(amount, true)
            values.append(amount.value)
            truths.append(true)
        share = f"{hits / len(values):.0%}" if values else "–"
        mean = [f"{np.mean(x):.4f}" if values else "–" for x in (values, truths)]
        yield f"{rule:<8}{len(values):>4} of {sets:<3}{share:>8}{mean[0]:>11}{mean[1]:>12}"
