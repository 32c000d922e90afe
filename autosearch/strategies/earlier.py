"""The first points of a search that starts from others' results: their best, one by one."""

import numpy as np

from autosearch.pareto import dominance
from autosearch.space import Space
from autosearch.strategies.base import Suggestion
from autosearch.strategies.bayes.earlier import holding
from autosearch.strategies.cube import Matrix, cube_of
from autosearch.strategies.evidence import is_new
from autosearch.strategies.threads import one_thread
from autosearch.trial import History, Trial

ORIGIN = "warm_start"
# Points tried in all, and the trial before which they are tried: every second one is the
# strategy's own, which is what they have to measure up to.
MOST = 3
LAST = 9
# Of fewer results nobody can tell what they are worth; they are tried at once. A search of that
# many has to foresee this one's trials first. With `auto` one in nine bowls elsewhere then got a
# trial (with r >= 0.3 at three trials half of them), and seven in ten relatives (eight). After 10
# trials others cost nothing, 0.99 of a cold search's regret (1.05); relatives leave 0.68 (0.66;
# training tasks).
TELLING = 10
# Mean distance in the unit cube from every tried point, so that each says something new.
APART = 0.1


def earlier_point(space: Space, history: History) -> Suggestion | None:
    """Return the best earlier point that is worth a trial now; None: ask the strategy.

    Declared defaults come first. Then every second trial is the best of an earlier search, at some
    distance from all that was tried; of several searches in turn, but none whose expectations do
    not hold here. They end once one of the strategy's own trials is better than all of them. Of a
    search of this very task the best point alone is run again, before anything else.
    """
    number = len(history)
    if history.before:
        best = min((t for t in history.before if t.losses), key=lambda t: t.losses, default=None)
        return None if number or best is None else Suggestion(best.params, ORIGIN)
    if not history.earlier or number >= LAST or (number == 0 and space.defaults() is not None):
        return None
    tried = [t for t in history.trials if t.origin == ORIGIN]
    due = not number or history.trials[-1].origin != ORIGIN
    if not due or len(tried) >= MOST or _disappointing(history):
        return None
    known = cube_of(space).rows([t.params for t in history.trials])
    for trial in _ranked(space, history, len(tried)):
        row = cube_of(space).rows([trial.params])
        if _apart(row, known) and is_new(trial.params, history):
            return Suggestion(trial.params, ORIGIN)
    return None


def _ranked(space: Space, history: History, turn: int) -> list[Trial]:
    """Return the better half of the search whose turn it is, the best first."""
    by_source: dict[str, list[Trial]] = {}
    for trial in (t for t in history.earlier if t.losses):
        by_source.setdefault(trial.origin, []).append(trial)
    holds = _holding(space, history)
    telling = [own for name, own in by_source.items() if name in holds or len(own) < TELLING]
    if not telling:
        return []
    own = telling[turn % len(telling)]
    dominates = dominance(np.array([t.losses for t in own]))
    # By how many others dominate it, which with one objective are better; of the front, those in
    # its middle dominate most.
    order = np.lexsort((-dominates.sum(axis=1), dominates.sum(axis=0)))
    return [own[i] for i in order[: (len(own) + 1) // 2]]


def _holding(space: Space, history: History) -> set[str]:
    """Return the searches that foresee this one's trials."""
    count = max(len(t.losses) for t in history.earlier)
    own = [t for t in history.valued if len(t.losses) == count]
    with one_thread():
        return holding(space, history.earlier, own)


def _apart(row: Matrix, known: Matrix) -> bool:
    # A parameter that exists in one of two points only sets them apart.
    gaps = np.where(np.isnan(row) != np.isnan(known), 1.0, np.nan_to_num(np.abs(row - known)))
    return bool((gaps.mean(axis=1) >= APART).all())


def _disappointing(history: History) -> bool:
    """Return whether the strategy's own trials are better than all earlier points tried."""
    if not any(t.origin == ORIGIN for t in history.valued):
        return False
    return bool(history.front) and all(t.origin != ORIGIN for t in history.front)
