"""Reads the log of one attempt while it grows."""

import os
from collections.abc import Iterable
from pathlib import Path

from autosearch.executors.base import Job, Metrics, Notice
from autosearch.metrics.extractor import Extractor, Hit
from autosearch.trial import Measurement

CHUNK = 1 << 18  # bytes
PROGRESS = 1 << 20  # bytes without a value after which Metrics tell how far the log was read
BUDGET = 1 << 22  # bytes of one attempt's log that one call reads, so that no trial starves others


def read_piece(path: Path, offset: int, size: int) -> bytes:
    """Return up to `size` bytes of a log from `offset`; b"" where there are none."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(size)
    except FileNotFoundError:
        return b""


class LogReader:
    """Turns a log into Metrics and Notices, from its start.

    Nothing is read where the job has no rules. Memory does not grow with the log.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._extractor = Extractor(job.rules)
        self._position = 0
        self._told = 0
        self._suspended: set[str] = set()
        self._file = os.open(job.log_path, os.O_RDONLY) if job.rules else None

    def read(self, seconds: float) -> tuple[list[Metrics | Notice], bool]:
        """Return what is new in the log, and whether there is more to read already.

        seconds: since the attempt started.
        """
        if self._file is None:
            return [], False
        hits: list[Hit] = []
        until = self._position + BUDGET
        more = False
        while self._position < until:
            chunk = os.pread(self._file, CHUNK, self._position)
            hits += self._extractor.feed(chunk) if chunk else ()
            self._position += len(chunk)
            more = len(chunk) == CHUNK
            if not more:
                break
        return self._events(hits, seconds), more

    def finish(self, seconds: float) -> list[Metrics | Notice]:
        """Return what an unfinished last line holds, and close the file."""
        self.close()
        return self._events(self._extractor.finish(), seconds)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _events(self, hits: Iterable[Hit], seconds: float) -> list[Metrics | Notice]:
        number, attempt = self._job.number, self._job.attempt
        events: list[Metrics | Notice] = []
        found = tuple(Measurement(h.metric, h.value, h.step, seconds, h.offset) for h in hits)
        read_to = self._extractor.read_to
        if found or read_to >= self._told + PROGRESS:
            self._told = read_to
            events.append(Metrics(number, attempt, found, read_to))
        suspended = self._extractor.suspended
        for metric in suspended.keys() - self._suspended:
            self._suspended.add(metric)
            events.append(Notice(number, attempt, f"metric {metric}: {suspended[metric]}"))
        return events
