"""Which runs confirm a search, and what strategies are told of them."""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from autosearch.asking import ask_next
from autosearch.confirmation import folded, plan
from autosearch.confirmed import IDENTICAL, Confirmed, confirmed
from autosearch.space import Float, Space
from autosearch.strategies.base import Suggestion
from autosearch.trial import CONFIRM, History, State, Trial

SPACE = Space({"x": Float(0, 1, default=0.75)})
DEFAULT = {"x": 0.75}


def searched(*points: float, loss: Any = lambda x: (x - 0.3) ** 2) -> History:
    """Return a history of ended trials at these points."""
    return History(
        tuple(
            Trial(i, {"x": x}, state="completed", losses=(loss(x),)) for i, x in enumerate(points)
        )
    )


def confirm(
    history: History, losses: list[float | None], top: int = 2, repeats: int = 2
) -> tuple[History, list[Trial]]:
    """Return the history after these confirming runs, None failing, and the runs."""
    made: list[Trial] = []
    planned = plan(SPACE, history, top, repeats)
    assert planned is not None
    for loss in losses:
        repeat = planned.next(history)
        assert repeat is not None
        state: State = "failed" if loss is None else "completed"
        trial = Trial(
            len(history.trials), repeat.params, origin=CONFIRM, repeat_of=repeat.repeat_of,
            state=state, losses=() if loss is None else (loss,),
        )  # fmt: skip
        made.append(trial)
        history = History((*history.trials, trial))
    return history, made


def judged(history: History, repeats: int = 2, mode: str = "min") -> Confirmed:
    found = confirmed(SPACE, history, repeats, mode)
    assert found is not None
    return found


def test_finalists_and_the_default_are_run_in_turn() -> None:
    history = searched(0.1, 0.31, 0.9, 0.2)
    history, made = confirm(history, [1.0] * 6)
    assert [t.params["x"] for t in made] == [0.31, 0.2, 0.75] * 2
    # The default was never tried: its first run is what the others repeat.
    assert [t.repeat_of for t in made] == [1, 3, None, 1, 3, 6]
    planned = plan(SPACE, history, 2, 2)
    assert planned is not None and planned.next(history) is None


def test_a_default_that_was_tried_is_repeated_and_one_that_is_a_finalist_runs_once_as_often() -> (
    None
):
    _, made = confirm(searched(0.75, 0.31, 0.2), [1.0] * 6)
    assert [t.repeat_of for t in made] == [1, 2, 0] * 2
    _, made = confirm(searched(0.75, 0.99, 0.98), [1.0] * 4)
    assert [t.repeat_of for t in made] == [0, 2] * 2


@settings(max_examples=20, deadline=None)
@given(
    points=st.lists(st.floats(0, 1), min_size=1, max_size=9, unique=True),
    top=st.integers(1, 4),
    repeats=st.integers(2, 4),
    stopped=st.integers(0, 20),
)
def test_a_plan_made_anew_in_the_middle_goes_on_as_the_first(
    points: list[float], top: int, repeats: int, stopped: int
) -> None:
    history = searched(*points)
    once = plan(SPACE, history, top, repeats)
    assert once is not None
    order = []
    while (repeat := once.next(history)) is not None:
        again = plan(SPACE, history, top, repeats)
        assert again == once
        order.append(repeat)
        trial = Trial(
            len(history), repeat.params, origin=CONFIRM, repeat_of=repeat.repeat_of,
            state="running" if len(order) > stopped else "completed",
            losses=() if len(order) > stopped else (1.0,),
        )  # fmt: skip
        history = History((*history.trials, trial))
    finalists = min(top, len(points))
    assert len(order) in (finalists * repeats, (finalists + 1) * repeats)


def test_strategies_see_each_configuration_once_by_its_confirmed_mean() -> None:
    history, _ = confirm(searched(0.1, 0.31, 0.9), [5.0, None, 7.0, 6.0, 2.0, 9.0])
    seen = folded(history)
    # Trial 1 by its two runs, trial 0 by the one that has a value, the default as a trial.
    assert [(t.number, t.losses) for t in seen.trials] == [
        (0, (2.0,)), (1, (5.5,)), (2, history.trials[2].losses), (5, (8.0,)),
    ]  # fmt: skip
    assert folded(searched(0.1)) == searched(0.1)


def test_a_configuration_is_seen_by_the_runs_that_have_a_value_whichever_failed() -> None:
    history, made = confirm(searched(0.1, 0.31), [1.0, 2.0, None, 1.0, 2.0, 5.0])
    seen = folded(history)
    default = made[2].number
    assert [(t.number, t.state, t.losses) for t in seen.trials] == [
        (0, "completed", (2.0,)), (1, "completed", (1.0,)), (default, "completed", (5.0,)),
    ]  # fmt: skip
    running = replace(history.trials[default], state="running")
    history = replace(
        history, trials=tuple(running if t.number == default else t for t in history.trials)
    )
    assert folded(history).trials[-1].losses == (5.0,)


def test_a_later_round_repeats_the_first_trial_of_a_configuration() -> None:
    # The default's first run failed, its second one is the best of all.
    history, _ = confirm(searched(0.1, 0.9), [1.0, 1.0, None, 1.0, 1.0, -5.0])
    first = next(t.number for t in history.trials if t.params == DEFAULT)
    later = Trial(len(history), {"x": 0.5}, state="completed", losses=(0.04,))
    history, made = confirm(History((*history.trials, later)), [0.0] * 2, top=1)
    assert {t.repeat_of for t in made if t.params == DEFAULT} == {first}
    assert [t.losses for t in folded(history).trials if t.params == DEFAULT] == [(-5 / 3,)]


