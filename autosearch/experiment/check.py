"""Plain values → an Experiment, or everything that is wrong with them."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from autosearch.errors import ExperimentError
from autosearch.experiment.command import (
    DEFAULT_APPEND,
    read_template,
    split_unplaced,
    texts_of,
)
from autosearch.experiment.faults import TOP_LEVEL, Problem, meant, show, unknown_key
from autosearch.experiment.model import Experiment, Search, objectives_of
from autosearch.experiment.parameters import check_feasible, parse_space
from autosearch.experiment.placeholders import BUILT_IN, fill, names_in
from autosearch.experiment.sections import (
    parse_executor,
    parse_field,
    parse_metrics,
    parse_search,
    parse_stop,
)
from autosearch.experiment.source import Keys

# Sections that pydantic reads as they are.
_PLAIN = (
    "name",
    "description",
    "shell",
    "workdir",
    "env",
    "files",
    "append",
    "confirm",
    "warm_start",
    "limits",
    "resources",
)
_SEED_OPTION = ("confirm", "seed_option")
_PARSED = {"stop": parse_stop, "executor": parse_executor}


def check(
    data: Mapping[str, Any],
    folder: Path,
    found: list[Problem],
    *,
    in_process: bool = False,
    stored: bool = False,
) -> Experiment | None:
    """Return the experiment, or None where `found` was given something to report.

    in_process: there need not be a command. stored: the experiment was checked when it was stored;
    files and folders that it names may be gone by now.
    """
    for key in data:
        if key not in TOP_LEVEL:
            found.append(unknown_key((key,), TOP_LEVEL))
    given = {key: value for key, value in data.items() if value is not None}
    fields: dict[str, Any] = {
        name: parse_field(name, given[name], found) for name in _PLAIN if name in given
    }
    fields |= {key: parse(given[key], found) for key, parse in _PARSED.items() if key in given}
    if "search" in given:
        fields["search"] = parse_search(given["search"], found, stored=stored)
    if "name" not in given:
        message = "is missing; expected 1 to 64 letters, digits, _ and -"
        found.append(Problem(("name",), message))
    fields["metrics"] = parse_metrics(given.get("metric"), found, stored=stored)
    fields["command"] = _command(given, in_process or stored, found)
    fields["space"] = parse_space(
        given.get("space"), given.get("constraints"), given.get("skip"), found
    )
    if not stored:
        _check_across(fields, given, folder, found)
    return None if found else Experiment(folder=folder, **fields)


def _command(
    given: Mapping[str, Any], optional: bool, found: list[Problem]
) -> tuple[str, ...] | None:
    raw, shell = given.get("command"), given.get("shell") is True
    if raw is None and optional:
        return ()
    if raw is None or raw in ("", []) or (isinstance(raw, str) and not raw.strip()):
        what = "is missing" if raw is None else "is empty"
        found.append(Problem(("command",), f"{what}; expected e.g. python train.py"))
        return None
    if shell and not isinstance(raw, str):
        message = f"expected text, which the shell will split; found {show(raw)}"
        found.append(Problem(("command",), message))
        return None
    if isinstance(raw, str) and not shell:
        try:
            return tuple(shlex.split(raw))
        except ValueError as error:
            message = f"{show(raw)} cannot be split into words: {str(error).lower()}"
            found.append(Problem(("command",), message))
            return None
    words: tuple[str, ...] | None = parse_field("command", raw, found)
    return words


def _check_across(
    fields: Mapping[str, Any], given: Mapping[str, Any], folder: Path, found: list[Problem]
) -> None:
    """Report what only shows when several sections are seen together."""
    if fields["space"] is not None:
        check_feasible(fields["space"], found)
    search = fields.get("search", Search())
    if fields["metrics"] == () and search is not None and search.trials > 1:
        message = (
            f"is empty, but without one {search.trials} trials cannot be compared; expected e.g. "
            "{name: val_acc, mode: max}, or one trial"
        )
        found.append(Problem(("metric",), message))
    _check_confirm(fields, found)
    _check_one_objective(fields, found)
    _check_workdir(fields.get("workdir"), folder, found)
    templates = _templates(fields.get("files") or {}, folder, found)
    _check_append(fields.get("append") or (), given.get("append"), found)
    declared = given.get("space")
    if fields["command"] and isinstance(declared, Mapping):
        _check_placeholders(fields, given, templates, found)


def _check_one_objective(fields: Mapping[str, Any], found: list[Problem]) -> None:
    if len(objectives_of(fields["metrics"] or ())) < 2:
        return
    if fields.get("confirm") is not None:
        message = "several objectives have no single best trial that could be confirmed"
        found.append(Problem(("confirm",), message, at_key=True))
    search = fields.get("search")
    if search is not None and search.stop_when != "never":
        message = f"expected never with several objectives, found {show(search.stop_when)}"
        found.append(Problem(("search", "stop_when"), message))


def _check_confirm(fields: Mapping[str, Any], found: list[Problem]) -> None:
    confirm = fields.get("confirm")
    if confirm is None:
        return
    if fields["metrics"] == ():
        message = "there is nothing to confirm without a metric"
        found.append(Problem(("confirm",), message, at_key=True))
    option: str = confirm.seed_option or ""
    for name in names_in(option):
        if name != "seed":
            message = f"{{{name}}} is not known here; expected {{seed}}, or only the option's name"
            found.append(Problem(_SEED_OPTION, message + meant(name, ("seed",))))
    if option and not names_in(option) and (len(option.split()) != 1 or option.endswith("=")):
        message = (
            f"expected the option's name, e.g. --seed, or it with a place for its value, e.g. "
            f"'-s {{seed}}'; found {show(option)}"
        )
        found.append(Problem(_SEED_OPTION, message))


def _check_seed_is_no_parameter(
    fields: Mapping[str, Any], names: Sequence[str], unplaced: Sequence[str], found: list[Problem]
) -> None:
    """Report an option for the seed that would take the place of a parameter's value.

    unplaced: the names of the parameters that are appended to the command.
    """
    confirm = fields.get("confirm")
    if confirm is None or not (confirm.seed_option or "").split():
        return
    command = fields["command"]
    words = command[0].split() if fields.get("shell") else command
    passed = {_option(words, i): n for i, w in enumerate(words) for n in names_in(w) if n in names}
    for name in unplaced:
        own = [fill(word, {"name": name}.get) for word in fields.get("append") or DEFAULT_APPEND]
        passed |= {_option(own, i): name for i, word in enumerate(own) if "value" in names_in(word)}
    option = confirm.seed_option.split()[0].partition("=")[0]
    if option in passed:
        message = (
            f"{option} passes the parameter {passed[option]}; expected the option that the program "
            f"takes its seed by"
        )
        found.append(Problem(_SEED_OPTION, message))


def _option(words: Sequence[str], index: int) -> str:
    """Return the option whose value stands in a word: its own beginning, or the word before."""
    own, equals, _ = words[index].partition("=")
    return own if equals else words[index - 1] if index else ""


def _check_workdir(workdir: str | None, folder: Path, found: list[Problem]) -> None:
    if workdir in (None, "trial") or (folder / str(workdir)).is_dir():
        return
    hint = meant(workdir, ["trial"])
    message = f"expected `trial` or a folder; {folder / str(workdir)} is none{hint}"
    found.append(Problem(("workdir",), message))


def _templates(files: Mapping[str, str], folder: Path, found: list[Problem]) -> list[str]:
    """Return the texts of the templates that can be read."""
    texts = []
    for name, template in files.items():
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or ".." in parts or parts[0].startswith("attempt-"):
            message = (
                f"expected a file's name inside the trial's folder, found {show(name)}; no / at "
                f"the start, no .., and not attempt-N, where the logs are kept"
            )
            found.append(Problem(("files", name), message, at_key=True))
        try:
            texts.append(read_template(folder, name, template))
        except ExperimentError as error:
            found.append(Problem(("files", name), error.faults[0].message))
    return texts


def _check_append(append: Sequence[str], raw: Any, found: list[Problem]) -> None:
    used = [name for word in append for name in names_in(word)]
    for i, word in enumerate(append):
        path: Keys = ("append", i) if isinstance(raw, list) else ("append",)
        for name in names_in(word):
            if name not in ("name", "value"):
                message = f"{{{name}}} is not known here; expected {{name}} and {{value}}"
                found.append(Problem(path, message + meant(name, ("name", "value"))))
    if append and "value" not in used:
        message = f"{{value}} is missing; expected e.g. --{{name}}={{value}}, found {show(raw)}"
        found.append(Problem(("append",), message))


def _check_placeholders(
    fields: Mapping[str, Any],
    given: Mapping[str, Any],
    templates: Sequence[str],
    found: list[Problem],
) -> None:
    names = tuple(given["space"])
    command, env = fields["command"], fields.get("env") or {}
    listed = isinstance(given["command"], list)
    texts: list[tuple[Keys, str]] = [
        (("command", i) if listed else ("command",), word) for i, word in enumerate(command)
    ]
    texts += [(("env", name), value) for name, value in env.items() if isinstance(value, str)]
    before = len(found)
    known = (*names, *BUILT_IN)
    for path, text in texts:
        found += [Problem(path, _unknown(n, names)) for n in names_in(text) if n not in known]
    if fields.get("shell"):
        _check_shell(command[0], given["space"], found)
    if len(found) > before:
        return
    always = bool(fields.get("append"))
    unplaced, lost = split_unplaced(command, texts_of(env, templates), names, always=always)
    _check_seed_is_no_parameter(fields, names, unplaced, found)
    for name in lost:
        message = (
            f"{name} reaches the program nowhere: the command holds placeholders, but not "
            f'{{{name}}}; add it to command, env or files, or set append: "--{{name}}={{value}}"'
        )
        found.append(Problem(("space", name), message, at_key=True))


def _unknown(name: str, names: Sequence[str]) -> str:
    near = meant(name, names) or meant(name, BUILT_IN)
    hint = f"; did you mean {{{near.split()[-1][:-1]}}}?" if near else ""
    return (
        f"{{{name}}} is no parameter, nor one of {', '.join(BUILT_IN)}{hint}; for the text itself "
        f"write {{{{{name}}}}}"
    )


def _check_shell(command: str, space: Mapping[str, Any], found: list[Problem]) -> None:
    for name in names_in(command):
        entry = space.get(name)
        if isinstance(entry, Mapping) and entry.get("when") is not None:
            message = (
                f"{{{name}}} exists only under a condition, and a shell's text has no word to "
                f"leave out; pass it in env, or write the command without shell: true"
            )
            found.append(Problem(("command",), message))
