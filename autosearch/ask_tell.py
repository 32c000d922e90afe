"""A study whose trials the caller runs: ask for params, tell the value."""

import math
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from autosearch.api import SpaceLike, in_process_experiment
from autosearch.asking import ask_next
from autosearch.errors import InputError
from autosearch.opening import in_memory, opened
from autosearch.records import Ended, Record, Started, fold
from autosearch.result import Result
from autosearch.snapshot import take_snapshot
from autosearch.strategies import combine
from autosearch.trial import History, Trial

if TYPE_CHECKING:
    from autosearch.recommendation import Recommendation

# An experiment says how many trials there will be; here the caller decides, and nothing reads it.
ANY_TRIALS = 100


class Study:
    """Asks a strategy for trials, and is told what came of them; in memory, or kept in a folder.

    A study in a folder continues where it stood: the same trials, the same next suggestion. Trials
    that were asked and not told are still running; tell them by number. Close it, or use it in a
    `with`.

    >>> from autosearch import Float
    >>> study = Study({"x": Float(0, 5)}, mode="min", strategy="random", seed=0)
    >>> for _ in range(8):
    ...     trial = study.ask()
    ...     study.tell(trial, (trial.params["x"] - 2) ** 2)
    >>> study.best.number in range(8)
    True
    """

    def __init__(
        self,
        space: SpaceLike,
        *,
        mode: Literal["min", "max"] = "min",
        strategy: str | Mapping[str, Any] | Sequence[Any] = "auto",
        seed: int = 1,
        dir: str | os.PathLike[str] | None = None,
    ) -> None:
        experiment = in_process_experiment(
            space, mode=mode, strategy=strategy, trials=ANY_TRIALS, seed=seed
        )
        self._maximise = mode == "max"
        self._space = experiment.space
        self._seed = seed
        specs = [(spec.name, spec.settings) for spec in experiment.search.strategies]
        self._strategy = combine(specs, None)
        self._stack = ExitStack()
        folder = Path(dir) if dir is not None else Path.cwd()
        manager = opened(experiment, folder) if dir is not None else in_memory(experiment, folder)
        study = self._stack.enter_context(manager)
        self._folder = folder if dir is not None else None
        self._store = study.store
        self.history: History = study.state.history

    def __enter__(self) -> "Study":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the folder back; harmless when repeated."""
        self._stack.close()

    def ask(self) -> Trial | None:
        """Return the next trial to run, or None where the space holds no more."""
        now = time.time()
        asked = ask_next(self._strategy, self._space, self.history, seed=self._seed, at=now)
        if asked is None:
            return None
        self._record(asked, Started(asked.number, 1, now))
        return self.history.trials[asked.number]

    def tell(self, trial: Trial | int, value: float | None, reason: str = "") -> None:
        """Record what came of a trial: its value, or None (or nan) where it failed.

        Raises InputError where there is no such trial, or it was told before.
        """
        number = trial if isinstance(trial, int) else trial.number
        if not 0 <= number < len(self.history):
            raise InputError(f"there is no trial {number}; {len(self.history)} were asked")
        known = self.history.trials[number]
        if known.ended:
            raise InputError(f"trial {number} was told before: it is {known.state}")
        now = time.time()
        seconds = max(now - (known.started_at or now), 0.0)
        if value is None or not math.isfinite(value):
            why = reason or ("failed" if value is None else f"its value is {value}")
            self._record(Ended(number, known.attempt, now, "failed", seconds=seconds, reason=why))
            return
        loss = -float(value) if self._maximise else float(value)
        self._record(
            Ended(
                number=number,
                attempt=known.attempt,
                at=now,
                state="completed",
                losses=(loss,),
                metrics={"value": float(value)},
                seconds=seconds,
                reason=reason,
            )
        )

    def _record(self, *records: Record) -> None:
        self._store.append(records)
        self.history = fold(self.history, records)

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Every trial asked so far, by number."""
        return self.history.trials

    @property
    def best(self) -> Trial | None:
        """The told trial with the best value; None where there is none."""
        return self.history.best

    def recommend(self) -> "Recommendation | None":
        """Return the trial to build on: the model's best, not the luckiest; None without values."""
        from autosearch.recommendation import recommend

        return recommend(self._space, self.history, "max" if self._maximise else "min")

    @property
    def result(self) -> Result:
        """Everything so far, as `load` would return it."""
        return Result(take_snapshot(r for _, r in self._store.records()), self._folder)
