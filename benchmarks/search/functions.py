"""Test functions with their minimum 0 at the origin, for z in about [-5, 5]^d."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Function = Callable[[Vector], float]


def sphere(z: Vector) -> float:
    """Return the squared norm."""
    return float(z @ z)


def ellipsoid(z: Vector) -> float:
    """Return a quadratic form of condition 1000."""
    return float(np.logspace(0, 3, len(z)) @ z**2)


def rosenbrock(z: Vector) -> float:
    """Return the banana valley, moved so that its minimum is the origin."""
    w = 0.4 * z + 1.0
    return float((100.0 * (w[1:] - w[:-1] ** 2) ** 2 + (1.0 - w[:-1]) ** 2).sum())


def ackley(z: Vector) -> float:
    """Return many small dents in a funnel."""
    return float(
        20.0 * (1.0 - np.exp(-0.2 * np.sqrt(np.mean(z**2))))
        + np.e
        - np.exp(np.mean(np.cos(2.0 * np.pi * z)))
    )


def rastrigin(z: Vector) -> float:
    """Return a regular lattice of local minima on a bowl, one per half unit of the range."""
    return float((z**2 + 5.0 * (1.0 - np.cos(1.2 * np.pi * z))).sum())


def griewank(z: Vector) -> float:
    """Return a bowl with many shallow minima."""
    scaled = 6.0 * z
    root = np.sqrt(np.arange(1, len(z) + 1))
    return float(1.0 + (scaled**2).sum() / 400.0 - np.prod(np.cos(scaled / root)))


def levy(z: Vector) -> float:
    """Return Levy's function, moved so that its minimum is the origin."""
    w = 1.0 + z / 2.0
    middle = (w[:-1] - 1.0) ** 2 * (1.0 + 10.0 * np.sin(np.pi * w[:-1] + 1.0) ** 2)
    last = (w[-1] - 1.0) ** 2 * (1.0 + np.sin(2.0 * np.pi * w[-1]) ** 2)
    offset = 0.0
    return float(np.sin(np.pi * w[0]) ** 2 + middle.sum() + last + offset)


def plateaus(z: Vector) -> float:
    """Return an ellipsoid cut into steps."""
    return float(np.logspace(0, 1.5, len(z)) @ np.floor(np.abs(z) + 0.5) ** 2 + 0.01 * z @ z)


def valley(z: Vector) -> float:
    """Return a sharp ridge: steep across, shallow along."""
    return float(z[0] ** 2 / 10.0 + 10.0 * np.sqrt((z[1:] ** 2).sum()))


def corner(z: Vector) -> float:
    """Return a sum of kinks, not differentiable at the minimum."""
    return float((np.arange(1, len(z) + 1) * np.abs(z)).sum())


def schwefel(z: Vector) -> float:
    """Return deceptive waves: the second best minimum lies far from the best."""
    return float((np.abs(z) * (1.5 - np.cos(2.2 * np.abs(z) ** 1.3))).sum())


def powers(z: Vector) -> float:
    """Return a sum of different powers."""
    exponents = 1.0 + 3.0 * np.arange(len(z)) / max(len(z) - 1, 1)
    return float((np.abs(z) ** exponents).sum())


def cigar(z: Vector) -> float:
    """Return a quadratic with one sensitive direction less than all others."""
    return float(z[0] ** 2 + 100.0 * (z[1:] ** 2).sum())


def salomon(z: Vector) -> float:
    """Return rings around the minimum."""
    r = float(np.sqrt(z @ z))
    return float(1.0 - np.cos(1.5 * r) + 0.5 * r)


def canyon(z: Vector) -> float:
    """Return an exponentially steep bowl, as a diverging learning rate makes it."""
    return float(np.expm1(np.abs(z) * np.linspace(0.4, 1.2, len(z))).sum())
