"""Tasks whose true losses are known, with noise of several kinds; and spaces without any effect."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np

from autosearch.space.values import Params
from benchmarks.search.score import random_regret
from benchmarks.search.suites import training
from benchmarks.search.task import Task

Noise = Literal["normal", "growing", "heavy"]
NOISES: tuple[Noise, ...] = ("normal", "growing", "heavy")
SHARES = (0.05, 0.1, 0.2)


@dataclass(frozen=True)
class Noisy(Task):
    """A task with noise.

    kind: normal, of one deviation; growing, from half the deviation at the best loss to three times
    that at the loss of a random point; heavy, Student's with three degrees of freedom, scaled to
    the deviation. range: from the best loss to the median of random points, 0 without any effect.
    """

    kind: Noise = "normal"
    range: float = 0.0

    def observe(self, params: Params, rng: np.random.Generator) -> float:
        """Return the loss as a training program would print it."""
        loss = self.loss(params)
        if self.kind == "heavy":
            return loss + self.noise * float(rng.standard_t(3)) / math.sqrt(3.0)
        scale = self.noise
        if self.kind == "growing":
            unit = np.nan_to_num(self.space.to_unit(params), nan=0.5)
            far = (loss - self.best) / self.range if self.range else 2.0 * float(unit[0])
            scale *= 0.5 + min(far, 1.0)
        return loss + scale * float(rng.standard_normal())


@cache
def plain() -> tuple[Task, ...]:
    """Return the training tasks of `benchmarks.search` that neither fail nor have noise."""
    return tuple(t for t in training() if t.suite in ("continuous", "mixed", "conditional"))


@cache
def noisy(kinds: Sequence[Noise] = NOISES) -> tuple[Noisy, ...]:
    """Return each plain task once, with the next kind of noise and the next share of its range."""
    found = []
    for i, task in enumerate(plain()):
        spread = random_regret(task, 1)
        kind, share = kinds[i % len(kinds)], SHARES[i // len(kinds) % len(SHARES)]
        name = f"{task.name} {kind} {share:.0%}"
        found.append(
            Noisy(
                name, "noisy", task.space, task.loss, task.best, share * spread,
                task.optimum, kind, spread,
            )
        )  # fmt: skip
    return tuple(found)


@cache
def null() -> tuple[Noisy, ...]:
    """Return the spaces of the plain tasks with a loss that is noise alone."""
    return tuple(
        Noisy(f"{t.name} null {kind}", "null", t.space, lambda _: 0.0, 0.0, 1.0, kind=kind)
        for i, t in enumerate(plain())
        for kind in (NOISES[i % len(NOISES)],)
    )


@cache
def noiseless() -> tuple[Noisy, ...]:
    """Return the plain tasks with their ranges."""
    return tuple(
        replace(
            Noisy(t.name, "plain", t.space, t.loss, t.best, 0.0, t.optimum),
            range=random_regret(t, 1),
        )
        for t in plain()
    )
