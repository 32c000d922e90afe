"""AutoSearchCV beside HalvingRandomSearchCV and BayesSearchCV, on scikit-learn's own data.

    python -m benchmarks.sklearn_cv [--pairs wine-svc digits-knn] [--seeds 5]
    python -m benchmarks.sklearn_cv --again AutoSearchCV     # its kept runs do not count


All get the same folds and the same spaces, and at least the fits of 30 configurations in 5 folds;
AutoSearchCV leaves some of its fits out. Halving fits most of its configurations to a part of the
data.

What counts is the loss, 1 - score (accuracy or R²), of the chosen configuration in a 5-fold
cross-validation repeated on other folds than those of the search: a search that believes its
luckiest score is found out. Ratios are ours over theirs, below 1 where ours is better, as geometric
means; CPU time is of this process with one job. In brackets: of a pair the range over its seeds, of
all pairs the 90 % interval, by a bootstrap over each pair's seeds. Runs are kept, one line each,
and are not repeated. Single fits are not kept: every space has a continuous parameter, so hardly
two searches make the same.
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import FitFailedWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  # opens the next import
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import ElasticNet, LogisticRegression
from sklearn.model_selection import (
    HalvingRandomSearchCV,
    KFold,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import check_random_state
from skopt import BayesSearchCV
from threadpoolctl import threadpool_limits

from autosearch import AutoSearchCV, Choice, Float, Int, Space
from autosearch.interop.skopt import to_skopt
from autosearch.space.parameters import Parameter
from benchmarks.search.score import interval

FOLDER = Path(__file__).parent / "results"
FOLDS = 5
CONFIGURATIONS = 30
# 22 configurations, then the better third of them, and, where there is data enough, again: together
# 30 or 33.
HALVING_START = 22
JUDGES = 3
# Logarithm of a ratio of losses up to which two methods are level.
LEVEL = 0.001
OURS = "AutoSearchCV"


@dataclass(frozen=True, slots=True)
class Pair:
    """A dataset and a model with its space."""

    load: Callable[..., Any]
    model: Any
    space: Mapping[str, Parameter]


@dataclass(frozen=True, slots=True)
class Run:
    """One search, by what it chose.

    loss: on other folds than the search's. fits: those that gave a score.
    """

    pair: str
    method: str
    seed: int
    loss: float
    fits: int
    cpu_s: float

    def of(self, pair: str, method: str) -> bool:
        """Return whether this is a run of that method on that pair."""
        return (self.pair, self.method) == (pair, method)


# A run's pair, method and seed.
Key = tuple[str, str, int]


def _some_digits(**options: Any) -> Any:
    """Return every third digit: distances by any power take long."""
    X, y = load_digits(**options)
    return X[::3], y[::3]


def _log(low: float, high: float) -> Float:
    return Float(low, high, scale="log")


SVC_SPACE = {"svc__C": _log(1e-3, 1e3), "svc__gamma": _log(1e-5, 10)}
KNN_SPACE = {
    "n_neighbors": Int(1, 50),
    "weights": Choice(["uniform", "distance"]),
    "p": Float(1, 4),
}
FOREST_SPACE = {
    "max_depth": Int(1, 20),
    "max_features": Float(0.05, 1.0),
    "min_samples_leaf": Int(1, 30, scale="log"),
}
_scaled = partial(make_pipeline, StandardScaler())
PAIRS: Mapping[str, Pair] = {
    "wine-svc": Pair(load_wine, _scaled(SVC()), SVC_SPACE),
    "cancer-svc": Pair(load_breast_cancer, _scaled(SVC()), SVC_SPACE),
    "digits-svc": Pair(load_digits, _scaled(SVC()), SVC_SPACE),
    "cancer-logistic": Pair(
        load_breast_cancer,
        _scaled(LogisticRegression(max_iter=2000)),
        {
            "logisticregression__C": _log(1e-4, 1e4),
            "logisticregression__tol": _log(1e-6, 1e-2),
        },
    ),
    "wine-knn": Pair(load_wine, KNeighborsClassifier(), KNN_SPACE),
    "digits-knn": Pair(_some_digits, KNeighborsClassifier(), KNN_SPACE),
    "cancer-tree": Pair(
        load_breast_cancer,
        DecisionTreeClassifier(random_state=0),
        {
            "max_depth": Int(1, 20),
            "min_samples_leaf": Int(1, 50, scale="log"),
            "criterion": Choice(["gini", "entropy"]),
            "ccp_alpha": _log(1e-5, 0.1),
        },
    ),
    "wine-forest": Pair(
        load_wine, RandomForestClassifier(n_estimators=30, random_state=0), FOREST_SPACE
    ),
    "diabetes-forest": Pair(
        load_diabetes, RandomForestRegressor(n_estimators=30, random_state=0), FOREST_SPACE
    ),
    "diabetes-svr": Pair(
        load_diabetes,
        _scaled(SVR()),
        {"svr__C": _log(1e-2, 1e4), "svr__gamma": _log(1e-5, 1), "svr__epsilon": _log(0.1, 50)},
    ),
    "diabetes-ridge": Pair(
        load_diabetes,
        _scaled(KernelRidge(kernel="rbf")),
        {"kernelridge__alpha": _log(1e-5, 100), "kernelridge__gamma": _log(1e-6, 1)},
    ),
    "diabetes-elastic": Pair(
        load_diabetes,
        _scaled(ElasticNet(max_iter=5000)),
        {"elasticnet__alpha": _log(1e-4, 10), "elasticnet__l1_ratio": Float(0.01, 1)},
    ),
}


class Uniform:
    """Draws a parameter's values as our own random search does, for scikit-learn's samplers."""

    def __init__(self, parameter: Parameter) -> None:
        self.parameter = parameter

    def rvs(self, random_state: Any = None) -> Any:
        """Return one value."""
        return self.parameter.from_unit(float(check_random_state(random_state).random_sample()))


def ours(pair: Pair, **options: Any) -> Any:
    """Return our search, not fitted."""
    return AutoSearchCV(pair.model, pair.space, trials=CONFIGURATIONS, **options)


def halving(pair: Pair, **options: Any) -> Any:
    """Return scikit-learn's successive halving with as many fits."""
    drawn = {name: Uniform(p) for name, p in pair.space.items()}
    return HalvingRandomSearchCV(
        pair.model, drawn, n_candidates=HALVING_START, factor=3, min_resources="exhaust", **options
    )


