"""A study whose trials the caller runs: ask for params, tell the value."""

import math
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from autosearch.api import Metrics, SpaceLike, in_process_experiment
from autosearch.asking import ask_next
from autosearch.errors import InputError
from autosearch.experiment.model import needed_of
from autosearch.opening import in_memory, opened
from autosearch.records import Ended, Record, Started, fold
from autosearch.result import Result
from autosearch.snapshot import snapshot, take_snapshot
from autosearch.store import FILE
from autosearch.strategies import combine
from autosearch.trial import History, Trial
from autosearch.verdict import Verdict, judged
from autosearch.warm_start import split

if TYPE_CHECKING:
    from autosearch.recommendation import Recommendation

# An experiment says how many trials there will be; here the caller decides, and nothing reads it.
ANY_TRIALS = 100


class Study:
    """Asks a strategy for trials, and is told what came of them; in memory, or kept in a folder.

    A study in a folder continues where it stood: the same trials, the same next suggestion. Trials
    that were asked and not told are still running; tell them by number. Close it, or use it in a
    `with`. warm_start: earlier results, as for `run`.

    >>> from autosearch import Float
    >>> study = Study({"x": Float(0, 5)}, mode="min", strategy="random", seed=0)
    >>> for _ in range(8):
    ...     trial = study.ask()
    ...     study.tell(trial, (trial.params["x"] - 2) ** 2)
    >>> study.best.number in range(8)
    True

    metrics: as a YAML file's `metric` says them, the objective first, in place of `mode`; trials
    are then told a mapping of their values.

    >>> metrics = [{"name": "acc", "mode": "max"}, {"name": "latency_ms", "at_most": 20}]
    >>> with Study({"x": Float(0, 5)}, metrics=metrics) as bounded:
    ...     bounded.tell(bounded.ask(), {"acc": 0.9, "latency_ms": 30})
    ...     bounded.tell(bounded.ask(), {"acc": 0.8, "latency_ms": 10})
    ...     bounded.best.metrics["acc"]
    0.8
    """

    def __init__(  # noqa: PLR0913  # as for `minimize`: all but one are keywords
        self,
        space: SpaceLike,
        *,
        mode: Literal["min", "max"] = "min",
        metrics: Metrics | None = None,
        strategy: str | Mapping[str, Any] | Sequence[Any] = "auto",
        seed: int = 1,
        dir: str | os.PathLike[str] | None = None,
        warm_start: Any = None,
    ) -> None:
        named = metrics or {"name": "value", "mode": mode}
        plan = {"trials": ANY_TRIALS} if dir is None else _plan(Path(dir))
        experiment = in_process_experiment(space, named, strategy=strategy, seed=seed, **plan)
        self._metrics = experiment.metrics
        self._space = experiment.space
        self._seed = seed
        specs = [(spec.name, spec.settings) for spec in experiment.search.strategies]
        self._strategy = combine(specs, None, len(experiment.objectives))
        self._stack = ExitStack()
        folder = Path(dir) if dir is not None else Path.cwd()
        experiment, earlier = split(warm_start, Path.cwd(), experiment)
        manager = (
            opened(experiment, folder, extend=True, earlier=earlier)
            if dir is not None
            else in_memory(experiment, folder, earlier)
        )
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

    @overload
    def ask(self) -> Trial | None: ...

    @overload
    def ask(self, n: int) -> list[Trial]: ...

    def ask(self, n: int | None = None) -> Trial | list[Trial] | None:
        """Return the next trial to run, or None where the space holds no more.

        With `n`, a list of the next n trials, to be run together: each is chosen knowing those
        before it, and so they differ. The list is shorter where the space holds no more.

        Raises InputError where `n` is not at least 1.
        """
        if n is None:
            return self._ask()
        if not isinstance(n, Integral) or n < 1:
            raise InputError(f"n: expected a whole number of at least 1, found {n!r}")
        trials: list[Trial] = []
        while len(trials) < n and (trial := self._ask()) is not None:
            trials.append(trial)
        return trials

    def _ask(self) -> Trial | None:
        now = time.time()
        asked = ask_next(self._strategy, self._space, self.history, seed=self._seed, at=now)
        if asked is None:
            return None
        self._record(asked, Started(asked.number, 1, now))
        return self.history.trials[asked.number]

    def tell(
        self,
        trial: Trial | int,
        value: float | Mapping[str, float] | None,
        reason: str = "",
        *,
        constraints: Sequence[float] = (),
        seconds: float | None = None,
    ) -> None:
        """Record what came of a trial: its value, or None (or nan) where it failed.

        value: of the objective, or of each metric by name where there are several. constraints:
        outcomes that are to be at most 0, as many for every trial; beside those of metrics with a
        bound. seconds: what it took, where that is not the time since it was asked.

        Raises InputError where there is no such trial, it was told before, a value is no number, a
        metric that decides is missing, or the constraints are not finite or not as many as before,
        or `seconds` is no length of time.
        """
        known = self._running(trial.number if isinstance(trial, Trial) else trial)
        now = time.time()
        if seconds is not None:
            seconds = _float("seconds", seconds)
            if not 0.0 <= seconds < math.inf:
                raise InputError(f"seconds: expected a number of at least 0, found {seconds}")
        if seconds is None:
            seconds = max(now - (known.started_at or now), 0.0)
        if value is None:
            found = Verdict("failed", reason or "failed")
        else:
            values = self._values(value)
            found = judged("completed", reason, values, self._metrics)
        if found.losses:
            more = self._checked(constraints, len(found.constraints))
            broken = [f"constraint {i} is {c:g}, above 0" for i, c in enumerate(more) if c > 0]
            why = "; ".join(filter(None, [found.reason, *broken]))
            found = replace(found, constraints=(*found.constraints, *more), reason=why)
        self._record(
            Ended(
                number=known.number,
                attempt=known.attempt,
                at=now,
                state=found.state,
                losses=found.losses,
                metrics=found.metrics,
                constraints=found.constraints,
                seconds=seconds,
                reason=found.reason,
            )
        )

    def _running(self, number: Any) -> Trial:
        if not isinstance(number, Integral):
            raise InputError(f"trial: expected a trial or its number, found {number!r}")
        if not 0 <= int(number) < len(self.history):
            raise InputError(f"there is no trial {number}; {len(self.history)} were asked")
        known = self.history.trials[int(number)]
        if known.ended:
            raise InputError(f"trial {number} was told before: it is {known.state}")
        return known

    def _values(self, value: float | Mapping[str, float]) -> dict[str, float]:
        given = value if isinstance(value, Mapping) else {self._metrics[0].name: value}
        missing = [m.name for m in needed_of(self._metrics) if m.name not in given]
        if missing:
            names = ", ".join(repr(m.name) for m in self._metrics)
            raise InputError(f"no value of {missing[0]!r}; tell a mapping of {names} to numbers")
        return {name: _float(name, number) for name, number in given.items()}

    def _checked(self, constraints: Sequence[float], own: int) -> tuple[float, ...]:
        try:
            found = tuple(float(c) for c in constraints)
        except (TypeError, ValueError):
            found = (math.nan,)
        if not all(map(math.isfinite, found)):
            raise InputError(f"constraints: expected finite numbers, found {constraints!r}")
        before = next((len(t.constraints) - own for t in self.history.valued), len(found))
        if len(found) != before:
            raise InputError(f"constraints: expected {before}, as before, found {len(found)}")
        return found

    def _record(self, *records: Record) -> None:
        self._store.append(records)
        self.history = fold(self.history, records)

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Every trial asked so far, by number."""
        return self.history.trials

    @property
    def best(self) -> Trial | None:
        """The told trial with the best value that meets its constraints; None: there is none."""
        return self.history.best

    def recommend(self) -> "Recommendation | None":
        """Return the trial to build on: the model's best, not the luckiest.

        None where no trial is feasible, and where there are several objectives.
        """
        from autosearch.recommendation import recommend

        if any(len(t.losses) > 1 for t in self.history.valued):
            return None
        return recommend(self._space, self.history, self._metrics[0].mode)

    @property
    def result(self) -> Result:
        """Everything so far, as `load` would return it."""
        return Result(take_snapshot(r for _, r in self._store.records()), self._folder)


def _float(name: str, value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        raise InputError(f"{name}: expected a number that a float can hold") from None
    except (TypeError, ValueError):
        raise InputError(f"{name}: expected a number, found {value!r}") from None


def _plan(folder: Path) -> dict[str, int]:
    """Return how many trials, and at once, the study in a folder has; a look changes nothing."""
    if not (folder / FILE).exists():
        return {"trials": ANY_TRIALS}
    search = snapshot(folder, measurements=False).described.experiment["search"]
    return {"trials": search["trials"], "parallel": search["parallel"]}
