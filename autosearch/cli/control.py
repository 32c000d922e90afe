"""`stop` and `clean`: end what runs, and delete what is left."""

import argparse
import shutil
import sys
import time
from pathlib import Path

from autosearch.cli.places import add_dir, read, study_folder, trial_of
from autosearch.cli.tables import note, say
from autosearch.errors import InputError, StoreError
from autosearch.formats import clean as printable

POLL_S = 0.2
# Beyond the grace that trials have to end by themselves.
PATIENCE_S = 30.0
SHOWN_OTHERS = 5


def add_stop(parser: argparse.ArgumentParser) -> None:
    """Add the options of `stop`."""
    add_dir(parser)
    parser.add_argument(
        "trial", metavar="TRIAL", nargs="?", type=int, help="only this trial; the search goes on"
    )
    parser.set_defaults(do=stop)


def add_clean(parser: argparse.ArgumentParser) -> None:
    """Add the options of `clean`."""
    add_dir(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--logs", action="store_true", help="delete the trials' folders and logs")
    what.add_argument("--all", action="store_true", help="delete the whole study")
    parser.add_argument("--yes", action="store_true", help="delete without asking")
    parser.set_defaults(do=clean)


def stop(args: argparse.Namespace) -> int:
    """End a search, or one of its trials, and wait until it has ended."""
    from autosearch.cli.search import way_on
    from autosearch.requests import StopRequest, send

    result = read(args.dir)
    assert result.folder is not None
    trial = None if args.trial is None else trial_of(result, args.trial)
    if trial is not None and trial.ended:
        raise InputError(f"trial {trial.number} has ended already ({trial.state})")
    if result.state.owner is None:
        say(f"nobody runs this study; {_swept(_sweep(result.folder))}")
        if result.outcome is None or result.outcome.ending in ("interrupted", "stopped"):
            say(f"go on with it: {way_on(result)}")
        return 0
    what = "the search" if trial is None else f"trial {trial.number}"
    send(result.folder, StopRequest(args.trial, "stopped by `autosearch stop`"))
    note(f"asked {result.state.owner} to stop {what}")
    give_up_at = time.monotonic() + result.experiment.limits.grace + PATIENCE_S
    while time.monotonic() < give_up_at:
        time.sleep(POLL_S)
        ended = _what_ended(result.folder, args.trial)
        if ended:
            say(f"{ended} has ended")
            return 0
    raise StoreError(
        f"{what} has not ended yet; see `autosearch status {args.dir}`, or kill its process: "
        "its trials end with it"
    )


def _what_ended(folder: Path, number: int | None) -> str:
    from autosearch.lease import owner_of
    from autosearch.requests import take

    if owner_of(folder) is None:
        # A request that came too late must not stop the next run.
        take(folder)
        return "the search"
    if number is not None and trial_of(read(str(folder)), number).ended:
        return f"trial {number}"
    return ""


def _sweep(folder: Path) -> int:
    """Kill what a dead driver's trials left running here; return how many processes there were."""
    from autosearch.executors.sweep import sweep
    from autosearch.lease import Lease

    lease = Lease(folder)
    try:
        return sweep(read(str(folder)).state.study)
    finally:
        lease.release()


def _swept(killed: int) -> str:
    what = "process was" if killed == 1 else "processes were"
    return f"{killed} leftover {what} killed" if killed else "nothing of it is running"


def clean(args: argparse.Namespace) -> int:
    """Kill leftovers of a study that nobody runs; delete its logs, or all of it."""
    from autosearch.store import FILE

    folder = study_folder(args.dir)
    if not (folder / FILE).exists():
        raise StoreError(f"{folder}: there is no study here ({FILE} is missing)")
    try:
        say(_swept(_sweep(folder)))
    except StoreError as error:
        if error.exit_code != StoreError.exit_code or not args.all:
            raise
        note(f"{error}\nleftover processes cannot be told from others")
    if args.logs or args.all:
        _confirm(folder, everything=args.all, yes=args.yes)
        _delete(folder, everything=args.all)
    return 0


def _confirm(folder: Path, *, everything: bool, yes: bool) -> None:
    what = "the whole study" if everything else "the trials' folders and logs"
    question = f"delete {what} in {printable(str(folder))}"
    if yes:
        return
    if not sys.stdin or not sys.stdin.isatty():
        raise InputError(f"to {question}, add --yes")
    print(f"{question}? [y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise InputError("nothing was deleted")


def _delete(folder: Path, *, everything: bool) -> None:
    """Delete what is ours; other files in the folder stay, and the folder with them."""
    from autosearch.cli.summary import REPORT
    from autosearch.lease import FILE as LEASE
    from autosearch.lease import Lease
    from autosearch.requests import FOLDER as REQUESTS
    from autosearch.store import FILE

    lease = Lease(folder)
    try:
        _remove(folder / "trials")
        if everything:
            for path in (*folder.glob(f"{FILE}*"), folder / REQUESTS, folder / REPORT):
                _remove(path)
            (folder / LEASE).unlink(missing_ok=True)
    finally:
        lease.release()
    rest = list(folder.iterdir())
    if not everything:
        say("deleted")
    elif rest:
        names = ", ".join(sorted(printable(path.name) for path in rest)[:SHOWN_OTHERS])
        say(f"deleted; what is not ours stays in {printable(str(folder))}: {names}")
    else:
        folder.rmdir()
        say("deleted")


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{error.filename or path}: cannot be deleted: {error.strerror}") from None
