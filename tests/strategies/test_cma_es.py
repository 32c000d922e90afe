import math
from dataclasses import replace

import numpy as np
import pytest
from cmaes import CMAwM

from autosearch.pareto import hypervolume
from autosearch.space import Choice, Float, Int, Space
from autosearch.space.values import Params
from autosearch.strategies import combine, rng_for
from autosearch.strategies.cma_es import NOTE, CmaEs
from autosearch.strategies.random import RandomSearch
from autosearch.trial import History, Trial
from tests.strategies.objectives import TASKS, mean_best
from tests.strategies.searches import drive, history_of

PLANE = Space({"x": Float(0, 1), "y": Float(0, 1)})


def _bowl(params: Params) -> float:
    return (float(params["x"]) - 0.7) ** 2 + 9 * (float(params["y"]) - 0.2) ** 2


def _notes(history: History) -> list[dict[str, object]]:
    return [dict(t.notes[NOTE]) for t in history.trials if NOTE in t.notes]


@pytest.mark.parametrize("name", TASKS)
def test_with_many_trials_it_finds_far_more_than_random_search(name: str) -> None:
    ours = mean_best(CmaEs(), TASKS[name], trials=250, seeds=2)
    random = mean_best(RandomSearch(), TASKS[name], trials=250, seeds=2)
    assert ours < 0.2 * random


def test_its_distribution_is_the_librarys_told_generation_by_generation() -> None:
    history = drive(CmaEs(population=5), PLANE, _bowl, asks=17)
    library = CMAwM(
        mean=np.array([0.5, 0.5]),
        sigma=0.25,
        bounds=np.array([[0.0, 1.0]] * 2),
        steps=np.zeros(2),
        population_size=5,
    )
    asked = [t for t in history.trials if NOTE in t.notes]
    for first in (0, 5, 10):
        told = [(np.array(t.notes[NOTE]["x"]), t.losses[0]) for t in asked[first : first + 5]]
        library.tell(told)
    run = CmaEs(population=5)._run(PLANE, history, np.random.default_rng(0))
    assert run.replayed(PLANE, 0.25).mean == pytest.approx(library.mean)


def test_the_first_run_starts_from_the_best_trial_known() -> None:
    known = history_of(PLANE, [{"x": 0.1, "y": 0.9}, {"x": 0.3, "y": 0.3}], [2.0, 1.0])
    suggestion = CmaEs().ask(PLANE, known, rng_for(0, 2))
    assert suggestion is not None
    assert suggestion.notes[NOTE]["mean"] == pytest.approx([0.3, 0.3])


def test_lost_and_running_trials_leave_their_generation_open_and_failed_ones_do_not() -> None:
    def generation_after(states: list[str]) -> object:
        history = drive(CmaEs(population=4), PLANE, _bowl, asks=1)
        for number, state in enumerate(states, start=1):
            suggestion = CmaEs(population=4).ask(PLANE, history, rng_for(0, number))
            assert suggestion is not None
            losses = (_bowl(suggestion.params),) if state == "completed" else ()
            trial = Trial(
                number,
                suggestion.params,
                notes=suggestion.notes,
                state=state,  # type: ignore[arg-type]
                losses=losses,
            )
            history = History((*history.trials, trial))
        following = CmaEs(population=4).ask(PLANE, history, rng_for(0, len(history)))
        assert following is not None
        return following.notes[NOTE]["generation"]

    assert generation_after(["completed"] * 3) == 0
    assert generation_after(["completed"] * 4) == 1
    assert generation_after(["completed"] * 3 + ["failed"]) == 1
    assert generation_after(["completed"] * 3 + ["lost"]) == 0
    assert generation_after(["running"] * 3 + ["completed"] * 3) == 0
    assert generation_after(["running"] * 3 + ["completed"] * 4) == 1


def test_a_run_that_stalls_is_followed_by_one_with_twice_the_population() -> None:
    history = drive(CmaEs(population=4), PLANE, lambda p: 1.0, asks=140)
    runs = {n["run"]: n["population"] for n in _notes(history)}
    assert [runs[0], runs[1]] == [4, 8]
    means = {tuple(n["mean"]) for n in _notes(history) if n["run"] == 1}  # type: ignore[arg-type]
    assert len(means) == 1
    assert means != {(0.5, 0.5)}


def test_a_run_that_has_converged_is_followed_by_another_whatever_its_discrete_values() -> None:
    space = Space({"x": Float(0, 1), "n": Int(1, 10)})

    def loss(params: Params) -> float:
        return abs(float(params["x"]) - 0.37) + abs(int(params["n"]) - 3)

    history = drive(CmaEs(), space, loss, asks=450)
    assert max(int(str(n["run"])) for n in _notes(history)) >= 1


