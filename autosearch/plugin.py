"""AutoSearch as an engine inside somebody else's job controller.

A controller finds the engine by its entry point, group `job_controller.engines`, name `AutoSearch`,
gives it itself and a folder, and hands jobs over:

    from importlib.metadata import entry_points

    (found,) = entry_points(group="job_controller.engines", name="AutoSearch")
    engine = found.load()(controller, "/var/lib/controller/autosearch")
    engine.submit({
        "id": "job-17",
        "name": "digits",
        "code_dir": "/data/digits",
        "boot_file": "train.py",
        "parameters": [
            {"name": "lr", "value": "0.01", "type": "Float"},
            {"name": "epochs", "value": "20", "type": "Integer"},
        ],
        "auto_search": {
            "search_params": [
                {"name": "lr", "param_type": "continuous",
                 "lower_bound": "0.0001", "upper_bound": "0.1"},
            ],
            "reward_attrs": [{"name": "acc", "mode": "max", "regex": "acc=([0-9.]+)"}],
            "algo_configs": [
                {"name": "bayes_opt_search",
                 "params": [{"key": "num_samples", "value": "20", "type": "Integer"}]},
            ],
        },
        "search": {"parallel": 4},
    })
    engine.state("job-17")      # {"phase": "Running", ...}
    engine.trials("job-17")     # {"header": [...], "data": [[...], ...]}

`controller` is any object with the five calls of `autosearch.executors.job_controller`: submit a
job, its state, its log from an offset, stop it, its folder. Every trial becomes a job of its own
there, so the controller decides where and when it runs. The engine may be called from any thread;
it calls the controller from threads of its own.

Whatever is killed, and whenever: a new engine on the same folder goes on with every search that had
not ended, and takes over the jobs that still run or have ended meanwhile. To submit a job again is
harmless.
"""

import os
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from autosearch.engine import LOG_BYTES, Engine
from autosearch.errors import ExperimentError, Fault, InputError
from autosearch.executors.base import Executor
from autosearch.executors.controller import POLL_S, ControllerExecutor
from autosearch.executors.job_controller import JobController
from autosearch.experiment import from_dict
from autosearch.experiment.model import ExecutorSpec, Experiment
from autosearch.experiment.modelarts import from_modelarts
from autosearch.experiment.source import scalar
from autosearch.modelarts import PHASES, trial_id, trial_table

