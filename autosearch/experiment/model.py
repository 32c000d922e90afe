"""The checked experiment: frozen values, made only by `autosearch.experiment.load`.

The names of the YAML keys are the aliases given here; where a key may be written in a shorter form
(a name instead of a list of mappings), the function before the type turns it into the long one.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    WithJsonSchema,
)

from autosearch import outline
from autosearch.experiment.earlier import EarlierSpec, sources
from autosearch.experiment.quantities import duration, size
from autosearch.metrics.rules import Rule
from autosearch.space import Space

Mode = Literal["max", "min"]
Settings = Mapping[str, Any]

NAME = r"^[A-Za-z0-9_-]{1,64}$"
ENV_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
REDUCE = r"^(last|best|min|max|mean_last_[1-9][0-9]{0,5})$"
DEFAULT_TRIALS = 20


def _whole(value: object) -> object:
    """Return 100 for 100.0: YAML's `1e2` is a whole number to whoever wrote it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _words(value: object) -> object:
    """Return a list as the tuple that it stands for, its numbers as words; text as one word."""
    if isinstance(value, list):
        return tuple(map(_word, value))
    return (value,) if isinstance(value, str) else value


def _word(value: object) -> object:
    """Return a number as the text that a program will read."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _listed(value: object) -> object:
    """Return a single mapping as a list of one."""
    if isinstance(value, list):
        return tuple(value)
    return (value,) if isinstance(value, Mapping | BaseModel) else value


def _env_value(value: object) -> object:
    """Return a number as the text that a program will read, a mapping as what it stands for."""
    if isinstance(value, Mapping):
        return FromEnv.model_validate(value)
    if value is None or isinstance(value, bool | list):
        raise ValueError(
            "expected text or {from_env: NAME}; write true, false and the like in quotes"
        )
    return _word(value)


_Quantity = Annotated[str, Field(pattern=r"^(\d+(\.\d+)?\s*[A-Za-z]+\s*)+$")]
_Positive = Annotated[float, Field(gt=0)]
_Finite = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1), BeforeValidator(_whole)]
Natural = Annotated[int, Field(ge=0), BeforeValidator(_whole)]
Seconds = Annotated[float, BeforeValidator(duration, json_schema_input_type=_Positive | _Quantity)]
Bytes = Annotated[int, BeforeValidator(size, json_schema_input_type=_Positive | _Quantity)]
Words = Annotated[
    tuple[str, ...],
    BeforeValidator(_words, json_schema_input_type=str | list[str | int | float]),
]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


class Metric(_Model):
    """A number that the program prints; the first of an experiment is an objective.

    With a bound it is an outcome constraint: trials beyond it are never the best. With several
    objectives the search looks for the best trade-offs between them.
    """

    name: str = Field(
        min_length=1, max_length=200, description="The metric's name, as the log prints it."
    )
    mode: Mode = Field(description="max: larger is better; min: smaller is better.")
    regex: str | None = Field(
        default=None,
        description="Finds the value: a group named like the metric or `value`, else the first "
        "group, else the whole match. Left out: built-in patterns made from the name.",
    )
    step: str | None = Field(
        default=None,
        description="A regex that finds the step or epoch. Left out: values are counted.",
    )
    reduce: str = Field(
        default="last",
        pattern=REDUCE,
        description="Which value of a trial counts: last, best, min, max, or mean_last_K.",
    )

    objective: bool = Field(
        default=False,
        description="Whether it is one more objective; the first metric always is one.",
    )
    reference: _Finite | None = Field(
        default=None,
        description="Of one of several objectives: the worst value that counts in the hypervolume.",
    )
    at_most: _Finite | None = Field(
        default=None, description="A trial with a larger value is never the best."
    )
    at_least: _Finite | None = Field(
        default=None, description="A trial with a smaller value is never the best."
    )

    @property
    def bounded(self) -> bool:
        """Whether it is an outcome constraint."""
        return self.at_most is not None or self.at_least is not None

    @property
    def bounds(self) -> str:
        """The bounds as one writes them, e.g. "latency_ms <= 20"; "" where there are none."""
        return outline.bounds_text(self.name, self.at_least, self.at_most)

    @property
    def rule(self) -> Rule:
        """How the metric is found in a log."""
        return Rule(self.name, self.regex, self.step)


def objectives_of(metrics: Sequence[Metric]) -> tuple[Metric, ...]:
    """Return the metrics that are made as large or as small as can be."""
    return tuple(m for i, m in enumerate(metrics) if i == 0 or m.objective)


def needed_of(metrics: Sequence[Metric]) -> tuple[Metric, ...]:
    """Return the metrics without which a trial has no value that counts, in their order."""
    return tuple(m for i, m in enumerate(metrics) if i == 0 or m.objective or m.bounded)


NO_METRIC = Metric(name=outline.NO_METRIC, mode="max")


class StrategySpec(_Model):
    """A search strategy by name, with the settings that differ from its defaults."""

    name: str
    settings: Settings = Field(default_factory=dict)


class Search(_Model):
    """Which strategies choose the trials, how many trials, how many at once."""

    strategies: tuple[StrategySpec, ...] = Field(default=(StrategySpec(name="auto"),), min_length=1)
    trials: Count = Field(
        default=DEFAULT_TRIALS,
        description="How many trials in all. Left out: the strategies' num_samples together, "
        f"else {DEFAULT_TRIALS}.",
    )
    parallel: Count = Field(default=1, description="How many trials run at once.")
    seed: Natural = Field(default=1, description="Equal seeds give equal searches.")
    stop_when: Literal["never", "negligible"] = Field(
        default="never",
        description="negligible: end the search when the next ten trials are expected to gain "
        "next to nothing.",
    )


class ConfirmSpec(_Model):
    """Runs of the finalists and of the default configuration, after the search's trials."""

    top: Count = Field(default=3, description="How many finalists are run again.")
    repeats: Annotated[int, Field(ge=2), BeforeValidator(_whole)] = Field(
        default=3, description="How often each finalist, and the default, is run again."
    )
    seed_option: str | None = Field(
        default=None,
        min_length=1,
        description="The program's option for its seed, e.g. --seed, given to these runs; needed "
        "where the program reads neither {seed} nor AUTOSEARCH_SEED.",
    )


