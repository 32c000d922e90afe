"""One study: run it, resume it, load it, or minimise a Python function with it."""

import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from autosearch.asking import Agenda
from autosearch.errors import ExecutorError, ExperimentError, InputError
from autosearch.executors import make_executor
from autosearch.executors.base import Executor, Resources
from autosearch.experiment import from_dict, load_file, sources_placed
from autosearch.experiment.command import check_environment
from autosearch.experiment.model import ExecutorSpec, Experiment
from autosearch.opening import Opened, in_memory, opened
from autosearch.outline import CALLED
from autosearch.records import Said
from autosearch.result import Result
from autosearch.signals import on_signal
from autosearch.snapshot import snapshot, take_snapshot
from autosearch.space import Space
from autosearch.space.parameters import Parameter
from autosearch.stopping import make_rule
from autosearch.strategies import Strategy, combine
from autosearch.study import Driver, Watch
from autosearch.warm_start import split

Source = str | os.PathLike[str] | Mapping[str, Any] | Experiment
Objective = Callable[[dict[str, Any]], Any]
SpaceLike = Space | Mapping[str, Parameter]
# As a YAML file's `metric`: one, or several with the objective first.
Metrics = Mapping[str, Any] | Sequence[Mapping[str, Any]]


def experiment_of(source: Source, overrides: Sequence[str] = ()) -> Experiment:
    """Return the checked experiment of a YAML file's path, a mapping, or an experiment.

    overrides: "key=value" texts, e.g. "search.trials=50". Raises ExperimentError with every fault.
    """
    if isinstance(source, Experiment):
        return source
    if isinstance(source, Mapping):
        return from_dict(source, Path.cwd(), overrides, environ=os.environ)
    return load_file(Path(source), overrides, environ=os.environ)


def default_folder(experiment: Experiment) -> Path:
    """Return where a study is kept if nothing else is said: runs/<name> beside its YAML file."""
    return experiment.folder / "runs" / experiment.name


def run(
    source: Source,
    *,
    dir: str | os.PathLike[str] | None = None,
    overrides: Sequence[str] = (),
    warm_start: Any = None,
    executor: Executor | ExecutorSpec | None = None,
    watch: Watch | None = None,
) -> Result:
    """Run the search that `source` describes, from wherever it stands, and return what it found.

    dir: the study's folder (default: runs/<name> beside the YAML file, or in the current folder).
    One that holds this experiment's study is continued, a complete one is only loaded. executor:
    where trials run, instead of what the experiment says: a specification, or an executor, which is
    closed at the end. watch: called with new records and the history after them. warm_start: what
    to start from besides what the experiment names: one, or a list, of paths as in YAML, {path: …,
    value: …, mode: …}, Results, tables, hyperopt's Trials (or with their expression, (trials,
    expression)), scikit-optimize's results, Optuna studies, and lists of (params, value). Their
    results are recorded; nothing is read twice.

    Raises ExperimentError, StudyMismatchError, StudyBusyError, StoreError, ExecutorError.
    """
    experiment, earlier = split(warm_start, Path.cwd(), experiment_of(source, overrides))
    _check_runnable(experiment, executor)
    folder = Path(dir) if dir is not None else default_folder(experiment)
    file = source if isinstance(source, str | os.PathLike) else None
    with sources_placed(file, overrides), opened(experiment, folder, earlier=earlier) as study:
        return _drive(study, executor, watch)


def resume(
    dir: str | os.PathLike[str],
    *,
    extend: Source | None = None,
    overrides: Sequence[str] = (),
    salvage: bool = False,
    executor: Executor | ExecutorSpec | None = None,
    watch: Watch | None = None,
) -> Result:
    """Continue the study in a folder, and return what it found.

    extend: the experiment with more trials, wider ranges or added values, which takes the place of
    the stored one; overrides alone change the stored one. salvage: first copy what can be read of a
    damaged file into a new one. Raises as `run` does.
    """
    folder = Path(dir)
    wanted = experiment_of(extend, overrides) if extend is not None else None
    file = extend if isinstance(extend, str | os.PathLike) else None
    if wanted is None and overrides:
        stored = snapshot(folder, measurements=False).described
        wanted = from_dict(
            stored.experiment, Path(stored.folder), overrides, in_process=True, stored=True
        )
        _check_runnable(wanted, executor)
    with (
        sources_placed(file, overrides),
        opened(wanted, folder, extend=wanted is not None, mend=salvage) as study,
    ):
        return _drive(study, executor, watch)


def load(dir: str | os.PathLike[str]) -> Result:
    """Return what the study in a folder has found so far, without disturbing whoever runs it.

    Raises StoreError where there is no study, or its file is damaged.
    """
    return Result(snapshot(Path(dir)), Path(dir))


