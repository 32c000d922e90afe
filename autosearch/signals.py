"""Ctrl-C and its relatives: once ends a search cleanly, twice ends it at once."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def on_signal(interrupt: Callable[[str], None]) -> Iterator[None]:
    """Call `interrupt` with the signal's name at the first signal; the second raises
    KeyboardInterrupt.

    Only the main thread can listen to signals; anywhere else this does nothing. What handled the
    signals before does so again afterwards.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    seen: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        if len(seen) > 1:
            raise KeyboardInterrupt
        interrupt(signal.Signals(number).name)

    before = {
        s: signal.signal(s, handle) for s in _SIGNALS if signal.getsignal(s) != signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
