"""Advice: what more trials will gain, when to stop, and what it does not depend on."""

from dataclasses import replace

import numpy as np
import pytest

from autosearch import recommendation
from autosearch.advice import (
    JUDGED_EVERY,
    LEAST_TRIALS,
    NEGLIGIBLE,
    _root,
    advise,
)
from autosearch.api import minimize
from autosearch.recommendation import recommend
from autosearch.space import Float, Int, Space
from autosearch.space.values import Params
from autosearch.strategies import make, rng_for
from autosearch.trial import CONFIRM, History, Trial

SPACE = Space({"x": Float(0, 1), "y": Float(0, 1)})


def bowl(params: Params) -> float:
    return (float(params["x"]) - 0.4) ** 2 + (float(params["y"]) - 0.7) ** 2


def search(trials: int, noise: float = 0.0, seed: int = 0) -> History:
    """Return a search of the bowl."""
    rng, strategy, history = np.random.default_rng(seed), make("bayes_opt_search"), History()
    for number in range(trials):
        suggestion = strategy.ask(SPACE, history, rng_for(seed, number))
        assert suggestion is not None
        loss = bowl(suggestion.params) + noise * float(rng.standard_normal())
        trial = Trial(
            number, suggestion.params, origin=suggestion.origin, notes=suggestion.notes,
            state="completed", losses=(loss,),
        )  # fmt: skip
        history = History((*history.trials, trial))
    return history


def with_losses(history: History, unit: float, origin: float) -> History:
    """Return the same trials with losses in another unit, from another origin."""
    return History(
        tuple(
            Trial(t.number, t.params, state=t.state, losses=(unit * t.losses[0] + origin,))
            for t in history.trials
        )
    )


def test_a_search_that_has_found_the_bottom_is_told_to_stop() -> None:
    history = search(30)
    advice = advise(SPACE, history)
    assert advice.negligible
    assert advice.told("loss").startswith("stop here: the next 10 trials gain ")
    assert advice.expected is not None and advice.gained is not None
    assert 0.0 <= advice.expected < 0.02 * advice.gained


@pytest.mark.parametrize(("noise", "stop"), [(0.002, True), (0.2, False)])
def test_noise_is_seen_through_where_it_is_small_beside_what_was_gained(
    noise: float, stop: bool
) -> None:
    # Half the points lie around the bottom.
    rng = np.random.default_rng(0)
    near = [{"x": 0.4 + 0.05 * u, "y": 0.7 + 0.05 * v} for u, v in rng.standard_normal((30, 2))]
    points = [*(SPACE.sample(rng) for _ in range(20)), *near]
    losses = [bowl(p) + noise * float(rng.standard_normal()) for p in points]
    trials = (
        Trial(i, point, state="completed", losses=(loss,))
        for i, (point, loss) in enumerate(zip(points, losses, strict=True))
    )
    assert advise(SPACE, History(tuple(trials))).negligible == stop


def test_one_hopeless_forecast_is_not_enough_to_stop() -> None:
    history = search(40)
    small = {}
    for n in range(LEAST_TRIALS, 41, JUDGED_EVERY):
        advice = advise(SPACE, History(history.trials[:n]))
        assert advice.high is not None and advice.gained is not None
        small[n] = advice.high < NEGLIGIBLE * advice.gained
        assert advice.negligible == (small[n] and small.get(n - JUDGED_EVERY, False))
    assert not all(small.values()) and all(small[n] for n in (35, 40))


def test_a_search_that_has_only_begun_is_told_to_go_on() -> None:
    history = search(40)
    early = History(history.trials[: LEAST_TRIALS - 1])
    assert "fewer than 15 trials" in advise(SPACE, early).reason
    assert advise(SPACE, early).told("loss").startswith("go on: fewer")
    # Trials far from the bottom, which lies where none of them is.
    rng = np.random.default_rng(0)
    points = [p for p in (SPACE.sample(rng) for _ in range(400)) if float(p["x"]) > 0.7][:20]
    trials = tuple(Trial(i, p, state="completed", losses=(bowl(p),)) for i, p in enumerate(points))
    advice = advise(SPACE, History(trials))
    assert not advice.negligible and not advice.reason
    assert advice.expected is not None and advice.high is not None
    assert advice.high > advice.expected > 0.0


