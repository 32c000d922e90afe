from dataclasses import replace

import numpy as np
import pytest

from autosearch.space import Choice, Float, Int, Space
from autosearch.space.parameters import Parameter
from autosearch.strategies.bayes.knowledge import Knowledge, encoding_of
from autosearch.strategies.bayes.posterior import PLAIN
from autosearch.strategies.bayes.recipe import RECIPE
from autosearch.trial import History, Trial

NUMBERS: dict[str, Parameter] = {"a": Float(0, 1), "b": Int(1, 9), "c": Float(1e-3, 1, scale="log")}
ENOUGH = RECIPE.additive_least


def history_of(space: Space, trials: int) -> History:
    rng = np.random.default_rng(0)
    points = [space.sample(rng) for _ in range(trials)]
    return History(
        tuple(
            Trial(i, p, state="completed", losses=(float(rng.random()),))
            for i, p in enumerate(points)
        )
    )


@pytest.mark.parametrize(
    ("params", "trials", "additive"),
    [
        (NUMBERS, ENOUGH, True),
        (NUMBERS, ENOUGH - 1, False),
        ({**NUMBERS, "one": Choice(["only"])}, ENOUGH, True),
        ({**NUMBERS, "kind": Choice(["x", "y"])}, ENOUGH, False),
        ({**NUMBERS, "d": Float(0, 1, when={"b": 3})}, ENOUGH, False),
        ({name: NUMBERS[name] for name in "ab"}, ENOUGH, False),
        ({f"x{i}": Float(0, 1) for i in range(RECIPE.additive_most)}, ENOUGH, True),
        ({f"x{i}": Float(0, 1) for i in range(RECIPE.additive_most + 1)}, ENOUGH, False),
    ],
)
def test_numbers_alone_have_an_additive_part(
    params: dict[str, Parameter], trials: int, additive: bool
) -> None:
    space = Space(params)
    history = history_of(space, trials)
    encoding = encoding_of(space, history, RECIPE)
    assert encoding.additive == additive
    known = Knowledge(encoding, history, RECIPE)
    loss = known.loss_likelihood(known.features, known.outcomes.values)
    assert loss.prior.additive == additive
    # What is not the loss has none.
    assert not known.likelihood(known.features, known.outcomes.values).prior.additive


def known_at(points: list[tuple[float, float]]) -> Knowledge:
    """Return what trials at these points tell; the loss is the distance from the origin."""
    space = Space({"x": Float(0, 1), "y": Float(0, 1)})
    trials = (
        Trial(i, {"x": x, "y": y}, state="completed", losses=(float(np.hypot(x, y)),))
        for i, (x, y) in enumerate(points)
    )
    history = History(tuple(trials))
    return Knowledge(encoding_of(space, history, RECIPE), history, RECIPE)


def test_trials_close_to_a_better_one_are_not_typical() -> None:
    # A grid wider than what counts as close, and trials that polish its best corner.
    grid = [(0.1 + 0.2 * i, 0.1 + 0.2 * j) for i in range(5) for j in range(5)]
    polishing = [(0.1 - 0.001 * k, 0.1) for k in range(1, 11)]
    typical = known_at([*grid, *polishing]).typical
    # The last is the best of the cluster, which the corner belongs to.
    np.testing.assert_array_equal(typical, [False, *[True] * 24, *[False] * 9, True])


def test_few_trials_or_places_are_all_typical() -> None:
    polishing = [(0.1 + 0.0001 * k, 0.1) for k in range(RECIPE.typical_from)]
    others = [(0.1 * k, 0.9) for k in range(RECIPE.typical_least)]
    early = [*polishing[: RECIPE.typical_from - len(others)], *others]
    assert known_at(early[1:]).typical.all()
    assert not known_at(early).typical.all()
    # Few places say nothing of the spread: the polished one counts as one.
    assert known_at([*polishing, *others[:-2]]).typical.all()
    assert not known_at([*polishing, *others[:-1]]).typical.all()


def test_broken_trials_do_not_stand_for_allowed_ones() -> None:
    grid = [(0.1 + 0.2 * i, 0.1 + 0.2 * j) for i in range(5) for j in range(5)]
    known = known_at([*grid, (0.09, 0.1)])
    broken = replace(known.history.trials[-1], constraints=(1.0,))
    history = History((*known.history.trials[:-1], broken))
    np.testing.assert_array_equal(known.typical, [False, *[True] * 25])
    np.testing.assert_array_equal(replace(known, history=history).typical, [*[True] * 25, False])


def test_estimates_count_all_trials() -> None:
    points = [(0.1 + 0.2 * i, 0.1) for i in range(5)]
    known = known_at([*points, *points, *points, *points])
    assert not known.typical.all()
    assert replace(known, recipe=PLAIN).typical.all()
