"""Models to tune on the data that comes with scikit-learn: spaces, estimators, data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from autosearch.space import Bool, Choice, Float, Int, Space
from autosearch.space.values import Params


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


def _forest(params: Params) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(random_state=0, **params)


def _svr(params: Params) -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR

    return make_pipeline(StandardScaler(), SVR(**params))


def _elastic(params: Params) -> Any:
    from sklearn.linear_model import ElasticNet
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    rest = {k: v for k, v in params.items() if k not in ("degree", "interactions")}
    features = PolynomialFeatures(
        params["degree"], interaction_only=params.get("interactions", False)
    )
    return make_pipeline(
        StandardScaler(), features, StandardScaler(), ElasticNet(max_iter=300, **rest)
    )


def _perceptron(params: Params) -> Any:
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rest = {k: v for k, v in params.items() if k not in ("width", "layers")}
    widths = (int(params["width"]),) * int(params["layers"])
    return make_pipeline(
        StandardScaler(), MLPClassifier(widths, random_state=0, max_iter=10, **rest)
    )


def _reduced(params: Params) -> Any:
    from sklearn.decomposition import PCA
    from sklearn.feature_selection import SelectKBest
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import SVC

    if params["reducer"] == "pca":
        reducer: Any = PCA(params["components"], random_state=0)
    else:
        reducer = SelectKBest(k=params["best"]) if params["reducer"] == "best" else "passthrough"
    if params["model"] == "svc":
        return make_pipeline(reducer, SVC(C=params["C"], gamma=params["gamma"]))
    model = KNeighborsClassifier(params["neighbors"], weights=params["weights"])
    return make_pipeline(reducer, model)


def _adaboost(params: Params) -> Any:
    from sklearn.ensemble import AdaBoostClassifier
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(
        max_depth=params["max_depth"], min_samples_leaf=params["min_samples_leaf"], random_state=0
    )
    rest = {k: params[k] for k in ("n_estimators", "learning_rate")}
    return AdaBoostClassifier(tree, random_state=0, **rest)


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
    "forest-digits": Tuning(
        Space(
            {
                "n_estimators": Int(values=[5, 10, 20, 40]),
                "max_depth": Int(values=[2, 4, 8, 16]),
                "max_features": Float(values=[0.05, 0.1, 0.2, 0.4, 0.8]),
                "min_samples_leaf": Int(values=[1, 2, 4, 8]),
                "criterion": Choice(["gini", "entropy"]),
            }
        ),
        _forest,
        "digits",
        400,
    ),
    "svr-diabetes": Tuning(
        Space(
            {
                "kernel": Choice(["rbf", "linear", "sigmoid"]),
                "C": _spread(1e-2, 1e4, 13),
                "epsilon": Float(values=[0.1, 1.0, 5.0, 20.0]),
                "gamma": _spread(1e-5, 1.0, 11, when={"kernel": ["rbf", "sigmoid"]}),
            }
        ),
        _svr,
        "diabetes",
        300,
    ),
    "elastic-diabetes": Tuning(
        Space(
            {
                "alpha": _spread(1e-3, 100.0, 16),
                "l1_ratio": Float(values=[0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0]),
                "degree": Int(1, 3),
                "interactions": Bool(when="degree > 1"),
                "selection": Choice(["cyclic", "random"]),
            }
        ),
        _elastic,
        "diabetes",
        442,
    ),
    "network-digits": Tuning(
        Space(
            {
                "solver": Choice(["sgd", "adam"]),
                "learning_rate_init": _spread(1e-4, 1.0, 9),
                "momentum": Float(values=[0.0, 0.5, 0.9, 0.99], when={"solver": "sgd"}),
                "width": Int(values=[8, 32, 128]),
                "layers": Int(1, 3),
                "alpha": _spread(1e-4, 1.0, 3),
            }
        ),
        _perceptron,
        "digits",
        300,
    ),
    "reduced-digits": Tuning(
        Space(
            {
                "reducer": Choice(["none", "pca", "best"]),
                "components": Int(values=[2, 4, 8, 16, 32], when={"reducer": "pca"}),
                "best": Int(values=[4, 8, 16, 32, 48], when={"reducer": "best"}),
                "model": Choice(["svc", "neighbours"]),
                "C": _spread(1e-2, 1e3, 5, when={"model": "svc"}),
                "gamma": _spread(1e-6, 1.0, 10, when={"model": "svc"}),
                "neighbors": Int(values=[1, 2, 3, 5, 8, 12], when={"model": "neighbours"}),
                "weights": Choice(["uniform", "distance"], when={"model": "neighbours"}),
            }
        ),
        _reduced,
        "digits",
        300,
    ),
    "adaboost-cancer": Tuning(
        Space(
            {
                "n_estimators": Int(values=[5, 10, 20]),
                "learning_rate": _spread(0.01, 3.0, 7),
                "max_depth": Int(1, 4),
                "min_samples_leaf": Int(values=[1, 10, 40]),
            }
        ),
        _adaboost,
        "breast_cancer",
        569,
    ),
}
