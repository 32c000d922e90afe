"""Recommendations: who is recommended, what is promised of it, and when the model stays out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosearch.recommendation import most_promising, recommend
from autosearch.space import Choice, Float, Int, Space
from autosearch.trial import History, Trial

SPACE = Space({"x": Float(0, 1), "lr": Float(1e-4, 1, scale="log"), "kind": Choice(["a", "b"])})


def truth(params: dict[str, object]) -> float:
    x, lr = float(params["x"]), np.log10(float(params["lr"]))  # type: ignore[arg-type]
    return (x - 0.4) ** 2 + 0.05 * (lr + 2.0) ** 2 + (0.3 if params["kind"] == "b" else 0.0)


def searched(seed: int, trials: int = 40, noise: float = 0.1) -> tuple[History, list[float]]:
    """Return a random search's history, and the noiseless losses."""
    rng = np.random.default_rng(seed)
    points = [SPACE.sample(rng) for _ in range(trials)]
    true = [truth(p) for p in points]
    losses = np.array(true) + noise * rng.standard_normal(trials)
    return history_of(points, losses), true


def history_of(points: list[dict[str, object]], losses: "np.ndarray | list[float]") -> History:
    return History(
        tuple(
            Trial(i, p, state="completed", losses=(float(y),))  # type: ignore[arg-type]
            for i, (p, y) in enumerate(zip(points, losses, strict=True))
        )
    )


def deceiving() -> History:
    """Return a history whose best observed trial the model does not believe in."""
    for seed in range(100):
        history, _ = searched(seed)
        found = recommend(SPACE, history)
        if found is not None and found.differs:
            return history
    raise AssertionError("the model believes in every luckiest trial")


@pytest.mark.statistical
def test_under_noise_the_recommended_trial_is_better_than_the_luckiest_and_its_interval_holds() -> (
    None
):
    ours, luckiest, held, differing = [], [], 0, 0
    for seed in range(40):
        history, true = searched(seed)
        found = recommend(SPACE, history)
        assert found is not None and found.low is not None and found.high is not None
        ours.append(true[found.trial.number])
        luckiest.append(true[found.best.number])
        held += found.low <= true[found.trial.number] <= found.high
        differing += found.differs
    assert differing > 15
    assert np.mean(ours) < 0.6 * np.mean(luckiest)
    assert held >= 34


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_maximising_mirrors_everything_and_equal_histories_give_equal_results(seed: int) -> None:
    history, _ = searched(seed, trials=15)
    low, high = recommend(SPACE, history), recommend(SPACE, history, "max")
    assert low == recommend(SPACE, history)
    assert low is not None and high is not None
    assert (high.trial, high.best) == (low.trial, low.best)
    assert low.low is not None and low.high is not None
    assert (high.value, high.low, high.high) == (-low.value, -low.high, -low.low)
    assert low.low <= low.value <= low.high


def test_with_too_few_configurations_the_best_observed_is_recommended_and_the_reason_said() -> None:
    history, _ = searched(0, trials=4)
    found = recommend(SPACE, history)
    assert found is not None and not found.differs
    assert found.trial == history.best
    assert (found.low, found.high) == (None, None)
    assert "at least 5 configurations" in found.reason
    # Running one configuration again and again is no other configuration.
    again = history_of([history.trials[0].params] * 9, np.arange(9.0))  # type: ignore[list-item]
    repeated = recommend(SPACE, again)
    assert repeated is not None and "at least 5" in repeated.reason


def test_without_values_there_is_nothing_to_recommend() -> None:
    trials = (Trial(0, {"x": 0.1, "lr": 0.1, "kind": "a"}, state="failed"),)
    assert recommend(SPACE, History(trials)) is None


def test_equal_values_say_so() -> None:
    rng = np.random.default_rng(1)
    found = recommend(SPACE, history_of([SPACE.sample(rng) for _ in range(9)], [1.0] * 9))
    assert found is not None and found.trial.number == 0
    assert found.reason == "all values are equal"


def test_identical_repeats_prove_that_there_is_no_luck() -> None:
    history = deceiving()
    best = history.best
    assert best is not None
    repeat = Trial(40, best.params, state="completed", losses=best.losses, repeat_of=best.number)
    found = recommend(SPACE, History((*history.trials, repeat)))
    assert found is not None and found.trial == best
    assert found.reason == "repeated runs came to the same value"


def test_only_trials_that_meet_their_constraints_are_recommended() -> None:
    history, true = searched(3, noise=0.0)
    allowed = {int(i) for i in np.argsort(true)[10:]}
    trials = tuple(
        Trial(
            t.number, t.params, state=t.state, losses=t.losses,
            constraints=(-1.0 if t.number in allowed else 1.0,),
        )
        for t in history.trials
    )  # fmt: skip
    found = recommend(SPACE, History(trials))
    assert found is not None and found.trial.number in allowed
    assert found.best.number == int(np.argsort(true)[10])


def test_a_trial_is_recommended_once_however_often_it_was_run() -> None:
    space = Space({"n": Int(1, 8)})
    points = [{"n": n} for n in (*range(1, 9), 3, 3)]
    losses = [5.0, 4.0, 1.0, 3.0, 4.0, 5.0, 6.0, 7.0, 1.1, 0.9]
    found = recommend(space, history_of(points, losses))  # type: ignore[arg-type]
    assert found is not None and found.trial.number == 2
    assert found.value == pytest.approx(1.0, abs=0.2)


def test_it_is_told_in_words() -> None:
    history = deceiving()
    found = recommend(SPACE, history, "max")
    assert found is not None and found.differs
    text = found.told("accuracy", 0.95)
    assert text.startswith(f"trial {found.trial.number}, accuracy ")
    assert f"trial {found.best.number} printed 0.95, by luck as it seems" in text


@pytest.mark.parametrize("order", [1, -1])
def test_the_most_promising_of_equal_trials_lies_in_the_middle(order: int) -> None:
    xs = np.linspace(0.0, 1.0, 21)[::order]
    losses = np.round((xs - 0.6) ** 2, 1)
    history = history_of([{"x": float(x)} for x in xs], losses)
    tied = [int(i) for i in np.flatnonzero(losses == 0.0)]
    assert len(tied) == 9
    chosen = most_promising(Space({"x": Float(0, 1)}), history, tied)
    assert chosen in tied
    assert xs[chosen] == pytest.approx(0.6, abs=0.101)


def test_the_first_of_equal_trials_is_taken_without_a_model() -> None:
    history = history_of([{"x": x} for x in (0.1, 0.2, 0.3)], [1.0, 0.0, 0.0])
    assert most_promising(Space({"x": Float(0, 1)}), history, [1, 2]) == 1
    assert most_promising(Space({"x": Float(0, 1)}), History(), [3, 5]) == 3
