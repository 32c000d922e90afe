"""The lease on a study's folder: one writer at a time, and a dead one's lease is free at once."""

import fcntl
import json
import os
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from autosearch.errors import StoreError, StudyBusyError

FILE = "lease.json"


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, told apart from every other that ever had its number.

    boot: the kernel's boot id. started: the process's start, in clock ticks since the boot.
    """

    host: str
    boot: str
    pid: int
    started: int

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


def this_process() -> Owner:
    """Return this process's identity."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return Owner(socket.gethostname(), boot, os.getpid(), _start_ticks(os.getpid()))


def _start_ticks(pid: int) -> int:
    # The command's name, in parentheses, may hold anything; the 22nd field is counted after it.
    stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    return int(stat.rpartition(")")[2].split()[19])


class Lease:
    """Holds the lease from construction to `release`, or to the death of this process.

    The kernel's lock decides, so neither a crash nor a reused process number can leave it taken;
    the file's text only tells others whose it is. Raises StudyBusyError where another process has
    it.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        try:
            # Opened without truncating: the text belongs to the owner until the lock is ours.
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be written: {error.strerror}") from None
        if not self._lock():
            os.close(self._fd)
            raise StudyBusyError(
                f"{folder}: this study is being run by {owner_of(folder) or 'another process'}; "
                f"follow it with `autosearch status {folder}`, or end it with "
                f"`autosearch stop {folder}`"
            )
        text = json.dumps(asdict(this_process())).encode()
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, text, 0)

    def _lock(self) -> bool:
        # More than once: a reader that asks who the owner is, or a process that dies with its
        # driver, may hold the lock for a moment.
        for wait_s in (0.05, 0.1, 0.2, 0.4, 0.0):
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                time.sleep(wait_s)
        return False

    def release(self) -> None:
        """Give the lease back; harmless when repeated."""
        if self._fd >= 0:
            os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = -1


def owner_of(folder: Path) -> Owner | None:
    """Return who runs the study in `folder` now, or None. Takes no lease and disturbs nobody."""
    try:
        fd = os.open(folder / FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            try:
                return Owner(**json.loads(os.pread(fd, 4096, 0)))
            except (ValueError, TypeError):
                # Locked, but the new owner has not written its name yet.
                return Owner("this machine", "", 0, 0)
        return None
    finally:
        os.close(fd)