def test_what_a_constraint_forbids_is_no_gain() -> None:
    # Half the points that are allowed lie around the best of them: (0.7, 0.7), of loss 0.09.
    rng = np.random.default_rng(1)
    near = [{"x": 0.7 + 0.1 * u, "y": 0.6 + 0.2 * v} for u, v in rng.random((20, 2))]
    points = [{"x": 0.7, "y": 0.7}, *near, *(SPACE.sample(rng) for _ in range(40))]
    history = History(
        tuple(
            Trial(
                number, point, state="completed", losses=(bowl(point),),
                constraints=(0.7 - float(point["x"]),),
            )
            for number, point in enumerate(points)
        )
    )  # fmt: skip
    assert min(t.losses[0] for t in history.trials) < 0.06
    assert min(t.losses[0] for t in history.feasible) == pytest.approx(0.09)
    advice = advise(SPACE, history)
    assert advice.expected is not None and advice.high is not None
    assert advice.expected <= advice.high < 0.01


def test_equal_values_give_no_advice() -> None:
    rng = np.random.default_rng(0)
    trials = (Trial(i, SPACE.sample(rng), state="completed", losses=(1.0,)) for i in range(20))
    assert advise(SPACE, History(tuple(trials))).reason == "all values are equal"


def test_values_that_differ_by_rounding_alone_give_no_advice() -> None:
    history = with_losses(search(20), 1.0, 1e13)
    reason = "all values are equal but for rounding"
    advice, recommended = advise(SPACE, history), recommend(SPACE, history)
    assert (advice.reason, advice.expected, advice.negligible) == (reason, None, False)
    assert recommended is not None and recommended.reason == reason


def grid(values: int, tried: int) -> tuple[Space, History]:
    """Return a space of `values` points, and a history that tried the first ones."""
    space = Space({"k": Int(1, values)})
    trials = (
        Trial(i, {"k": i + 1}, state="completed", losses=(abs(i - 2.2),)) for i in range(tried)
    )
    return space, History(tuple(trials))


@pytest.mark.parametrize("points", [12, 20])
def test_where_no_point_is_left_a_search_is_told_to_stop(points: int) -> None:
    space, history = grid(points, points)
    advice = advise(space, history)
    assert advice.negligible and advice.expected is None
    assert advice.told("loss") == "stop here: all points of the space were tried"
    running = replace(history.trials[-1], state="running", losses=())
    again = replace(history.trials[0], number=points - 1)
    for last in (running, again):
        left = History((*history.trials[:-1], last))
        assert "all points" not in advise(space, left).told("loss")


def test_a_search_that_has_gained_nothing_has_no_measure_of_what_is_negligible() -> None:
    points = [SPACE.sample(np.random.default_rng(i)) for i in range(20)]
    points.sort(key=lambda p: float(p["x"]))
    trials = (
        Trial(i, p, state="completed", losses=(float(i >= 10),)) for i, p in enumerate(points)
    )
    advice = advise(SPACE, History(tuple(trials)))
    assert advice.gained == 0.0 and advice.expected is not None and not advice.negligible
    assert advice.reason.startswith("nothing has been gained yet")
    told = advice.told("loss")
    assert told.startswith("go on: the next 10 trials gain ")
    assert told.endswith(f" so far; {advice.reason}")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("unit", [1e-300, 1.7e308])
