"""The loop of a cross-validated search: its trials are configurations, scored fold by fold."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from sklearn.base import clone
from sklearn.model_selection._validation import _fit_and_score
from sklearn.utils.parallel import Parallel, delayed

from autosearch.asking import ask_next
from autosearch.discarding import is_hopeless
from autosearch.records import Ended, Record, Started, fold
from autosearch.space import Space
from autosearch.strategies.base import Strategy
from autosearch.trial import History

# What scikit-learn says of one fold: scores, times, and the error where its fit failed.
FoldResult = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Folds:
    """The data, split, and the estimator that is fitted to them.

    splits: of each fold, the indices to train and to test on. options: of scikit-learn's fit and
    score of one fold.
    """

    estimator: Any
    X: Any
    y: Any
    splits: Sequence[tuple[Any, Any]]
    options: Mapping[str, Any]

    def task(self, params: Mapping[str, Any], fold: int, progress: tuple[int, int]) -> Any:
        """Return the call for joblib that scores `params` on one fold."""
        train, test = self.splits[fold]
        return delayed(_fit_and_score)(
            clone(self.estimator),
            self.X,
            self.y,
            train=train,
            test=test,
            parameters=params,
            split_progress=(fold, len(self.splits)),
            candidate_progress=progress,
            return_n_test_samples=True,
            return_times=True,
            **self.options,
        )


@dataclass(slots=True)
class Candidate:
    """A configuration: its trial's number, the estimator's params, and the results of its folds.

    scores: what is searched for, greater is better, one for each result.
    """

    number: int
    params: dict[str, Any]
    results: list[FoldResult] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    discarded: bool = False

    @property
    def mean(self) -> float:
        """The mean of the scores so far; nan without any."""
        return fmean(self.scores) if self.scores else math.nan

    @property
    def seconds(self) -> float:
        """The time spent on fitting and scoring, in all folds together."""
        return float(sum(r["fit_time"] + r["score_time"] for r in self.results))


@dataclass
class FoldSearch:
    """Asks a strategy for configurations and scores them, as many fits at once as joblib runs.

    discard: whether configurations are ended early. translate: gives the estimator's params for a
    trial's. score_of: gives the score that is searched for, of a fold's result. width: fits that
    are started together; folds of the oldest unfinished configurations come first, and a new one is
    asked for only when fits would idle.
    """

    folds: Folds
    space: Space
    strategy: Strategy
    trials: int
    seed: int
    discard: bool
    translate: Callable[[Mapping[str, Any]], dict[str, Any]]
    score_of: Callable[[FoldResult], float]
    width: int = 1

    def __post_init__(self) -> None:
        self.history = History()
        self.candidates: list[Candidate] = []
        self._active: list[Candidate] = []

    def run(self, parallel: Parallel) -> None:
        """Search to the end; `candidates` and `history` hold what was found."""
        while fits := self._next_fits():
            tasks = [
                self.folds.task(candidate.params, number, (candidate.number, self.trials))
                for candidate, number in fits
            ]
            for (candidate, _), result in zip(fits, parallel(tasks), strict=True):
                candidate.results.append(result)
                candidate.scores.append(self.score_of(result))
            self._judge()

    def _next_fits(self) -> list[tuple[Candidate, int]]:
        fits = [fit for candidate in self._active for fit in self._remaining(candidate)]
        while len(fits) < self.width and (asked := self._ask()):
            self._active.append(asked)
            fits += self._remaining(asked)
        return fits[: self.width]

    def _remaining(self, candidate: Candidate) -> list[tuple[Candidate, int]]:
        return [(candidate, n) for n in range(len(candidate.results), len(self.folds.splits))]

    def _ask(self) -> Candidate | None:
        if len(self.history) >= self.trials:
            return None
        now = time.time()
        asked = ask_next(self.strategy, self.space, self.history, seed=self.seed, at=now)
        if asked is None:
            return None
        self._note(asked, Started(asked.number, 1, now))
        self.candidates.append(Candidate(asked.number, self.translate(asked.params)))
        return self.candidates[-1]

    def _note(self, *records: Record) -> None:
        self.history = fold(self.history, records)

    def _judge(self) -> None:
        """End the configurations that are finished, then those that are not worth finishing."""
        count = len(self.folds.splits)
        for candidate in self._active:
            if len(candidate.scores) == count:
                self._end(candidate)
        self._active = [c for c in self._active if len(c.scores) < count]
        if self.discard:
            for candidate in self._active:
                self._consider(candidate)
            self._active = [c for c in self._active if not c.discarded]

    def _end(self, candidate: Candidate) -> None:
        if not math.isfinite(candidate.mean):
            self._fail(candidate)
            return
        self._value(candidate, candidate.mean)

    def _consider(self, candidate: Candidate) -> None:
        if candidate.scores and not math.isfinite(candidate.mean):
            candidate.discarded = True
            self._fail(candidate)
            return
        ranked = self._ranked()
        if not ranked:
            return
        *others, best = ranked
        if is_hopeless(candidate.scores, best.scores, [c.scores for c in others]):
            candidate.discarded = True
            lag = fmean(best.scores[: len(candidate.scores)]) - candidate.mean
            folds = f"{len(candidate.scores)} of {len(best.scores)} folds"
            why = f"discarded after {folds}: {lag:.4g} behind trial {best.number} on them"
            # What all folds would give, if the lag of the first ones stayed.
            self._value(candidate, best.mean - lag, why)

    def _ranked(self) -> list[Candidate]:
        """Return the finished configurations, the best last, the earliest of equals."""
        count = len(self.folds.splits)
        finished = (c for c in self.candidates if len(c.scores) == count)
        valued = [c for c in finished if math.isfinite(c.mean)]
        return sorted(valued, key=lambda c: (c.mean, -c.number))

    def _value(self, candidate: Candidate, score: float, why: str = "") -> None:
        self._note(
            Ended(
                number=candidate.number,
                attempt=1,
                at=time.time(),
                state="stopped" if why else "completed",
                losses=(-score,),
                metrics={"value": score},
                seconds=candidate.seconds,
                reason=why,
            )
        )

    def _fail(self, candidate: Candidate) -> None:
        why = _first_error(candidate.results) or f"its score is {candidate.mean}"
        self._note(
            Ended(candidate.number, 1, time.time(), "failed", seconds=candidate.seconds, reason=why)
        )


def _first_error(results: Iterable[FoldResult]) -> str:
    """Return the last line of the first traceback, "" where every fit went well."""
    errors = (r["fit_error"] for r in results if r["fit_error"])
    return next((e.strip().splitlines()[-1] for e in errors), "")
