"""A search without a file: `autosearch run --command … --metric … --param …`."""

import argparse
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autosearch.errors import ExperimentError, Fault, InputError

if TYPE_CHECKING:
    from autosearch.experiment.model import Experiment

PARAM_HELP = """\
parameters without a file (--param, once for each):
  lr=log:1e-5..1e-1      a number on the log scale     momentum=0.5..0.99    on the linear scale
  n=int:1..8             a whole number                n=int:log:16..512     on the log scale
  drop=0..0.5/0.1        in steps of 0.1               batch=32,64,128       one of these numbers
  opt=adam,sgd           one of these words            nesterov=bool         True or False
"""
_RANGE = re.compile(r"(?P<low>[^/]+?)\.\.(?P<high>[^/]+)(?:/(?P<step>.+))?")
_KINDS = ("int", "float", "log")
_EXPECTED = "expected e.g. lr=log:1e-5..1e-1, n=int:1..8, opt=adam,sgd or flag=bool"
# Where an experiment's fault is → the option that it comes from.
_OPTIONS = {
    "command": "--command",
    "metric": "--metric",
    "name": "--name",
}


def add_inline(parser: argparse.ArgumentParser) -> None:
    """Add the options that take the place of a file."""
    group = parser.add_argument_group("instead of a file")
    group.add_argument("--command", metavar="TEXT", help="the program, e.g. 'python train.py'")
    group.add_argument("--metric", metavar="NAME", help="the number to look for in its output")
    mode = group.add_mutually_exclusive_group()
    mode.add_argument(
        "--max", dest="mode", action="store_const", const="max", help="larger is better"
    )
    mode.add_argument(
        "--min", dest="mode", action="store_const", const="min", help="smaller is better"
    )
    group.add_argument("--regex", help="finds the metric; left out: made from its name")
    group.add_argument(
        "--param", metavar="NAME=RANGE", action="append", default=[], help="see below"
    )
    group.add_argument("--name", help="the search's name (default: the program's)")


def inline_experiment(args: argparse.Namespace, overrides: list[str]) -> "Experiment":
    """Return the experiment that the options describe; raises ExperimentError naming them."""
    from autosearch.experiment import from_dict

    faults: list[Fault] = []
    if not args.command:
        faults.append(Fault("", "give a YAML file, or --command with --metric and --param"))
    if not args.metric:
        faults.append(Fault("--metric", "is missing: which number of the output is to be tuned?"))
    elif args.mode is None:
        faults.append(Fault("--metric", f"is {args.metric} better large (--max) or small (--min)?"))
    space = _space(args.param, faults)
    if not (args.command and args.metric and space):
        raise ExperimentError(faults)
    # A direction that is missing is among the faults already; the rest is checked all the same.
    metric = {"name": args.metric, "mode": args.mode or "max"}
    if args.regex is not None:
        metric["regex"] = args.regex
    document = {
        "name": args.name if args.name is not None else _name_of(args.command),
        "command": args.command,
        "metric": metric,
        "space": space,
    }
    try:
        environ = os.environ if args.ray is None else None
        experiment = from_dict(document, Path.cwd(), overrides, environ=environ)
    except ExperimentError as error:
        faults += [_named_after_option(fault) for fault in error.faults]
    if faults:
        raise ExperimentError(faults)
    return experiment


def _space(texts: list[str], faults: list[Fault]) -> dict[str, dict[str, Any]]:
    if not texts:
        faults.append(Fault("--param", f"is missing: what is to be tuned? {_EXPECTED}"))
    space: dict[str, dict[str, Any]] = {}
    for text in texts:
        name, equals, described = text.partition("=")
        name = name.strip()
        if not equals or not name:
            faults.append(Fault(f"--param {text}", _EXPECTED))
            continue
        if name in space:
            faults.append(Fault(f"--param {text}", f"{name} is given twice"))
            continue
        try:
            space[name] = parameter(described.strip())
        except InputError as error:
            faults.append(Fault(f"--param {text}", str(error)))
    return space


def parameter(text: str) -> dict[str, Any]:
    """Return what stands behind `NAME=`, in the YAML's shape; raises InputError.

    >>> parameter("log:1e-5..1e-1")
    {'type': 'float', 'low': 1e-05, 'high': 0.1, 'scale': 'log'}
    >>> parameter("adam,sgd")
    {'type': 'choice', 'values': ['adam', 'sgd']}
    """
    if text == "bool":
        return {"type": "bool"}
    words, rest = [], text
    while (head := rest.partition(":"))[1] and head[0] in _KINDS:
        words.append(head[0])
        rest = head[2]
    match = _RANGE.fullmatch(rest)
    if match is not None:
        return _number(words, match.groupdict())
    values = [_scalar(value) for value in rest.split(",")]
    if words and not all(isinstance(v, int | float) for v in values):
        raise InputError(f"{rest!r} is neither LOW..HIGH nor a list of numbers; {_EXPECTED}")
    if len(values) < 2 or any(v is None or v == "" for v in values):
        raise InputError(f"{text!r} is neither LOW..HIGH nor a list of values; {_EXPECTED}")
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        whole = all(isinstance(v, int) for v in values)
        return {"type": "int" if whole and "float" not in words else "float", "values": values}
    return {"type": "choice", "values": values}


def _number(words: list[str], found: Mapping[str, str | None]) -> dict[str, Any]:
    described: dict[str, Any] = {"type": "int" if "int" in words else "float"}
    for key in ("low", "high", "step"):
        text = found[key]
        if text is None:
            continue
        value = _scalar(text)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"{text!r} is not a number; {_EXPECTED}")
        described[key] = value
    if "log" in words:
        described["scale"] = "log"
    return described


def _scalar(text: str) -> Any:
    """Return a word as YAML reads it."""
    from autosearch.experiment.source import scalar

    return scalar(text.strip())


def _name_of(command: str) -> str:
    """Return a name made from a command: of its script, or its first word.

    >>> _name_of("python -u src/train.py --epochs 3"), _name_of("./my prog")
    ('train', 'my')
    """
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    scripts = [word for word in words if Path(word).suffix]
    stem = Path((scripts or words or ["search"])[0]).stem
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-")[:64] or "search"


def _named_after_option(fault: Fault) -> Fault:
    parts = fault.where.split(".")
    if parts[0] == "space" and len(parts) > 1:
        option = f"--param {parts[1]}"
        return Fault(option, ": ".join([*parts[2:3], fault.message]))
    for where, option in _OPTIONS.items():
        if fault.where == where or fault.where.startswith((f"{where}.", f"{where}[")):
            if fault.where.endswith(".regex"):
                option = "--regex"
            return Fault(option, fault.message)
    return fault