SLOTS = 16
TYPES = ("String", "Integer", "Float", "Boolean")
_KEYS = (
    *("id", "name", "description", "code_dir", "boot_file", "command", "parameters"),
    *("environments", "auto_search", "metric", "search", "confirm", "stop", "limits", "resources"),
)
# Taken as they are: an experiment's own sections under their own names. Not `warm_start`: it reads
# any file that this process may read, and a pickle among them runs code here.
_OURS = ("description", "metric", "search", "confirm", "stop", "limits", "resources")
_BRACED = re.compile(r"(?<!\$)\{[A-Za-z0-9_][A-Za-z0-9_.-]*\}")
_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class AutoSearchEngine:
    """Runs jobs of a controller as searches, each trial as a job of that controller.

    folder: where everything is kept; one folder an engine. slots: how many trials run at once, over
    all jobs. code_root: the only folder in which jobs' code may lie; None allows any. poll_s:
    pause between two looks at the controller's jobs.
    """

    def __init__(
        self,
        controller: JobController,
        folder: str | os.PathLike[str],
        *,
        slots: int = SLOTS,
        code_root: str | os.PathLike[str] | None = None,
        poll_s: float = POLL_S,
    ) -> None:
        self._code_root = None if code_root is None else Path(code_root).resolve()

        def place(spec: ExecutorSpec, parallel: int) -> Executor:
            return ControllerExecutor(controller, parallel, poll_s=poll_s)

        self._engine = Engine(folder, slots=slots, make_executor=place)

    def submit(self, job: Mapping[str, Any]) -> str:
        """Start a job and return its id; with the id of an earlier one, that one goes on.

        id: left out, one is made. name: 1 to 64 letters, digits, `_` and `-`; left out, `search`.
        code_dir: the folder of the code, where trials run. boot_file: a Python file in it; or else
        command: text, or a list of words. parameters: `{name, value, type}`, type `String`,
        `Integer`, `Float` or `Boolean` (or under `constraint`, as ModelArts has it). auto_search:
        ModelArts' `search_params`, `reward_attrs`, `algo_configs` and `skip_search_params`; the
        value of a parameter that is searched is its default, the first to be tried. Without it the
        program runs once, with its parameters' values. environments: variables for the program.
        description, metric, search, confirm, stop, limits, resources: as in an experiment's YAML
        file; metric in place of `reward_attrs`, where there are bounds or several objectives.

        Raises ExperimentError with everything that is wrong, StudyMismatchError where the id is
        that of another job.
        """
        id = job.get("id")
        if id is not None and not isinstance(id, str):
            raise InputError(f"id: expected text, found {id!r}")
        experiment = experiment_of_job(job, self._code_root)
        made = self._engine.create(experiment, None if id is None else _study(id))
        return made if id is None else id

    def state(self, id: str) -> dict[str, Any]:
        """Return how a job stands.

        phase: `Pending`, `Running`, `Completed`, `Failed`, `Terminating`, `Terminated` or
        `Abnormal` (the search itself met an error). message: why. trials, finished: how many are
        planned and have ended. best_trial, best_reward: None where there is none. create_time:
        milliseconds since the epoch; duration: of all work on it, in milliseconds.
        """
        status = self._engine.state(_study(id))
        best = status.best
        return {
            "phase": PHASES[status.state],
            "message": status.text,
            "trials": status.trials,
            "finished": status.ended,
            "best_trial": None if best is None else trial_id(status.study, best),
            "best_reward": status.value,
            "create_time": int(status.created_at * 1000),
            "duration": int(status.spent_s * 1000),
        }

    def trials(self, id: str) -> dict[str, Any]:
        """Return `header` and `data`, one row a trial, in the order of their asking."""
        return trial_table(self._engine.result(_study(id)))

    def log(self, id: str, trial: str | int = 0, offset: int = 0, size: int = LOG_BYTES) -> bytes:
        """Return up to `size` bytes of a trial's output from `offset`; below 0: from the end.

        trial: its id (eight hex digits) or its number.
        """
        return self._engine.log(_study(id), self._number(id, trial), offset=offset, size=size)

    def stop_trial(self, id: str, trial: str | int) -> None:
        """End one running trial early; what it has measured counts."""
        self._engine.stop_trial(_study(id), self._number(id, trial))

    def stop(self, id: str) -> None:
        """End a job; `state` is `Terminating`, then `Terminated`. One that has ended stays so."""
        self._engine.stop(_study(id))

    def delete(self, id: str) -> None:
        """End a job if it runs, and remove all that is kept of it here."""
        self._engine.delete(_study(id), stop=True)

    def close(self) -> None:
        """End all work; trials that run are ended and started again by the next engine."""
        self._engine.close()

    def _number(self, id: str, trial: str | int) -> int:
        if isinstance(trial, int):
            return trial
        status = self._engine.state(_study(id))
        for number in range(status.asked):
            if trial_id(status.study, number) == trial:
                return number
        raise InputError(f"job {id}: there is no trial {trial}")


def _study(id: str) -> str:
    """Return the id under which an engine keeps a controller's job, whatever that is called."""
    return id if _PLAIN_ID.fullmatch(id) else f"job-{sha256(id.encode()).hexdigest()[:16]}"


def experiment_of_job(job: Mapping[str, Any], code_root: Path | None = None) -> Experiment:
    """Return the experiment that a controller's job describes, as `AutoSearchEngine.submit` says.

    Raises ExperimentError with every fault.
    """
    faults = [
        Fault(key, f"is not known; known are {', '.join(_KEYS)}") for key in job if key not in _KEYS
    ]
    folder = _code_folder(job, code_root, faults)
    parameters = _parameters(job, faults)
    search = _search(job, parameters, faults)
    command = _command(job, folder, faults)
    if faults:
        raise ExperimentError(faults)
    searched = search["space"]
    fixed = [f"--{n}={v}" for n, (v, _) in parameters.items() if v and n not in searched]
    given = job.get("environments") or {}
    document = {
        **search,
        "name": job.get("name") or "search",
        "command": [*command, *map(_escaped, fixed)],
        "env": {n: _escaped(str(v)) for n, v in given.items()} | search.get("env", {}),
    }
    for key in _OURS:
        if job.get(key) is not None:
            both = isinstance(job[key], Mapping) and isinstance(document.get(key), Mapping)
            document[key] = {**document[key], **job[key]} if both else job[key]
    return from_dict(document, folder=folder)


