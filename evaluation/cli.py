"""The command line: `python -m evaluation analyse predictions.csv --images DIR --out DIR`."""

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from evaluation.api import analyse
from evaluation.errors import EvaluationError, InputError
from evaluation.pipeline import ANALYSES
from evaluation.prediction_files import read_file
from evaluation.result import Result
from evaluation.settings import LANGUAGES, REPORTS
from evaluation.suggestions.wording import percent
from evaluation.version import VERSION

EPILOG = """
CSV: a header, then one row per sample: `name`, `label` (id or class name), one column of scores per
class, and `meta_…` columns with further properties; or `predicted` instead of the scores.
NPZ: arrays pred_list, label_list and optionally name_list, classes, features, meta_….

Exit codes: 0 done; 1 a --require does not hold; 2 the input cannot be used; 6 cannot write.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="evaluation",
        description="Judge an image classifier: what to fix, what it gains, how sure that is.",
    )
    top.add_argument("--version", action="version", version=f"evaluation {VERSION}")
    commands = top.add_subparsers(dest="command", required=True)
    run = commands.add_parser(
        "analyse",
        help="analyse predictions and write the report",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_argument("predictions", type=Path, help="CSV or NPZ file")
    run.add_argument("--images", type=Path, metavar="DIR", help="where relative names start")
    run.add_argument("--out", type=Path, default=Path("evaluation"), metavar="DIR")
    run.add_argument("--classes", type=Path, metavar="JSON", help="file with {id: name}")
    run.add_argument(
        "--map", action="append", default=[], metavar="PREFIX=DIR", help="obs://bucket/=/data/"
    )
    run.add_argument("--baseline", type=Path, metavar="FILE", help="another model, same samples")
    run.add_argument("--reference", type=Path, metavar="FILE", help="e.g. the training data")
    run.add_argument("--reference-images", type=Path, metavar="DIR")
    run.add_argument(
        "--require",
        action="append",
        default=[],
        metavar="CONDITION",
        help="'accuracy >= 0.9', 'ece <= 5 %%' or 'baseline'; exit code 1 where it does not hold",
    )
    run.add_argument("--certain", action="store_true", help="judge the interval, not the value")
    run.add_argument(
        "--input-kind", default="auto", choices=("auto", "probability", "logits", "label")
    )
    run.add_argument(
        "--only", nargs="+", choices=ANALYSES, metavar="ANALYSIS", help=", ".join(ANALYSES)
    )
    run.add_argument("--report", nargs="+", default=list(REPORTS[:3]), choices=REPORTS)
    run.add_argument("--language", default="en", choices=LANGUAGES)
    run.add_argument("--max-images", type=int, metavar="N")
    run.add_argument("--jobs", type=int, default=1, metavar="N")
    run.add_argument("--seed", type=int, default=0)
    run.add_argument("--alpha", type=float, default=0.05)
    run.add_argument("--verbose", action="store_true")
    commands.add_parser("schema", help="print the JSON schema of evaluation.json")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    options = parser().parse_args(arguments)
    if options.command == "schema":
        sys.stdout.write(schema_text())
        return 0
    logging.basicConfig(level=logging.DEBUG if options.verbose else logging.WARNING)
    try:
        result = _analyse(options)
        failed = result.failures(options.require, certain=options.certain)
    except EvaluationError as fault:
        sys.stderr.write(f"error: {fault}\n")
        return fault.exit_code
    sys.stdout.write(_summary(result, options))
    for reason in failed:
        sys.stderr.write(f"not met: {reason}\n")
    return 1 if failed else 0


def schema_text() -> str:
    """Return the JSON schema of evaluation.json."""
    return files("evaluation.outputs").joinpath("schema.json").read_text(encoding="utf-8")


def _analyse(options: argparse.Namespace) -> Result:
    for folder in (options.images, options.reference_images):
        if folder is not None and not folder.is_dir():
            raise InputError(f"{folder}: no such folder of images")
    given = read_file(options.predictions)
    label_map: object = given.classes
    if options.classes is not None:
        try:
            label_map = json.loads(options.classes.read_text(encoding="utf-8"))
        except (OSError, ValueError) as fault:
            raise InputError(f"--classes {options.classes}: cannot be read ({fault})") from fault
    baseline = None if options.baseline is None else read_file(options.baseline)
    reference = None if options.reference is None else read_file(options.reference)
    return analyse(
        "image_classification",
        given.pred_list,
        given.label_list,
        given.name_list,
        label_map_dict=label_map,
        save_path=options.out,
        op_list=options.only,
        input_kind=options.input_kind,
        image_root=options.images,
        path_map=_path_map(options.map),
        features=given.features,
        metadata=given.metadata,
        baseline=None
        if baseline is None
        else {"pred_list": baseline.pred_list, "label_list": baseline.label_list},
        reference=None
        if reference is None
        else {
            "pred_list": reference.pred_list,
            "label_list": reference.label_list,
            "name_list": reference.name_list,
            "metadata": reference.metadata,
            "image_root": options.reference_images or options.images,
        },
        alpha=options.alpha,
        seed=options.seed,
        n_jobs=options.jobs,
        max_images=options.max_images,
        language=options.language,
        report=options.report,
    )


def _path_map(pairs: Sequence[str]) -> dict[str, str]:
    result = {}
    for pair in pairs:
        prefix, sign, folder = pair.partition("=")
        if not sign or not prefix or not folder:
            raise InputError(f"--map {pair!r}: expected PREFIX=DIR, e.g. obs://bucket/=/data/")
        result[prefix] = folder
    return result


def _summary(result: Result, options: argparse.Namespace) -> str:
    short = "zh" if options.language == "zh-cn" else "en"
    lines = []
    for name in ("accuracy", "macro_f1", "ece"):
        figure = result.findings.overall.get(name)
        if figure is not None and figure.value is not None:
            bounds = f"{percent(figure.low)} – {percent(figure.high)}"
            lines.append(f"{name:<10} {percent(figure.value)}  ({bounds})")
    lines += [f"{item.priority}. [{item.id}] {item.text[short]}" for item in result.suggestions]
    lines += [f"warning: {text}" for text in result.findings.warnings]
    if options.images is not None:
        missed = (item for item in result.findings.not_run if item.analysis == "images")
        lines += [f"warning: images: {item.reason}" for item in missed]
    seconds = sum(result.timing.values())
    lines.append(f"{seconds:.2f} s; written to {options.out}")
    return "\n".join(lines) + "\n"
