"""The program that runs one attempt of a trial and ends its whole process tree when it must.

It is started as `python -I -S supervisor.py`, one process an attempt, and uses only what starts
fast: nothing of autosearch, no other package. Its stdin is a socket to whoever started it, its
stdout and stderr are the attempt's log, which the trial inherits. On the socket each message is
a length (four bytes) and a marshalled value, since both ends are the same interpreter:

    in   a spec (dict, made in attempt.py), then requests to end it: (why, text, at most how much
         grace in seconds or None)
    out  one record (dict), also written to exit.json, when nothing of the trial is left

End of file on the socket, or the death of the process that started us, ends the trial too. The
environment, which may hold secrets, arrives in the spec only: never in a file nor in an argument.

As a subreaper, the supervisor inherits every process whose parent ends, however often it forked
or changed its session; so having no child left means that nothing of the trial is left.
"""

from __future__ import annotations

# The C halves of `json` and `signal`, and no `typing` at run time: the Python halves import re and
# enum, which would double the time that this program takes to start.
import _json
import _signal  # type: ignore[import-not-found]
import ctypes
import errno
import marshal
import os
import select
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36

LINGER_S = 0.2  # for helpers that end by themselves once the main program has
SHORT_GRACE_S = 3.0  # where nobody waits for the trial's own clean-up any more
GIVE_UP_S = 30.0  # after the first KILL, for what cannot be killed
MEMORY_PERIOD_S = 0.25
MEMORY_COST = 20  # looking at the memory may take one part in 20 of a core
NEVER = float("inf")

SOCKET = 0
LOG = 2


def descendants(root: int) -> list[tuple[int, int]]:
    """Return pid and resident bytes of every living process below `root`, parents first."""
    page = os.sysconf("SC_PAGE_SIZE")
    children: dict[int, list[tuple[int, int]]] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:  # it has just ended
            continue
        if fields and fields[0] not in (b"Z", b"X"):
            children.setdefault(int(fields[1]), []).append((int(name), int(fields[21]) * page))
    tree = children.get(root, [])
    for pid, _ in tree:  # grows while it is walked
        tree.extend(children.get(pid, ()))
    return tree


def memory_of(tree: list[tuple[int, int]], limit: int) -> int:
    """Return the bytes used by these processes together; exact only where they exceed `limit`.

    Resident sizes count a page once for each process that shares it, so their sum is too high for
    forked workers. Proportional sizes are right, but slow to read.
    """
    total = sum(resident for _, resident in tree)
    return total if total <= limit else sum(_proportional(*process) for process in tree)


