"""`run` and `resume`."""

import argparse
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autosearch.cli.inline import PARAM_HELP, add_inline, inline_experiment
from autosearch.cli.places import add_json, study_folder
from autosearch.cli.tables import note
from autosearch.errors import InputError
from autosearch.outline import CALLED

if TYPE_CHECKING:
    from autosearch.experiment.model import ExecutorSpec, Experiment
    from autosearch.result import Result


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add the options of `run`."""
    parser.add_argument("file", metavar="FILE", nargs="?", help="the YAML file")
    parser.add_argument(
        "--dir",
        help="the study's folder (default: runs/NAME beside the file); a study that is "
        "there already is continued",
    )
    parser.add_argument("--seed", metavar="N", type=int, help="equal seeds give equal searches")
    parser.add_argument(
        "--warm-start",
        metavar="PATH",
        action="append",
        default=[],
        help="start from another search's results: a study's folder, a .csv or .json file",
    )
    parser.add_argument(
        "--same-task",
        metavar="PATH",
        action="append",
        default=[],
        help="the same, of the very same program, data and metric: the search goes on from them",
    )
    _add_shared(parser)
    add_inline(parser)
    parser.epilog = PARAM_HELP
    parser.set_defaults(do=run)


def add_resume(parser: argparse.ArgumentParser) -> None:
    """Add the options of `resume`."""
    parser.add_argument("dir", metavar="DIR", help="the study's folder, or its YAML file")
    parser.add_argument(
        "--extend",
        metavar="FILE",
        help="a YAML file with more trials, wider ranges or more values than the study's own",
    )
    parser.add_argument(
        "--salvage",
        action="store_true",
        help="first copy what can be read of a damaged study into a new file",
    )
    _add_shared(parser)
    parser.set_defaults(do=resume)


def _add_shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--trials", metavar="N", type=int, help="how many trials in all")
    parser.add_argument("--parallel", metavar="N", type=int, help="how many trials at once")
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="change a value of the file, e.g. space.lr.high=0.1",
    )
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        nargs="?",
        const="",
        help="run the trials on Ray: on the cluster at ADDRESS, or on one started here",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Run the search that a file or the options describe."""
    from autosearch import api
    from autosearch.experiment import sources_placed

    if args.file is None and args.ray and Path(args.ray).is_file():
        # `run --ray search.yaml`: a file is no address.
        args.file, args.ray = args.ray, ""
    experiment = _described(args)
    folder = Path(args.dir) if args.dir is not None else api.default_folder(experiment)
    earlier = [*args.warm_start, *({"path": path, "same": True} for path in args.same_task)]

    def go(**options: Any) -> "Result":
        with sources_placed(args.file, _overrides(args)):
            return api.run(experiment, dir=folder, warm_start=earlier, **options)

    return _follow(args, folder, go)


def _described(args: argparse.Namespace) -> "Experiment":
    from autosearch.experiment import load_file

    if args.file is None:
        return inline_experiment(args, _overrides(args))
    given = [f"--{n}" for n in ("metric", "mode", "regex", "param", "name") if getattr(args, n)]
    if given:
        names = ", ".join(given).replace("--mode", "--max or --min")
        raise InputError(f"{args.file}: {names} cannot be given beside a file; use --set")
    # Trials on Ray start where Ray runs, which need not be here.
    environ = os.environ if args.ray is None else None
    return load_file(args.file, _overrides(args), command=args.command, environ=environ)


def resume(args: argparse.Namespace) -> int:
    """Continue a study."""
    from autosearch import api

    folder = study_folder(args.dir)
    overrides = _overrides(args)

    def go(**options: Any) -> "Result":
        return api.resume(
            folder, extend=args.extend, overrides=overrides, salvage=args.salvage, **options
        )

    return _follow(args, folder, go)


def _follow(args: argparse.Namespace, folder: Path, go: Callable[..., "Result"]) -> int:
    """Run a search, show its progress, and say what came of it."""
    from autosearch.cli.progress import shown
    from autosearch.cli.summary import finish

    again = resume_command(folder, args.ray)
    try:
        with shown(folder, again, quiet=args.quiet) as progress:
            result = go(executor=_executor(args.ray), watch=progress.watch)
    except KeyboardInterrupt:
        note(f"Go on later: {again}")
        raise
    return finish(result, folder, again, as_json=args.json)


def _overrides(args: argparse.Namespace) -> list[str]:
    counts = {name: getattr(args, name, None) for name in ("trials", "parallel", "seed")}
    return [*args.set, *(f"search.{name}={v}" for name, v in counts.items() if v is not None)]


def _executor(ray: str | None) -> "ExecutorSpec | None":
    if ray is None:
        return None
    from autosearch.experiment.model import ExecutorSpec

    return ExecutorSpec(name="ray", settings={"address": ray} if ray else {})


def way_on(result: "Result") -> str:
    """Return what goes on with a study."""
    assert result.folder is not None
    return CALLED if result.state.outline.called else resume_command(result.folder)


def resume_command(folder: Path, ray: str | None = None) -> str:
    """Return the command that goes on with the study in `folder`."""
    words = ["autosearch", "resume", str(folder)]
    if ray is not None:
        words += ["--ray", *([ray] if ray else [])]
    return shlex.join(words)
