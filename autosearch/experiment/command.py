"""How the parameters of a trial reach its program: command line, environment, files.

A parameter goes wherever its placeholder stands. The parameters that stand nowhere are appended to
the command, as `append` says, by default `--name=value`; but where the command itself holds some
parameter's placeholder, nothing is appended unless `append` is given: then a parameter that stands
nowhere is a mistake, and is refused when the experiment is loaded.

Values are written as Python prints them: 0.001, 1e-05, 3, True, adam. A `Bool` with `flag` is
`--name` or nothing (true), `--name` or `--no-name` (both), both when appended and where its
placeholder is a word of its own.

An inactive parameter is not appended. The word that holds its placeholder is left out, together
with an option's name before it (`--momentum {momentum}`); so is the environment variable.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from autosearch.errors import ExperimentError, Fault
from autosearch.experiment.documents import Values, render_document, text_of
from autosearch.experiment.model import Experiment, FromEnv
from autosearch.experiment.placeholders import fill, names_in, whole
from autosearch.space import Bool
from autosearch.space.values import Params

DEFAULT_APPEND = ("--{name}={value}",)
_OPTION = re.compile(r"--?[A-Za-z][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Rendered:
    """What starts a trial's program. env: the variables that the experiment adds to the
    environment; those in `secrets` (variable → where it was read from) must not be written down.
    files: name in the trial's folder → content.
    """

    command: tuple[str, ...]
    shell: bool
    cwd: Path
    env: Mapping[str, str] = field(repr=False)
    files: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)


def render(
    experiment: Experiment,
    params: Params,
    *,
    trial_dir: Path,
    seed: int,
    number: int,
    environ: Mapping[str, str],
) -> Rendered:
    """Return what starts the program with `params`.

    environ: where `{from_env: NAME}` is read. Raises ExperimentError where a name is missing there,
    or a template cannot be read.
    """
    check_environment(experiment, environ)
    values: dict[str, str | float | int | bool | None] = {
        "trial_dir": str(trial_dir),
        "seed": seed,
        "number": number,
        "name": experiment.name,
        "folder": str(experiment.folder),
    }
    values.update((name, params.get(name)) for name in experiment.space.names)
    templates = {
        name: read_template(experiment.folder, name, template)
        for name, template in experiment.files.items()
    }
    added = _appended_words(experiment, params, appended(experiment, tuple(templates.values())))
    if experiment.shell:
        text = fill(experiment.command[0], lambda name: _shell_text(experiment, name, values))
        command: tuple[str, ...] = (" ".join([text, *map(shlex.quote, added)]),)
    else:
        command = (*_words(experiment, values), *added)
    env, secrets = _environment(experiment, values, environ)
    return Rendered(
        command=command,
        shell=experiment.shell,
        cwd=trial_dir if experiment.workdir == "trial" else working_folder(experiment),
        env=env,
        files={name: render_document(text, name, values) for name, text in templates.items()},
        secrets=secrets,
    )


def with_seed(rendered: Rendered, option: str, seed: int) -> Rendered:
    """Return the same with the program's option for its seed.

    option: `--seed`, which gives `--seed=7`, or with its own place for it: `-s {seed}`.
    """
    text = option if "seed" in names_in(option) else f"{option}={{seed}}"
    words = [fill(word, {"seed": str(seed)}.get) for word in text.split()]
    if not rendered.shell:
        return replace(rendered, command=(*rendered.command, *words))
    line = " ".join([rendered.command[0], *map(shlex.quote, words)])
    return replace(rendered, command=(line,))


def show_command(rendered: Rendered) -> str:
    """Return one line that runs the program again when pasted into a shell, secrets left out."""
    words = (
        ("sh", "-c", rendered.command[0])
        if rendered.shell and rendered.command
        else rendered.command
    )
    assignments = [
        f'{name}="${rendered.secrets[name]}"'
        if name in rendered.secrets
        else f"{name}={shlex.quote(value)}"
        for name, value in rendered.env.items()
    ]
    line = " ".join([*assignments, shlex.join(words)])
    return f"cd {shlex.quote(str(rendered.cwd))} && {line}"


def missing_variables(experiment: Experiment, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets that `environ` lacks: variable → where it should be read from."""
    return {
        name: value.from_env
        for name, value in experiment.env.items()
        if isinstance(value, FromEnv) and value.from_env not in environ
    }


