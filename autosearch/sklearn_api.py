"""`AutoSearchCV`: a search with scikit-learn's own conventions."""

import math
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain, count
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import _fit_context, clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._validation import (
    _insert_error_scores,
    _warn_or_raise_about_fit_failures,
)
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.parallel import Parallel
from sklearn.utils.validation import _check_method_params, indexable

from autosearch.api import in_process_experiment
from autosearch.cross_validation import Candidate, FoldResult, Folds, FoldSearch
from autosearch.errors import SpaceError
from autosearch.recommendation import most_promising
from autosearch.space import Choice, Float, Int, Space
from autosearch.space.parameters import Parameter
from autosearch.strategies import combine

MAX_SEED = 2**31 - 1


class AutoSearchCV(BaseSearchCV):  # type: ignore[misc]  # scikit-learn has no types
    """Search an estimator's hyperparameters by cross-validation, as `RandomizedSearchCV` does.

    estimator, scoring, n_jobs, refit, cv, verbose, error_score, return_train_score: as in
    scikit-learn's searches. Where several metrics are scored, `refit` names the one that is
    searched for; if it names none, that is the first.

    space: name → Float, Int, Choice, Bool, or a list, range, array or Series of any values
    (numbers, None, tuples, estimators), each taken once; a pipeline's are named `step__param`. Or a
    Space, with constraints. A parameter whose `when` does not hold is left at the estimator's own
    value; a `when` names a listed object that is no text, number or boolean by its `str`, and the
    second with that name by "name (2)". A strategy that learns from scores (all but random, grid
    and design) begins with the estimator's own values, where the space holds them and no `default`
    says otherwise.

    trials: configurations to try; a finite space may hold fewer. strategy: as in `minimize`.
    discard: do not finish a configuration that the folds to come will hardly carry past the best
    one (see `autosearch.discarding`), or with a score that is not finite; with a function as
    `refit`, which may look at any column, all are finished, and so they are where there may be
    several metrics (`scoring` is no text) and `refit` names none. random_state: the same number
    gives the same search with the same n_jobs; with more jobs, more configurations are chosen
    without knowing the newest scores.

    After `fit`: the attributes of scikit-learn's searches, and `history_`, the search's History. Of
    configurations with equal scores the best is that of which a model of all scores expects most,
    which need not be the first. In `cv_results_`, `discarded` marks the configurations that were
    not finished: the scores of their missing splits are nan, and so their means; they rank last.
    Their times are means of the splits that were run. Callbacks of scikit-learn 1.9 are not
    supported.

    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from autosearch import Choice, Float
    >>> space = {"C": Float(1e-3, 1e3, scale="log"), "kernel": Choice(["linear", "rbf"])}
    >>> search = AutoSearchCV(SVC(), space, trials=12, random_state=0)
    >>> bool(search.fit(*load_iris(return_X_y=True)).best_score_ > 0.95)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{k: v for k, v in BaseSearchCV._parameter_constraints.items() if k != "pre_dispatch"},
        "space": [Mapping, Space],
        "trials": [Interval(Integral, 1, None, closed="left")],
        "strategy": [str, Mapping, list, tuple],
        "discard": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(  # noqa: PLR0913  # scikit-learn's convention: every option is a parameter
        self,
        estimator: Any,
        space: Any,
        *,
        trials: int = 30,
        strategy: str | Mapping[str, Any] | Sequence[Any] = "auto",
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        discard: bool = True,
        random_state: Any = None,
        verbose: int = 0,
        error_score: Any = np.nan,
        return_train_score: bool = False,
    ) -> None:
        self.estimator = estimator
        self.space = space
        self.trials = trials
        self.strategy = strategy
        self.scoring = scoring
        self.n_jobs = n_jobs
        self.refit = refit
        self.cv = cv
        self.discard = discard
        self.random_state = random_state
        self.verbose = verbose
        self.error_score = error_score
        self.return_train_score = return_train_score

    def set_callbacks(self, *callbacks: Any) -> "AutoSearchCV":
        """Raise NotImplementedError: callbacks are not called in this search."""
        raise NotImplementedError("AutoSearchCV does not call callbacks; set them on the estimator")

    @_fit_context(prefer_skip_nested_validation=False)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any = None, **params: Any) -> "AutoSearchCV":
        """Search, fit the best configuration to all data if `refit` says so, and return self.

        params: handed on to the estimator's `fit`, to the scorer and (`groups`) to the splitter, by
        metadata routing where it is enabled; what has one value per sample is split with X.

        Raises ValueError where every fit failed, SpaceError or InputError where the space or the
        strategy cannot be used, and whatever a fit raises with `error_score="raise"`.
        """
        scorers, _ = self._get_scorers()
        X, y = indexable(X, y)
        params = _check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        cv = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        folds = Folds(
            estimator=clone(self.estimator),
            X=X,
            y=y,
            splits=list(cv.split(X, y, **routed.splitter.split)),
            options={
                "scorer": scorers,
                "fit_params": routed.estimator.fit,
                "score_params": routed.scorer.score,
                "return_train_score": self.return_train_score,
                "error_score": self.error_score,
                "verbose": self.verbose,
            },
        )
        self.n_splits_ = len(folds.splits)
        if not folds.splits:
            raise ValueError(f"cv: {self.cv!r} gives no splits; at least one is needed")
        search = self._search(folds)
        self.history_ = search.history
        self._keep(search, scorers)
        if self.refit:
            self._fit_best(folds, routed.estimator.fit)
        return self

    def _search(self, folds: Folds) -> FoldSearch:
        """Return the search, done."""
        space, translate = _plain(self.space, self.estimator.get_params())
        trials = int(self.trials)
        seed = int(check_random_state(self.random_state).randint(MAX_SEED))
        experiment = in_process_experiment(
            space,
            {"name": "value", "mode": "max"},
            strategy=self.strategy,
            trials=trials,
            seed=seed,
        )
        specs = [(spec.name, spec.settings) for spec in experiment.search.strategies]
        search = FoldSearch(
            folds=folds,
            space=experiment.space,
            strategy=combine(specs, trials),
            trials=trials,
            seed=seed,
            discard=self.discard and not self._chosen_later(),
            translate=translate,
            score_of=self._score_of,
            width=effective_n_jobs(self.n_jobs),
        )
        with Parallel(n_jobs=self.n_jobs) as parallel:
            search.run(parallel)
        return search

    def _chosen_later(self) -> bool:
        """Return whether another than the score that is searched for may decide.

        To a function that chooses, e.g. by argmax, a mean of nan may be the best. And where there
        may be several metrics and `refit` names none, any of them is what the table is read for.
        """
        several = self.scoring is not None and not isinstance(self.scoring, str)
        return callable(self.refit) or (several and not self.refit)

    def _score_of(self, result: FoldResult) -> float:
        """Return the score that is searched for."""
        scores = result["test_scores"]
        if not isinstance(scores, dict):
            return float(scores)
        # Only now is it known that a callable gives several metrics.
        self._check_refit_for_multimetric(scores)
        name = self.refit if isinstance(self.refit, str) else next(iter(scores))
        return float(scores[name])

    def _keep(self, search: FoldSearch, scorers: Any) -> None:
        """Set the attributes that say what was found, as scikit-learn's searches name them."""
        results = [result for c in search.candidates for result in c.results]
        _warn_or_raise_about_fit_failures(results, self.error_score)
        if callable(self.scoring):
            # A fit that failed has one score, until it is known that there are several metrics.
            _insert_error_scores(results, self.error_score)
        scores = results[0]["test_scores"]
        self.multimetric_ = isinstance(scores, dict)
        self.scorer_ = getattr(scorers, "_scorers", scorers)
        self.cv_results_ = self._tabulate(search.candidates)
        if self.multimetric_ and not self.refit:
            return
        metric = self.refit if self.multimetric_ else "score"
        if callable(self.refit):
            self.best_index_ = int(self._select_best_index(self.refit, metric, self.cv_results_))
        else:
            # Rows stand in the order of their trials' numbers.
            tied = np.flatnonzero(self.cv_results_[f"rank_test_{metric}"] == 1).tolist()
            self.best_index_ = most_promising(search.space, search.history, tied)
            self.best_score_ = self.cv_results_[f"mean_test_{metric}"][self.best_index_]
        self.best_params_ = self.cv_results_["params"][self.best_index_]

    def _tabulate(self, candidates: Sequence[Candidate]) -> dict[str, Any]:
        """Return `cv_results_`: nan where a split was not run."""
        missing = _missing_like(candidates[0].results[0])
        rows = [c.results + [missing] * (self.n_splits_ - len(c.results)) for c in candidates]
        discarded = np.array([c.discarded for c in candidates])
        with warnings.catch_warnings():
            if not any(map(_not_finite, (r for c in candidates for r in c.results))):
                # Then what is not finite is what was discarded.
                warnings.filterwarnings("ignore", "One or more of the .* scores are non-finite")
            table: dict[str, Any] = self._format_results(
                [c.params for c in candidates],
                self.n_splits_,
                [result for row in rows for result in row],
                {"discarded": discarded},
            )
        for key in ("fit_time", "score_time"):
            times = np.array([[result[key] for result in row] for row in rows], dtype=np.float64)
            table[f"mean_{key}"] = np.nanmean(times, axis=1)
            table[f"std_{key}"] = np.nanstd(times, axis=1)
        return table

    def _fit_best(self, folds: Folds, fit_params: Mapping[str, Any]) -> None:
        # Values may be estimators, which must stay unfitted in best_params_.
        best = clone(self.best_params_, safe=False)
        self.best_estimator_ = clone(folds.estimator).set_params(**best)
        began = time.time()
        if folds.y is None:
            self.best_estimator_.fit(folds.X, **fit_params)
        else:
            self.best_estimator_.fit(folds.X, folds.y, **fit_params)
        self.refit_time_ = time.time() - began
        if hasattr(self.best_estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.best_estimator_.feature_names_in_


def _plain(
    space: Any, own: Mapping[str, Any]
) -> tuple[Space, Callable[[Mapping[str, Any]], dict[str, Any]]]:
    """Return the space that is searched, and what gives the estimator's params for a trial's.

    own: the estimator's params, which become defaults.
    """
    if isinstance(space, Space):
        return replace(space, params=_with_defaults(space.params, own)), dict
    own = dict(own)
    objects: dict[str, dict[Any, Any]] = {}
    params: dict[str, Parameter] = {}
    for name, values in space.items():
        if isinstance(values, list | tuple | range | np.ndarray) or _is_series(values):
            try:
                params[name], objects[name] = _listed(list(values))
            except SpaceError as error:
                raise SpaceError(f"space: {name}: {error}") from None
            if params[name].categorical:
                known = (k for k, v in objects[name].items() if _same(v, own.get(name)))
                own[name] = next(known, None)
        elif isinstance(values, Parameter):
            params[name] = values
        else:
            raise SpaceError(
                f"space: {name}: expected Float, Int, Choice, Bool or a list, found {values!r}"
            )

    def translate(trial: Mapping[str, Any]) -> dict[str, Any]:
        return {n: objects[n][v] if n in objects else v for n, v in trial.items()}

    return Space(_with_defaults(params, own)), translate


def _is_series(values: Any) -> bool:
    """Return whether this is pandas' Series or Index, or alike."""
    return getattr(values, "ndim", None) == 1


def _with_defaults(params: Mapping[str, Parameter], own: Mapping[str, Any]) -> dict[str, Parameter]:
    """Return `params` with the estimator's own values as defaults, where they hold them."""
    found = dict(params)
    for name, parameter in params.items():
        value = _unboxed(own.get(name))
        if parameter.default is None and parameter.contains(value):
            found[name] = replace(parameter, default=value)
    return found


def _listed(values: list[Any]) -> tuple[Parameter, dict[Any, Any]]:
    """Return the parameter that is searched, and for each of its values the listed one it names.

    Numbers keep their order; other values, and numbers that only their types tell apart, become a
    Choice.
    """
    values = list({_identity(value): value for value in values}.values())
    labels = [_label(value) for value in values]
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in labels):
        kind = Int if all(isinstance(v, int) for v in labels) else Float
        # Refused are equal numbers of two types, and those too large to be told apart.
        with suppress(SpaceError):
            return kind(values=labels), dict(zip(labels, values, strict=True))
    labels = _distinct(labels)
    return Choice(labels), dict(zip(labels, values, strict=True))


