"""The first asks of a search, when a model would only guess: the start, steps, then downhill."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from autosearch.space.values import Params
from autosearch.strategies.bayes.design import Rng, cheap_side, descent, groups, spread, step
from autosearch.strategies.bayes.encoding import Array
from autosearch.strategies.bayes.feasibility import Feasibility, likeliest
from autosearch.strategies.bayes.knowledge import Knowledge
from autosearch.strategies.bayes.recipe import Recipe
from autosearch.strategies.earlier import ORIGIN
from autosearch.strategies.evidence import is_new
from autosearch.trial import Trial

# How many trials with a loss a model needs.
LEAST = 2


@dataclass(frozen=True)
class Start:
    """What the first asks try, given what is known.

    feasibility: None where nothing has failed yet. wanted: first points, 0 for as many as the space
    suggests. thrifty: whether seconds count; where they are known to differ, steps are then made
    where they cost least, and none downhill.
    """

    knowledge: Knowledge
    feasibility: Feasibility | None
    rng: Rng
    wanted: int
    thrifty: bool = False

    @property
    def size(self) -> int:
        """How many first points there are, before the steps downhill."""
        return self.wanted or self._usual

    def first(self) -> Array:
        """Return candidates for the first trial of all, in rows, best first."""
        encoding = self.knowledge.encoding
        start = encoding.space.start()
        return np.vstack([encoding.rows([] if start is None else [start]), self._design()])

    def next(self) -> Array:
        """Return candidates for the next first point, in rows, best first."""
        return np.vstack([self._steps(), self._design()])

    def downhill(self) -> Params | None:
        """Return a step downhill from the best trial; None where it is not the time for one."""
        known, c = self.knowledge, self._recipe
        encoding = known.encoding
        late = len(known.history) >= self.size + c.descents
        several = known.history.objectives > 1
        if late or several or known.history.pending or encoding.space.conditional or self._priced:
            return None
        values = known.outcomes.values
        best = int(np.where(known.good, values, np.inf).argmin())
        row = descent(encoding, known.features, values, best, c.descent)
        params = encoding.params(row[0])
        allowed = encoding.space.feasible(params) and is_new(params, known.history)
        return params if allowed and not self._risky(row) else None

    @property
    def _recipe(self) -> Recipe:
        return self.knowledge.recipe

    @cached_property
    def _usual(self) -> int:
        c, known = self._recipe, self.knowledge
        encoding = known.encoding
        first = next((t.params for t in known.history.trials if t.params), {})
        active = ~np.isnan(encoding.rows([first])[0]) & (encoding.counts != 1)
        return min(max(c.initial_min, int(active.sum()) + 1), c.initial_max)

    def _steps(self) -> Array:
        """Return steps from the base, the best first; from the start while they are blind.

        Blind ones go on, to the sides that none has tried.
        """
        known, c = self.knowledge, self._recipe
        encoding, base = known.encoding, self._base
        again = len(known.history) >= self._usual
        if base is None or (again and not self._blind):
            return encoding.rows([])
        own = sum(t.origin != ORIGIN for t in known.history.trials)
        parts = groups(len(encoding.space), self._usual - 1)
        part = parts[(own - 1) % len(parts)]
        sides = np.vstack(
            [step(encoding, base, part, c.first_step, self.rng) for _ in range(c.step_pool)]
        )
        if again:
            sides = spread(encoding, self._tried, sides)
        return likeliest(self.feasibility, encoding, sides)

    @property
    def _blind(self) -> bool:
        """Whether trials run and too few have ended to tell which way to go; none has failed."""
        history = self.knowledge.history
        few = len(history.valued) == len(history.finished) < LEAST
        return few and bool(history.pending)

    @property
    def _base(self) -> Array | None:
        """The row that steps are made from: the best trial's, or one where seconds are few."""
        known = self.knowledge
        if self._blind:
            return self._row(next(t for t in known.history.trials if t.params))
        if not known.losses.size:
            return None
        best = self._row(known.history.valued[int(known.sound.argmin())])
        if not self._priced:
            return best
        encoding = known.encoding
        cheap = cheap_side(encoding, *known.timed, self._recipe.first_step)
        allowed = encoding.space.feasible(encoding.params(cheap))
        return cheap if allowed and not self._risky(cheap[None]) else best

    @property
    def _priced(self) -> bool:
        """Whether seconds count, and are known to differ by more than chance."""
        c, (_, logs) = self._recipe, self.knowledge.timed
        enough = self.thrifty and len(logs) >= c.least_costs
        return enough and float(np.ptp(logs)) >= c.cost_spread

    def _row(self, trial: Trial) -> Array:
        row: Array = self.knowledge.encoding.rows([trial.params])[0]
        return row

    @property
    def _tried(self) -> Array:
        return self.knowledge.encoding.rows([t.params for t in self.knowledge.history.trials])

    def _design(self) -> Array:
        encoding = self.knowledge.encoding
        space, size = encoding.space, self._recipe.design_pool
        if space.constrained:
            pool = encoding.rows([space.sample(self.rng) for _ in range(size)])
        else:
            pool = encoding.canonical(self.rng.random((size, len(space))))
        if self.feasibility:
            kept = max(1, int(self._recipe.design_share * len(pool)))
            pool = likeliest(self.feasibility, encoding, pool)[:kept]
        return spread(encoding, self._tried, pool)

    def _risky(self, row: Array) -> bool:
        if self.feasibility is None:
            return False
        return not self.feasibility.likely(self.knowledge.encoding.features(row))[0]
