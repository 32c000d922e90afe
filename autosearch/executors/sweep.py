"""Ends what outlived its supervisor: every process that carries a study's marker."""

import logging
import os
import signal
import time
from pathlib import Path

from autosearch.executors.base import MARKER

logger = logging.getLogger(__name__)

PATIENCE_S = 1.5  # a living supervisor ends its trial better than we can: it knows every process
GIVE_UP_S = 10.0


def sweep(study: str) -> int:
    """End every process of every trial of a study on this machine; return how many were killed.

    Those whose driver has just died have a moment to end by themselves. Returns when all are gone.
    Only whoever holds the study's lease may call it: a living driver's
    trials carry the same marker. Processes of other users cannot be seen and stay.
    """
    return _kill_carriers(f"{MARKER}={study}/".encode())


def sweep_attempt(marker: str) -> int:
    """End every process of one attempt on this machine, as `sweep` does."""
    return _kill_carriers(f"{MARKER}={marker}\0".encode())


def _kill_carriers(variable: bytes) -> int:
    patient_until = time.monotonic() + PATIENCE_S
    while _carriers(variable) and time.monotonic() < patient_until:
        time.sleep(0.05)
    killed: set[int] = set()
    give_up_at = time.monotonic() + GIVE_UP_S
    pause_s = 0.005
    while found := _carriers(variable):
        for pid in found:
            if _kill(pid, variable):
                killed.add(pid)
        if time.monotonic() > give_up_at:
            logger.warning("processes %s cannot be killed", sorted(found))
            break
        time.sleep(pause_s)
        pause_s = min(0.2, 2 * pause_s)
    return len(killed)


def _carriers(variable: bytes) -> list[int]:
    own = os.getpid()
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if pid != own and _carries(pid, variable)]


def _carries(pid: int, variable: bytes) -> bool:
    try:
        return b"\0" + variable in b"\0" + Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # ended, or another user's
        return False


def _kill(pid: int, variable: bytes) -> bool:
    """Kill a process unless its number has meanwhile gone to another one."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if not _carries(pid, variable):
            return False
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    finally:
        os.close(handle)
    return True