def _distinct(labels: Sequence[Any]) -> list[Any]:
    """Return `labels`, as text and numbered where a Choice could not tell them apart."""
    found: list[Any] = []
    taken: set[Any] = set()
    for label in labels:
        names = chain([label, str(label)], (f"{label} ({n})" for n in count(2)))
        found.append(next(n for n in names if not taken & {n, str(n)}))
        taken |= {found[-1], str(found[-1])}
    return found


def _label(value: Any) -> Any:
    """Return what stands for `value` in the search: itself where it is plain."""
    value = _unboxed(value)
    plain = isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
    return value if plain else str(value)


def _identity(value: Any) -> Any:
    """Return what tells `value` from others: its type and text where it is plain, else itself."""
    value = _unboxed(value)
    if isinstance(value, tuple) and all(isinstance(v, str | int | float) for v in value):
        return tuple, tuple((type(v), str(v)) for v in value)
    plain = isinstance(value, str | int | float)
    return (type(value), str(value)) if plain else id(value)


def _same(value: Any, own: Any) -> bool:
    """Return whether a listed value is the estimator's own, or as good as that."""
    value, own = _unboxed(value), _unboxed(own)
    if value is own or type(value) is not type(own):
        return value is own
    # The str of a long array leaves numbers out.
    return np.array_equal(value, own) if isinstance(own, np.ndarray) else str(value) == str(own)


def _unboxed(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _missing_like(result: FoldResult) -> FoldResult:
    """Return the result of a fold that was not run."""
    missing: FoldResult = {"fit_time": np.nan, "score_time": np.nan}
    for key in ("test_scores", "train_scores"):
        if key in result:
            scores = result[key]
            missing[key] = dict.fromkeys(scores, np.nan) if isinstance(scores, dict) else np.nan
    return {**result, **missing}


def _not_finite(result: FoldResult) -> bool:
    scores = [result["test_scores"], result.get("train_scores", 0.0)]
    values = [v for s in scores for v in (s.values() if isinstance(s, dict) else [s])]
    return not np.all(np.isfinite(values))
