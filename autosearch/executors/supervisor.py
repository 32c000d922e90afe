"""The program that runs one attempt of a trial and ends its whole process tree when it must.

It is started as `python -I -S supervisor.py`, one process an attempt, and uses only what starts
fast: nothing of autosearch, no other package. Its stdin is a socket to whoever started it, its
stdout and stderr are the attempt's log, which the trial inherits. On the socket each message is
a length (four bytes) and a marshalled value, since both ends are the same interpreter:

    in   a spec (dict, made in attempt.py), then perhaps (why, text): the request to end it
    out  one record (dict), also written to exit.json, when nothing of the trial is left

End of file on the socket, or the death of the process that started us, ends the trial too. The
environment, which may hold secrets, arrives in the spec only: never in a file nor in an argument.

As a subreaper, the supervisor inherits every process whose parent ends, however often it forked
or changed its session; so having no child left means that nothing of the trial is left.
"""

# The C halves of `signal` and `json`: the Python halves import enum and re, which would double
# the time that this program takes to start.
import _json
import _signal  # type: ignore[import-not-found]
import ctypes
import errno
import marshal
import os
import select
import sys
import time
from typing import Any, Final, NamedTuple, NoReturn

PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
PR_SET_CHILD_SUBREAPER: Final = 36

LINGER_S: Final = 0.2  # for helpers that end by themselves once the main program has
SHORT_GRACE_S: Final = 3.0  # where nobody waits for the trial's own clean-up any more
GIVE_UP_S: Final = 30.0  # after the first KILL, for what cannot be killed
MEMORY_PERIOD_S: Final = 0.25
MEMORY_COST: Final = 20  # looking at the memory may take one part in 20 of a core

SOCKET: Final = 0
LOG: Final = 2

CANNOT_RUN: Final = 126  # exit codes of a shell
NOT_FOUND: Final = 127

_ALIASES: Final = {"SIG_DFL", "SIG_IGN", "SIGCLD", "SIGIOT", "SIGPOLL"}


class Process(NamedTuple):
    """One line of the process table. rss: bytes."""

    pid: int
    parent: int
    rss: int


def processes() -> dict[int, Process]:
    """Return the living processes of this machine (zombies are not), by pid."""
    page = os.sysconf("SC_PAGE_SIZE")
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:  # it has just ended
            continue
        if fields and fields[0] not in (b"Z", b"X"):
            found[int(name)] = Process(int(name), int(fields[1]), int(fields[21]) * page)
    return found


def descendants(root: int) -> list[Process]:
    """Return every living process below `root`, parents before children."""
    table = processes()
    children: dict[int, list[Process]] = {}
    for process in table.values():
        children.setdefault(process.parent, []).append(process)
    tree = children.get(root, [])
    for process in tree:  # grows while it is walked
        tree.extend(children.get(process.pid, ()))
    return tree


def memory_of(tree: list[Process], limit: int) -> int:
    """Return the bytes used by these processes together; exact only where they exceed `limit`.

    Resident sizes count a page once for each process that shares it, so their sum is too high for
    forked workers. Proportional sizes are right, but slow to read.
    """
    total = sum(process.rss for process in tree)
    return total if total <= limit else sum(_proportional(process) for process in tree)


