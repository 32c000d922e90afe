"""Several strategies in one search: they share the history, and earn their trials."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autosearch.space import Space
from autosearch.strategies.base import Strategy, Suggestion
from autosearch.trial import History, Trial

# A trial counts as delivered where its loss is among this part of all losses so far.
TOP = 0.25


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Several strategies that share one history; trials go to those that deliver.

    members: (name, strategy); a trial's origin starts with the name of who asked for it. First each
    member gets a trial in turn. Then the shares of their trials that are now among the best quarter
    decide, by Thompson sampling: a member that delivers gets more trials, and one that does not
    still gets some. When a member's space is exhausted, the others go on.

    >>> from autosearch.strategies import make
    >>> portfolio = Portfolio.of([("tpe_search", make("tpe_search")), ("random", make("random"))])
    >>> [name for name, _ in portfolio.members]
    ['tpe_search', 'random']
    """

    members: tuple[tuple[str, Strategy], ...]

    @classmethod
    def of(cls, members: Sequence[tuple[str, Strategy]]) -> "Portfolio":
        """Return the portfolio; the second and later members of one name become name#2, …"""
        seen: dict[str, int] = {}
        named = []
        for name, strategy in members:
            seen[name] = seen.get(name, 0) + 1
            named.append((name if seen[name] == 1 else f"{name}#{seen[name]}", strategy))
        return cls(tuple(named))

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion | None:
        """Return a suggestion of the member whose turn it is; None: none of them has one."""
        for index in self._turns(history, rng):
            name, strategy = self.members[index]
            suggestion = strategy.ask(space, history, rng)
            if suggestion is not None:
                step = suggestion.origin.partition("/")[2]
                origin = f"{name}/{step}" if step else name
                return Suggestion(suggestion.params, origin, suggestion.notes, suggestion.repeat_of)
        return None

    def _turns(self, history: History, rng: np.random.Generator) -> list[int]:
        """Return the members in the order in which they are asked until one answers."""
        names = [name for name, _ in self.members]
        asked = dict.fromkeys(names, 0)
        delivered = dict.fromkeys(names, 0)
        missed = dict.fromkeys(names, 0)
        bar = _bar(history.feasible)
        for trial in history.trials:
            name = trial.origin.partition("/")[0]
            if name not in asked:
                continue
            asked[name] += 1
            if trial.ended:
                good = trial.feasible and trial.loss is not None and trial.loss <= bar
                (delivered if good else missed)[name] += 1
        draws = [float(rng.beta(1 + delivered[n], 1 + missed[n])) for n in names]
        # Those that were never asked come first, in the order given.
        promise = [draw if asked[name] else 2.0 for name, draw in zip(names, draws, strict=True)]
        return sorted(range(len(names)), key=lambda i: -promise[i])


def _bar(valued: Sequence[Trial]) -> float:
    """Return the loss that parts the best quarter from the others."""
    losses = sorted(t.losses[0] for t in valued)
    return losses[max(int(np.ceil(TOP * len(losses))) - 1, 0)] if losses else -np.inf
