"""The few facts of an experiment that readers of a study show, without checking it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What the objective is called where a program is only to be run.
NO_METRIC = "value"


@dataclass(frozen=True, slots=True)
class Outline:
    """What is searched, in short.

    metrics: their names, the objective first. mode: of the objective, "max" or "min". kinds:
    parameter → "float", "int", "choice" or "bool", in the space's order.
    """

    name: str
    metrics: tuple[str, ...]
    mode: str
    trials: int
    parallel: int
    kinds: Mapping[str, str]

    @property
    def objective(self) -> str:
        """The objective's name; one that nothing has a value of where there are no metrics."""
        return self.metrics[0] if self.metrics else NO_METRIC


def outline_of(experiment: Mapping[str, Any]) -> Outline:
    """Return the outline of a checked experiment, given as `Experiment.to_dict` gives it."""
    metrics, search = experiment["metric"], experiment["search"]
    return Outline(
        name=experiment["name"],
        metrics=tuple(metric["name"] for metric in metrics),
        mode=metrics[0]["mode"] if metrics else "max",
        trials=search["trials"],
        parallel=search["parallel"],
        kinds={name: parameter["type"] for name, parameter in experiment["space"].items()},
    )
