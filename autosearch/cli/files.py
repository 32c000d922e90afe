"""`export` and `report`: a study as a file for others."""

import argparse
import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autosearch.cli.places import add_dir, read
from autosearch.cli.tables import say
from autosearch.errors import InputError

if TYPE_CHECKING:
    from autosearch.result import Result


def add_export(parser: argparse.ArgumentParser) -> None:
    """Add the options of `export`."""
    add_dir(parser)
    parser.add_argument("--format", choices=("csv", "json"), default="csv", help="default: csv")
    parser.add_argument("--out", metavar="FILE", help="default: print it")
    parser.set_defaults(do=export)


def add_report(parser: argparse.ArgumentParser) -> None:
    """Add the options of `report`."""
    add_dir(parser)
    parser.add_argument("--out", metavar="FILE", help="default: report.html in the study's folder")
    parser.set_defaults(do=report)


def export(args: argparse.Namespace) -> int:
    """Write the trials as CSV or JSON."""
    from autosearch.strict_json import dumps

    result = read(args.dir)
    text = f"{dumps(result.to_dicts())}\n" if args.format == "json" else as_csv(result)
    if args.out is None:
        sys.stdout.write(text)
        return 0
    try:
        # newline="": the CSV writer has made its own line ends.
        with Path(args.out).open("w", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise InputError(f"--out {args.out}: cannot be written: {error.strerror}") from None
    return 0


def as_csv(result: "Result") -> str:
    """Return one row a trial under one row of names: `params.lr`, `metrics.val_acc`, …"""
    rows = [_flat(row) for row in result.to_dicts()]
    params = [f"params.{name}" for name in result.state.outline.kinds]
    metrics = [f"metrics.{name}" for name in result.state.outline.metrics]
    plain = [name for name in (rows[0] if rows else {}) if "." not in name]
    names = [*plain, *params, *metrics]
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    params, metrics = row.pop("params"), row.pop("metrics")
    row |= {f"params.{name}": value for name, value in params.items()}
    return row | {f"metrics.{name}": value for name, value in metrics.items()}


def report(args: argparse.Namespace) -> int:
    """Write the HTML report."""
    from autosearch.cli.summary import REPORT

    result = read(args.dir, measurements=True)
    assert result.folder is not None
    path = Path(args.out) if args.out is not None else result.folder / REPORT
    result.report(path)
    say(str(path))
    return 0
