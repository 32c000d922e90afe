"""Each rule fires where its fault was planted, stays silent otherwise, and its gain holds."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from evaluation import Result, analyse
from evaluation.intervals import Estimate
from evaluation.outputs.html import report_page
from evaluation.suggestions import RULES
from evaluation.suggestions.model import Claim, Cost, Gain, Suggestion
from evaluation.suggestions.selection import order, select
from evaluation.suggestions.texts import TEXTS, TITLES
from tests.evaluation.digits import flipped
from tests.evaluation.samples import scores, softmax


def judged(p: Any, labels: Any, **options: Any) -> Result:
    return analyse("image_classification", p, labels, **options)


def fired(result: Result, rule: str) -> Suggestion | None:
    return next((item for item in result.suggestions if item.rule == rule), None)


def calibrated(seed: int, n: int = 1000, k: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities and labels drawn from exactly these."""
    rng = np.random.default_rng(seed)
    p = softmax(rng.normal(size=(n, k)) * 2.2)
    return p, (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)


def test_every_rule_has_its_words() -> None:
    assert set(TEXTS) == set(RULES) == set(TITLES)


@pytest.mark.slow
@pytest.mark.statistical
def test_a_sound_model_gets_no_advice_but_to_hand_over_what_is_unsure() -> None:
    alarms = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        p, labels = calibrated(seed, 600)
        metadata = {f"m{i}": rng.normal(size=len(p)) for i in range(5)}
        found = judged(p, labels, metadata=metadata).suggestions
        alarms += any(item.claim.p is not None and item.rule != "THR" for item in found)
    # At 5 % the chance of more than 5 in 20 is below 0.001.
    assert alarms <= 5


@pytest.mark.slow
@pytest.mark.statistical
def test_the_gain_of_relabelling_covers_what_the_true_labels_give() -> None:
    covered = 0
    for seed in range(7):
        p, given, truth = flipped(seed, 67)
        item = fired(judged(p, given), "LBL")
        assert item is not None
        repaired = given.copy()
        repaired[list(item.indices)] = truth[list(item.indices)]
        gain = (p.argmax(axis=1) == repaired).mean() - (p.argmax(axis=1) == given).mean()
        assert item.gain is not None
        covered += item.gain.amount.low <= gain <= item.gain.amount.high
    assert covered >= 6


def test_overconfidence_is_answered_with_a_temperature() -> None:
    p, labels = calibrated(0, 3000)
    sharp = p**3 / (p**3).sum(axis=1, keepdims=True)
    item = fired(judged(sharp, labels), "CAL")
    assert item is not None
    assert item.evidence["temperature"] == pytest.approx(3, rel=0.1)
    assert fired(judged(p, labels), "CAL") is None


def test_wrong_labels_are_said_to_raise_the_temperature() -> None:
    p, labels = calibrated(0, 3000)
    sharp = p**3 / (p**3).sum(axis=1, keepdims=True)
    assert fired(judged(sharp, labels), "CAL").evidence["temperature_without_wrong_labels"] is None
    given = labels.copy()
    given[:150] = (labels[:150] + 1) % 6
    item = fired(judged(sharp, given), "CAL")
    assert item.evidence["temperature_without_wrong_labels"] == pytest.approx(3, rel=0.2)
    assert item.evidence["temperature"] > item.evidence["temperature_without_wrong_labels"]
    assert "wrong labels" in item.text["en"]


def test_a_temperature_that_only_answers_wrong_labels_is_not_suggested() -> None:
    rng = np.random.default_rng(0)
    p = softmax(rng.normal(size=(3000, 6)) * 8)
    labels = (p.cumsum(axis=1) < rng.random((3000, 1))).sum(axis=1)
    given = labels.copy()
    given[:150] = (labels[:150] + 1) % 6
    found = judged(p, given)
    scaled = found.findings.confidences.temperature
    assert scaled.nll_gain.low > 0
    assert scaled.ece_before > 0.02
    assert scaled.ece_after > scaled.ece_before
    assert fired(found, "CAL") is None
    assert "not suggested" in report_page(found.findings, found.suggestions)


def test_rejection_is_offered_where_confidence_tells_right_from_wrong() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 2000)
    unsure = rng.random(2000) < 0.08
    logits = rng.normal(size=(2000, 4)) * np.where(unsure, 0.3, 1.0)[:, None]
    logits[np.arange(2000), labels] += np.where(unsure, 0.2, 6.0)
    item = fired(judged(softmax(logits), labels), "THR")
    assert item is not None
    assert item.evidence["error_after"] < item.evidence["error_before"] / 2
    shuffled = rng.permutation(2000)
    assert fired(judged(softmax(logits)[shuffled], labels[shuffled]), "THR") is not None


@pytest.mark.statistical
def test_a_biased_decision_is_shifted_back_and_the_gain_holds_on_fresh_data() -> None:
    covered = fires = 0
    shift = np.array([2.0, 0, 0, 0, -1.5])
    for seed in range(20):
        logits, labels = scores(1500, 5, seed)
        item = fired(judged(softmax(logits + shift), labels), "TH2")
        if item is None or item.gain is None:
            continue
        fires += 1
        fresh, truth = scores(20_000, 5, 1000 + seed)
        bias = np.array(list(item.evidence["bias"].values()))
        before = f1_score(truth, (fresh + shift).argmax(axis=1), average="macro")
        after = f1_score(truth, (fresh + shift + bias).argmax(axis=1), average="macro")
        covered += item.gain.amount.low <= after - before <= item.gain.amount.high
    assert fires >= 19
    assert covered >= fires - 3


