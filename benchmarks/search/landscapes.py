"""Smooth and steep landscapes, drawn from a distribution: for tuning the first 20 trials."""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from autosearch.space import Float, Space
from autosearch.space.values import Params
from benchmarks.search.functions import Vector
from benchmarks.search.task import Task, rng_of

SMOOTH, STEEP = 60, 60
# The first number of a smooth landscape, and the dimensions below which one is left out.
FIRST, LEAST_DIMENSIONS = 200, 5


@cache
def landscapes() -> tuple[Task, ...]:
    """Return `SMOOTH` landscapes in 5 to 10 dimensions and `STEEP` ones in 3 to 9."""
    smooth: list[Task] = []
    number = FIRST
    while len(smooth) < SMOOTH:
        task = _smooth(number)
        number += 1
        if len(task.space) >= LEAST_DIMENSIONS:
            smooth.append(task)
    return (*smooth, *map(_steep, range(STEEP)))


@dataclass(frozen=True, slots=True)
class _Bowl:
    """Weighted powers of the distance from a point, along turned axes; perhaps with a flat side."""

    optimum: Vector
    basis: Vector
    powers: Vector
    weights: Vector
    skewed: bool

    def at(self, unit: Vector) -> float:
        z = self.basis @ (unit - self.optimum)
        away = 4.0 * np.abs(z)
        if self.skewed:
            away = np.where(z > 0.0, away, 0.4 * away)
        return float((self.weights * away**self.powers).sum())


def _space(d: int) -> Space:
    return Space({f"x{j}": Float(0.0, 1.0) for j in range(d)})


def _turned(rng: np.random.Generator, d: int) -> Vector:
    if rng.random() >= 0.6:
        return np.eye(d)
    basis: Vector = np.linalg.qr(rng.standard_normal((d, d)))[0]
    return basis


def _smooth(number: int) -> Task:
    name = f"land-{number}"
    rng = rng_of(name)
    d = int(rng.choice([2, 3, 4, 5, 6, 7, 8, 10]))
    space = _space(d)
    optimum = rng.uniform(0.1, 0.9, d)
    where = rng.random()
    if where < 0.15:
        optimum[rng.random(d) < 0.5] = float(rng.integers(2))
    elif where < 0.35:
        optimum = 0.5 + (optimum - 0.5) * 0.5
    basis = _turned(rng, d)
    if rng.random() < 0.3:
        powers = rng.choice([1.0, 1.5, 2.0, 2.0, 3.0], size=d)
    else:
        powers = np.full(d, rng.choice([1.0, 2.0, 2.0, 2.0, 3.0]))
    weights = 10 ** (rng.choice([0.0, 1.0, 2.0, 3.0]) * rng.random(d))
    link = str(rng.choice(["id", "id", "sqrt", "log", "basin", "exp"]))
    ripple = 0.0 if rng.random() < 0.6 else rng.uniform(0.05, 0.5)
    period = rng.uniform(0.1, 0.6)
    bowl = _Bowl(optimum, basis, powers, weights, bool(rng.random() < 0.3))
    usual = float(np.median([bowl.at(rng.random(d)) for _ in range(300)]))

    def loss(params: Params) -> float:
        unit = space.to_unit(params)
        y = _linked(link, bowl.at(unit) / usual)
        if ripple:
            waves = 1.0 - np.cos(2.0 * np.pi * (basis @ (unit - optimum)) / period)
            y += ripple * float(np.mean(waves)) * min(1.0, 2.0 * y)
        return y

    return Task(name, "smooth", space, loss, optimum=tuple(optimum))


def _linked(link: str, x: float) -> float:
    if link == "sqrt":
        return math.sqrt(x)
    if link == "log":
        return math.log1p(10.0 * x) / math.log(11.0)
    if link == "basin":
        return (1.0 - math.exp(-2.0 * x)) / (1.0 - math.exp(-2.0))
    if link == "exp":
        return math.expm1(2.0 * min(x, 50.0)) / math.expm1(2.0)
    return x


def _steep(number: int) -> Task:
    name = f"steep-{number}"
    rng = rng_of(name)
    d = int(rng.choice([3, 4, 5, 6, 7, 8, 9]))
    space = _space(d)
    optimum = rng.uniform(0.1, 0.9, d)
    basis = _turned(rng, d)
    kind = str(rng.choice(["sinh", "quartic", "powers", "waves"]))
    weights = 10 ** (rng.choice([0.0, 1.0, 2.0]) * rng.random(d))
    rate, period = rng.uniform(3.0, 7.0), rng.uniform(0.15, 0.5)
    powers = np.linspace(1.0, 5.0, d)

    def loss(params: Params) -> float:
        z = np.abs(basis @ (space.to_unit(params) - optimum))
        if kind == "sinh":
            return float(np.sinh(np.minimum(rate * z * weights**0.25, 30.0)).sum())
        if kind == "quartic":
            return float((weights * z**4).sum())
        if kind == "powers":
            return float((z**powers * 3.0**powers).sum())
        waves = np.mean(1.0 - np.cos(2.0 * np.pi * z / period))
        return float((weights * z**2).sum() + 0.1 * weights.mean() * waves)

    return Task(name, "steep", space, loss, optimum=tuple(optimum))