class LimitSpec(_Model):
    """Bounds on each trial and on the whole search."""

    trial_time: Seconds | None = Field(
        default=None,
        description="The longest that one trial may run: 90s, 30m, 2h, 1h30m, or seconds.",
    )
    total_time: Seconds | None = Field(
        default=None, description="The longest that the search may run, all trials together."
    )
    consecutive_failures: Count = Field(
        default=5, description="The search ends after so many failed trials in a row."
    )
    retries: Natural = Field(default=0, description="How often a failed trial is started again.")
    memory: Bytes | None = Field(
        default=None,
        description="The most memory of one trial, all its processes: 8GiB, 500MB, or bytes.",
    )
    grace: Seconds = Field(
        default=10.0, description="How long a trial may take to end by itself before it is killed."
    )


class ResourceSpec(_Model):
    """What one trial needs."""

    cpus: float = Field(
        default=1.0, gt=0, allow_inf_nan=False, description="CPU cores of one trial."
    )
    gpus: float = Field(
        default=0.0,
        ge=0,
        allow_inf_nan=False,
        description="GPUs of one trial; 0.5: two trials share one.",
    )
    nodes: Count = Field(default=1, le=1, description="Machines of one trial; only 1 is possible.")


class FromEnv(_Model):
    """A value that is read from the environment when a trial starts, and never stored."""

    from_env: str = Field(pattern=ENV_NAME)


class RuleSpec(_Model):
    """The rule that stops trials early, with its settings."""

    rule: str = "fifo"
    settings: Settings = Field(default_factory=dict)


class ExecutorSpec(_Model):
    """Where trials run, with the executor's settings."""

    name: str = "local"
    settings: Settings = Field(default_factory=dict)


EnvValue = Annotated[str | FromEnv, BeforeValidator(_env_value)]
# What stands in the YAML for this type is described in `autosearch.experiment.schema`.
_ByHand = WithJsonSchema({})


