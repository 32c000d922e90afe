"""The few facts of an experiment that readers of a study show, without checking it again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# What the objective is called where a program is only to be run.
NO_METRIC = "value"
# What to tell who would go on on the command line with a study that is not run there.
CALLED = "its trials are run by Python; go on there: minimize(…, dir=…) or Study(…, dir=…)"


@dataclass(frozen=True, slots=True)
class Outline:
    """What is searched, in short.

    metrics: their names, the objective first. mode: of the objective, "max" or "min". kinds:
    parameter → "float", "int", "choice" or "bool", in the space's order. bounds: metric → its
    outcome constraint as one writes it, of those that have one. top: how many finalists are run
    again; repeats: how often. modes: objective → its mode, of all of them, in the order of the
    losses. references: objective → its worst value that counts in the hypervolume, of those that
    have one. called: whether trials are calls of a function, not runs of a program.
    """

    name: str
    metrics: tuple[str, ...]
    mode: str
    trials: int
    parallel: int
    kinds: Mapping[str, str]
    bounds: Mapping[str, str] = field(default_factory=dict)
    top: int = 0
    repeats: int = 0
    modes: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, float] = field(default_factory=dict)
    called: bool = False

    @property
    def confirming(self) -> int:
        """The most runs that confirm the search's finalists and the default; 0: none do."""
        return (self.top + 1) * self.repeats

    @property
    def objective(self) -> str:
        """The objective's name; one that nothing has a value of where there are no metrics."""
        return self.metrics[0] if self.metrics else NO_METRIC

    @property
    def aim(self) -> str:
        """What is searched for, e.g. "max val_acc, min params with latency_ms <= 20"."""
        objectives = ", ".join(f"{mode} {name}" for name, mode in self.modes.items())
        conditions = f" with {', '.join(self.bounds.values())}" if self.bounds else ""
        return f"{objectives or f'{self.mode} {self.objective}'}{conditions}"

    @property
    def unended(self) -> str:
        """What a search is that nobody runs and that has no ending."""
        return "open" if self.called else "interrupted"

    @property
    def several(self) -> bool:
        """Whether there is more than one objective."""
        return len(self.modes) > 1

    def reference(self, given: Mapping[str, float] | None = None) -> list[float | None]:
        """Return the worst losses that count in the hypervolume, an objective each; None: unknown.

        given: objective → value in the user's direction, before the experiment's own.
        """
        values = {**self.references, **(given or {})}
        return [
            None if name not in values else -values[name] if mode == "max" else values[name]
            for name, mode in self.modes.items()
        ]

    @property
    def columns(self) -> tuple[str, ...]:
        """The metrics besides the objective that a table of trials shows: those that decide."""
        return tuple(n for n in self.metrics[1:] if n in self.bounds or n in self.modes)


def bounds_text(name: str, at_least: float | None, at_most: float | None) -> str:
    """Return an outcome constraint as one writes it, "" for none.

    >>> bounds_text("latency_ms", None, 20.0), bounds_text("ratio", 0.5, 2.0)
    ('latency_ms <= 20', '0.5 <= ratio <= 2')
    """
    if at_least is not None and at_most is not None:
        return f"{at_least:g} <= {name} <= {at_most:g}"
    if at_most is not None:
        return f"{name} <= {at_most:g}"
    return "" if at_least is None else f"{name} >= {at_least:g}"


def outline_of(experiment: Mapping[str, Any]) -> Outline:
    """Return the outline of a checked experiment, given as `Experiment.to_dict` gives it."""
    metrics, search = experiment["metric"], experiment["search"]
    confirm = experiment.get("confirm", {})
    return Outline(
        name=experiment["name"],
        metrics=tuple(metric["name"] for metric in metrics),
        mode=metrics[0]["mode"] if metrics else "max",
        trials=search["trials"],
        parallel=search["parallel"],
        kinds={name: parameter["type"] for name, parameter in experiment["space"].items()},
        bounds={m["name"]: text for m in metrics if (text := _bounds(m))},
        top=confirm.get("top", 0),
        repeats=confirm.get("repeats", 0),
        modes={m["name"]: m["mode"] for i, m in enumerate(metrics) if i == 0 or m.get("objective")},
        references={m["name"]: r for m in metrics if (r := m.get("reference")) is not None},
        called=not experiment.get("command"),
    )


def _bounds(metric: Mapping[str, Any]) -> str:
    return bounds_text(metric["name"], metric.get("at_least"), metric.get("at_most"))