def _code_folder(job: Mapping[str, Any], root: Path | None, faults: list[Fault]) -> Path:
    given = job.get("code_dir")
    if not isinstance(given, str | os.PathLike):
        faults.append(Fault("code_dir", f"expected the folder of the code, found {given!r}"))
        return Path()
    folder = Path(given).resolve()
    if not Path(given).is_absolute() or not folder.is_dir():
        faults.append(Fault("code_dir", f"{given}: expected the full path of a folder"))
    elif root is not None and not folder.is_relative_to(root):
        faults.append(Fault("code_dir", f"{given}: lies outside of {root}"))
    return folder


def _command(job: Mapping[str, Any], folder: Path, faults: list[Fault]) -> list[str]:
    boot, command = job.get("boot_file"), job.get("command")
    if bool(boot) == bool(command):
        faults.append(Fault("boot_file", "expected either boot_file or command"))
    elif isinstance(command, str):
        try:
            return shlex.split(command)
        except ValueError as error:
            faults.append(Fault("command", f"{command}: {error}"))
    elif isinstance(command, list) and all(isinstance(word, str) for word in command):
        return command
    elif command:
        faults.append(Fault("command", f"expected text or a list of words, found {command!r}"))
    else:
        return _boot_command(str(boot), folder, faults)
    return []


def _boot_command(boot: str, folder: Path, faults: list[Fault]) -> list[str]:
    path = (folder / boot).resolve()
    if not path.is_relative_to(folder):
        faults.append(Fault("boot_file", f"{boot}: lies outside of {folder}"))
    elif path.suffix != ".py" or not path.is_file():
        faults.append(Fault("boot_file", f"{boot}: expected a Python file (.py) in {folder}"))
    return [sys.executable, str(path.relative_to(folder)) if not faults else boot]


def _parameters(job: Mapping[str, Any], faults: list[Fault]) -> dict[str, tuple[str, str]]:
    """Return name → value and type of the parameters; one without a value has ""."""
    found: dict[str, tuple[str, str]] = {}
    for i, entry in enumerate(job.get("parameters") or ()):
        where = f"parameters[{i}]"
        if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
            faults.append(Fault(where, f"expected {{name, value, type}}, found {entry!r}"))
            continue
        constraint = entry.get("constraint")
        declared = constraint.get("type") if isinstance(constraint, Mapping) else None
        type_ = entry.get("type") or declared or "String"
        if type_ not in TYPES:
            message = f"expected {', '.join(TYPES)}, found {type_!r}"
            faults.append(Fault(f"{where}.type", message))
        if entry["name"] in found:
            faults.append(Fault(f"{where}.name", f"{entry['name']!r} is given twice"))
        value = entry.get("value")
        found[entry["name"]] = ("" if value is None else str(value), type_)
    return found


def _search(
    job: Mapping[str, Any], parameters: Mapping[str, tuple[str, str]], faults: list[Fault]
) -> dict[str, Any]:
    """Return the search in an experiment's own words; without one the program runs once."""
    settings = job.get("auto_search")
    if not settings:
        return _plain_run(parameters)
    try:
        plain = from_modelarts(settings, {name: type_ for name, (_, type_) in parameters.items()})
    except ExperimentError as error:
        faults += [replace(f, where=f"auto_search.{f.where}") for f in error.faults]
        return {}
    space = plain.setdefault("space", {})
    for name, (text, type_) in parameters.items():
        own = space.get(name)
        if own is not None and text:
            value = text if type_ == "String" else scalar(text)
            # The value that the console shows need not be one that is searched.
            if _holds(own, value):
                space[name] = {**own, "default": value}
    return plain


def _plain_run(parameters: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """Return the search that runs the program once: its space has one point."""
    plain: dict[str, Any] = {"metric": [], "search": {"trials": 1}}
    values = {name: value for name, (value, _) in parameters.items() if value}
    if not values:
        # A space needs a parameter; this one reaches the program as ModelArts' name of the task.
        plain["env"] = {"MA_TASK_NAME": "{task}"}
        values = {"task": "worker"}
    plain["space"] = {n: {"type": "choice", "values": [v]} for n, v in values.items()}
    return plain


def _holds(parameter: Mapping[str, Any], value: Any) -> bool:
    if parameter["type"] == "bool":
        return isinstance(value, bool)
    if "values" in parameter:
        return value in parameter["values"]
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return numeric and parameter["low"] <= value <= parameter["high"]


def _escaped(text: str) -> str:
    """Return `text` so that nothing in it is a placeholder."""
    return _BRACED.sub(r"{\g<0>}", text)