class Witness:
    """Keeps what a strategy is shown."""

    def __init__(self) -> None:
        self.shown: list[History] = []

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion:
        self.shown.append(history)
        return Suggestion({"x": float(rng.random())}, "witness")


def test_a_search_that_goes_on_shows_its_strategy_no_single_confirming_run() -> None:
    history, _ = confirm(searched(0.1, 0.31), [1.0, 2.0, 3.0, 1.0, 2.0, 5.0])
    witness = Witness()
    asked = ask_next(witness, SPACE, history, seed=0, at=0.0)
    assert asked is not None and asked.number == 8
    (shown,) = witness.shown
    assert [t.losses for t in shown.trials] == [(2.0,), (1.0,), (4.0,)]


def test_the_mean_is_of_every_loss() -> None:
    history, _ = confirm(searched(0.1, 0.31), [1.0] * 6)
    several = [replace(t, losses=(*t.losses, 2.0 * t.number)) for t in history.trials]
    seen = folded(History(tuple(several)))
    roots = [t.number for t in seen.trials]
    means = [sum(2.0 * t.number for t in several if t.repeat_of == r or (
        t.confirms and t.number == r)) / 2 for r in roots]  # fmt: skip
    assert [t.losses for t in seen.trials] == [(1.0, mean) for mean in means]


def test_an_extended_search_confirms_its_finalists_afresh() -> None:
    history, _ = confirm(searched(0.1, 0.31), [1.0] * 6)
    later = Trial(len(history), {"x": 0.5}, state="completed", losses=(0.04,))
    history = History((*history.trials, later))
    assert history.confirming == ()
    assert history.searched == 3
    assert confirmed(SPACE, history, 2, "min") is None
    history, made = confirm(history, [3.0] * 2)
    assert history.confirming == tuple(made)


def test_the_winner_has_the_best_mean_of_its_fresh_runs() -> None:
    history, _ = confirm(searched(0.31, 0.2), [0.9, 0.1, 2.0, 0.7, 0.3, 2.2])
    found = judged(history)
    assert [c.trial for c in found.configurations] == [1, 0, 4]
    assert found.winner.mean is not None and abs(found.winner.mean.value - 0.2) < 1e-12
    assert found.gain is not None and abs(found.gain.value - 1.9) < 1e-12
    assert found.lead is not None and abs(found.lead.value - 0.6) < 1e-12
    assert found.complete and not found.reason
    assert found.default is not None and found.default.runs == (4, 7)


def test_maximising_mirrors_values_and_keeps_gains() -> None:
    history, _ = confirm(searched(0.31, 0.2), [-0.9, -0.95, -0.5, -0.91, -0.93, -0.52])
    found, mirrored = judged(history), judged(history, mode="max")
    assert (mirrored.gain, mirrored.lead) == (found.gain, found.lead)
    assert mirrored.winner.trial == found.winner.trial
    assert mirrored.winner.values == (0.95, 0.93)
    one, other = mirrored.winner.mean, found.winner.mean
    assert one is not None and other is not None
    assert (one.value, one.low, one.high) == (-other.value, -other.high, -other.low)


def test_identical_repeats_claim_no_interval_and_say_why() -> None:
    history, _ = confirm(searched(0.31, 0.2), [0.1, 0.2, 0.3] * 2)
    found = judged(history)
    assert (found.gain, found.lead) == (None, None)
    assert found.reason == IDENTICAL
    assert IDENTICAL in found.verdicts()
    plain = found.to_dict()
    assert plain["configurations"][0]["low"] is None
    assert plain["gain"] is None


def test_a_finalist_that_failed_does_not_win_over_one_that_never_did() -> None:
    history, _ = confirm(searched(0.31, 0.2), [0.1, 0.2, 0.3, None, 0.25, 0.35])
    found = judged(history)
    assert found.winner.trial == 1
    assert found.configurations[-1].failed == 1
    assert found.lead is None


def test_in_the_middle_it_says_so() -> None:
    history, _ = confirm(searched(0.31, 0.2), [0.1, 0.2, 0.3, 0.15])
    found = judged(history)
    assert not found.complete
    assert found.verdicts()[0] == "not all confirming runs have been made"
    assert confirmed(SPACE, searched(0.31, 0.2), 2, "min") is None


def test_a_default_that_is_no_worse_wins() -> None:
    history, _ = confirm(searched(0.31, 0.2), [0.5, 0.6, 0.1, 0.55, 0.5, 0.2])
    found = judged(history)
    assert found.winner.default
    assert found.gain is not None and found.gain.value < 0 and not found.gain.proven
    assert any("no proven gain over the default" in text for text in found.verdicts())


def test_a_default_without_a_value_that_counts_is_said_not_to_count() -> None:
    history, made = confirm(searched(0.31, 0.2), [0.5, 0.6, 0.1, 0.55, 0.5, 0.2])
    broken = {t.number for t in made if t.params == DEFAULT}
    trials = (replace(t, constraints=(float(t.number in broken),)) for t in history.trials)
    found = judged(replace(history, trials=tuple(trials)))
    assert "no run of the default has a value that counts" in found.verdicts()
    assert found.default is not None
    assert found.default.shown(" ") == "2 failed or broke a bound"
