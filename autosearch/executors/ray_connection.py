"""This process's connection to Ray, which may be a Ray of its own."""

import contextlib
import logging
import math
import os
import secrets
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import ray
from ray.exceptions import RayError

from autosearch.errors import ExecutorError
from autosearch.executors import devices
from autosearch.executors.base import Resources
from autosearch.executors.ray_session import Session

logger = logging.getLogger(__name__)

# A process may not change it: Ray reads its token once.
_TOKEN = secrets.token_hex(32)
CONNECT_S = 10.0
OBJECT_STORE = 80 << 20  # bytes, near Ray's minimum: no objects are kept


class Connection:
    """This process's connection to Ray. It ends with `close` where it began here.

    The process is left as it was: its handlers of signals, its environment, its stdout.
    """

    def __init__(self, address: str | None, parallel: int, resources: Resources) -> None:
        self._session: Session | None = None
        self._variables = _ray_variables()
        self._began = not ray.is_initialized()
        if self._began and address is None:
            self._session = Session()
            if not _token_can_be_kept():
                os.environ["RAY_AUTH_TOKEN"] = _TOKEN
            cores = max(os.cpu_count() or 1, math.ceil(parallel * resources.cpus))
            gpus = len(devices.visible_gpus(os.environ))
            self._init(
                "local",
                num_cpus=cores,  # as on this machine without Ray, `parallel` decides
                num_gpus=gpus,
                include_dashboard=False,
                object_store_memory=OBJECT_STORE,
                _temp_dir=str(self._session.folder),
            )
        elif self._began:
            _require_listener(address or "auto")
            self._init(address)
        self._node: str = ray.get_runtime_context().get_node_id()

    def _init(self, address: str | None, **settings: Any) -> None:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"  # who asks for no GPU sees them all
        _silence()
        try:
            with _handlers_kept():
                ray.init(
                    address=address, log_to_driver=False, logging_level=logging.ERROR, **settings
                )
        except (OSError, RuntimeError, ValueError, RayError) as error:
            self.close()
            where = "be started here" if self._session else f"be reached at {address}"
            raise ExecutorError(f"Ray cannot {where}: {brief(error)}") from error

    def alive(self) -> bool:
        """Return whether Ray's own process on this machine lives."""
        return any(node["NodeID"] == self._node for node in _living_nodes())

    def other_nodes(self) -> list[str]:
        """Return the ids of the living nodes other than this machine."""
        return [node["NodeID"] for node in _living_nodes() if node["NodeID"] != self._node]

    def close(self) -> None:
        """Disconnect; end a Ray of our own."""
        if self._began:
            ray.shutdown()
        if self._session is not None:
            self._session.close()
        if self._began:
            for name in _ray_variables():
                del os.environ[name]
            os.environ.update(self._variables)


def _require_listener(address: str) -> None:
    """Raise ExecutorError where nothing listens at host:port; Ray would wait for minutes."""
    host, _, port = address.rpartition(":")
    if not port.isdigit():  # "auto"
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_S).close()
    except OSError as error:
        raise ExecutorError(f"Ray cannot be reached at {address}: {error}") from None


def _ray_variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("RAY_")}


def _token_can_be_kept() -> bool:
    """Return whether there is a token for Ray, or Ray can write the one that it makes to HOME."""
    if any(name in os.environ for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")):
        return True
    token = Path.home() / ".ray" / "auth_token"
    try:
        token.parent.mkdir(exist_ok=True)
    except OSError:
        return False
    return token.exists() or os.access(token.parent, os.W_OK)


def _silence() -> None:
    """Let Ray's messages about dead workers go to the log: it prints them on our stdout."""
    from ray._private import worker

    worker.print_to_stdstream = lambda data, ignore_prefix: logger.debug(
        "%s", " ".join(data["lines"])
    )


@contextlib.contextmanager
def _handlers_kept() -> Iterator[None]:
    """Undo what Ray does to the handlers of SIGINT and SIGTERM."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            if handler is not None:
                signal.signal(number, handler)


# Ray's resources that a trial may ask for, for people: what one is called, how many it is to Ray.
_UNITS = {"CPU": ("CPU cores", 1), "GPU": ("GPUs", 1), "memory": ("GiB of memory", 2**30)}


def free_resources() -> str:
    """Return what of this Ray is not in use, for people."""
    free: dict[str, float] = cast(Any, ray).available_resources()
    return _amounts(free)


def _living_nodes() -> list[dict[str, Any]]:
    return [node for node in cast(Any, ray).nodes() if node["Alive"]]


def _amounts(resources: dict[str, float]) -> str:
    return ", ".join(_amount(name, resources.get(name, 0)) for name in _UNITS)


def _amount(name: str, value: float) -> str:
    unit, size = _UNITS[name]
    return f"{value / size:.6g} {unit}"


def cluster_problem(resources: Resources) -> str:
    """Return why no node of this Ray fits a job, or ""."""
    if resources.gpus > 1 and resources.gpus != int(resources.gpus):
        return devices.Gpus(()).problem(resources.gpus)
    nodes = [node["Resources"] for node in _living_nodes()]
    wanted = {"CPU": resources.cpus, "GPU": resources.gpus, "memory": resources.memory or 0}
    for name, amount in wanted.items():
        most = max((node.get(name, 0) for node in nodes), default=0)
        if amount > most:
            has = _amount(name, most)
            return f"each trial asks for {_amount(name, amount)}, the largest node of Ray has {has}"
    if not any(all(node.get(n, 0) >= amount for n, amount in wanted.items()) for node in nodes):
        return f"each trial asks for {_amounts(wanted)} together, which no node of this Ray has"
    return ""


def brief(error: Exception) -> str:
    """Return an error of Ray's in a line: its texts are pages."""
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first[:200]}"
