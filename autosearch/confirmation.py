"""Confirming a search's finalists: which runs are still to be made.

When a search has made its trials, its finalists and the default configuration are run again, with
fresh seeds, through the same loop. What these runs come to had no part in choosing the finalists,
so their means flatter nobody. What they came to is in `autosearch.confirmed`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from autosearch.recommendation import ranked_by_model
from autosearch.space import Space
from autosearch.space.values import Params
from autosearch.trial import History, Trial


def folded(history: History) -> History:
    """Return the history as strategies see it: each configuration once, by its confirmed mean.

    A trial that was confirmed has the mean loss of its confirming runs, since its own value was
    chosen for being good, and has it too where it failed itself; the runs are left out.
    """
    if not any(t.confirms for t in history.trials):
        return history
    again: dict[int, list[Trial]] = {}
    for trial in history.valued:
        if trial.confirms:
            again.setdefault(_root(trial), []).append(trial)
    seen = (t for t in history.trials if not t.confirms or t.repeat_of is None)
    return replace(history, trials=tuple(_with_mean(t, again.get(t.number, ())) for t in seen))


def _root(trial: Trial) -> int:
    """Return the number of the first trial of this configuration."""
    return trial.number if trial.repeat_of is None else trial.repeat_of


def _with_mean(trial: Trial, runs: Sequence[Trial]) -> Trial:
    if not runs:
        return trial
    losses = zip(*(run.losses for run in runs), strict=True)
    means = tuple(math.fsum(values) / len(values) for values in losses)
    if trial.losses:
        return replace(trial, losses=means)
    return replace(trial, state="completed", losses=means, constraints=runs[0].constraints)


@dataclass(frozen=True, slots=True)
class Repeat:
    """A run to make. repeat_of: the first trial of this configuration; None where this is it."""

    params: Params
    repeat_of: int | None


@dataclass(frozen=True)
class Plan:
    """The configurations to confirm: the finalists, the best first, then the default.

    roots: each one's first trial; None for a default that was never tried. seed_option: the option
    that the program gets its seed by; runs that got it otherwise do not count.
    """

    points: tuple[Params, ...]
    roots: tuple[int | None, ...]
    repeats: int
    seed_option: str | None = None

    def next(self, history: History) -> Repeat | None:
        """Return the next run to make, None where all were made. Pure.

        Each configuration is run once before any is run again: what drifts, hits all alike.
        """
        made = _made(history, self.seed_option)
        counts = [sum(t.params == point for t in made) for point in self.points]
        index = counts.index(min(counts))
        if counts[index] >= self.repeats:
            return None
        firsts = (t.number for t in made if t.params == self.points[index])
        root = self.roots[index]
        return Repeat(self.points[index], root if root is not None else next(firsts, None))


def plan(
    space: Space, history: History, top: int, repeats: int, seed_option: str | None = None
) -> Plan | None:
    """Return what to confirm, given all that the search found; None where no trial has a value.

    top: how many finalists, as the recommendation ranks them. Earlier confirming runs count as
    knowledge, not as confirmation: they had a part in choosing these finalists. So do those that
    got their seed by another option.
    """
    before = _before_round(history, seed_option)
    ranking = ranked_by_model(space, before)
    if ranking is None:
        return None
    chosen = ranking.trials[:top]
    points, roots = [t.params for t in chosen], [_root(t) for t in chosen]
    default = space.start()
    if default is None or default in points:
        return Plan(tuple(points), tuple(roots), repeats, seed_option)
    known = (t.number for t in before.trials if t.params == default)
    return Plan((*points, default), (*roots, next(known, None)), repeats, seed_option)


def _made(history: History, seed_option: str | None) -> tuple[Trial, ...]:
    """Return the confirming runs that got their seed by this option."""
    made = history.confirming
    return made if made and made[-1].seed_option == seed_option else ()


def _before_round(history: History, seed_option: str | None) -> History:
    made = len(_made(history, seed_option))
    return replace(history, trials=history.trials[: len(history) - made]) if made else history