def check_environment(experiment: Experiment, environ: Mapping[str, str]) -> None:
    """Raise ExperimentError where `{from_env: NAME}` names variables that `environ` lacks."""
    missing = missing_variables(experiment, environ)
    if missing:
        raise ExperimentError(
            [Fault(f"env.{name}.from_env", unset(source)) for name, source in missing.items()]
        )


def unset(variable: str) -> str:
    """Return what to tell of a variable that should be read from the environment."""
    return (
        f"the environment variable {variable} is not set; set it before the search starts: "
        f"export {variable}=…"
    )


def appended(experiment: Experiment, templates: Sequence[str]) -> tuple[str, ...]:
    """Return the parameters that are appended to the command, in the space's order.

    templates: the texts of the experiment's files.
    """
    texts = texts_of(experiment.env, templates)
    command, names = experiment.command, experiment.space.names
    return split_unplaced(command, texts, names, always=bool(experiment.append))[0]


def split_unplaced(
    command: Sequence[str], elsewhere: Sequence[str], names: Sequence[str], *, always: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names whose placeholder stands nowhere: those to append, those that get lost.

    elsewhere: texts of the environment and of files. always: the user gave `append`.
    """
    in_command = {name for word in command for name in names_in(word)}
    placed = in_command.union(*map(names_in, elsewhere))
    rest = tuple(name for name in names if name not in placed)
    return (rest, ()) if always or in_command.isdisjoint(names) else ((), rest)


def texts_of(env: Mapping[str, str | FromEnv], templates: Sequence[str]) -> list[str]:
    """Return every text besides the command in which placeholders may stand."""
    return [*(value for value in env.values() if isinstance(value, str)), *templates]


def read_template(folder: Path, name: str, template: str) -> str:
    """Return the text of a file's template; raises ExperimentError where it cannot be used."""
    path = folder / template
    try:
        text = path.read_text(encoding="utf-8")
        render_document(text, name, {})
    except OSError as error:
        reason = error.strerror or str(error)
    except UnicodeDecodeError:
        reason = "it is not UTF-8"
    except ValueError as error:
        reason = f"it is no YAML: {error}"
    else:
        return text
    fault = Fault(f"files.{name}", f"the template {path} cannot be used: {reason}")
    raise ExperimentError([fault])


def working_folder(experiment: Experiment) -> Path:
    """Return where trials run, unless that is each trial's own folder."""
    return experiment.folder / (experiment.workdir or "")


def _words(experiment: Experiment, values: Values) -> list[str]:
    words: list[str] = []
    template = experiment.command
    for i, word in enumerate(template):
        if any(name in values and values[name] is None for name in names_in(word)):
            if i > 1 and _OPTION.fullmatch(template[i - 1]) and words:
                words.pop()
            continue
        flag = _flag(experiment, whole(word), values)
        if flag is None:
            words.append(fill(word, lambda name: _text(name, values)))
        elif flag:
            words.append(flag)
    return words


def _text(name: str, values: Values) -> str | None:
    return text_of(values[name]) if name in values else None


def _shell_text(experiment: Experiment, name: str, values: Values) -> str | None:
    flag = _flag(experiment, name, values)
    if flag is not None:
        return flag
    text = _text(name, values)
    return None if text is None else shlex.quote(text)


def _flag(experiment: Experiment, name: str, values: Values) -> str | None:
    """Return what stands for a Bool with `flag`, None for anything else."""
    parameter = experiment.space.params.get(name)
    if not isinstance(parameter, Bool) or parameter.flag is None:
        return None
    if values[name]:
        return f"--{name}"
    return f"--no-{name}" if parameter.flag == "both" else ""


def _appended_words(experiment: Experiment, params: Params, names: tuple[str, ...]) -> list[str]:
    words: list[str] = []
    for name in names:
        if name not in params:
            continue
        flag = _flag(experiment, name, params)
        if flag is not None:
            words += [flag] if flag else []
            continue
        known = {"name": name, "value": text_of(params[name])}
        words += [fill(word, known.get) for word in experiment.append or DEFAULT_APPEND]
    return words


def _environment(
    experiment: Experiment, values: Values, environ: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    env: dict[str, str] = {}
    secrets: dict[str, str] = {}
    for name, value in experiment.env.items():
        if isinstance(value, FromEnv):
            env[name] = environ[value.from_env]
            secrets[name] = value.from_env
        elif all(values.get(used, "") is not None for used in names_in(value)):
            env[name] = fill(value, lambda used: _text(used, values))
    return env, secrets