def test_losses_at_the_ends_of_what_a_number_holds_are_judged_as_others_are(unit: float) -> None:
    # The best tenth is left out, so that a gain is expected.
    rng = np.random.default_rng(3)
    points = [p for p in (SPACE.sample(rng) for _ in range(40)) if bowl(p) > 0.05][:20]
    plain = History(
        tuple(
            Trial(i, p, state="completed", losses=(2.0 * bowl(p) - 0.8,))
            for i, p in enumerate(points)
        )
    )
    history = with_losses(plain, unit, 0.0)
    one, other = advise(SPACE, plain), advise(SPACE, history)
    assert other.negligible == one.negligible
    for name in ("expected", "low", "high", "gained", "noise"):
        a, b = getattr(one, name), getattr(other, name)
        assert b / unit == pytest.approx(a, rel=0.05, abs=1e-3)
    found, expected = recommend(SPACE, history), recommend(SPACE, plain)
    assert found is not None and expected is not None
    assert found.low is not None and found.high is not None
    assert found.trial.number == expected.trial.number
    assert found.low < found.value < found.high
    assert found.value / unit == pytest.approx(expected.value, abs=1e-3)


def test_units_and_origins_do_not_matter() -> None:
    history = search(20, noise=0.01)
    moved = with_losses(history, 1e3, -7e4)
    one, other = advise(SPACE, history), advise(SPACE, moved)
    assert one == advise(SPACE, history)
    assert one.negligible == other.negligible
    for name in ("expected", "low", "high", "gained", "noise"):
        a, b = getattr(one, name), getattr(other, name)
        assert b == pytest.approx(1e3 * a, rel=0.05, abs=1.0)


@pytest.mark.statistical
def test_the_gain_of_the_next_trials_lies_in_the_range() -> None:
    held, total = 0, 0
    for seed in range(12):
        history = search(40, noise=0.02, seed=seed)
        for n in (15, 30):
            advice = advise(SPACE, History(history.trials[:n]))
            now, later = (_recommended(history, m) for m in (n, n + 10))
            assert advice.low is not None and advice.high is not None
            held += advice.low <= now - later <= advice.high
            total += 1
    assert held >= 0.75 * total


def _recommended(history: History, trials: int) -> float:
    found = recommend(SPACE, History(history.trials[:trials]))
    assert found is not None
    return bowl(found.trial.params)


def test_runs_that_confirm_are_no_trials_without_a_gain() -> None:
    history = search(16, noise=0.05)
    best = history.best
    assert best is not None
    losses = [best.losses[0] + i / 99 for i in range(12)]
    runs = tuple(
        Trial(
            16 + i, best.params, origin=CONFIRM, state="completed", losses=(loss,),
            repeat_of=best.number,
        )
        for i, loss in enumerate(losses)
    )  # fmt: skip
    before, after = advise(SPACE, history), advise(SPACE, History((*history.trials, *runs)))
    assert after.gained == before.gained
    assert not after.negligible
    short = History((*history.trials[:14], *runs))
    assert "fewer than 15" in advise(SPACE, short).reason


def test_recommendation_and_advice_share_one_model(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted, fit = [], recommendation.posterior_of

    def counted(space: Space, history: History) -> object:
        fitted.append(len(history))
        return fit(space, history)

    result = minimize(bowl, SPACE, trials=16, strategy="random", seed=3)
    alone = advise(SPACE, result.state.history)
    monkeypatch.setattr(recommendation, "posterior_of", counted)
    assert result.recommend() is not None and not alone.negligible
    assert result.advice() == alone
    assert fitted == [16]


@pytest.mark.parametrize("place", [(0, 0), (2, 1)])
def test_a_covariance_that_is_not_finite_is_refused(place: tuple[int, int]) -> None:
    covariance = np.eye(3)
    covariance[place] = np.nan
    with pytest.raises(FloatingPointError, match="not finite"):
        _root(covariance)


def test_a_singular_covariance_has_a_root() -> None:
    covariance = np.ones((3, 3))
    np.testing.assert_allclose(_root(covariance) @ _root(covariance).T, covariance, atol=1e-6)
