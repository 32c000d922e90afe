"""A folder for a Ray of our own, and the janitor that clears up after its owner, however it ends.

A killed driver leaves some of Ray's processes running, and every Ray leaves its logs. The janitor
is this file, run as a program that needs the standard library only; it waits for the end of file on
its stdin or for the death of its parent, ends what is left of that Ray, and removes the folder.
"""

import contextlib
import fcntl
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PREFIX = "autosearch-ray-"
LOCK = "lock"
# Ray puts sockets below its folder, and their paths may have 107 bytes in all.
LONGEST = 36
CLEAR_S = 10.0


class Session:
    """The folder of one Ray, from here to `close`, or to the death of this process."""

    def __init__(self) -> None:
        clear_left_behind()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_parent()))
        # The janitor inherits the lock, so that others can tell a living session from a dead one.
        with (self.folder / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._janitor = subprocess.Popen(
                [sys.executable, "-I", "-S", __file__, str(self.folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[lock.fileno()],
                cwd="/",
                start_new_session=True,
            )

    def close(self) -> None:
        """Remove the folder; Ray has been shut down before."""
        self._janitor.communicate()


def clear_left_behind() -> None:
    """Clear up after every Ray of ours whose janitor was killed too."""
    for folder in _parent().glob(f"{PREFIX}*"):
        try:
            with (folder / LOCK).open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                clear(folder, owner=os.getpid())
        except OSError:  # in use, another user's, or just removed
            continue


def clear(folder: Path, owner: int) -> None:
    """Kill the processes of the Ray in a folder, its owner excepted, and remove the folder."""
    give_up_at = time.monotonic() + CLEAR_S
    while (found := _processes_of(folder, owner)) and time.monotonic() < give_up_at:
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


def _processes_of(folder: Path, owner: int) -> list[int]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if pid not in (owner, os.getpid()) and _belongs(pid, folder)]


def _belongs(pid: int, folder: Path) -> bool:
    """Return whether a process is one of Ray's in this folder: by its command or its open logs."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if os.fsencode(folder / "session_") in command:
            return True
        return command.startswith(b"ray::") and any(
            file.readlink().is_relative_to(folder) for file in Path(f"/proc/{pid}/fd").iterdir()
        )
    except OSError:  # it has ended, or is another user's
        return False


def _parent() -> Path:
    parent = Path(tempfile.gettempdir())
    return parent if len(os.fsencode(parent)) <= LONGEST else Path("/tmp")


def main() -> None:
    """Wait until the owner lets go, then clear up. The one argument is the folder."""
    owner = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched: list[int] = [0]
    # End of file alone does not tell: a process forked by the owner may hold the pipe open.
    with contextlib.suppress(OSError):  # the owner has just ended, or the kernel is too old to tell
        watched.append(os.pidfd_open(owner))
    if os.getppid() == owner:
        select.select(watched, [], [])
    clear(Path(sys.argv[1]), owner)


if __name__ == "__main__":
    main()
