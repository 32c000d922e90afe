"""A job controller of folders and processes, against which the search is tested.

Each job is a folder, and a runner process that outlives the controller. `FolderController` does
its work in the process that holds it; `serve` offers one to others, and `RemoteController` reaches
it, so that either side can be killed alone.
"""

import contextlib
import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
import time
import uuid
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    # Only the types: as with any controller, nothing of the search is needed to run.
    from autosearch.executors.job_controller import JobSpec, JobState

RUNNER = Path(__file__).with_name("reference_runner.py")


class FolderController:
    """Keeps its jobs below `root`; another object on the same folder finds them again.

    enforce: whether it ends jobs at their time limit itself.
    """

    def __init__(self, root: Path, *, enforce: bool = True) -> None:
        self.root = root
        self._enforce = enforce
        root.mkdir(parents=True, exist_ok=True)
        for folder in root.iterdir():
            # Killed between accepting a job and starting it.
            if folder.name[0] != "." and not (folder / "started").exists():
                self._start(folder)

    def submit(self, job: "JobSpec") -> str:
        if "\0" in "".join(job["command"]):
            raise ValueError("a NUL in the command")
        id = hashlib.sha256(job["key"].encode()).hexdigest()[:12]
        draft = self.root / f".{uuid.uuid4().hex}"
        draft.mkdir()
        (draft / "job.json").touch(0o600)
        (draft / "job.json").write_text(json.dumps({**job, "enforce": self._enforce}))
        try:
            draft.rename(self.root / id)
        except OSError:
            shutil.rmtree(draft)
        else:
            self._start(self.root / id)
        return id

    def _start(self, folder: Path) -> None:
        command = [sys.executable, "-I", "-S", str(RUNNER), str(folder)]
        subprocess.run(command, start_new_session=True, check=True, stdin=subprocess.DEVNULL)

    def state(self, id: str) -> "JobState":
        folder = self.folder(id)
        for _ in range(2):
            with contextlib.suppress(FileNotFoundError):
                return cast("JobState", json.loads((folder / "exit.json").read_text()))
            if not (folder / "started").exists():
                return {"phase": "waiting"}
            if _is_locked(folder / "lock"):
                return {"phase": "running", "seconds": time.time() - _birth(folder)}
            # Its runner has just ended: it has left its word, or it was killed.
        return {"phase": "ended", "cause": "lost", "text": "its runner was killed"}

    def log(self, id: str, offset: int, size: int) -> bytes:
        try:
            with (self.folder(id) / "output.log").open("rb") as file:
                file.seek(offset)
                return file.read(size)
        except FileNotFoundError:
            return b""

    def stop(self, id: str) -> None:
        (self.folder(id) / "stop").touch()

    def folder(self, id: str) -> Path:
        folder = self.root / id
        if not folder.is_dir():
            raise LookupError(f"there is no job {id}")
        return folder


def _birth(folder: Path) -> float:
    return (folder / "started").stat().st_mtime


def _is_locked(path: Path) -> bool:
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def serve(address: str, root: Path) -> None:
    """Answer calls at an address of an abstract Unix socket, one after the other, for ever."""
    controller = FolderController(root)
    with Listener(address, "AF_UNIX", backlog=64) as listener:
        sys.stdout.write("up\n")
        sys.stdout.flush()
        while True:
            with listener.accept() as connection, contextlib.suppress(EOFError, OSError):
                name, arguments = connection.recv()
                try:
                    answer = getattr(controller, name)(*arguments)
                except (LookupError, ValueError) as error:
                    answer = error
                connection.send(answer)


class RemoteController:
    """The five calls, answered by a process that `start` starts and `kill` kills."""

    def __init__(self, root: Path, address: str = "") -> None:
        self.root = root
        self.address = address or f"\0{uuid.uuid4().hex}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; returns once it answers."""
        code = (
            f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
            "from pathlib import Path\n"
            "from tests.contract.reference_controller import serve\n"
            f"serve({self.address!r}, Path({str(self.root)!r}))\n"
        )
        self._process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _call(self, name: str, *arguments: Any) -> Any:
        try:
            with Client(self.address, "AF_UNIX") as connection:
                connection.send((name, arguments))
                answer = connection.recv()
        except EOFError:
            raise ConnectionResetError("killed while it answered") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def submit(self, job: "JobSpec") -> str:
        return cast(str, self._call("submit", job))

    def state(self, id: str) -> "JobState":
        return cast("JobState", self._call("state", id))

    def log(self, id: str, offset: int, size: int) -> bytes:
        return cast(bytes, self._call("log", id, offset, size))

    def stop(self, id: str) -> None:
        self._call("stop", id)

    def folder(self, id: str) -> Path:
        return cast(Path, self._call("folder", id))
