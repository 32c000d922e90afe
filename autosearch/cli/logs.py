"""`logs`: a trial's output, from its file."""

import argparse
import os
import re
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from autosearch.cli.places import add_dir, study_folder
from autosearch.cli.tables import note
from autosearch.errors import InputError
from autosearch.folders import log_path

CHUNK = 2**16
POLL_S = 0.3
# A progress bar's states are lines too.
_LINE_END = re.compile(rb"(?<=\n)|(?<=\r)(?!\n)")
LONGEST_LINE = 2**20


def add_logs(parser: argparse.ArgumentParser) -> None:
    """Add the options of `logs`."""
    add_dir(parser)
    parser.add_argument("trial", metavar="N", type=int, help="the trial's number")
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the trial ends")
    parser.add_argument("--grep", metavar="RE", help="only lines that this regex finds")
    parser.add_argument("--tail", metavar="N", type=_count, help="only the last N lines")
    parser.add_argument("--attempt", metavar="K", type=_count, help="default: the last")
    parser.set_defaults(do=logs)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number, found {text!r}")
    return int(text)


def logs(args: argparse.Namespace) -> int:
    """Print what a trial has printed."""
    wanted = _pattern(args.grep)
    folder = study_folder(args.dir)
    with closing(Watcher(folder, args.trial)) as watcher:
        _print(args, folder, watcher, wanted)
    return 0


def _print(
    args: argparse.Namespace, folder: Path, watcher: "Watcher", wanted: re.Pattern[bytes] | None
) -> None:
    while args.follow and not watcher.attempt and watcher.follows(0):
        time.sleep(POLL_S)
    attempt = args.attempt or watcher.attempt
    path = log_path(folder, args.trial, attempt)
    if not path.exists() and not (args.follow and watcher.running):
        raise InputError(_missing(path, args.trial, attempt, watcher))
    out = sys.stdout.buffer
    offset = 0
    if args.tail is not None and path.exists():
        kept, offset = _tail(path, args.tail, wanted)
        out.writelines(line.rstrip(b"\r\n") + b"\n" for line in kept)
    while True:
        # Asked before reading: what is read after the end is all there will be.
        going_on = args.follow and watcher.follows(attempt)
        offset = _copy(path, offset, wanted, out, whole=not going_on)
        out.flush()
        if not going_on:
            break
        time.sleep(POLL_S)
    if args.follow:
        note(f"trial {args.trial}: {watcher.state}")


def _pattern(text: str | None) -> re.Pattern[bytes] | None:
    try:
        return None if text is None else re.compile(os.fsencode(text))
    except re.error as error:
        raise InputError(f"--grep: {text!r} is not a regex: {error}") from None


def _missing(path: Path, number: int, attempt: int, watcher: "Watcher") -> str:
    if attempt == 0:
        return f"trial {number} has not been started yet"
    if watcher.attempt and attempt > watcher.attempt:
        return f"trial {number} has only {watcher.attempt} attempts"
    return f"{path}: there is no log here; it may have been deleted, or be on another machine"


class Watcher:
    """Knows a trial's state, and keeps up with it by reading new records only.

    Raises StoreError where there is no study, InputError where it has no such trial.
    """

    def __init__(self, folder: Path, number: int) -> None:
        from autosearch.store import FileStore

        self._folder, self._number = folder, number
        self._store = FileStore(folder)
        self._read_to = 0
        self._asked = 0
        self.attempt = 0
        self.state = "pending"
        self.update()
        if not 0 <= number < self._asked:
            raise InputError(f"{folder}: there is no trial {number}; {self._asked} were begun")

    def update(self) -> None:
        """Read what is new."""
        from autosearch.records import Asked, Ended, Interrupted, Started

        for seq, record in self._store.records(("measured", "said"), self._read_to):
            self._read_to = seq
            self._asked += isinstance(record, Asked)
            if getattr(record, "number", None) != self._number:
                continue
            if isinstance(record, Started):
                self.attempt, self.state = record.attempt, "running"
            elif isinstance(record, Interrupted):
                self.state = f"attempt {record.attempt} is over: {record.reason}"
            elif isinstance(record, Ended):
                self.state = f"{record.state}{f': {record.reason}' if record.reason else ''}"

    def close(self) -> None:
        """Give the store back."""
        self._store.close()

    @property
    def running(self) -> bool:
        """Whether a trial that has not ended may go on by itself: somebody runs the study."""
        from autosearch.lease import owner_of

        return self.state in ("pending", "running") and owner_of(self._folder) is not None

    def follows(self, attempt: int) -> bool:
        """Return whether this attempt may still print something."""
        self.update()
        return self.running and self.attempt == attempt


def last_lines(path: Path, count: int) -> list[bytes]:
    """Return the last lines of a log that hold something, without their ends."""
    kept, _ = _tail(path, count, None)
    return [line.strip(b"\r\n") for line in kept]


def _tail(path: Path, count: int, wanted: re.Pattern[bytes] | None) -> tuple[deque[bytes], int]:
    """Return the last lines (of those wanted), and the offset up to which the file was read."""
    kept: deque[bytes] = deque(maxlen=count)
    offset = 0
    with path.open("rb") as file:
        if wanted is None:
            # Enough for any screen; a log may have many gigabytes.
            size = file.seek(0, os.SEEK_END)
            offset = file.seek(max(size - LONGEST_LINE, 0))
        for line in _lines(file, whole=True):
            offset += len(line)
            if line.strip() and (wanted is None or wanted.search(line)):
                kept.append(line)
    return kept, offset


def _copy(
    path: Path, offset: int, wanted: re.Pattern[bytes] | None, out: BinaryIO, *, whole: bool
) -> int:
    """Write what stands behind `offset`, and return the offset up to which it was read."""
    if not path.exists():
        return offset
    with path.open("rb") as file:
        file.seek(offset)
        if wanted is None:
            while chunk := file.read(CHUNK):
                out.write(chunk)
                offset += len(chunk)
            return offset
        for line in _lines(file, whole=whole):
            offset += len(line)
            if wanted.search(line):
                out.write(line.rstrip(b"\r\n") + b"\n")
    return offset


def _lines(file: BinaryIO, *, whole: bool) -> Iterator[bytes]:
    """Yield lines with their ends; whole: the last one too, if it has none yet."""
    rest = b""
    while chunk := file.read(CHUNK):
        *lines, rest = _LINE_END.split(rest + chunk)
        yield from lines
        if len(rest) > LONGEST_LINE:
            yield rest
            rest = b""
    if rest and whole:
        yield rest
