import os
import pty
import select
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.program import (
    DEAF,
    SLOW,
    asked,
    carriers,
    is_running,
    project,
    wait_for,
    words_of,
)

# Whole commands in processes of their own.
pytestmark = pytest.mark.slow

SHOW_CURSOR = b"\x1b[?25h"
HIDE_CURSOR = b"\x1b[?25l"


@dataclass
class Terminal:
    """A command at a terminal of its own."""

    pid: int
    fd: int
    seen: bytes = b""

    @classmethod
    def start(cls, words: list[str]) -> "Terminal":
        pid, fd = pty.fork()
        if pid == 0:
            os.environ.update(TERM="xterm-256color", COLUMNS="100", LINES="40")
            os.execv(words[0], words)
        return cls(pid, fd)

    def read(self, wait_s: float = 0.1) -> bool:
        """Take what was printed; return False at the end."""
        ready, _, _ = select.select([self.fd], [], [], wait_s)
        if ready:
            try:
                news = os.read(self.fd, 65536)
            except OSError:
                return False
            self.seen += news
            return bool(news)
        return True

    def has_shown(self, text: bytes) -> bool:
        self.read()
        return text in self.seen

    def ctrl_c(self) -> None:
        os.write(self.fd, b"\x03")

    def end(self) -> int:
        """Return the exit code, once everything was read."""
        give_up_at = time.monotonic() + 60
        while self.read():
            assert time.monotonic() < give_up_at, self.seen
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def test_ctrl_c_ends_the_trials_and_says_how_to_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "small"
    terminal = Terminal.start(words_of("run", project(tmp_path, SLOW)))
    wait_for(lambda: terminal.has_shown(b"loss 0.9"), "a running trial's value")
    terminal.ctrl_c()
    assert terminal.end() == 130
    assert HIDE_CURSOR in terminal.seen
    assert terminal.seen.rfind(SHOW_CURSOR) > terminal.seen.rfind(HIDE_CURSOR)
    assert f"autosearch resume {folder}".encode() in terminal.seen
    assert not carriers(folder)


def test_ctrl_c_twice_does_not_wait_for_the_grace(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "small"
    words = words_of("run", project(tmp_path, DEAF), "--set", "limits.grace=1h")
    terminal = Terminal.start(words)
    wait_for(lambda: terminal.has_shown(b"small") and is_running(folder), "a trial")
    terminal.ctrl_c()
    wait_for(lambda: terminal.has_shown(b"Ctrl-C: at once"), "the first answer")
    terminal.ctrl_c()
    # Were the grace waited for, this would take an hour.
    assert terminal.end() == 130
    assert terminal.seen.rfind(SHOW_CURSOR) > terminal.seen.rfind(HIDE_CURSOR)
    assert b"Traceback" not in terminal.seen
    assert not carriers(folder)


def test_a_terminal_that_is_closed_ends_the_search_cleanly(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "small"
    terminal = Terminal.start(words_of("run", project(tmp_path, SLOW)))
    wait_for(lambda: terminal.has_shown(b"small") and is_running(folder), "a trial")
    os.close(terminal.fd)
    _, status = os.waitpid(terminal.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    found = asked("status", folder)
    assert (found["state"], found["text"]) == ("interrupted", "SIGHUP")
    assert not carriers(folder)
