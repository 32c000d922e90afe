from typing import Any

import pytest

from autosearch.space import Float, Space
from autosearch.strategies.base import rng_for
from autosearch.strategies.bayes.encoding import Encoding
from autosearch.strategies.bayes.knowledge import Knowledge
from autosearch.strategies.bayes.proposal import Policy, Proposal
from autosearch.strategies.bayes.recipe import RECIPE
from autosearch.trial import History, Trial

QUIET, LOUD = RECIPE.short_noise / 2, RECIPE.short_noise * 2
AUTO: dict[str, Any] = {"kind": "auto", "kappa": 2.5}


def proposal(stalled: int, parameters: int = 3, **policy: Any) -> Proposal:
    """Returns one of a search whose best trial is so many trials old."""
    space = Space({f"x{i}": Float(0, 1) for i in range(parameters)})
    losses = [5.0, 4.0, 3.0, 1.0, *(4.0 for _ in range(stalled))]
    trials = tuple(
        Trial(n, dict.fromkeys(space.names, n / 20), state="completed", losses=(loss,))
        for n, loss in enumerate(losses)
    )
    known = Knowledge(Encoding(space), History(trials), RECIPE)
    wanted = Policy(**(AUTO | {"xi": 0.0, "forest": False, "initial": 0} | policy))
    return Proposal(known, wanted, rng_for(0, 0))


@pytest.mark.parametrize("stalled", range(8))
def test_while_the_search_gets_on_it_explores_less(stalled: int) -> None:
    share = RECIPE.calm_kappa if stalled < RECIPE.calm else 1.0
    assert proposal(stalled)._kappa(QUIET) == pytest.approx(2.5 * share)


@pytest.mark.parametrize(
    ("noise", "changed"),
    [(LOUD, {}), (QUIET, {"parameters": 2}), (QUIET, {"kind": "ucb"})],
    ids=["noise", "a small space", "the user's own kind"],
)
def test_it_explores_as_boldly_as_it_is_told_with(noise: float, changed: dict[str, Any]) -> None:
    assert proposal(0, **changed)._kappa(noise) == 2.5