def minimize(  # noqa: PLR0913  # the whole search in one call; all but two are keywords
    objective: Objective,
    space: SpaceLike,
    *,
    trials: int = 50,
    parallel: int = 1,
    strategy: str | Mapping[str, Any] | Sequence[Any] = "auto",
    seed: int = 1,
    mode: Literal["min", "max"] = "min",
    metrics: Metrics | None = None,
    dir: str | os.PathLike[str] | None = None,
    warm_start: Any = None,
) -> Result:
    """Minimise (or maximise) a Python function, and return what was found.

    objective: called with a dict of params, returns the value, or a mapping of metrics with "value"
    among them. An exception is a failed trial. metrics: what the mapping holds, as a YAML file's
    `metric` says it, the objective first; in place of `mode` and of "value". parallel: with 1 it is
    called in this process, with more in forked processes. dir: keeps the study there; a second call
    with it continues, also with more trials or wider ranges. warm_start: earlier results, as for
    `run`. Raises SpaceError, ExperimentError, InputError.

    >>> from autosearch import Float
    >>> best = minimize(lambda p: (p["x"] - 2) ** 2, {"x": Float(0, 5)}, strategy="random")
    >>> best.value < 0.1
    True
    """
    from autosearch.executors.function import FunctionExecutor

    experiment = in_process_experiment(
        space,
        metrics or {"name": "value", "mode": mode},
        strategy=strategy,
        trials=trials,
        parallel=parallel,
        seed=seed,
    )
    experiment, earlier = split(warm_start, Path.cwd(), experiment)
    executor = FunctionExecutor(objective, parallel)
    if dir is not None:
        with opened(experiment, Path(dir), extend=True, earlier=earlier) as study:
            return _drive(study, executor, None)
    with (
        tempfile.TemporaryDirectory(prefix="autosearch-") as scratch,
        in_memory(experiment, Path(scratch), earlier) as study,
    ):
        # The scratch folder goes.
        return replace(_drive(study, executor, None), folder=None)


def in_process_experiment(
    space: SpaceLike,
    metrics: Metrics,
    *,
    strategy: str | Mapping[str, Any] | Sequence[Any],
    trials: int,
    parallel: int = 1,
    seed: int = 1,
) -> Experiment:
    """Return an experiment without a command."""
    checked = space if isinstance(space, Space) else Space(space)
    named = [{"name": strategy}] if isinstance(strategy, str) else strategy
    document = {
        "name": "objective",
        "metric": metrics,
        "space": checked.to_dict(),
        "constraints": list(checked.constraints),
        "skip": [dict(s) for s in checked.skip],
        "search": {
            "strategy": [named] if isinstance(named, Mapping) else list(named),
            "trials": trials,
            "parallel": parallel,
            "seed": seed,
        },
    }
    return from_dict(document, folder=Path.cwd(), in_process=True)


def strategy_of(experiment: Experiment) -> Strategy:
    """Return the strategy that chooses an experiment's trials."""
    search = experiment.search
    specs = [(spec.name, spec.settings) for spec in search.strategies]
    return combine(specs, search.trials, len(experiment.objectives))


def driver_of(study: Opened, executor: Executor, watch: Watch | None = None) -> Driver:
    """Return the driver that continues an opened study.

    Raises ExecutorError where its trials can never run on `executor`, ExperimentError where a
    variable of the environment that they need is not set. The executor is closed then.
    """
    experiment = study.state.experiment
    try:
        check_environment(experiment, os.environ)
    except ExperimentError:
        executor.close()
        raise
    needed = Resources(experiment.resources.cpus, experiment.resources.gpus)
    hindrance = executor.check(needed)
    if hindrance:
        executor.close()
        raise ExecutorError(hindrance)
    return Driver(
        experiment=experiment,
        strategy=strategy_of(experiment),
        rule=make_rule(experiment.stop.rule, experiment.stop.settings),
        store=study.store,
        executor=executor,
        folder=study.folder.resolve(),
        study=study.state.study,
        history=study.state.history,
        interruptions=study.state.interruptions,
        spent_s=study.state.spent_s,
        watch=watch or (lambda records, history: None),
    )


def _check_runnable(experiment: Experiment, executor: Executor | ExecutorSpec | None) -> None:
    """Raise InputError where trials are to be started as programs, and there is none."""
    if not experiment.command and (executor is None or isinstance(executor, ExecutorSpec)):
        raise InputError(f"{experiment.name}: {CALLED}")


def _drive(study: Opened, executor: Executor | ExecutorSpec | None, watch: Watch | None) -> Result:
    experiment = study.state.experiment
    history, agenda = study.state.history, Agenda(experiment)
    outcome = study.state.outcome
    exhausted = outcome is not None and outcome.ending == "exhausted"
    if history.pending or (agenda.has_more(history) and not exhausted):
        _check_runnable(experiment, executor)
        if executor is None or isinstance(executor, ExecutorSpec):
            spec = executor or experiment.executor
            executor = make_executor(spec, experiment.search.parallel)
        driver = driver_of(study, executor, watch)
        with on_signal(driver.interrupt):
            driver.run()
    else:
        if executor is not None and not isinstance(executor, ExecutorSpec):
            executor.close()
        if outcome is None:
            # It was described anew after its end, and still nothing is left to be done.
            text, ending = agenda.ending(history)
            study.store.append([Said(time.time(), "finished", text, details={"ending": ending})])
    state = take_snapshot(r for _, r in study.store.records())
    return Result(state, study.folder)


__all__ = ["Result", "load", "minimize", "resume", "run"]
