"""Real tuning problems: every point of a grid, scored once by real cross-validation.

`python -m benchmarks.search.tables` computes the tables; a task looks its losses up in them.
"""

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from autosearch.space import Bool, Choice, Float, Int, Space
from autosearch.space.values import Params
from benchmarks.search.task import Task

FOLDER = Path(__file__).parent / "tables"


@dataclass(frozen=True)
class Tuning:
    """A scikit-learn model to tune: params to estimator, and the data it is scored on."""

    space: Space
    make: Callable[[Params], Any]
    data: str
    rows: int


def _spread(low: float, high: float, count: int, when: Any = None) -> Float:
    ratio = (high / low) ** (1.0 / (count - 1))
    return Float(values=[float(f"{low * ratio**i:.3g}") for i in range(count)], when=when)


def _svc(params: Params) -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    return make_pipeline(StandardScaler(), SVC(**params))


def _knn(params: Params) -> Any:
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    rest = {k: v for k, v in params.items() if k != "scaler"}
    scaler = StandardScaler() if params["scaler"] == "standard" else MinMaxScaler()
    return make_pipeline(scaler, KNeighborsClassifier(**rest))


def _tree(params: Params) -> Any:
    from sklearn.tree import DecisionTreeRegressor

    return DecisionTreeRegressor(random_state=0, **params)


def _sgd(params: Params) -> Any:
    from sklearn.linear_model import SGDClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), SGDClassifier(random_state=0, max_iter=30, **params))


def _boosting(params: Params) -> Any:
    from sklearn.ensemble import GradientBoostingRegressor

    return GradientBoostingRegressor(random_state=0, **params)


def _network(params: Params) -> Any:
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rest = {k: v for k, v in params.items() if k != "width"}
    model = MLPClassifier((int(params["width"]),), random_state=0, max_iter=15, **rest)
    return make_pipeline(StandardScaler(), model)


TUNINGS: Mapping[str, Tuning] = {
    "svc-digits": Tuning(
        Space(
            {
                "C": _spread(1e-2, 1e3, 16),
                "kernel": Choice(["rbf", "poly", "sigmoid"]),
                "gamma": _spread(1e-5, 1.0, 16),
                "degree": Int(2, 4, when={"kernel": "poly"}),
                "coef0": Float(values=[0.0, 0.5, 1.0], when={"kernel": "poly"}),
            }
        ),
        _svc,
        "digits",
        300,
    ),
    "knn-cancer": Tuning(
        Space(
            {
                "n_neighbors": Int(1, 40),
                "weights": Choice(["uniform", "distance"]),
                "p": Float(values=[1.0, 1.5, 2.0, 3.0]),
                "scaler": Choice(["standard", "minmax"]),
            }
        ),
        _knn,
        "breast_cancer",
        569,
    ),
    "tree-diabetes": Tuning(
        Space(
            {
                "max_depth": Int(1, 12),
                "min_samples_leaf": Int(values=[1, 4, 16, 64]),
                "max_features": Float(values=[0.2, 0.4, 0.6, 0.8, 1.0]),
                "criterion": Choice(["squared_error", "absolute_error"]),
                "ccp_alpha": _spread(0.1, 300.0, 4),
            }
        ),
        _tree,
        "diabetes",
        442,
    ),
    "sgd-digits": Tuning(
        Space(
            {
                "loss": Choice(["hinge", "log_loss", "modified_huber"]),
                "alpha": _spread(1e-6, 1.0, 10),
                "learning_rate": Choice(["optimal", "constant", "adaptive"]),
                "eta0": _spread(1e-4, 1.0, 7, when={"learning_rate": ["constant", "adaptive"]}),
                "average": Bool(),
            }
        ),
        _sgd,
        "digits",
        300,
    ),
    "boosting-diabetes": Tuning(
        Space(
            {
                "learning_rate": _spread(0.01, 1.0, 7),
                "n_estimators": Int(values=[10, 20, 40, 80]),
                "max_depth": Int(1, 5),
                "subsample": Float(values=[0.5, 0.75, 1.0]),
            }
        ),
        _boosting,
        "diabetes",
        442,
    ),
    "network-wine": Tuning(
        Space(
            {
                "width": Int(values=[4, 8, 16, 32, 64]),
                "learning_rate_init": _spread(1e-4, 1.0, 13),
                "alpha": _spread(1e-4, 1.0, 3),
                "activation": Choice(["relu", "tanh"]),
                "batch_size": Int(values=[8, 32, 128]),
            }
        ),
        _network,
        "wine",
        178,
    ),
}


def compute(name: str) -> None:
    """Write the table of one tuning: the loss of every point, in the order of `Space.points`."""
    from sklearn import datasets
    from sklearn.base import is_classifier
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import cross_val_score

    tuning = TUNINGS[name]
    x, y = getattr(datasets, f"load_{tuning.data}")(return_X_y=True)
    x, y = x[: tuning.rows], y[: tuning.rows]
    losses = []
    for params in tuning.space.points():
        model = tuning.make(params)
        scoring = "accuracy" if is_classifier(model) else "neg_root_mean_squared_error"
        with warnings.catch_warnings():
            # Few iterations are part of the problem; an overflow ends in a bad score; a batch that
            # is larger than the fold is cut to it.
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", RuntimeWarning)
            warnings.simplefilter("ignore", UserWarning)
            scores = cross_val_score(model, x, y, cv=3, scoring=scoring, error_score=float("nan"))
        losses.append(round(-float(scores.mean()), 6))
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(losses) + "\n", "utf-8")


@cache
def tuning_task(name: str) -> Task:
    """Return the task of finding the best point of a table."""
    space = TUNINGS[name].space
    losses = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    table = {space.key(p): loss for p, loss in zip(space.points(), losses, strict=True)}
    return Task(name, "table", space, lambda p: table[space.key(p)], best=min(table.values()))


def main() -> None:
    """Compute the tables that are missing."""
    for name in TUNINGS:
        if not (FOLDER / f"{name}.json").exists():
            compute(name)


if __name__ == "__main__":
    main()