def test_discrete_values_stay_within_reach_of_each_other() -> None:
    space = Space({"n": Int(1, 10), "k": Choice(["a", "b", "c"]), "x": Float(0, 1)})

    def loss(params: Params) -> float:
        wrong = {"a": 0.5, "b": 0.0, "c": 1.0}[str(params["k"])]
        return wrong + abs(int(params["n"]) - 8) + (float(params["x"]) - 0.9) ** 2

    for seed in range(3):
        best = drive(CmaEs(), space, loss, asks=150, seed=seed).best
        assert best is not None
        assert (best.params["n"], best.params["k"]) == (8, "b")


def test_one_parameter_is_enough() -> None:
    history = drive(CmaEs(), Space({"x": Float(0, 1)}), lambda p: float(p["x"]), asks=60)
    assert history.best is not None
    assert float(history.best.params["x"]) < 0.01


def _worsening(history: History, first: int, stop: int) -> History:
    """Return the history with the losses of some trials in the order of their numbers."""
    trials = [
        replace(t, losses=(float(t.number),)) if first <= t.number < stop else t
        for t in history.trials
    ]
    return History(tuple(trials))


def test_what_a_generation_was_drawn_by_stays_when_losses_change() -> None:
    history = drive(CmaEs(population=4), PLANE, _bowl, asks=7)
    generations = [n["generation"] for n in _notes(history)]
    assert generations == [0, 0, 0, 0, 1, 1]
    before = CmaEs(population=4).ask(PLANE, history, rng_for(0, 7))
    after = CmaEs(population=4).ask(PLANE, _worsening(history, 1, 5), rng_for(0, 7))
    assert before == after
    # The generation that none was drawn after yet is judged by what is known now.
    history = drive(CmaEs(population=4), PLANE, _bowl, asks=9)
    before = CmaEs(population=4).ask(PLANE, history, rng_for(0, 9))
    after = CmaEs(population=4).ask(PLANE, _worsening(history, 5, 9), rng_for(0, 9))
    assert before != after


def test_a_trial_that_ends_late_does_not_change_its_generation() -> None:
    history = drive(CmaEs(population=4), PLANE, _bowl, asks=1)
    for number in range(1, 7):
        suggestion = CmaEs(population=4).ask(PLANE, history, rng_for(0, number))
        assert suggestion is not None
        trial = Trial(number, suggestion.params, notes=suggestion.notes)
        if number != 1:
            trial = replace(trial, state="completed", losses=(_bowl(suggestion.params),))
        history = History((*history.trials, trial))
    assert [n["generation"] for n in _notes(history)] == [0, 0, 0, 0, 0, 1]
    late = replace(history.trials[1], state="completed", losses=(0.0,))
    ended = History((history.trials[0], late, *history.trials[2:]))
    asks = [CmaEs(population=4).ask(PLANE, h, rng_for(0, 7)) for h in (history, ended)]
    assert asks[0] == asks[1]


@pytest.mark.parametrize("lost", range(1, 5))
def test_a_trial_whose_record_was_damaged_does_not_end_the_search(lost: int) -> None:
    history = drive(CmaEs(population=4), PLANE, _bowl, asks=8)
    # What salvage leaves of it: a number, and nothing else.
    trials = (Trial(lost, {}, state="lost") if t.number == lost else t for t in history.trials)
    suggestion = CmaEs(population=4).ask(PLANE, History(tuple(trials)), rng_for(0, 8))
    assert suggestion is not None
    # It takes the lost one's place in its generation.
    assert suggestion.notes[NOTE]["generation"] == 0


def test_with_several_objectives_it_finds_more_of_the_front_than_random_search() -> None:
    space = Space({name: Float(-2, 2) for name in "abcd"})

    def losses(params: Params) -> tuple[float, ...]:
        x = np.array([float(v) for v in params.values()])
        return tuple(1.0 - math.exp(-float(((x - s) ** 2).sum())) for s in (0.5, -0.5))

    def found(name: str, seed: int) -> float:
        strategy, history = combine([(name, {})], 150, 2), History()
        for number in range(150):
            suggestion = strategy.ask(space, history, rng_for(seed, number))
            assert suggestion is not None
            params, notes = suggestion.params, suggestion.notes
            trial = Trial(number, params, notes=notes, state="completed", losses=losses(params))
            history = History((*history.trials, trial))
        return hypervolume(np.array([t.losses for t in history.front]), np.ones(2))

    ours, random = (sum(found(name, s) for s in range(2)) for name in ("cma_es", "random"))
    assert ours > 1.5 * random
