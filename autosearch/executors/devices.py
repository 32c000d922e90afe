"""Which GPUs this machine has, and which attempt uses which."""

import math
import re
import threading
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

VARIABLE = "CUDA_VISIBLE_DEVICES"


def visible_gpus(env: Mapping[str, str], dev: Path = Path("/dev")) -> tuple[str, ...]:
    """Return the GPUs that the driver may use, as CUDA_VISIBLE_DEVICES names them.

    Those of the driver's own CUDA_VISIBLE_DEVICES where it is set (up to the first -1, as CUDA
    reads it), else one for each /dev/nvidia<number>.
    """
    if VARIABLE in env:
        names = [name.strip() for name in env[VARIABLE].split(",")]
        usable = [name not in ("", "-1") for name in names]
        return tuple(names[: usable.index(False)] if False in usable else names)
    numbers = sorted(
        int(found[1])
        for path in dev.glob("nvidia*")
        if (found := re.fullmatch(r"nvidia(\d+)", path.name))
    )
    return tuple(str(index) for index in range(len(numbers)))


class Gpus:
    """GPUs that several executors may share: whole ones for one attempt, or shares of one.

    Who finds too few waits in line, and nobody behind the first of the line is given any: neither
    a search that asks often nor one that asks for little keeps the others from theirs. Thread-safe.

    >>> gpus = Gpus(["0", "1"])
    >>> gpus.take("a", 1), gpus.take("b", 0.5), gpus.room_for(0.5), gpus.room_for(1)
    (('0',), ('1',), 1, 0)
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._free = dict.fromkeys(self.names, 1.0)
        self._line: dict[Hashable, None] = {}
        self._lock = threading.Lock()

    def problem(self, amount: float) -> str:
        """Return why an attempt can never have this many GPUs, or ""."""
        if amount > 1 and amount != int(amount):
            return f"each trial asks for {amount:g} GPUs: give a whole number, or less than 1"
        if math.ceil(amount) > len(self.names):
            return f"each trial asks for {amount:g} GPUs, this machine has {len(self.names)}"
        return ""

    def room_for(self, amount: float) -> int:
        """Return how many more attempts can have this many GPUs (more than 0) each."""
        if amount < 1:
            return sum(_shares(free, amount) for free in self._free.values())
        return sum(free == 1 for free in self._free.values()) // int(amount)

    def take(self, who: Hashable, amount: float) -> tuple[str, ...]:
        """Return the GPUs of one attempt; none where `who` has to wait, and is now in line.

        A share comes from the fullest GPU that has room for it.
        """
        with self._lock:
            self._line.setdefault(who)
            if next(iter(self._line)) != who or not self.room_for(amount):
                return ()
            del self._line[who]
            fitting = [name for name in self.names if _shares(self._free[name], min(amount, 1))]
            fullest = sorted(fitting, key=lambda name: self._free[name])
            chosen = tuple(fullest[: max(int(amount), 1)])
            for name in chosen:
                self._free[name] -= min(amount, 1)
            return chosen

    def withdraw(self, who: Hashable) -> None:
        """Take `who` out of the line."""
        with self._lock:
            self._line.pop(who, None)

    def give_back(self, names: Iterable[str], amount: float) -> None:
        """Free what an attempt had."""
        with self._lock:
            for name in names:
                free = self._free[name] + min(amount, 1)
                # 3 × ⅓ gives a whole one back.
                self._free[name] = 1.0 if math.isclose(free, 1) else free


@cache
def shared_gpus(names: tuple[str, ...]) -> Gpus:
    """Return the one ledger of these GPUs in this process."""
    return Gpus(names)


def _shares(free: float, amount: float) -> int:
    return math.floor(free / amount + 1e-9)  # 0.1 goes ten times into 1
