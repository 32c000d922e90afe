"""Bayesian optimisation: a model of the loss decides what to try next."""

from dataclasses import dataclass

import numpy as np

from autosearch.space import Space
from autosearch.strategies.base import Suggestion, setting
from autosearch.strategies.bayes.earlier import knowledge_of
from autosearch.strategies.bayes.proposal import Policy, Proposal
from autosearch.strategies.initial import initial_point
from autosearch.strategies.threads import one_thread
from autosearch.trial import History

# scikit-optimize's own number of initial points.
SKOPT_INITIAL = 10


@dataclass(frozen=True, slots=True)
class BayesOpt:
    """Try what a model of the loss promises most.

    Trials that run are taken to end as the model expects; where trials fail, the model learns to
    keep away.

    >>> from autosearch.space import Float
    >>> space = Space({"lr": Float(1e-5, 1e-1, scale="log")})
    >>> BayesOpt().ask(space, History(), np.random.default_rng(0)).params
    {'lr': 0.001}
    """

    kind: str = setting(
        "auto",
        "acquisition function; auto: ei, and every third time ucb (best in our comparison)",
        choices=("auto", "ucb", "ei", "poi"),
    )
    kappa: float = setting(
        2.5,
        "ucb: deviations below the mean that count as promise; kind auto: fewer while it improves",
        low=0.0,
    )
    xi: float = setting(
        0.0, "ei, poi: improvement below which none counts, in the metric's unit", low=0.0
    )
    surrogate: str = setting(
        "auto",
        "model of the loss; auto: gp",
        choices=("auto", "gp", "forest"),
    )
    n_initial_points: int = setting(
        0,
        "points tried before the model is asked; 0: one more than parameters, 3 to 11",
        low=0,
    )

    cost: str = setting(
        "none",
        "seconds: first steps where trials are cheap, then promise over the root of seconds",
        choices=("none", "seconds"),
        needs={"engine": ("native",), "surrogate": ("auto", "gp")},
    )
    engine: str = setting("native", "whose algorithm", choices=("native", "skopt"))
    trials: int | None = None

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion | None:
        """Return the next suggestion, or None when the space is exhausted."""
        if self.engine == "skopt":
            return self._ask_skopt(space, history, rng)
        with one_thread():
            knowledge = knowledge_of(space, history)
            policy = Policy(
                kind=self.kind,
                kappa=self.kappa,
                xi=self.xi,
                forest=self.surrogate == "forest",
                initial=self.n_initial_points,
                thrifty=self.cost == "seconds",
                trials=self.trials,
            )
            return Proposal(knowledge, policy, rng).suggestion()

    def _ask_skopt(
        self, space: Space, history: History, rng: np.random.Generator
    ) -> Suggestion | None:
        initial = self.n_initial_points or SKOPT_INITIAL
        if len(history) < initial:
            params = initial_point(space, history, rng, initial)
            return None if params is None else Suggestion(params, "bayes_opt_search/initial")
        from autosearch.strategies.engines.skopt import ask_skopt

        surrogate = "gp" if self.surrogate == "auto" else self.surrogate
        kind = "ei" if self.kind == "auto" else self.kind
        params = ask_skopt(space, history, rng, surrogate, kind, kappa=self.kappa, xi=self.xi)
        return None if params is None else Suggestion(params, "bayes_opt_search/skopt")