def test_two_classes_that_look_alike_are_named() -> None:
    logits, labels = scores(3000, 6, 0, strength=4.0)
    alike = np.isin(labels, (1, 4))
    mean = (logits[alike, 1] + logits[alike, 4]) / 2
    rng = np.random.default_rng(0)
    logits[alike, 1] = mean + rng.normal(size=alike.sum()) * 0.5
    logits[alike, 4] = mean + rng.normal(size=alike.sum()) * 0.5
    found = judged(softmax(logits), labels, label_map_dict=list("abcdef"))
    assert [item.target for item in found.suggestions if item.rule == "CNF"] == ["1-4"]
    assert "b and e" in fired(found, "CNF").text["en"]


def test_recall_that_falls_with_support_is_named() -> None:
    rng = np.random.default_rng(0)
    sizes = np.array([20, 30, 50, 80, 120, 200, 320, 500, 800, 1200])
    labels = np.repeat(np.arange(10), sizes)
    recall = np.interp(np.log(sizes), np.log([20, 1200]), [0.45, 0.95])
    right = rng.random(len(labels)) < recall[labels]
    predicted = np.where(right, labels, rng.choice(10, len(labels), p=sizes / sizes.sum()))
    item = fired(judged(predicted, labels, label_map_dict=list("abcdefghij")), "IMB")
    assert item is not None
    assert item.gain is not None
    assert item.gain.kind == "ceiling"


def test_a_gap_to_the_training_data_is_called_overfitting() -> None:
    logits, labels = scores(1000, 4, 0)
    train, known = scores(1000, 4, 1, strength=6.0)
    reference = {"pred_list": softmax(train), "label_list": known}
    item = fired(judged(softmax(logits), labels, reference=reference), "OVF")
    assert item is not None
    same = {"pred_list": softmax(logits), "label_list": labels}
    assert fired(judged(softmax(logits), labels, reference=same), "OVF") is None


def test_small_classes_ask_for_images() -> None:
    logits, labels = scores(200, 10, 0)
    item = fired(judged(softmax(logits), labels), "NEV")
    assert item is not None
    assert item.cost.unit == "collect"
    assert item.claim.p is None
    assert "verdict" in item.text["en"]


def test_every_suggestion_carries_all_that_was_promised() -> None:
    p, given, _ = flipped(0, 67)
    metadata = {"half": ["a", "b"] * 898 + ["a"]}
    for item in judged(p**2 / (p**2).sum(axis=1, keepdims=True), given, metadata=metadata)[
        "suggestions"
    ]:
        assert item["text"]["en"] and item["text"]["zh"]
        assert item["evidence"]
        assert item["claim"]["test"]
        assert item["cost"]["minutes"] > 0
        if item["claim"]["p"] is not None:
            assert item["claim"]["q"] < 0.05


def suggestion(rule: str, low: float, minutes: float, p: float = 0.001, **more: Any) -> Suggestion:
    return Suggestion(
        rule=rule,
        target="",
        text={"en": "", "zh": ""},
        evidence={},
        claim=Claim("", p, p),
        gain=Gain("accuracy", Estimate(low + 0.01, low, low + 0.02), "estimate", 0.2),
        cost=Cost("review", 1, minutes),
        **more,
    )


def test_the_certain_gain_per_hour_decides_the_order() -> None:
    dear, cheap = suggestion("A", 0.05, 600), suggestion("B", 0.02, 30)
    assert [item.rule for item in order([dear, cheap], 10)] == ["B", "A"]


def test_equal_returns_are_ordered_by_id() -> None:
    found = order([suggestion("B", 0.02, 30), suggestion("A", 0.02, 30)], 10)
    assert [(item.rule, item.priority) for item in found] == [("A", 1), ("B", 2)]


def test_samples_spoken_for_lower_the_marginal_gain() -> None:
    first = suggestion("A", 0.05, 30, indices=(0, 1, 2, 3))
    second = suggestion("B", 0.02, 30, indices=(2, 3, 4, 5))
    found = order([first, second], 10)
    assert found[0].marginal == pytest.approx(0.06)
    assert found[1].marginal == pytest.approx(0.015)


def test_a_claim_must_survive_everything_that_was_tested() -> None:
    candidate = suggestion("A", 0.02, 30, p=0.01)
    assert select([candidate], {"A": [0.01]})
    assert not select([candidate], {"A": [0.01, *[0.5] * 20]})
    assert not select([candidate], {"A": [0.01], **{f"R{i}": [0.5] for i in range(8)}})


@pytest.mark.statistical
def test_selection_over_all_rules_keeps_the_error_rate() -> None:
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(300):
        tested = {f"R{i}": rng.random(size).tolist() for i, size in enumerate((1, 1, 5, 20, 100))}
        candidates = [
            suggestion(rule, 0.02, 30, p=p) for rule, values in tested.items() for p in values
        ]
        alarms += bool(select(candidates, tested))
    # At 5 % the chance of more than 28 in 300 is below 0.001.
    assert alarms <= 28
