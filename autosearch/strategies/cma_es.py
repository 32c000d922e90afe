"""Covariance matrix adaptation, for many trials on numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from autosearch.space import Int, Space
from autosearch.strategies.base import Suggestion, setting
from autosearch.strategies.cube import Mask, cube_of
from autosearch.strategies.evidence import BLAMED, first_new, is_faulty, is_new
from autosearch.strategies.initial import starting_point
from autosearch.trial import History, Trial

Row = tuple[float, ...]
Vector = NDArray[np.float64]
# Under this key a trial's notes hold the run, the generation and the point drawn for it.
NOTE = "cma_es"
# Points drawn until one is allowed and new.
TRIES = 32
# A run ends where a generation's points differ by less in every number with no end of values, ...
NARROW = 1e-5
# ... or where so many generations, and so many more per parameter and point, brought nothing
# better (Hansen, 2009, section 3), ...
STALLED, STALLED_PER_PARAMETER = 10, 30
# ... or after so many generations: they are gone through again for each new one.
MOST_GENERATIONS = 300


@dataclass(frozen=True, slots=True)
class CmaEs:
    """Generations of points from a normal distribution that adapts to the good ones (CMA-ES).

    For some hundreds of trials and more, mostly on numbers. Hansen and Ostermeier (2001), with a
    margin for discrete values (Hamano et al., 2022) and restarts with twice the population (Auger
    and Hansen, 2005), by the library `cmaes`. A run's first distribution is centred on the best
    trial known, later ones anywhere. Parallel trials may be as many as the population.
    With several objectives it wants as many: it orders a generation by layers of the front.
    """

    sigma: float = setting(
        0.25,
        "the first distribution's standard deviation, as a part of each parameter's range",
        low=0.0,
        high=1.0,
        exclusive=True,
    )
    population: int | None = setting(
        None, "points of a generation, 4 + 3 ln(parameters) where not set", low=2
    )
    ordinal: ClassVar[bool] = True

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion | None:
        """Return a point of the current distribution, the defaults first; None: exhausted."""
        start = starting_point(space, history)
        if not len(history) and start is not None:
            return Suggestion(start, "cma_es/initial")
        run = self._run(space, history, rng)
        optimizer = run.replayed(space, self.sigma)
        optimizer.reseed_rng(int(rng.integers(2**31)))
        notes = {
            "run": run.number,
            "population": run.population,
            "mean": list(run.mean),
            "generation": len(run.generations),
            "told": list(run.told),
        }
        for _ in range(TRIES):
            at, x = optimizer.ask()
            params = space.from_unit(np.clip(at[: len(space)], 0.0, 1.0))
            if space.feasible(params) and is_new(params, history):
                return Suggestion(params, "cma_es/step", {NOTE: {**notes, "x": x.tolist()}})
        drawn = first_new((), space, history, rng)
        return None if drawn is None else Suggestion(drawn, "cma_es/random")

    def _run(self, space: Space, history: History, rng: np.random.Generator) -> "_Run":
        """Return the run that goes on, or a new one where the latest has ended."""
        dimensions = max(len(space), 2)
        own = [t for t in history.trials if len(t.notes.get(NOTE, {}).get("x", ())) == dimensions]
        if not own:
            population = self.population or 4 + int(3 * np.log(dimensions))
            return _Run(0, population, _centre(space, history), ())
        latest = own[-1].notes[NOTE]
        members = [t for t in own if t.notes[NOTE]["run"] == latest["run"]]
        generations = _generations(members, latest["population"])
        if not _ended(generations, latest["population"], _steps(space) == 0.0):
            return _Run(
                latest["run"],
                latest["population"],
                tuple(latest["mean"]),
                tuple(tuple(tuple(t.notes[NOTE]["x"]) for t in g) for g in generations),
                tuple(t.number for t in generations[-1]) if generations else (),
            )
        return _Run(latest["run"] + 1, 2 * latest["population"], _anywhere(space, rng), ())


@dataclass(frozen=True)
class _Run:
    """One run: where it started, and the points of its generations, each from best to worst.

    told: the numbers of the last generation's trials, in the same order; noted with the next
    generation.
    """

    number: int
    population: int
    mean: Row
    generations: tuple[tuple[Row, ...], ...]
    told: tuple[int, ...] = ()

    def replayed(self, space: Space, sigma: float) -> Any:
        """Return the library's optimizer as these generations left it."""
        steps = tuple(_steps(space).tolist())
        return _replayed(self.mean, sigma, self.population, steps, self.generations)


