"""Where the acquisition function is looked at: pools of candidates and their refinement."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from autosearch.strategies.bayes.encoding import Array, Bools, Encoding
from autosearch.strategies.bayes.recipe import Recipe

Score = Callable[[Array], Array]
# Candidates whose constraints are looked at before a search settles for fewer.
LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Jump:
    """How a row is perturbed.

    scale: deviation of a number's move. moved: how probable it is that a coordinate moves.
    redrawn: how probable it is that a category chosen to move is drawn anew.
    """

    scale: float
    moved: float
    redrawn: float


def perturb(encoding: Encoding, units: Array, jump: Jump, rng: np.random.Generator) -> Array:
    """Return canonical rows near the canonical rows `units`, one for each.

    At least one active coordinate moves, discrete ones by at least one value; a move that would
    leave the cube goes the other way. Inactive coordinates are drawn uniformly, for where they
    become active.
    """
    n, d = units.shape
    inactive = np.isnan(units)
    rows = np.where(inactive, rng.random((n, d)), units)
    moved = rng.random((n, d)) < jump.moved
    forced = np.where(inactive, -1.0, rng.random((n, d)) * (encoding.counts != 1)).argmax(axis=1)
    moved[np.arange(n), forced] = True
    step = jump.scale * rng.standard_normal((n, d))
    least = encoding.least_steps(rows)
    step = np.where(np.abs(step) < least, np.copysign(least, step), step)
    redrawn = rng.random((n, d)) < jump.redrawn
    fresh = rng.random((n, d))
    leaves = (rows + step < 0.0) | (rows + step > 1.0)
    numbers = np.clip(np.where(leaves, rows - step, rows + step), 0.0, 1.0)
    categories = np.where(redrawn, fresh, rows)
    target = np.where(encoding.categorical, categories, numbers)
    return encoding.canonical(np.where(moved, target, rows))


@dataclass(frozen=True)
class Search:
    """A search for the candidates with the best scores, over rows of the unit cube.

    score: canonical rows to scores, larger is better. elites: known rows to start from, best first.
    """

    encoding: Encoding
    recipe: Recipe
    score: Score
    elites: Array
    rng: np.random.Generator

    def everywhere(self) -> Array:
        """Return candidates from the whole space, best first, canonical."""
        c, d = self.recipe, len(self.encoding.space)
        if self.encoding.points is not None and self.encoding.points <= c.enumerated:
            return self._ranked(self.encoding.enumerate())
        uniform = self.encoding.canonical(self.rng.random((c.uniform, d)))
        around = [
            Jump(scale, max(0.3, min(1.0, 3.0 / d)), c.redraw_category) for scale in c.elite_scales
        ]
        pool = np.vstack([uniform, *self._neighbours(self.elites[: c.elites], around)])
        ranked = self._ranked(pool)
        moved = max(0.3, min(1.0, 2.0 / d))
        jumps = [Jump(c.step * c.step_decay**t, moved, c.redraw_category) for t in range(c.rounds)]
        return np.vstack([self._refine(self._allowed(ranked, c.refined), jumps), ranked])

    def within(self, radius: float) -> Array:
        """Return candidates within about `radius` of the best elite, best first, canonical."""
        c, d = self.recipe, len(self.encoding.space)
        centre = self.elites[:1]
        moved = max(0.4, min(1.0, 3.0 / d))
        around = [Jump(radius * s, moved, c.region_redraw) for s in c.region_scales]
        each = c.region_pool // len(around)
        pool = [
            perturb(self.encoding, np.repeat(centre, each, axis=0), jump, self.rng)
            for jump in around
        ]
        ranked = self._ranked(self._clipped(np.vstack(pool), radius))
        jumps = [
            Jump(0.5 * radius * c.region_decay**t, moved, c.region_redraw)
            for t in range(c.region_rounds)
        ]
        best = self._refine(self._allowed(ranked, c.region_refined), jumps, radius)
        return np.vstack([best, ranked])

    def _neighbours(self, units: Array, jumps: list[Jump]) -> list[Array]:
        repeated = np.repeat(units, self.recipe.elite_each, axis=0)
        return [perturb(self.encoding, repeated, jump, self.rng) for jump in jumps]

    def _ranked(self, units: Array) -> Array:
        return units[np.argsort(-self.score(units), kind="stable")]

    def _clipped(self, units: Array, radius: float) -> Array:
        """Return `units` with numbers no farther than two radii from the best elite."""
        centre = self.elites[0]
        near = np.clip(units, centre - 2.0 * radius, centre + 2.0 * radius)
        kept = self.encoding.categorical | np.isnan(near)
        rows = np.nan_to_num(np.where(kept, units, near), nan=0.5)
        return self.encoding.canonical(rows)

    def _allowed(self, ranked: Array, wanted: int) -> Array:
        """Return the first `wanted` rows that meet the space's constraints."""
        if not self.encoding.space.constrained:
            return ranked[:wanted]
        allowed = [row for row in ranked[:LOOKED_AT] if self._is_allowed(row)]
        return np.array(allowed[:wanted]).reshape(-1, ranked.shape[1])

    def _is_allowed(self, row: Array) -> bool:
        space = self.encoding.space
        return space.feasible(self.encoding.params(row))

    def _refine(self, units: Array, jumps: list[Jump], radius: float | None = None) -> Array:
        """Return `units` after rounds of random steps that only ever improve, best first."""
        if not len(units):
            return units
        best, scores = units, self.score(units)
        lines = np.arange(len(units))
        for jump in jumps:
            repeated = np.repeat(best, self.recipe.children, axis=0)
            children = perturb(self.encoding, repeated, jump, self.rng)
            if radius is not None:
                children = self._clipped(children, radius)
            by_parent = self.score(children).reshape(len(best), -1)
            winner = by_parent.argmax(axis=1)
            rows = children.reshape(len(best), -1, units.shape[1])[lines, winner]
            better = self._accepted(rows, by_parent[lines, winner] > scores)
            best = np.where(better[:, None], rows, best)
            scores = np.where(better, by_parent[lines, winner], scores)
        return best[np.argsort(-scores, kind="stable")]

    def _accepted(self, rows: Array, better: Bools) -> Bools:
        if not self.encoding.space.constrained:
            return better
        return np.array([b and self._is_allowed(r) for b, r in zip(better, rows, strict=True)])
