import numpy as np
import pytest
from scipy.stats import qmc

from autosearch.space import Choice, Float, Int, Space
from autosearch.strategies import make, rng_for
from autosearch.strategies.design import BLOCK, NOTE, Design
from autosearch.strategies.random import RandomSearch
from autosearch.trial import History, Trial
from tests.strategies.searches import drive

CUBE = Space({f"x{i}": Float(0, 1) for i in range(3)})
KINDS = ("sobol", "halton", "lhs")


def _rows(history: History) -> np.ndarray:
    return np.array([CUBE.to_unit(t.params) for t in history.trials])


@pytest.mark.parametrize("kind", KINDS)
def test_points_are_spread_more_evenly_than_random_ones(kind: str) -> None:
    design = make("design", {"kind": kind}, trials=64)
    even = [qmc.discrepancy(_rows(drive(design, CUBE, lambda p: 0.0, 64, s))) for s in range(3)]
    random = drive(RandomSearch(), CUBE, lambda p: 0.0, 64)
    assert max(even) < 0.7 * qmc.discrepancy(_rows(random))


@pytest.mark.parametrize("trials", [10, 37])
def test_a_latin_hypercube_has_one_point_in_every_stratum_of_every_parameter(trials: int) -> None:
    rows = _rows(drive(Design("lhs", trials=trials), CUBE, lambda p: 0.0, trials))
    for column in rows.T:
        assert sorted((column * trials).astype(int)) == list(range(trials))


def test_another_hypercube_follows_where_more_trials_are_asked_for() -> None:
    rows = _rows(drive(Design("lhs"), CUBE, lambda p: 0.0, 2 * BLOCK))
    for block in (rows[:BLOCK], rows[BLOCK:]):
        assert sorted((block[:, 0] * BLOCK).astype(int)) == list(range(BLOCK))


def test_the_planned_number_is_that_of_the_first_trial_though_the_search_is_extended() -> None:
    history = drive(Design("lhs", trials=20), CUBE, lambda p: 0.0, 12)
    suggestion = Design("lhs", trials=40).ask(CUBE, history, rng_for(0, 12))
    assert suggestion is not None
    whole = drive(Design("lhs", trials=20), CUBE, lambda p: 0.0, 13)
    assert suggestion.params == whole.trials[12].params


@pytest.mark.parametrize("kind", KINDS)
def test_it_goes_on_where_it_stood_whoever_else_asks_and_whatever_runs(kind: str) -> None:
    alone = drive(Design(kind, trials=16), CUBE, lambda p: 0.0, 8)
    first = Trial(0, alone.trials[0].params, notes=alone.trials[0].notes, state="running")
    foreign = Trial(1, {"x0": 0.5, "x1": 0.5, "x2": 0.5}, state="completed", losses=(0.0,))
    suggestion = Design(kind, trials=16).ask(CUBE, History((first, foreign)), rng_for(0, 2))
    assert suggestion is not None
    assert suggestion.params == alone.trials[1].params


def test_seeds_give_different_designs_and_kinds_different_points() -> None:
    first = {
        (kind, seed): tuple(drive(Design(kind), CUBE, lambda p: 0.0, 1, seed).trials[0].params)
        + tuple(drive(Design(kind), CUBE, lambda p: 0.0, 1, seed).trials[0].params.values())
        for kind in KINDS
        for seed in range(2)
    }
    assert len(set(first.values())) == 6


def test_points_that_are_known_or_not_allowed_are_left_out() -> None:
    space = Space({"n": Int(1, 4), "k": Choice(["a", "b"])}, constraints=["n > 1"])
    history = drive(Design(), space, lambda p: 0.0, 20)
    assert len({tuple(t.params.values()) for t in history.trials}) == len(history) == 6
    assert all(t.notes.get(NOTE, {}).get("kind", "sobol") == "sobol" for t in history.trials)
