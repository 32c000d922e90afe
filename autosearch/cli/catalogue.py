"""`strategies`, `templates` and `regex`: what there is to write into a YAML file."""

import argparse
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from autosearch import formats
from autosearch.cli.finding import NOT_FOUND, likely_text, read_log
from autosearch.cli.places import add_json
from autosearch.cli.tables import note, pairs, say, say_json, table

if TYPE_CHECKING:
    from autosearch.strategies import SettingInfo


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


def add_templates(parser: argparse.ArgumentParser) -> None:
    """Add the options of `templates`."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="print this one")
    add_json(parser)
    parser.set_defaults(do=templates)


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
        note(f"no regex for {args.metric} was found; {likely_text(args.metric, log)}")
    return 0 if found is not None else NOT_FOUND


def templates(args: argparse.Namespace) -> int:
    """Print the YAML files to start from."""
    from autosearch.experiment.templates import template_names, template_text

    if args.name is not None:
        text = template_text(args.name)
        if args.json:
            say_json({"name": args.name, "text": text})
        else:
            sys.stdout.write(text)
        return 0
    # The first line of each says what it is.
    about = [(n, template_text(n).partition("\n")[0].lstrip("# ")) for n in template_names()]
    if args.json:
        say_json([{"name": name, "about": text} for name, text in about])
    else:
        say(pairs(about))
    return 0
