"""What a search found, as Python values."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autosearch.analysis import user_value
from autosearch.errors import InputError
from autosearch.outcome import Outcome
from autosearch.snapshot import Snapshot
from autosearch.space.values import Params
from autosearch.trial import Trial

if TYPE_CHECKING:
    import pandas as pd

    from autosearch.advice import Advice
    from autosearch.confirmed import Confirmed
    from autosearch.experiment.model import Experiment
    from autosearch.recommendation import Recommendation


@dataclass(frozen=True)
class Result:
    """A search and its trials; `load` makes one of any study's folder, also while it runs.

    folder: the study's, None where nothing was kept.
    """

    state: Snapshot
    folder: Path | None = None

    def __repr__(self) -> str:
        """Return what a person asks first: how many trials, and the best."""
        kept = f" in {self.folder}" if self.folder else ""
        nothing = "none meets its constraints" if self.state.history.valued else "no value yet"
        found = f"best {self.value!r} with {self.params}" if self.best else nothing
        if self.best and self.state.outline.several:
            found = f"{len(self.pareto)} on the front"
        return f"<Result of {len(self.trials)} trials{kept}: {found}>"

    @property
    def experiment(self) -> "Experiment":
        """What was searched."""
        return self.state.experiment

    @property
    def outcome(self) -> Outcome | None:
        """How the search ended; None where it has not."""
        return self.state.outcome

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Every trial, by number."""
        return self.state.history.trials

    @property
    def best(self) -> Trial | None:
        """The trial with the best value; None where no trial has one and meets its constraints.

        Of several objectives the first decides: it is the first trial of `pareto`.
        """
        return self.state.history.best

    @property
    def pareto(self) -> tuple[Trial, ...]:
        """The trials that no other dominates, the best by the first objective first.

        Those that break a constraint are left out; of trials with equal values the earliest is in.
        """
        return self.state.history.front

    def hypervolume(self, reference: Mapping[str, float] | None = None) -> float:
        """Return the volume that `pareto` dominates, in the product of the objectives' units.

        reference: objective → its worst value that counts, in the user's direction; left out, what
        the experiment says, else a tenth of the range beyond the worst value of a feasible trial,
        which is good for one look at one search. Compare searches with a reference of your own.
        Raises InputError where it names something else than objectives, or a value is not finite.
        See `autosearch.pareto`.
        """
        from autosearch.pareto import hypervolume_of

        outline = self.state.outline
        for name in reference or ():
            if name not in outline.modes:
                raise InputError(f"reference: {name!r} is none of {', '.join(outline.modes)}")
        if not all(map(math.isfinite, (reference or {}).values())):
            raise InputError(f"reference: expected finite numbers, found {reference!r}")
        return hypervolume_of(self.state.history, outline.reference(reference))

    @property
    def params(self) -> Params | None:
        """The best trial's params."""
        return self.best.params if self.best else None

    @property
    def value(self) -> float | None:
        """The best trial's value, in the direction of the experiment's `mode`."""
        return self.value_of(self.best) if self.best else None

    def recommend(self) -> "Recommendation | None":
        """Return the trial to build on: the model's best, not the luckiest.

        None where no trial is feasible, and where there are several objectives.
        """
        ranking = self.state.ranking
        return ranking.recommended(self.state.outline.mode) if ranking else None

    def advice(self) -> "Advice":
        """Return what the next ten trials will gain, and whether to stop here."""
        from autosearch.advice import advise

        return advise(self.experiment.space, self.state.history, self.state.ranking)

    @property
    def confirmed(self) -> "Confirmed | None":
        """What the runs that confirm came to; None where there are none, or none has ended.

        Its winner is the configuration with the best mean of them, and so need not be that of
        `best`, whose single value was chosen for being good.
        """
        if not self.state.history.confirming:
            return None
        from autosearch.confirmed import confirmed

        state = self.state
        return confirmed(
            state.experiment.space, state.history, state.outline.repeats, state.outline.mode
        )

    def value_of(self, trial: Trial) -> float | None:
        """Return a trial's value as the program printed it; None where it has none that counts."""
        if trial.loss is None:
            return None
        return user_value(trial.loss, self.state.outline.mode)

    def command_of(self, trial: Trial) -> str:
        """Return the command line that ran a trial, ready to be pasted; "" where none did."""
        return self.state.commands.get(trial.number, "")

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the trials as plain dicts, one a trial: what `autosearch trials --json` prints."""
        front = {trial.number for trial in self.pareto}
        return [self._row(trial) | {"pareto": trial.number in front} for trial in self.trials]

    def _row(self, trial: Trial) -> dict[str, Any]:
        return {
            "number": trial.number,
            "attempt": trial.attempt,
            "params": dict(trial.params),
            "value": self.value_of(trial),
            "feasible": trial.feasible if trial.losses else None,
            "state": trial.state,
            "reason": trial.reason,
            "origin": trial.origin,
            "metrics": dict(trial.metrics),
            "started_at": trial.started_at,
            "seconds": trial.seconds,
            "exit_code": trial.exit_code,
            "signal": trial.signal,
            "peak_memory": trial.peak_memory,
            "seed": trial.seed,
            "repeat_of": trial.repeat_of,
        }

    def to_pandas(self) -> "pd.DataFrame":
        """Return one row a trial; params as `params.NAME`, metrics as `metrics.NAME`."""
        import pandas as pd

        rows = []
        for row in self.to_dicts():
            params, metrics = row.pop("params"), row.pop("metrics")
            row |= {f"params.{k}": v for k, v in params.items()}
            row |= {f"metrics.{k}": v for k, v in metrics.items()}
            rows.append(row)
        return pd.DataFrame(rows)

    def report(self, path: str | os.PathLike[str]) -> None:
        """Write the search as one HTML page that needs no network and no other file.

        Raises InputError where the file cannot be written.
        """
        from autosearch.report import write_report

        write_report(self.state, Path(path), self.folder)