def _proportional(pid: int, resident: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except ProcessLookupError:
        return 0
    except OSError:  # not ours to read: the sum stays an upper bound
        pass
    return resident


def send_signal(pid: int, number: int) -> bool:
    """Signal a process; return whether we may (one that has ended counts as yes)."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
    except PermissionError:
        return False
    return True


def launch(argv: list[bytes], cwd: bytes, env: dict[bytes, bytes]) -> tuple[int, str]:
    """Start the trial's main program; return its pid, and what failed if it could not be started.

    What failed is "chdir" or "exec" and the errno, e.g. "exec 2".
    """
    supervisor = os.getpid()
    reader, writer = os.pipe()  # closed by a successful exec
    pid = os.fork()
    if pid == 0:
        _become(argv, cwd, env, supervisor, writer)
    os.close(writer)
    failure = os.read(reader, 100).decode()
    os.close(reader)
    return pid, failure


def _become(
    argv: list[bytes], cwd: bytes, env: dict[bytes, bytes], supervisor: int, writer: int
) -> NoReturn:
    stage = "exec"
    try:
        os.setsid()
        prctl(PR_SET_PDEATHSIG, _signal.SIGKILL)
        if os.getppid() != supervisor:  # it died before the line above
            os._exit(127)
        # An ignored or blocked signal is inherited, and a trial could never be interrupted.
        for number in set(range(1, _signal.NSIG)) - {_signal.SIGKILL, _signal.SIGSTOP}:
            try:
                _signal.signal(number, _signal.SIG_DFL)
            except (OSError, ValueError):  # those that libc keeps for itself
                continue
        _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
        os.dup2(os.open(os.devnull, os.O_RDONLY), SOCKET)
        stage = "chdir"
        os.chdir(cwd)
        stage = "exec"
        os.execvpe(argv[0], argv, env)
    except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
        os.write(writer, f"{stage} {getattr(error, 'errno', errno.EINVAL)}".encode())
    finally:
        os._exit(127)


def prctl(option: int, value: int) -> None:
    """Call prctl(2); raise OSError where it fails."""
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


class Supervision:
    """The life of one attempt, from its start until nothing of it is left."""

    def __init__(self, spec: dict[str, Any], driver: int | None) -> None:
        """Start the trial. driver: a pidfd of the process that started us."""
        self.why, self.text = "exited", ""
        self.status: int | None = None  # of the main program, once it has ended
        self.survivors = 0
        self.peak = 0
        self.stuck: list[int] = []
        self._grace_s: float = spec["grace_s"]
        self._time_s: float = NEVER if spec["time_s"] is None else spec["time_s"]
        self._memory: int | None = spec["memory"]
        self._look_at = NEVER if self._memory is None else 0.0
        self._kill_at = NEVER  # less once the end has begun
        self._kill_pause_s = 0.02
        self._give_up_at = NEVER
        self._inbox = b""
        self._driver = driver
        self._poll = select.poll()
        self._hear()
        self.started = time.monotonic()
        self.ended = NEVER
        self.main, self.failure = launch(spec["argv"], spec["cwd"], spec["env"])

    def _hear(self) -> None:
        """Let `_listen` wake for messages, for the driver's death and for ended children."""
        self._poll.register(SOCKET, select.POLLIN)
        if self._driver is not None:
            self._poll.register(self._driver, select.POLLIN)
        self._wakeup, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll.register(self._wakeup, select.POLLIN)
        _signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        _signal.signal(_signal.SIGCHLD, lambda *_: None)

    def run(self) -> None:
        """Return when no process of the trial is left, or only such as nobody can kill."""
        while self._reap() and not self.stuck:
            self._listen(self._act(time.monotonic()))

    def _reap(self) -> bool:
        """Collect ended children; return whether any child is left."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            self.peak = max(self.peak, usage.ru_maxrss * 1024)
            if pid == self.main:
                self.status, self.ended = status, time.monotonic()

    def _act(self, now: float) -> float:
        """Do what is due; return the time at which to look again unless something happens."""
        if self._kill_at < NEVER:
            if now >= self._kill_at:
                self._kill(now)
        elif self.status is not None:
            if now < self.ended + LINGER_S:
                return self.ended + LINGER_S
            self._terminate(min(self._grace_s, SHORT_GRACE_S))
        elif now >= self.started + self._time_s:
            self.end("time_limit", f"over its time limit of {self._time_s:g} s", self._grace_s)
        elif now >= self._look_at:
            self._check_memory(now)
        limits_at = min(self.started + self._time_s, self._look_at)
        return self._kill_at if self._kill_at < NEVER else limits_at

    def _check_memory(self, now: float) -> None:
        limit = self._memory or 0
        used = memory_of(descendants(os.getpid()), limit)
        self.peak = max(self.peak, used)
        if used > limit:
            text = f"over its memory limit of {limit >> 20} MiB: {used >> 20} MiB in use"
            self.end("memory_limit", text, self._grace_s)
        after = time.monotonic()
        self._look_at = after + max(MEMORY_PERIOD_S, MEMORY_COST * (after - now))

    def end(self, why: str, text: str, grace_s: float) -> None:
        """Begin to end the trial; a second request keeps the reason and may shorten the grace."""
        if self._kill_at < NEVER:
            self._kill_at = min(self._kill_at, time.monotonic() + grace_s)
            return
        if self.status is None:
            self.why, self.text = why, text
        self._terminate(grace_s)

    def _terminate(self, grace_s: float) -> None:
        self._kill_at = time.monotonic() + grace_s
        self._give_up_at = self._kill_at + GIVE_UP_S
        tree = descendants(os.getpid())
        if self.status is not None:
            self.survivors = len(tree)
        for pid, _ in tree:
            send_signal(pid, _signal.SIGTERM)
            send_signal(pid, _signal.SIGCONT)  # a stopped process would not see it

    def _kill(self, now: float) -> None:
        # Stop all first: the death of a process would let others fork where forks are limited.
        refused: set[int] = set()
        stopped: set[int] = set()
        for _ in range(100):
            fresh = {pid for pid, _ in descendants(os.getpid())} - stopped - refused
            if not fresh:
                break
            for pid in fresh:
                (stopped if send_signal(pid, _signal.SIGSTOP) else refused).add(pid)
        for pid in stopped:
            send_signal(pid, _signal.SIGKILL)
        if now > self._give_up_at:
            self.stuck = sorted(stopped | refused)
        self._kill_at = time.monotonic() + self._kill_pause_s
        self._kill_pause_s = min(1.0, 2 * self._kill_pause_s)

    def _listen(self, until: float) -> None:
        left_ms = max(0.0, until - time.monotonic()) * 1000
        for fd, _ in self._poll.poll(left_ms if until < NEVER else None):
            if fd == self._wakeup:
                os.read(fd, 4096)
            elif fd == self._driver:
                self._lose(fd)
            elif received := _received():
                request, self._inbox = first_message(self._inbox + received)
                if request is not None:
                    why, text, grace_s = request
                    self.end(why, text, self._grace_s if grace_s is None else grace_s)
            else:
                self._lose(fd)

    def _lose(self, fd: int) -> None:
        self._poll.unregister(fd)
        self.end("driver_gone", "the search's own process ended", min(self._grace_s, SHORT_GRACE_S))


def _received(size: int = 65536) -> bytes:
    try:
        return os.read(SOCKET, size)
    except ConnectionResetError:
        return b""


def first_message(data: bytes) -> tuple[Any, bytes]:
    """Return the first message and the bytes after it; None where it is not complete yet."""
    end = 4 + int.from_bytes(data[:4], "big")
    return (marshal.loads(data[4:end]), data[end:]) if 4 < end <= len(data) else (None, data)


def read_spec() -> dict[str, Any] | None:
    """Return the spec from the socket; None where it ends before.

    Not a byte more is taken: a request to end the trial may stand right behind it.
    """
    data = b""
    wanted = 4
    while len(data) < wanted and (received := _received(wanted - len(data))):
        data += received
        if len(data) == 4:
            wanted += int.from_bytes(data, "big")
    spec: dict[str, Any] | None = first_message(data)[0]
    return spec


def record_of(life: Supervision) -> dict[str, Any]:
    """Return what exit.json keeps of an attempt that has ended; signal: its number."""
    code = signal = None
    text = life.text
    if life.status is not None and os.WIFEXITED(life.status):
        code = os.WEXITSTATUS(life.status)
    elif life.status is not None:
        signal = os.WTERMSIG(life.status)
    if life.stuck:
        text += f" (processes {', '.join(map(str, life.stuck))} cannot be killed)"
    return {
        "code": code,
        "signal": signal,
        "why": life.why,
        "text": text,
        "seconds": round(min(life.ended, time.monotonic()) - life.started, 6),
        "peak_memory": life.peak or None,
        "log_size": os.fstat(LOG).st_size,
        "survivors": life.survivors,
        "failure": life.failure,
    }


def write_record(path: str, record: dict[str, Any]) -> None:
    """Write a flat record as JSON so that it is there in full or not at all, even after a crash."""
    text = ",\n".join(f'  "{key}": {_json_of(value)}' for key, value in record.items())
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    with open(f"{path}.tmp", "w", encoding="ascii") as file:
        file.write(f"{{\n{text}\n}}\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(f"{path}.tmp", path)
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(directory)
    os.close(directory)


def _json_of(value: str | float | bool | None) -> str:
    if isinstance(value, str):
        return _json.encode_basestring_ascii(value)
    return "null" if value is None else repr(value).lower()


def main() -> None:
    """Run the attempt that the spec on stdin describes."""
    spec = read_spec()
    if spec is None:
        return
    try:
        # The socket alone does not tell: a process that the driver forked may hold it open.
        driver = os.pidfd_open(spec["driver"])
    except ProcessLookupError:
        return
    except OSError:  # not in this kernel: end of file has to do
        driver = None
    if os.getppid() != spec["driver"]:
        return
    if spec["detach"] and os.fork():
        os._exit(0)
    for number in (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP, _signal.SIGQUIT):
        # Whoever means the trial tells us on the socket; a shutdown ends the driver, and so us.
        _signal.signal(number, _signal.SIG_IGN)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    life = Supervision(spec, driver)
    life.run()
    record = record_of(life)
    try:
        write_record(spec["exit_path"], record)
    except OSError as error:  # e.g. a full disk: the driver, if it lives, learns it all the same
        print(f"autosearch: {spec['exit_path']}: {error.strerror}", file=sys.stderr)
    message = marshal.dumps(record)
    try:
        os.write(SOCKET, len(message).to_bytes(4, "big") + message)
    except OSError:  # the driver is gone: exit.json tells the next one
        pass


if __name__ == "__main__":
    main()
    os._exit(0)