# One entry is asked for by every point of a generation.
@lru_cache(maxsize=8)
def _replayed(
    mean: Row, sigma: float, population: int, steps: Row, generations: tuple[tuple[Row, ...], ...]
) -> Any:
    from cmaes import CMAwM

    halves = np.array(steps) / 2.0
    optimizer = CMAwM(
        mean=np.clip(mean, halves, 1.0 - halves),
        sigma=sigma,
        bounds=np.column_stack([halves, 1.0 - halves]),
        steps=np.array(steps),
        population_size=population,
        seed=0,
    )
    for points in generations:
        # The order alone counts.
        optimizer.tell([(np.array(x), float(rank)) for rank, x in enumerate(points)])
    return optimizer


def _generations(members: Sequence[Trial], population: int) -> list[list[Trial]]:
    """Return the complete generations of a run, each with its trials from best to worst.

    A generation is complete as soon as so many of its trials have ended; those that say nothing
    about their params, such as lost ones, do not count. The order that the next generation was
    drawn by stays, whatever is known later: with another, its points would be strangers to the
    distribution. Losses change where the trade-off between several does, or where runs confirm.
    """
    asked = _by_generation(members)
    complete: list[list[Trial]] = []
    while trials := asked.get(len(complete)):
        following = asked.get(len(complete) + 1)
        told = following[0].notes[NOTE].get("told", ()) if following else ()
        by_number = {t.number: t for t in trials}
        # Of one whose record was damaged the point is not known any more.
        if told and by_number.keys() >= set(told):
            complete.append([by_number[number] for number in told])
            continue
        ended = [t for t in trials if t.losses or t.state in BLAMED][:population]
        if len(ended) < population:
            break
        complete.append(sorted(ended, key=lambda t: (is_faulty(t), t.losses)))
    return complete


def _by_generation(members: Sequence[Trial]) -> dict[int, list[Trial]]:
    asked: dict[int, list[Trial]] = {}
    for trial in members:
        asked.setdefault(trial.notes[NOTE]["generation"], []).append(trial)
    return asked


def _ended(generations: Sequence[Sequence[Trial]], population: int, endless: Mask) -> bool:
    if not generations:
        return False
    points = np.array([t.notes[NOTE]["x"] for t in generations[-1]])
    spread = np.ptp(points[:, endless], axis=0)
    if len(generations) >= MOST_GENERATIONS or (endless.any() and spread.max() < NARROW):
        return True
    patience = STALLED + int(STALLED_PER_PARAMETER * points.shape[1] / population)
    best = [(is_faulty(g[0]), g[0].losses) for g in generations]
    return len(generations) - best.index(min(best)) > patience


def _centre(space: Space, history: History) -> Row:
    """Return the best point known, the middle where there is none, and of categories always."""
    good = [t for t in history.valued if not is_faulty(t)]
    rows = cube_of(space).rows([t.params for t in sorted(good, key=lambda t: t.losses)[:1]])
    row = np.nan_to_num(rows[0], nan=0.5) if len(rows) else np.full(len(space), 0.5)
    # Of categories none is near another: to begin at the first would hide the last.
    return _padded(np.where(cube_of(space).categorical, 0.5, row))


def _anywhere(space: Space, rng: np.random.Generator) -> Row:
    return _padded(rng.random(len(space)))


def _steps(space: Space) -> Vector:
    """Return the distance of neighbouring values in the unit cube, 0 where it is none or varies."""
    cube = cube_of(space)
    steps = [
        0.0 if count < 2 or (isinstance(p, Int) and p.log) else 1.0 / count
        for p, count in zip(cube.parameters, cube.counts, strict=True)
    ]
    # The library wants two parameters at least.
    return np.array([*steps, *[0.0] * (2 - len(steps))])


def _padded(row: Vector) -> Row:
    return (*row.tolist(), *[0.5] * (2 - len(row)))