def _proportional(process: Process) -> int:
    try:
        with open(f"/proc/{process.pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except ProcessLookupError:
        return 0
    except OSError:  # not ours to read: the sum stays an upper bound
        pass
    return process.rss


def send_signal(pid: int, number: int) -> bool:
    """Signal a process; return whether we may (one that has ended counts as yes)."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
    except PermissionError:
        return False
    return True


def signal_name(number: int) -> str:
    """Return a signal's usual name.

    >>> signal_name(9), signal_name(6), signal_name(40)
    ('SIGKILL', 'SIGABRT', 'signal 40')
    """
    names = (
        name
        for name, value in vars(_signal).items()
        if value == number and name.startswith("SIG") and name not in _ALIASES
    )
    return next(names, f"signal {number}")


class Failure(NamedTuple):
    """Why the program could not be started: the exit code of a shell, and the reason."""

    code: int
    text: str


def explain(stage: str, number: int, argv: list[bytes], cwd: bytes, path: bytes) -> Failure:
    """Return why a program could not be started; stage: "chdir" or "exec", number: the errno."""
    reason = os.strerror(number)
    if stage == "chdir":
        return Failure(CANNOT_RUN, f"cannot work in {os.fsdecode(cwd)}: {reason}")
    program = os.fsdecode(argv[0])
    if number == errno.ENOENT and b"/" not in argv[0]:
        return Failure(NOT_FOUND, f"command not found: {program} (in PATH={os.fsdecode(path)})")
    if number == errno.ENOENT and not os.path.exists(os.path.join(cwd, argv[0])):
        return Failure(NOT_FOUND, f"command not found: {program} (in {os.fsdecode(cwd)})")
    if number == errno.ENOENT:
        return Failure(NOT_FOUND, f"cannot run {program}: its interpreter (line 1, #!) is missing")
    if number == errno.ENOEXEC:
        return Failure(
            CANNOT_RUN, f"cannot run {program}: no program and no script with #! in line 1"
        )
    if number == errno.EACCES:
        return Failure(CANNOT_RUN, f"cannot run {program}: not executable (chmod +x makes it so)")
    return Failure(CANNOT_RUN, f"cannot run {program}: {reason}")


def launch(argv: list[bytes], cwd: bytes, env: dict[bytes, bytes]) -> tuple[int, Failure | None]:
    """Start the trial's main program; return its pid, and why it could not be started."""
    supervisor = os.getpid()
    reader, writer = os.pipe()  # closed by a successful exec
    pid = os.fork()
    if pid == 0:
        _become(argv, cwd, env, supervisor, writer)
    os.close(writer)
    said = os.read(reader, 100).decode()
    os.close(reader)
    if not said:
        return pid, None
    stage, number = said.split()
    return pid, explain(stage, int(number), argv, cwd, env.get(b"PATH", b""))


def _become(
    argv: list[bytes], cwd: bytes, env: dict[bytes, bytes], supervisor: int, writer: int
) -> NoReturn:
    stage = "exec"
    try:
        os.setsid()
        _prctl(PR_SET_PDEATHSIG, _signal.SIGKILL)
        if os.getppid() != supervisor:  # it died before the line above
            os._exit(NOT_FOUND)
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
    except OSError as error:
        os.write(writer, f"{stage} {error.errno}".encode())
    except ValueError:  # a NUL in an argument, "=" in the name of a variable
        os.write(writer, f"{stage} {errno.EINVAL}".encode())
    finally:
        os._exit(NOT_FOUND)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


class Supervision:
    """The life of one attempt, from its start until nothing of it is left."""

    def __init__(self, spec: dict[str, Any], driver: int | None) -> None:
        """Start the trial. driver: a pidfd of the process that started us."""
        self.time_s: float | None = spec["time_s"]
        self.memory: int | None = spec["memory"]
        self.grace_s: float = spec["grace_s"]
        self.why, self.text = "exited", ""
        self.status: int | None = None  # of the main program, once it has ended
        self.seconds: float | None = None
        self.survivors = 0
        self.peak = 0
        self.stuck: list[int] = []
        self._kill_at: float | None = None  # known once the end has begun
        self._linger_until = 0.0
        self._look_at = 0.0  # when the memory is looked at next
        self._kill_pause_s = 0.02
        self._killed_at = 0.0
        self._inbox = b""
        self._poll = select.poll()
        self._driver = driver
        self._hear()
        self.started = time.monotonic()
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
            now = time.monotonic()
            self._check(now)
            self._listen(self._pause(now))

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
                now = time.monotonic()
                self.status, self.seconds = status, now - self.started
                self._linger_until = now + LINGER_S

    def _check(self, now: float) -> None:
        if self._kill_at is not None:
            if now >= max(self._kill_at, self._killed_at + self._kill_pause_s):
                self._kill(now)
        elif self.status is not None:
            if now >= self._linger_until:
                self._terminate(min(self.grace_s, SHORT_GRACE_S))
        elif self.time_s is not None and now >= self.started + self.time_s:
            self.end("time_limit", f"over its time limit of {self.time_s:g} s", self.grace_s)
        elif self.memory is not None and now >= self._look_at:
            self._check_memory(self.memory, now)

    def _check_memory(self, limit: int, now: float) -> None:
        used = memory_of(descendants(os.getpid()), limit)
        self.peak = max(self.peak, used)
        if used > limit:
            text = f"over its memory limit of {limit >> 20} MiB: {used >> 20} MiB in use"
            self.end("memory_limit", text, self.grace_s)
        after = time.monotonic()
        self._look_at = after + max(MEMORY_PERIOD_S, MEMORY_COST * (after - now))

    def end(self, why: str, text: str, grace_s: float) -> None:
        """Begin to end the trial; a second request keeps the reason and may shorten the grace."""
        if self._kill_at is not None:
            self._kill_at = min(self._kill_at, time.monotonic() + grace_s)
            return
        if self.status is None:
            self.why, self.text = why, text
        self._terminate(grace_s)

    def _terminate(self, grace_s: float) -> None:
        self._kill_at = time.monotonic() + grace_s
        tree = descendants(os.getpid())
        if self.status is not None:
            self.survivors = len(tree)
        for process in tree:
            send_signal(process.pid, _signal.SIGTERM)
            send_signal(process.pid, _signal.SIGCONT)  # a stopped process would not see it

    def _kill(self, now: float) -> None:
        # Stop all first: the death of a process would let others fork where forks are limited.
        refused: set[int] = set()
        stopped: set[int] = set()
        for _ in range(100):
            fresh = {process.pid for process in descendants(os.getpid())} - stopped - refused
            if not fresh:
                break
            for pid in fresh:
                (stopped if send_signal(pid, _signal.SIGSTOP) else refused).add(pid)
        for pid in stopped:
            send_signal(pid, _signal.SIGKILL)
        self._killed_at = time.monotonic()
        self._kill_pause_s = min(1.0, 2 * self._kill_pause_s)
        if self._kill_at is not None and now > self._kill_at + GIVE_UP_S:
            self.stuck = sorted(stopped | refused)

    def _pause(self, now: float) -> float | None:
        """Return the seconds until `_check` has something to do; None: until something happens."""
        if self._kill_at is not None:
            return max(self._kill_at, self._killed_at + self._kill_pause_s) - now
        if self.status is not None:
            return self._linger_until - now
        times = [self.started + self.time_s] if self.time_s is not None else []
        if self.memory is not None:
            times.append(self._look_at)
        return min(times) - now if times else None

    def _listen(self, timeout_s: float | None) -> None:
        timeout_ms = None if timeout_s is None else max(0.0, timeout_s) * 1000 + 1
        for fd, _ in self._poll.poll(timeout_ms):
            if fd == self._wakeup:
                os.read(fd, 4096)
            elif fd == self._driver:
                self._lose(fd)
            elif received := _received():
                self._inbox += received
                self._read_stop()
            else:
                self._lose(fd)

    def _lose(self, fd: int) -> None:
        self._poll.unregister(fd)
        self.end("driver_gone", "the search's own process ended", min(self.grace_s, SHORT_GRACE_S))

    def _read_stop(self) -> None:
        size = int.from_bytes(self._inbox[:4], "big")
        if len(self._inbox) >= 4 + size > 4:
            why, text = marshal.loads(self._inbox[4 : 4 + size])
            self.end(why, text, self.grace_s)
            self._inbox = self._inbox[4 + size :]


def _received() -> bytes:
    try:
        return os.read(SOCKET, 65536)
    except ConnectionResetError:
        return b""


def read_spec() -> dict[str, Any] | None:
    """Return the spec from the socket; None where it ends before."""
    data = b""
    while len(data) < 4 or len(data) < 4 + int.from_bytes(data[:4], "big"):
        received = _received()
        if not received:
            return None
        data += received
    spec: dict[str, Any] = marshal.loads(data[4:])
    return spec


def record_of(life: Supervision) -> dict[str, Any]:
    """Return what exit.json keeps of an attempt that has ended."""
    code = signal = None
    text, seconds = life.text, life.seconds
    if life.failure is not None:
        code, text = life.failure
    elif life.status is not None and os.WIFEXITED(life.status):
        code = os.WEXITSTATUS(life.status)
    elif life.status is not None:
        signal = signal_name(os.WTERMSIG(life.status))
    if life.stuck:
        text += f"; these processes cannot be killed: {', '.join(map(str, life.stuck))}"
    return {
        "code": code,
        "signal": signal,
        "why": life.why,
        "text": text.removeprefix("; "),
        "seconds": round(time.monotonic() - life.started if seconds is None else seconds, 6),
        "peak_memory": life.peak or None,
        "log_size": os.fstat(LOG).st_size,
        "survivors": life.survivors,
        "error": life.failure is not None,
    }


def write_record(path: str, record: dict[str, Any]) -> None:
    """Write a flat record as JSON so that it is there in full or not at all, even after a crash."""
    words = {None: "null", True: "true", False: "false"}
    lines = []
    for key, value in record.items():
        if isinstance(value, str):
            written = _json.encode_basestring_ascii(value)
        else:
            written = (
                words[value] if value is None or value is True or value is False else repr(value)
            )
        lines.append(f'  "{key}": {written}')
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    with open(f"{path}.tmp", "w", encoding="ascii") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(f"{path}.tmp", path)
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(directory)
    os.close(directory)


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
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
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
    except OSError:
        os._exit(0)
    os._exit(0)


if __name__ == "__main__":
    main()
