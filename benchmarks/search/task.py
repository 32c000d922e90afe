"""A task: a space, a loss, and how it is judged."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from autosearch.space import Space
from autosearch.space.values import Params


@dataclass(frozen=True)
class Task:
    """A problem with a known best loss.

    suite: the kind of task, such as mixed, noisy or table. loss: without noise; nan where the trial
    fails. best: the smallest loss there is. noise: its deviation, in units of the loss.
    optimum: the row of the unit cube where the loss is `best`; empty where that is not known.
    """

    name: str
    suite: str
    space: Space
    loss: Callable[[Params], float]
    best: float = 0.0
    noise: float = 0.0
    optimum: tuple[float, ...] = ()

    def observe(self, params: Params, rng: np.random.Generator) -> float:
        """Return the loss as a training program would print it."""
        return self.loss(params) + self.noise * float(rng.standard_normal())


def rng_of(name: str) -> np.random.Generator:
    """Return the generator from which the constants of the task `name` are drawn."""
    return np.random.default_rng(zlib.crc32(name.encode()))