class Experiment(_Model):
    """Everything about a search that its user decides.

    command: argv; with shell, one text; empty only for objectives in this process. workdir: None is
    `folder`, "trial" the trial's own folder, else relative to `folder`. files: name in the trial's
    folder → template, relative to `folder`. append: the words added for each active parameter that
    command, env and files do not name; empty: see `autosearch.experiment.command`. folder: where
    the YAML file stands; not part of what is compared.
    """

    name: str = Field(pattern=NAME, description="1 to 64 letters, digits, _ and -.")
    description: str = ""
    command: Words = Field(default=(), description="The program: text, or a list of words.")
    shell: bool = Field(default=False, description="Whether /bin/sh runs the command.")
    workdir: str | None = Field(
        default=None,
        min_length=1,
        description="Where trials run: `trial`, or a folder beside this file.",
    )
    env: Annotated[
        Mapping[Annotated[str, Field(pattern=ENV_NAME)], EnvValue],
        _ByHand,
    ] = Field(
        default_factory=dict,
        description="Environment variables: text with placeholders, or {from_env: NAME}.",
    )
    files: Mapping[str, str] = Field(
        default_factory=dict,
        description="Files written into each trial's folder: name → template.",
    )
    append: Words = Field(
        default=(), description='How parameters are added to the command, e.g. "--{name}={value}".'
    )
    metrics: Annotated[tuple[Metric, ...], BeforeValidator(_listed), _ByHand] = Field(
        validation_alias="metric",
        description="What the program prints; the first counts. []: one trial, only to be run.",
    )
    space: Annotated[InstanceOf[Space], _ByHand] = Field(
        description="The parameters: name → type, range, condition."
    )
    search: Search = Search()
    confirm: ConfirmSpec | None = None
    warm_start: Annotated[tuple[EarlierSpec, ...], BeforeValidator(sources), _ByHand] = Field(
        default=(), description="Results of other searches to start from."
    )
    stop: RuleSpec = RuleSpec()
    limits: LimitSpec = LimitSpec()
    resources: ResourceSpec = ResourceSpec()
    executor: ExecutorSpec = ExecutorSpec()
    folder: Path

    @property
    def objective(self) -> Metric:
        """The metric that the search makes as large or as small as it can; of several the first.

        Where a program is only to be run, one that nothing has a value of.
        """
        return self.metrics[0] if self.metrics else NO_METRIC

    @property
    def objectives(self) -> tuple[Metric, ...]:
        """All metrics that the search makes as large or as small as it can."""
        return objectives_of(self.metrics)

    @property
    def needed(self) -> tuple[Metric, ...]:
        """The metrics without which a trial has no value that counts, the objective first."""
        return needed_of(self.metrics)

    def to_dict(self) -> dict[str, Any]:
        """Return the experiment as JSON values in the YAML's shape, everything spelled out.

        `from_dict` makes an equal experiment of it.
        """
        plain: dict[str, Any] = {"name": self.name, "description": self.description}
        if self.command:
            plain["command"] = self.command[0] if self.shell else list(self.command)
        plain["shell"] = self.shell
        if self.workdir is not None:
            plain["workdir"] = self.workdir
        plain["env"] = {k: v if isinstance(v, str) else v.model_dump() for k, v in self.env.items()}
        plain["files"] = dict(self.files)
        plain["append"] = list(self.append)
        plain["metric"] = [m.model_dump(exclude_none=True) for m in self.metrics]
        plain["space"] = self.space.to_dict()
        plain["constraints"] = list(self.space.constraints)
        plain["skip"] = [dict(s) for s in self.space.skip]
        strategies = [{"name": s.name, **s.settings} for s in self.search.strategies]
        plain["search"] = {"strategy": strategies, **self.search.model_dump(exclude={"strategies"})}
        if self.warm_start:
            plain["warm_start"] = [s.model_dump(exclude_defaults=True) for s in self.warm_start]
        if self.confirm is not None:
            plain["confirm"] = self.confirm.model_dump(exclude_none=True)
        plain["stop"] = {"rule": self.stop.rule, **self.stop.settings}
        plain["limits"] = self.limits.model_dump(exclude_none=True)
        plain["resources"] = self.resources.model_dump()
        plain["executor"] = {self.executor.name: dict(self.executor.settings)}
        return plain
