"""The append-only store of a study's records: one SQLite file, one writer, any number of readers.

Every record is kept as one framed line that carries its number, kind, length and checksum. The
frame is what makes damage visible (a flipped bit, a missing record) and what `salvage` looks for in
the raw bytes of a file that SQLite itself cannot read any more.
"""

import logging
import re
import sqlite3
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from autosearch.errors import StoreError
from autosearch.records import Imported, Measured, Record, decode, encode, mend

logger = logging.getLogger(__name__)

FILE = "study.db"
# 2: with results of other searches, `imported`; 3: also of the same task, and with failures.
FORMAT = 3
APPLICATION_ID = 0x41535250
# A row that fits into one page lies there in one piece, which is what `salvage` counts on.
PAGE_BYTES = 16_384
MEASUREMENTS_A_RECORD = 100
RESULTS_A_RECORD = 20
_FRAME = re.compile(rb"\x1eAS1 (\d+) ([a-z]+) ([0-9a-f]{8}) (\d+) ")


class Store(Protocol):
    """Keeps records in the order of their writing."""

    def append(self, records: Sequence[Record]) -> None:
        """Write all of `records`, or none; once it returns they survive any crash."""

    def records(self, skip: Collection[str] = (), after: int = 0) -> Iterator[tuple[int, Record]]:
        """Yield (sequence number, record) in order, without those whose kind is in `skip`."""

    def close(self) -> None:
        """Give the file back; harmless when repeated."""


class MemoryStore:
    """A store that lives as long as its object, for searches that leave nothing behind."""

    def __init__(self) -> None:
        self._records: list[Record] = []

    def append(self, records: Sequence[Record]) -> None:
        """Keep `records`."""
        self._records += records

    def records(self, skip: Collection[str] = (), after: int = 0) -> Iterator[tuple[int, Record]]:
        """Yield (sequence number, record) in order, without those whose kind is in `skip`."""
        for seq, record in enumerate(self._records[after:], after + 1):
            if record.kind not in skip:
                yield seq, record

    def close(self) -> None:
        """Do nothing."""


class FileStore:
    """The store in a study's folder.

    With `write`, creates the file where it is missing; the caller holds the study's lease. Raises
    StoreError where the file is missing, damaged, of a later format, or cannot be read or written.
    """

    def __init__(self, folder: Path, *, write: bool = False) -> None:
        self.path = folder / FILE
        self._write = write
        if not write and not self.path.exists():
            raise StoreError(f"{folder}: there is no study here ({FILE} is missing)")
        try:
            self._db = self._connect()
            self._last = self._prepare()
        except sqlite3.DatabaseError as error:
            raise self._unreadable(error) from None

    def _connect(self) -> sqlite3.Connection:
        # A reader needs the write-ahead log's index beside the file; where the folder is read-only
        # and nothing is left in that log, the file alone is the whole truth.
        wal = self.path.with_name(self.path.name + "-wal")
        modes = ["rwc"] if self._write else ["ro", "ro&immutable=1"]
        for mode in modes:
            uri = f"{self.path.resolve().as_uri()}?mode={mode}"
            # The engine hands a study's store from the thread that opens it to the one that runs
            # it.
            db = sqlite3.connect(uri, uri=True, timeout=30.0, check_same_thread=False)
            try:
                db.execute("SELECT count(*) FROM sqlite_master")
                return db
            except sqlite3.OperationalError:
                db.close()
                if mode == modes[-1] or wal.exists():
                    raise
        raise AssertionError("unreachable")

    def _prepare(self) -> int:
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > FORMAT:
            raise StoreError(
                f"{self.path}: has format {version}, this autosearch reads formats up to {FORMAT}: "
                "upgrade autosearch"
            )
        if version == 0 and not self._write:
            raise StoreError(f"{self.path}: holds no study yet")
        if self._write:
            if version == 0:
                self._create()
            elif version < FORMAT:
                self._db.execute(f"PRAGMA user_version = {FORMAT}")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
        row = self._db.execute("SELECT max(seq) FROM records").fetchone()
        return int(row[0] or 0)

    def _create(self) -> None:
        self._db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(
                "CREATE TABLE records "
                "(seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, frame BLOB NOT NULL)"
            )
            self._db.execute(f"PRAGMA user_version = {FORMAT}")

    def append(self, records: Sequence[Record]) -> None:
        """Write all of `records` in one durable transaction; StoreError where that fails."""
        rows: list[tuple[int, str, bytes]] = []
        for record in _small(records):
            seq = self._last + len(rows) + 1
            rows.append((seq, record.kind, frame(seq, record.kind, encode(record))))
        try:
            with self._db:
                self._db.executemany("INSERT INTO records VALUES (?, ?, ?)", rows)
        except sqlite3.Error as error:
            raise StoreError(
                f"{self.path}: cannot be written: {error}; what was recorded before is safe. Free "
                "space or mend the disk, then resume"
            ) from None
        self._last += len(rows)

    def records(self, skip: Collection[str] = (), after: int = 0) -> Iterator[tuple[int, Record]]:
        """Yield (sequence number, record) in order, without those whose kind is in `skip`.

        Raises StoreError at the first damaged or missing record.
        """
        marks = ",".join("?" * len(skip))
        query = (
            "SELECT seq, frame FROM records "
            f"WHERE seq > ? AND coalesce(kind, '') NOT IN ({marks}) ORDER BY seq"
        )
        expected = after + 1
        try:
            if skip:
                self._check_numbers(after)
            for seq, data in self._db.execute(query, (after, *skip)):
                if not skip and seq != expected:
                    raise self._damaged(f"record {expected} is missing")
                expected = seq + 1
                found = unframe(data)
                if found is None or found[0] != seq:
                    raise self._damaged(f"record {seq} is damaged")
                yield seq, decode(found[1], found[2])
        except sqlite3.DatabaseError as error:
            raise self._unreadable(error) from None

    def _check_numbers(self, after: int) -> None:
        """Raise StoreError unless the records are numbered on and on; cheaper than to read them."""
        query = "SELECT count(*), max(seq), total(seq) FROM records WHERE seq > ?"
        count, last, total = self._db.execute(query, (after,)).fetchone()
        if count and (last - after, (after + 1 + last) * count / 2) != (count, total):
            raise self._damaged("records are missing, or stand in it twice")

    def check(self) -> None:
        """Read everything once; raises StoreError where anything is damaged or missing.

        The write-ahead log is looked at as raw bytes too: SQLite silently leaves out whatever
        stands behind a damaged place in it.
        """
        last = 0
        for seq, _ in self.records():
            last = seq
        wal = self.path.with_name(self.path.name + "-wal")
        beyond = [seq for seq in scan(wal) if seq > last]
        if beyond:
            raise self._damaged(f"record {min(beyond)} and later ones cannot be reached")

    def close(self) -> None:
        """Give the file back; harmless when repeated."""
        self._db.close()

    def _damaged(self, what: str) -> StoreError:
        return StoreError(
            f"{self.path}: {what}. `autosearch resume {self.path.parent} --salvage` copies every "
            "readable record into a new file, names what was lost, and goes on"
        )

    def _unreadable(self, error: sqlite3.DatabaseError) -> StoreError:
        if isinstance(error, sqlite3.OperationalError) and "unable to open" in str(error):
            return StoreError(
                f"{self.path}: cannot be opened: check that you may write to its folder"
            )
        return self._damaged(str(error))


