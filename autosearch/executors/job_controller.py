"""What a job controller offers to a search: five calls, with plain values in and out.

Any object with the five methods of `JobController` will do; nothing of autosearch has to be
imported to write one.
"""

import os
from collections.abc import Sequence
from typing import Literal, Protocol, TypedDict


class JobSpec(TypedDict):
    """What a controller gets to run. Paths are absolute and have to mean the same where jobs run.

    key: names the job for good: `study/number/attempt`, letters, digits and `/`. command: argv, or
    where `shell` is true one text for /bin/sh. cwd: where it runs, usually the code's folder. env:
    the whole environment; it may hold secrets, so it belongs in no log and no listing. folder: the
    trial's own, which exists and holds the files that the trial expects. cpus, gpus (fractions
    share one), memory (bytes): what it needs, None where that is not said. time_s, memory_limit
    (bytes of all its processes): bounds that the controller may enforce; the time is enforced by us
    in any case. grace_s: seconds between TERM and KILL when the job is stopped.
    """

    key: str
    command: list[str]
    shell: bool
    cwd: str
    env: dict[str, str]
    folder: str
    cpus: float
    gpus: float
    memory: int | None
    time_s: float | None
    memory_limit: int | None
    grace_s: float


class _Phase(TypedDict):
    phase: Literal["waiting", "running", "ended"]


class JobState(_Phase, total=False):
    """What a controller says of a job; only `phase` is needed, and an ended job's exit.

    phase: "ended" once nothing of the job runs and its log is complete. exit_code, or signal (e.g.
    "SIGKILL"): how its main program ended. cause: why it ended: "exited" by itself; "stopped" on
    request (the default after a `stop`); over a "time_limit" or "memory_limit"; "refused", it could
    not be started; "lost", e.g. with its machine: it will be run again, under another key. text:
    the cause in a user's words. seconds: how long it ran, so far. peak_memory: bytes. notices: what
    a user should know besides.
    """

    exit_code: int | None
    signal: str | None
    cause: Literal["exited", "stopped", "time_limit", "memory_limit", "refused", "lost"]
    text: str
    seconds: float
    peak_memory: int | None
    notices: Sequence[str]


class JobController(Protocol):
    """What a job controller offers: exactly these five calls.

    Each returns within seconds. Each may raise OSError (ConnectionError and TimeoutError among
    them) where the controller cannot answer now: it is called again later. LookupError says that
    there is no such job. Anything else ends the search that called, with its text as the reason.
    """

    def submit(self, job: JobSpec) -> str:
        """Accept a job and return its id; it is durable from then on, and started once.

        A job with the key of an earlier one is that earlier job, whatever else differs: its id is
        returned and nothing is started. Raises ValueError for a job that can never run.
        """

    def state(self, id: str) -> JobState:
        """Return how a job stands."""

    def log(self, id: str, offset: int, size: int) -> bytes:
        """Return up to `size` bytes of a job's output, stdout and stderr together, from `offset`.

        b"" where there is nothing (yet). What was returned once never changes.
        """

    def stop(self, id: str) -> None:
        """End a job soon: TERM to all its processes, the grace, KILL; harmless once it ended."""

    def folder(self, id: str) -> str | os.PathLike[str]:
        """Return where the controller keeps what belongs to a job."""
