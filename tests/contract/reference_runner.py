"""Runs one job of the reference controller: python -I -S reference_runner.py FOLDER.

It outlives the controller, runs the job's program once whatever happens, and leaves `exit.json`.
"""

# pathlib would take longer to import than most jobs run.
# ruff: noqa: PTH104, PTH110, PTH112, PTH123, PTH208

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import sys
import time

TICK_S = 0.01
MEMORY_TICKS = 10
LEFTOVER_GRACE_S = 1.0
LINGER_S = 0.2


def descendants() -> list[int]:
    children: dict[int, list[int]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if fields[0] != b"Z":
            children.setdefault(int(fields[1]), []).append(int(name))
    tree = list(children.get(os.getpid(), ()))
    for pid in tree:
        tree += children.get(pid, ())
    return tree


def memory_of(pids: list[int]) -> int:
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
                total += sum(int(line.split()[1]) << 10 for line in file if line[:4] == b"Pss:")
        except OSError:
            continue
    return total


def signal_all(*numbers: int) -> None:
    for pid in descendants():
        for number in numbers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def launch(spec: dict, log: int) -> tuple[int, str]:
    argv = ["/bin/sh", "-c", *spec["command"]] if spec["shell"] else spec["command"]
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            for number in set(range(1, 32)) - {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(number, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.chdir(spec["cwd"])
            os.execvpe(argv[0], argv, spec["env"])
        except OSError as error:
            what = argv[0] if os.path.isdir(spec["cwd"]) else spec["cwd"]
            os.write(writer, f"{what}: {error.strerror}".encode())
        finally:
            os._exit(127)
    os.close(writer)
    failure = os.read(reader, 1000).decode()
    os.close(reader)
    return pid, failure


class Run:
    def __init__(self, folder: str, spec: dict) -> None:
        self.folder, self.spec = folder, spec
        log = os.open(f"{folder}/output.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.began = time.monotonic()
        self.main, self.failure = launch(spec, log)
        self.status: int | None = None
        self.seconds = 0.0
        self.cause, self.text = "exited", ""
        self.peak = 0
        self.left = 0
        self.kill_at: float | None = None

    def end(self, cause: str, text: str, grace_s: float) -> None:
        if self.kill_at is None:
            self.kill_at = time.monotonic() + grace_s
            if self.status is None:
                self.cause, self.text = cause, text
            signal_all(signal.SIGTERM, signal.SIGCONT)

    def reap(self) -> bool:
        try:
            while True:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
                if pid == 0:
                    return True
                self.peak = max(self.peak, usage.ru_maxrss << 10)
                if pid == self.main:
                    self.status, self.seconds = status, time.monotonic() - self.began
        except ChildProcessError:
            return False

    def act(self, ticks: int) -> None:
        now = time.monotonic()
        limit_s, limit = self.spec["time_s"], self.spec["memory_limit"]
        if self.kill_at is not None and now > self.kill_at:
            signal_all(signal.SIGKILL)
        if self.status is not None and self.kill_at is None:
            if now < self.began + self.seconds + LINGER_S:
                return
            self.left = len(descendants())
            self.end("", "", LEFTOVER_GRACE_S)
        elif os.path.exists(f"{self.folder}/stop"):
            self.end("stopped", "", self.spec["grace_s"])
        elif self.spec.get("enforce", True) and limit_s is not None and now > self.began + limit_s:
            self.end("time_limit", f"over its time limit of {limit_s:g} s", self.spec["grace_s"])
        elif limit is not None and ticks % MEMORY_TICKS == 0:
            used = memory_of(descendants())
            self.peak = max(self.peak, used)
            if used > limit:
                text = f"over its memory limit of {limit >> 20} MiB"
                self.end("memory_limit", text, self.spec["grace_s"])

    def state(self) -> dict:
        notices = []
        if self.left:
            notices = [f"the program left processes running, which were ended ({self.left})"]
        code = number = None
        if self.status is not None and os.WIFEXITED(self.status):
            code = os.WEXITSTATUS(self.status)
        elif self.status is not None:
            number = signal.Signals(os.WTERMSIG(self.status)).name
        return {
            "phase": "ended",
            "exit_code": code,
            "signal": number,
            "cause": "refused" if self.failure else self.cause,
            "text": self.failure or self.text,
            "seconds": self.seconds,
            "peak_memory": self.peak,
            "notices": notices,
        }


def main(folder: str) -> None:
    if os.fork():
        os._exit(0)
    lock = os.open(f"{folder}/lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(os.open(f"{folder}/started", os.O_CREAT | os.O_EXCL))
    except (BlockingIOError, FileExistsError):
        return
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    with open(f"{folder}/job.json") as file:
        run = Run(folder, json.load(file))
    ticks = 0
    while run.reap():
        run.act(ticks)
        ticks += 1
        time.sleep(TICK_S)
    with open(f"{folder}/exit.json.tmp", "w") as file:
        json.dump(run.state(), file)
    os.rename(f"{folder}/exit.json.tmp", f"{folder}/exit.json")


if __name__ == "__main__":
    main(sys.argv[1])
