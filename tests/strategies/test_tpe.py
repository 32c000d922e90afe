import numpy as np
import pytest

from autosearch.space import Choice, Float, Space
from autosearch.space.values import Params
from autosearch.strategies import tpe
from autosearch.strategies.cube import cube_of
from autosearch.strategies.evidence import evidence_of
from autosearch.strategies.random import RandomSearch
from autosearch.strategies.tpe import MOST_BAD, MOST_GOOD, TPESearch
from autosearch.trial import History, Trial
from tests.strategies.objectives import TASKS, mean_best
from tests.strategies.searches import drive, failures, history_of

PLANE = Space({"x": Float(0, 1), "y": Float(0, 1)})


@pytest.mark.parametrize("name", TASKS)
def test_it_finds_more_than_random_search(name: str) -> None:
    ours = mean_best(TPESearch(), TASKS[name], trials=40, seeds=4)
    random = mean_best(RandomSearch(), TASKS[name], trials=40, seeds=4)
    assert ours < 0.8 * random


def test_regions_that_fail_are_left_alone() -> None:
    # A lost trial says nothing about its params: so it would be without learning from failures.
    ours = TPESearch()
    assert failures(ours, "failed") < 0.5 * failures(ours, "lost")


def test_running_trials_push_the_next_ones_away() -> None:
    rng = np.random.default_rng(0)
    points = [PLANE.sample(rng) for _ in range(12)]
    known = history_of(PLANE, points, [float(p["x"]) + float(p["y"]) for p in points])

    def ask(history: History) -> Params:
        suggestion = TPESearch().ask(PLANE, history, np.random.default_rng(1))
        assert suggestion is not None
        return suggestion.params

    alone = ask(known)
    crowd = tuple(Trial(12 + i, alone, state="running") for i in range(8))
    beside = ask(History((*known.trials, *crowd)))
    assert abs(float(beside["x"]) - float(alone["x"])) > 0.05


def test_densities_stay_small_however_long_the_history() -> None:
    rng = np.random.default_rng(0)
    points = [PLANE.sample(rng) for _ in range(2000)]
    history = history_of(PLANE, points, [float(p["x"]) for p in points])
    good, bad = TPESearch()._densities(cube_of(PLANE), evidence_of(PLANE, history), rng)
    assert len(good.centres) == MOST_GOOD
    assert len(bad.centres) == MOST_BAD
    assert good.centres[:, 0].max() < 0.05


def test_the_best_of_a_branch_are_no_sign_against_it_and_lend_their_values() -> None:
    space = Space(
        {
            "k": Choice(["a", "b"]),
            "x": Float(0, 1, when={"k": "a"}),
            "y": Float(0, 1, when={"k": "b"}),
        }
    )
    points: list[Params] = [{"k": "a", "x": i / 20} for i in range(20)]
    points += [{"k": "b", "y": i / 8} for i in range(8)]
    # Every trial of the second branch is worse than all of the first.
    history = history_of(space, points, list(range(28)))
    rng = np.random.default_rng(0)
    good, bad = TPESearch()._densities(cube_of(space), evidence_of(space, history), rng)
    assert good.centres[:, 1].tolist() == [i / 20 for i in range(7)]
    assert bad.centres[~np.isnan(bad.centres[:, 2]), 2].tolist() == [i / 8 for i in range(2, 8)]
    assert good.lent[2].tolist() == [0.0, 1 / 8]
    assert not bad.lent


def test_a_branch_is_searched_near_its_own_best_trials() -> None:
    space = Space({"k": Choice(["a", "b"]), "y": Float(0, 1, when={"k": "b"})})
    points: list[Params] = [{"k": "a"}] + [{"k": "b", "y": i / 29} for i in range(30)]
    losses = [0.0] + [1 + abs(float(p["y"]) - 0.2) for p in points[1:]]
    history = history_of(space, points, losses)
    asked = [TPESearch().ask(space, history, np.random.default_rng(i)) for i in range(30)]
    drawn = [float(s.params["y"]) for s in asked if s is not None and "y" in s.params]
    assert len(drawn) > 5
    assert np.mean(np.abs(np.array(drawn) - 0.2) < 0.15) > 0.7


@pytest.mark.parametrize("gamma", [1e-6, 0.999999])
def test_extreme_quantiles_leave_a_search(gamma: float) -> None:
    history = drive(TPESearch(gamma=gamma), PLANE, lambda p: float(p["x"]), asks=20)
    assert len({tuple(t.params.values()) for t in history.trials}) == 20


def test_a_category_that_was_hardly_tried_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    space = Space({"k": Choice(["a", "b"]), "x": Float(0, 1), "y": Float(0, 1)})
    rng = np.random.default_rng(0)
    points: list[Params] = [{**space.sample(rng), "k": "a"} for _ in range(60)]
    history = history_of(space, points, [abs(float(p["x"]) - 0.5) for p in points])

    def others() -> int:
        asked = [TPESearch().ask(space, history, np.random.default_rng(i)) for i in range(40)]
        return sum(s is not None and s.params["k"] == "b" for s in asked)

    with_bonus = others()
    monkeypatch.setattr(tpe, "remoteness", lambda cube, rows, *_: np.zeros(len(rows)))
    assert with_bonus > 2 * others()
