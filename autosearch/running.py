"""A study that is run in a thread of its own: what an engine does with each of its studies."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from autosearch.api import driver_of
from autosearch.errors import AutoSearchError, StoreError
from autosearch.executors.base import Executor
from autosearch.experiment.model import Experiment
from autosearch.opening import Opened
from autosearch.records import Said
from autosearch.study import Driver

logger = logging.getLogger(__name__)

CLOSED = "the engine was closed"


@dataclass
class Run:
    """A study that runs, or has run.

    place: returns where an experiment's trials run. done: set when it has ended. closing: whether
    its end was asked for. error: what ended it, also where that could not be recorded.
    """

    place: Callable[[Experiment], Executor]
    done: threading.Event = field(default_factory=threading.Event)
    closing: bool = False
    error: str = ""
    _driver: Driver | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, id: str, study: Opened, stack: ExitStack) -> None:
        """Run a study to its end; stack: what is to be left then."""
        # A daemon: a program that ends without closing its engine must not hang on it.
        work = threading.Thread(target=self._drive, args=(study, stack), daemon=True)
        work.name = f"study {id}"
        work.start()

    def close(self) -> None:
        """Ask for its end, with the trials' grace; a later run goes on from there."""
        with self._lock:
            self.closing = True
            if self._driver is not None:
                self._driver.interrupt(CLOSED)

    def _drive(self, study: Opened, stack: ExitStack) -> None:
        try:
            with stack:
                try:
                    self._make_driver(study).run()
                except Exception as error:  # noqa: BLE001  # the top of a thread: it is recorded
                    self._record(study, error)
        finally:
            self._driver = None
            self.done.set()

    def _make_driver(self, study: Opened) -> Driver:
        driver = driver_of(study, self.place(study.state.experiment))
        with self._lock:
            self._driver = driver
            if self.closing:
                driver.interrupt(CLOSED)
        return driver

    def _record(self, study: Opened, error: Exception) -> None:
        logger.error("%s: the search met an error", study.folder, exc_info=error)
        expected = isinstance(error, AutoSearchError)
        self.error = str(error) if expected else f"{type(error).__name__}: {error}"
        try:
            study.store.append([Said(time.time(), "error", self.error)])
        except StoreError:
            logger.exception("%s: this cannot be recorded", study.folder)
