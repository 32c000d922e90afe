"""An executor without processes, and a store that crashes: for tests of the loop alone."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from autosearch.executors.base import Event, Exit, Job, Lost, Metrics, Resources
from autosearch.records import Record
from autosearch.store import MemoryStore
from autosearch.trial import Measurement

Behaviour = Callable[[Job], "Act"]


@dataclass(frozen=True)
class Act:
    """What a fake attempt does: prints values of "value", then ends so, or vanishes (lost)."""

    values: tuple[float, ...] = ()
    code: int | None = 0
    signal: str | None = None
    log: bytes = b""
    lost: bool = False
    hangs: bool = False
    why: str = "exited"
    error: bool = False


@dataclass
class FakeExecutor:
    """Ends one running attempt at each poll, the oldest first; `hangs` only where it is stopped."""

    behaviour: Behaviour
    slots: int = 8
    running: dict[tuple[int, int], tuple[Job, Act]] = field(default_factory=dict)
    started: list[tuple[int, int]] = field(default_factory=list)
    logs: dict[tuple[int, int], bytes] = field(default_factory=dict)
    stopped: dict[tuple[int, int], str] = field(default_factory=dict)
    adoptable: bool = False
    closed: bool = False

    @property
    def free_slots(self) -> int:
        return self.slots - len(self.running)

    def check(self, resources: Resources) -> str:
        return ""

    def start(self, job: Job) -> None:
        key = (job.number, job.attempt)
        assert key not in self.started, "an attempt was started twice"
        self.started.append(key)
        self._take(job)

    def _take(self, job: Job) -> None:
        act = self.behaviour(job)
        self.running[job.number, job.attempt] = (job, act)
        self.logs[job.number, job.attempt] = act.log

    def adopt(self, job: Job) -> bool:
        if self.adoptable:
            self._take(job)
        return self.adoptable

    def stop(self, number: int, attempt: int, why: str) -> None:
        if (number, attempt) in self.running:
            self.stopped[number, attempt] = why

    def poll(self, timeout_s: float) -> Sequence[Event]:
        for key, (job, act) in self.running.items():
            if not act.hangs or key in self.stopped:
                del self.running[key]
                return self._end(job, act, self.stopped.get(key))
        return []

    def _end(self, job: Job, act: Act, stopped: str | None) -> list[Event]:
        number, attempt = job.number, job.attempt
        measured = tuple(
            Measurement("value", v, i + 1, 0.1 * i, 10 * i) for i, v in enumerate(act.values)
        )
        events: list[Event] = []
        if measured:
            events.append(Metrics(number, attempt, measured, len(act.log)))
        if act.lost:
            return [*events, Lost(number, attempt, "its worker vanished")]
        if stopped is not None:
            return [*events, Exit(number, attempt, None, "SIGTERM", "stopped", stopped, 1.0)]
        end = Exit(
            number,
            attempt,
            act.code,
            act.signal,
            act.why,  # type: ignore[arg-type]
            seconds=1.0,
            log_size=len(act.log),
            error=act.error,
        )
        return [*events, end]

    def read_log(self, number: int, attempt: int, offset: int, size: int) -> bytes:
        return self.logs.get((number, attempt), b"")[offset : offset + size]

    def close(self, *, at_once: bool = False) -> None:
        self.closed = True
        self.running.clear()


class CrashError(Exception):
    """The process was killed here."""


@dataclass
class CrashingStore:
    """A memory store whose process dies at the n-th write, before or after it is kept."""

    inner: MemoryStore
    writes: int
    kept: bool

    def append(self, records: Sequence[Record]) -> None:
        self.writes -= 1
        if self.writes < 0:
            if self.kept:
                self.inner.append(records)
            raise CrashError
        self.inner.append(records)

    def records(self, skip: Collection[str] = (), after: int = 0) -> Iterator[tuple[int, Record]]:
        return self.inner.records(skip, after)

    def close(self) -> None:
        self.inner.close()
