"""What is allowed in an experiment, and yet looks like a mistake."""

import math
import re

from autosearch.experiment.model import Experiment
from autosearch.experiment.placeholders import names_in
from autosearch.metrics.direction import guess_mode
from autosearch.metrics.lint import lint
from autosearch.space import Float, Int

_SECRET = re.compile(r"passw|secret|token\b|(api|access|private)[_-]?key|credential", re.I)
_SHELL_WORDS = frozenset({"|", "||", "&&", ";", "&", ">", ">>", "<", "2>&1", "2>"})
# A linear range over so many powers of ten is nearly always meant to be logarithmic.
_LINEAR_DECADES = 4


def warnings_of(experiment: Experiment) -> list[str]:
    """Return what should be looked at before the search starts, one sentence each."""
    return [
        *_metric_warnings(experiment),
        *_space_warnings(experiment),
        *_command_warnings(experiment),
        *_secret_warnings(experiment),
        *_seed_warnings(experiment),
    ]


def _metric_warnings(experiment: Experiment) -> list[str]:
    found = []
    for i, metric in enumerate(experiment.metrics):
        found += [
            f"metric[{i}].{'regex' if problem.field == 'regex' else 'step'}: {problem.message}"
            for problem in lint(metric.rule)
            if problem.severity == "warning"
        ]
        guess = guess_mode(metric.name)
        if guess and guess != metric.mode:
            better = "larger" if guess == "max" else "smaller"
            usual = f"of {metric.name}, {better} is usually better"
            found.append(f"metric[{i}].mode: found {metric.mode}; {usual}")
    return found


def _space_warnings(experiment: Experiment) -> list[str]:
    found = []
    product = 1.0
    for name, parameter in experiment.space.params.items():
        product *= math.inf if parameter.count is None else parameter.count
        if not isinstance(parameter, Float | Int) or parameter.values is not None or parameter.log:
            continue
        if parameter.low > 0 and parameter.high / parameter.low >= 10**_LINEAR_DECADES:
            found.append(
                f"space.{name}: {parameter.describe()} is linear over many powers of ten, so that "
                f"small values are hardly ever tried; scale: log is usual"
            )
    if product < experiment.search.trials:
        found.append(
            f"search.trials: the space has at most {int(product)} points, fewer than the "
            f"{experiment.search.trials} trials; the search ends when all were tried"
        )
    return found


def _command_warnings(experiment: Experiment) -> list[str]:
    if experiment.shell or not experiment.command:
        return []
    found = []
    words = experiment.command
    for word in words:
        if word in _SHELL_WORDS:
            found.append(f"command: no shell runs it, so {word} is passed to the program as a word")
        elif re.search(r"\$\{?[A-Za-z_]", word) and not names_in(word):
            found.append(f"command: no shell runs it, so {word} is passed on as it is")
        elif word.startswith("~/"):
            found.append(f"command: no shell runs it, so the ~ of {word} is no home folder")
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*=.*", words[0]):
        found.append(f"command: {words[0]} is taken for the program; variables belong in env")
    return [f"{text} (shell: true runs it in /bin/sh)" for text in found]


def _seed_warnings(experiment: Experiment) -> list[str]:
    confirm = experiment.confirm
    if confirm is None or confirm.seed_option or not experiment.command:
        return []
    texts = [*experiment.command, *(v for v in experiment.env.values() if isinstance(v, str))]
    if experiment.files or any("seed" in names_in(text) for text in texts):
        return []
    return [
        "confirm: the program gets its seed as the variable AUTOSEARCH_SEED only; one that does "
        "not read it will repeat itself: name its option, e.g. seed_option: --seed, or put {seed} "
        "where it belongs"
    ]


def _secret_warnings(experiment: Experiment) -> list[str]:
    found = []
    for name, value in experiment.env.items():
        if isinstance(value, str) and _SECRET.search(name) and value and not names_in(value):
            found.append(
                f"env.{name}: its value would be stored; write {name}: {{from_env: {name}}} to "
                f"have it read when a trial starts"
            )
    for option, value in re.findall(r"--?([\w-]+)[= ]([^\s-]\S*)", " ".join(experiment.command)):
        if _SECRET.search(option) and not names_in(value):
            found.append(
                f"command: the value of --{option} would be stored and shown; pass it in env with "
                f"{{from_env: …}}"
            )
    return found
