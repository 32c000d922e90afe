import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosearch.pareto import hypervolume, hypervolume_of, reference_of
from autosearch.trial import History, Trial

UNIT = st.integers(0, 10).map(lambda n: n / 10)


def fronts(objectives: int, most: int = 8) -> st.SearchStrategy[list[tuple[float, ...]]]:
    return st.lists(st.tuples(*[UNIT] * objectives), min_size=1, max_size=most)


def history(losses: list[tuple[float, ...]], broken: frozenset[int] = frozenset()) -> History:
    return History(
        tuple(
            Trial(
                number,
                {"x": number},
                state="completed",
                losses=point,
                constraints=(1.0 if number in broken else 0.0,),
            )
            for number, point in enumerate(losses)
        )
    )


def dominates(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a != b and all(x <= y for x, y in zip(a, b, strict=True))


def by_cells(front: list[tuple[float, ...]], reference: list[float]) -> float:
    """Return the volume by counting cells of a grid of tenths, on whose corners all points lie."""
    objectives = len(reference)
    corners = np.stack(np.meshgrid(*[np.arange(11) / 10] * objectives, indexing="ij"), -1)
    corners = corners.reshape(-1, objectives)
    inside = (corners < np.array(reference) - 1e-9).all(axis=1)
    covered = np.zeros(len(corners), dtype=bool)
    for point in front:
        covered |= (corners >= np.array(point) - 1e-9).all(axis=1)
    return float((covered & inside).sum() / 10**objectives)


@given(st.integers(1, 3).flatmap(fronts))
def test_the_volume_is_that_of_the_cells_that_it_covers(front: list[tuple[float, ...]]) -> None:
    reference = [1.0] * len(front[0])
    found = hypervolume(np.array(front), np.array(reference))
    assert found == pytest.approx(by_cells(front, reference), abs=1e-9)


@given(fronts(4))
def test_of_many_objectives_the_volume_is_nearly_right(front: list[tuple[float, ...]]) -> None:
    reference = [1.0] * 4
    found = hypervolume(np.array(front), np.array(reference))
    assert found == pytest.approx(by_cells(front, reference), abs=0.01)
    assert found == hypervolume(np.array(front), np.array(reference))


@given(fronts(3), st.tuples(UNIT, UNIT, UNIT))
def test_a_new_point_never_takes_volume_away(
    front: list[tuple[float, ...]], point: tuple[float, ...]
) -> None:
    reference = np.array([0.9, 1.0, 0.8])
    before = hypervolume(np.array(front), reference)
    after = hypervolume(np.array([*front, point]), reference)
    assert after >= before - 1e-12
    if any(dominates(p, point) or p == point for p in front):
        assert after == pytest.approx(before)


@given(st.integers(1, 4).flatmap(lambda n: fronts(n, 20)), st.frozensets(st.integers(0, 19)))
def test_the_front_holds_what_nothing_feasible_dominates(
    losses: list[tuple[float, ...]], broken: frozenset[int]
) -> None:
    found = history(losses, broken)
    sound = [t for t in found.trials if t.number not in broken]
    expected = {
        t.losses for t in sound if not any(dominates(other.losses, t.losses) for other in sound)
    }
    assert {t.losses for t in found.front} == expected
    assert len(found.front) == len(expected)
    for trial in found.front:
        assert all(t.number >= trial.number for t in sound if t.losses == trial.losses)
    assert found.best == next(iter(found.front), None)


@given(fronts(2))
def test_the_default_reference_lies_beyond_every_trial(losses: list[tuple[float, ...]]) -> None:
    reference = reference_of(history(losses), [None, None])
    assert (reference >= np.array(losses).max(axis=0)).all()
    assert reference_of(history(losses), [None, 7.0])[1] == 7.0


def test_nothing_is_dominated_without_a_feasible_trial() -> None:
    assert hypervolume_of(History(), [None, None]) == 0.0
    assert hypervolume_of(history([(1.0, 2.0)], frozenset({0})), [3.0, 3.0]) == 0.0
    assert hypervolume_of(history([(1.0, 2.0)]), [3.0, 3.0]) == 2.0


def test_huge_losses_are_no_error() -> None:
    found = hypervolume_of(history([(-1e308, 1e308), (1e308, -1e308)]), [None, None])
    assert found > 0 or math.isnan(found)