def frame(seq: int, kind: str, text: str) -> bytes:
    """Return the bytes under which a record is kept."""
    body = text.encode()
    head = f"{seq} {kind}".encode()
    return b"\x1eAS1 %b %08x %d %b" % (head, zlib.crc32(head + body), len(body), body)


def unframe(data: object, start: int = 0) -> tuple[int, str, str] | None:
    """Return (sequence number, kind, text) of the frame at `start`, or None where it is damaged."""
    if not isinstance(data, bytes):
        # In a damaged file even the type of a column may have changed.
        return None
    match = _FRAME.match(data, start)
    if match is None:
        return None
    body = data[match.end() : match.end() + int(match[4])]
    if zlib.crc32(match[1] + b" " + match[2] + body) != int(match[3], 16):
        return None
    return int(match[1]), match[2].decode(), body.decode()


def scan(path: Path) -> dict[int, tuple[str, str]]:
    """Return every intact frame in the raw bytes of a file: sequence number → (kind, text)."""
    if not path.exists():
        return {}
    data = path.read_bytes()
    found = (unframe(data, match.start()) for match in _FRAME.finditer(data))
    return {f[0]: (f[1], f[2]) for f in found if f is not None}


def salvage(folder: Path) -> tuple[int, list[int]]:
    """Copy every readable record of a damaged study into a new file; return (kept, lost numbers).

    The damaged file is kept beside it. Records keep their order but not their numbers; what is lost
    at the end of a file cannot be known. The caller holds the study's lease.
    """
    path = folder / FILE
    found: dict[int, tuple[str, str]] = {}
    sources = [path, path.with_name(path.name + "-wal")]
    for source in sources:
        found |= scan(source)
    if not found:
        raise StoreError(f"{path}: holds nothing that could be salvaged")
    lost = sorted(set(range(1, max(found) + 1)) - set(found))
    copy = 1
    while (path.with_name(f"{path.name}.damaged-{copy}")).exists():
        copy += 1
    path.rename(path.with_name(f"{path.name}.damaged-{copy}"))
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    store = FileStore(folder, write=True)
    store.append(mend([decode(*found[seq]) for seq in sorted(found)]))
    store.close()
    return len(found), lost


def _small(records: Iterable[Record]) -> Iterator[Record]:
    """Yield the records, those that hold a lot in parts, so that each row fits a page."""
    for record in records:
        if isinstance(record, Measured):
            for i in range(0, max(len(record.measurements), 1), MEASUREMENTS_A_RECORD):
                part = record.measurements[i : i + MEASUREMENTS_A_RECORD]
                yield Measured(record.number, record.attempt, part, record.read_to)
        elif isinstance(record, Imported):
            for i in range(0, max(len(record.results), 1), RESULTS_A_RECORD):
                results = record.results[i : i + RESULTS_A_RECORD]
                yield replace(record, results=results)
        else:
            yield record
