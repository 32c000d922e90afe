"""What a study does next: the trials that its strategy chooses, then the runs that confirm."""

import hashlib
from dataclasses import dataclass, replace

from autosearch.advice import JUDGED_EVERY, advise
from autosearch.confirmation import Plan, folded, plan
from autosearch.experiment.model import Experiment
from autosearch.formats import plural
from autosearch.outcome import Ending, without_value
from autosearch.records import Asked
from autosearch.space import Space
from autosearch.strategies.base import Strategy, rng_for
from autosearch.strategies.earlier import earlier_point
from autosearch.trial import CONFIRM, SEED_OPTION, History


def trial_seed(seed: int, number: int) -> int:
    """Return the seed of a trial's program, in 0..2**31-1, made of the search's and its number."""
    digest = hashlib.sha256(f"{seed}/{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def ask_next(
    strategy: Strategy, space: Space, history: History, *, seed: int, at: float
) -> Asked | None:
    """Return the record of the next trial, or None where the space holds no more.

    Some of the first are the best points of the searches that this one starts from. Trials of the
    same task from before are to the strategy as the beginning of this search; what was confirmed,
    it sees once. seed: the search's.
    at: the time, in seconds since the epoch; it has no say in the choice.
    """
    number, known = len(history), folded(history.continued)
    suggestion = earlier_point(space, history) or strategy.ask(
        space, known, rng_for(seed, len(known))
    )
    if suggestion is None:
        return None
    return Asked(
        number=number,
        params=dict(suggestion.params),
        at=at,
        seed=trial_seed(seed, number),
        origin=suggestion.origin,
        notes=dict(suggestion.notes),
        repeat_of=suggestion.repeat_of,
    )


@dataclass
class Agenda:
    """What is left to be asked of an experiment; it remembers only what is tedious to find again.

    exhausted: whether the strategy has said that the space holds no more.
    """

    experiment: Experiment
    exhausted: bool = False
    _judged: int = 0
    _converged: bool = False
    _plan: Plan | None = None

    def has_more(self, history: History) -> bool:
        """Return whether there is something to ask now; running trials may yet lead to more."""
        return not self._searched(history) or self._repeat(history, 0.0) is not None

    def next(self, strategy: Strategy, history: History, at: float) -> Asked | None:
        """Return the record of the next trial or confirming run, None where there is none now."""
        search = self.experiment.search
        if not self._searched(history):
            space = self.experiment.space
            asked = ask_next(strategy, space, history, seed=search.seed, at=at)
            self.exhausted = asked is None
            if asked is not None:
                return asked
        return self._repeat(history, at)

    def ending(self, history: History) -> tuple[str, Ending]:
        """Return how a search ends in which nothing is left to be asked, with a text for people."""
        if self.experiment.metrics and history.finished and not history.valued:
            return without_value(history), "failures"
        runs = len(history.confirming)
        more = f" and {plural(runs, 'confirming run')}" if runs else ""
        if self._converged:
            text = f"after {history.searched} trials more would gain next to nothing{more}"
            return text, "converged"
        if self.exhausted:
            return f"all {history.searched} points of the space were tried{more}", "exhausted"
        return f"{history.searched} trials{more}", "complete"

    def _searched(self, history: History) -> bool:
        asked_all = self.exhausted or history.searched >= self.experiment.search.trials
        return asked_all or self._has_converged(history)

    def _has_converged(self, history: History) -> bool:
        """Return whether after some fifth trial the advice was to stop.

        Each time by the trials up to it alone, once all of these have ended: whatever ends later,
        and wherever the search is resumed, the answer stays the same.
        """
        if self.experiment.search.stop_when == "never" or self._converged:
            return self._converged
        searched = [t for t in history.trials if not t.confirms]
        running = (i for i, t in enumerate(searched) if not t.ended)
        ended = next(running, len(searched))
        while self._judged + JUDGED_EVERY <= ended and not self._converged:
            self._judged += JUDGED_EVERY
            before = replace(history, trials=tuple(searched[: self._judged]))
            advice = advise(self.experiment.space, before)
            # That no point is left is for the strategy to say.
            self._converged = advice.negligible and not advice.reason
        return self._converged

    def _repeat(self, history: History, at: float) -> Asked | None:
        """Return the next confirming run; None too while the search's own trials still run."""
        confirm = self.experiment.confirm
        if confirm is None or any(not t.confirms for t in history.pending):
            return None
        if self._plan is None:
            space, option = self.experiment.space, confirm.seed_option
            self._plan = plan(space, history, confirm.top, confirm.repeats, option)
        repeat = self._plan.next(history) if self._plan else None
        if repeat is None:
            return None
        number = len(history)
        return Asked(
            number=number,
            params=dict(repeat.params),
            at=at,
            seed=trial_seed(self.experiment.search.seed, number),
            origin=CONFIRM,
            notes={SEED_OPTION: confirm.seed_option} if confirm.seed_option else {},
            repeat_of=repeat.repeat_of,
        )
