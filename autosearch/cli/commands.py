"""The commands: a table of names, and the parser of the one that is used."""

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module

from autosearch import __version__

# name → (module:function that adds its options, what it does).
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("search:add_run", "search, described by a YAML file or by options alone"),
    "resume": ("search:add_resume", "continue a search, or extend it"),
    "status": ("reading:add_status", "show how far a search is, and what is running"),
    "trials": ("reading:add_trials", "list the trials"),
    "show": ("reading:add_show", "show everything about one trial"),
    "logs": ("logs:add_logs", "print a trial's output, or follow it"),
    "stop": ("control:add_stop", "end a running search, or one of its trials"),
    "check": ("check:add_check", "try a YAML file and its regexes before the search"),
    "export": ("files:add_export", "write the trials as CSV or JSON"),
    "report": ("files:add_report", "write the HTML report"),
    "clean": ("control:add_clean", "kill what a dead search left behind; delete its files"),
    "strategies": ("catalogue:add_strategies", "list the search strategies and their settings"),
    "templates": ("catalogue:add_templates", "list the YAML files to start from, or print one"),
    "regex": ("catalogue:add_regex", "make a regex that finds a metric in a log"),
}
EPILOG = """\
`autosearch COMMAND --help` explains a command. DIR is a study's folder, or the YAML file that it
was started from.

exit codes:
  0  done                        5  another process runs this study
  1  unexpected error            6  the study's file cannot be read or written
  2  wrong input                 7  trials cannot be run here
  3  the metric was not found    130  interrupted; `autosearch resume` goes on
  4  too many trials failed
"""


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Return the options of a command line; `do` is the function to call with them.

    Raises SystemExit, as argparse does, after help or a complaint.
    """
    top = _top_parser()
    args = top.parse_args(words)
    if args.command is None:
        top.error("a command is missing (`autosearch --help` lists them)")
    if args.command not in COMMANDS:
        from autosearch.spelling import did_you_mean

        top.error(
            f"there is no command {args.command!r}{did_you_mean(args.command, COMMANDS)} "
            "(`autosearch --help` lists them)"
        )
    place, summary = COMMANDS[args.command]
    module, _, function = place.partition(":")
    add: Callable[[argparse.ArgumentParser], None] = getattr(
        import_module(f"autosearch.cli.{module}"), function
    )
    parser = argparse.ArgumentParser(
        prog=f"autosearch {args.command}",
        description=f"{summary[0].upper()}{summary[1:]}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_verbose(parser, default=args.verbose)
    add(parser)
    return parser.parse_args(args.rest)


def _top_parser() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS))
    listing = "\n".join(f"  {name:{width}}  {text}" for name, (_, text) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="autosearch",
        usage="autosearch [-h] [--version] [-v] COMMAND …",
        description=f"Tune the parameters of an unmodified program.\n\ncommands:\n{listing}",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"autosearch {__version__}",
        help="print the version and exit",
    )
    _add_verbose(parser, default=False)
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _add_verbose(parser: argparse.ArgumentParser, *, default: bool) -> None:
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        default=default,
        help="log what happens, and show where an unexpected error comes from",
    )
