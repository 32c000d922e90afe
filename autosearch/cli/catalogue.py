"""`strategies`, `templates` and `regex`: what there is to write into a YAML file."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autosearch import formats
from autosearch.cli.places import add_json
from autosearch.cli.tables import note, pairs, say, say_json, table
from autosearch.errors import InputError

if TYPE_CHECKING:
    from autosearch.strategies import SettingInfo

LOG_BYTES = 64 * 2**20
NOT_FOUND = 3
SHOWN_LINE = 160


def add_strategies(parser: argparse.ArgumentParser) -> None:
    """Add the options of `strategies`."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="show this one's settings")
    add_json(parser)
    parser.set_defaults(do=strategies)


def add_regex(parser: argparse.ArgumentParser) -> None:
    """Add the options of `regex`."""
    parser.add_argument("--log", metavar="FILE", required=True, help="a log that holds the metric")
    parser.add_argument("--metric", metavar="NAME", required=True, help="the metric's name")
    parser.add_argument("--value", metavar="V", help="a value that it has in this log")
    add_json(parser)
    parser.set_defaults(do=regex)


def strategies(args: argparse.Namespace) -> int:
    """Print the strategies, or one with its settings."""
    from autosearch.strategies import describe, names

    chosen = [describe(name) for name in ([args.name] if args.name else names())]
    if args.json:
        say_json([asdict(found) for found in chosen])
    elif args.name:
        say(f"{chosen[0].name}: {chosen[0].summary}.")
        rows = [[s.name, s.type, _default(s), _range(s), s.help] for s in chosen[0].settings]
        say(table(["setting", "type", "default", "range", "what it is"], rows) if rows else "")
    else:
        say(pairs([(found.name, f"{found.summary}.") for found in chosen]))
    return 0


def _default(setting: "SettingInfo") -> str:
    return "chosen" if setting.default is None else str(setting.default)


def _range(setting: "SettingInfo") -> str:
    if setting.choices:
        return " | ".join(setting.choices)
    low, high = setting.low, setting.high
    if low is None and high is None:
        return ""
    left, right = ("(", ")") if setting.exclusive else ("[", "]")
    return f"{left}{'' if low is None else low}..{'' if high is None else high}{right}"


def regex(args: argparse.Namespace) -> int:
    """Print a regex that finds a metric in a log."""
    from autosearch.metrics.extractor import Extractor
    from autosearch.metrics.rules import Rule
    from autosearch.onboarding.regexgen import suggest_regex

    log = read_log(args.log)
    found = suggest_regex(args.metric, log.decode("utf-8", "replace"), args.value)
    values: list[float] = []
    if found is not None:
        extractor = Extractor([Rule(args.metric, found)])
        values = [hit.value for hit in [*extractor.feed(log), *extractor.finish()]]
    if args.json:
        say_json({"metric": args.metric, "regex": found, "values": values})
    elif found is not None:
        say(found)
        ends = " … ".join(formats.number(v) for v in (values[:1] + values[-1:])[: len(values)])
        note(f"it finds {formats.plural(len(values), 'value')}: {ends}")
    else:
        _say_likely(args.metric, log)
    return 0 if found is not None else NOT_FOUND


def read_log(name: str) -> bytes:
    """Return a log, of a very long one the beginning; raises InputError."""
    try:
        with Path(name).open("rb") as file:
            return file.read(LOG_BYTES)
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}") from None


def likely_text(metric: str, log: bytes) -> str:
    """Return the lines in which a metric that was not found most likely stands."""
    from autosearch.metrics.likely import likely_lines

    likely = likely_lines(log.decode("utf-8", "replace"), metric)
    if not likely:
        return "no line looks like it" if log.strip() else "there is no output at all"
    lines = ["likeliest lines:"]
    for line in likely:
        text = formats.cut(formats.clean(line.line.strip()), SHOWN_LINE)
        lines.append(f"  line {line.line_number}: {text}")
    if likely[0].regex:
        lines.append(f"this regex finds the first: {formats.clean(likely[0].regex)}")
    return "\n".join(lines)


def _say_likely(metric: str, log: bytes) -> None:
    note(f"no regex for {metric} was found; {likely_text(metric, log)}")


def templates(args: argparse.Namespace) -> int:
    """Print the YAML files to start from."""
    raise NotImplementedError


def add_templates(parser: argparse.ArgumentParser) -> None:
    """Add the options of `templates`."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="print this one")
    add_json(parser)
    parser.set_defaults(do=templates)