def bayes(pair: Pair, **options: Any) -> Any:
    """Return scikit-optimize's search with as many configurations."""
    dimensions = {d.name: d for d in to_skopt(Space(pair.space))}
    return BayesSearchCV(pair.model, dimensions, n_iter=CONFIGURATIONS, **options)


METHODS = {OURS: ours, "HalvingRandomSearchCV": halving, "BayesSearchCV": bayes}


def run(name: str, method: str, seed: int) -> Run:
    """Search once and judge what was chosen."""
    pair = PAIRS[name]
    X, y = pair.load(return_X_y=True)
    classifies = is_classifier(pair.model)
    split = StratifiedKFold if classifies else KFold
    folds = split(FOLDS, shuffle=True, random_state=seed)
    search = METHODS[method](pair, cv=folds, refit=False, n_jobs=1, random_state=seed)
    began = time.process_time()
    search.fit(X, y)
    cpu_s = time.process_time() - began
    table = search.cv_results_
    fits = sum(int(np.isfinite(table[f"split{i}_test_score"]).sum()) for i in range(FOLDS))
    repeated = RepeatedStratifiedKFold if classifies else RepeatedKFold
    judge = repeated(n_splits=FOLDS, n_repeats=JUDGES, random_state=10_000 + seed)
    chosen = clone(pair.model).set_params(**search.best_params_)
    loss = 1.0 - float(np.mean(cross_val_score(chosen, X, y, cv=judge)))
    return Run(name, method, seed, loss, fits, cpu_s)


def kept(path: Path) -> dict[Key, Run]:
    """Return the runs that a file holds, by pair, method and seed; of several the last."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    runs = [Run(**json.loads(line)) for line in lines]
    return {(r.pair, r.method, r.seed): r for r in runs}


def told(*logs: float) -> str:
    """Return the ratio and its ends, given their logarithms."""
    mean, low, high = np.exp(logs)
    return f"{mean:6.3f} ({low:.3f}..{high:.3f})"


def logs(
    runs: Mapping[Key, Run], peer: str, names: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """Return the logarithms of the ratios of loss and of CPU time, by pair, a row for each seed."""
    found = {}
    for name in names:
        seeds = sorted(s for p, m, s in runs if (p, m) == (name, OURS) and (name, peer, s) in runs)
        both = [(runs[name, OURS, s], runs[name, peer, s]) for s in seeds]
        if both:
            ratios = [(max(a.loss, 1e-9) / max(b.loss, 1e-9), a.cpu_s / b.cpu_s) for a, b in both]
            found[name] = np.log(ratios)
    return found


def table(runs: Mapping[Key, Run], names: Sequence[str]) -> str:
    """Return the ratios of loss and of CPU time for every pair, and over all of them."""
    lines = []
    for peer in METHODS:
        ratios = logs(runs, peer, names)
        if peer == OURS or not ratios:
            continue
        lines.append(f"\n{peer:22}{'loss ratio':24}  {'CPU ratio':24}  fits ours/theirs  seeds")
        for name, rows in ratios.items():
            cells = [told(x.mean(), x.min(), x.max()) for x in rows.T]
            fits = [np.mean([r.fits for r in runs.values() if r.of(name, m)]) for m in (OURS, peer)]
            counts = f"{fits[0]:.0f}/{fits[1]:.0f}"
            lines.append(f"{name:22}{cells[0]:24}  {cells[1]:24}  {counts:16}  {len(rows)}")
        over = [
            told(*interval({n: rows[:, i].tolist() for n, rows in ratios.items()})) for i in (0, 1)
        ]
        lines.append(f"{f'all {len(ratios)} pairs':22}{over[0]:24}  {over[1]:24}")
        behind = [n for n, rows in ratios.items() if rows[:, 0].mean() > LEVEL]
        lines.append(f"{'behind by over 0.1 %':22}{' '.join(behind) or 'nowhere'}")
    return "\n".join(lines)


def main() -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", nargs="+", choices=PAIRS, default=list(PAIRS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--again", nargs="+", choices=METHODS, default=[])
    parser.add_argument("--results", type=Path, default=FOLDER / "sklearn_cv.jsonl")
    arguments = parser.parse_args()
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    runs = {k: r for k, r in kept(arguments.results).items() if k[1] not in arguments.again}
    wanted = [
        (name, method, seed)
        for seed in range(arguments.seeds)
        for name in arguments.pairs
        for method in METHODS
    ]
    with threadpool_limits(1), warnings.catch_warnings():
        # scikit-optimize says of every point that it asks for again that it does; configurations
        # fail in halving where a part of the data is too small for them.
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", FitFailedWarning)
        for key in wanted:
            if key not in runs:
                runs[key] = run(*key)
                with arguments.results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(runs[key])) + "\n")
    print(table(runs, arguments.pairs))


if __name__ == "__main__":
    main()
