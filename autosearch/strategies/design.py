"""Space-filling designs: points spread evenly, whatever the losses."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from autosearch.space import Space
from autosearch.strategies.base import Suggestion, setting
from autosearch.strategies.evidence import first_new, is_new
from autosearch.trial import History

# Under this key a trial's notes say where in its design it stands.
NOTE = "design"
# Points of a Latin hypercube where the number of trials is unknown; then another one follows.
BLOCK = 64
# Points looked at until one is allowed and new.
AHEAD = 64


@dataclass(frozen=True, slots=True)
class Design:
    """Points that cover the space evenly, whatever the losses: for a survey of it.

    Scrambled Sobol (1967) and Halton (1960) sequences are even after any number of trials; a Latin
    hypercube (McKay, Beckman and Conover, 1979) has one point in every stratum of every parameter
    once all planned trials are run.
    """

    kind: str = setting("sobol", "which design", choices=("sobol", "halton", "lhs"))
    trials: int | None = None

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion | None:
        """Return the design's next point that is allowed and new; None: the space is exhausted."""
        seed, planned, index = self._place(history, rng)
        for row in _points(self.kind, len(space), seed, planned, index):
            index += 1
            params = space.from_unit(row)
            if space.feasible(params) and is_new(params, history):
                notes = {"kind": self.kind, "seed": seed, "planned": planned, "next": index}
                return Suggestion(params, f"design/{self.kind}", {NOTE: notes})
        drawn = first_new((), space, history, rng)
        return None if drawn is None else Suggestion(drawn, "design/random")

    def _place(self, history: History, rng: np.random.Generator) -> tuple[int, int, int]:
        """Return the design's seed and planned trials, as its first trial drew them, and where it
        goes on.
        """
        for trial in reversed(history.trials):
            notes = trial.notes.get(NOTE, {})
            if notes.get("kind") == self.kind:
                return notes["seed"], notes["planned"], notes["next"]
        return int(rng.integers(2**31)), self.trials or BLOCK, 0


@lru_cache(maxsize=8)
def _points(kind: str, size: int, seed: int, planned: int, index: int) -> NDArray[np.float64]:
    """Return the points from `index` on, shape (AHEAD, size)."""
    from scipy.stats import qmc

    if kind == "lhs":
        first, last = index // planned, math.ceil((index + AHEAD) / planned)
        blocks = [
            qmc.LatinHypercube(size, seed=np.random.default_rng([seed, block])).random(planned)
            for block in range(first, last)
        ]
        start = index - first * planned
        return np.concatenate(blocks)[start : start + AHEAD]
    made = qmc.Sobol if kind == "sobol" else qmc.Halton
    sequence = made(size, scramble=True, seed=np.random.default_rng(seed))
    if index:
        sequence.fast_forward(index)
    return np.asarray(sequence.random(AHEAD))
