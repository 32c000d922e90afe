import pickle
import warnings
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_iris, make_classification
from sklearn.decomposition import PCA
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, get_scorer, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    RandomizedSearchCV,
    cross_val_score,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import check_estimator

from autosearch import AutoSearchCV, Bool, Choice, Float, Int, Space
from autosearch.errors import InputError, SpaceError

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
C = {"C": Float(1e-3, 10, scale="log")}

# What scikit-learn's own searches do not pass either (a test below holds this against them).
EXPECTED = {
    "check_supervised_y_2d": "y is handed on as it is, and it is the inner estimator that warns",
}


def search(estimator: Any = None, space: Any = None, **options: Any) -> AutoSearchCV:
    options = {"trials": 6, "cv": 3, "strategy": "random", "random_state": 0, **options}
    return AutoSearchCV(estimator or LogisticRegression(max_iter=500), space or C, **options)


class Fussy(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Scores `level`, fails or gives nan on demand, and counts its fits."""

    fits = 0

    def __init__(self, level: float = 0.5, wrong: str = "") -> None:
        self.level = level
        self.wrong = wrong

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "Fussy":
        type(self).fits += 1
        if self.wrong == "fit":
            raise RuntimeError("this cannot be fitted")
        self.classes_ = np.unique(y)
        self.weight_ = None if sample_weight is None else len(sample_weight)
        return self

    def predict(self, X: Any) -> Any:
        return np.zeros(len(X), dtype=int)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        return float("nan") if self.wrong == "score" else self.level + 0.001 * float(X[0, 0])


class Terraced(Fussy):
    """Scores the same on the whole of each terrace; the highest lies around 0.6, 0.4 wide."""

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        return round(1.0 - (self.level - 0.6) ** 2, 1)


def failed(estimator: Any) -> set[str]:
    results = check_estimator(estimator, on_skip=None, on_fail=None)
    return {r["check_name"] for r in results if r["status"] == "failed"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("estimator", "space"),
    [
        (Ridge(), {"alpha": Float(0.1, 1.0)}),
        (LogisticRegression(), {"C": Float(0.1, 1.0)}),
    ],
    ids=["regressor", "classifier"],
)
def test_it_passes_the_checks_that_scikit_learns_searches_pass(estimator: Any, space: Any) -> None:
    ours = AutoSearchCV(
        estimator, space, trials=2, cv=2, strategy="random", error_score="raise", random_state=0
    )
    name = next(iter(space))
    theirs = RandomizedSearchCV(
        estimator, {name: [0.1, 1.0]}, n_iter=2, cv=2, error_score="raise", random_state=0
    )
    fails = failed(ours)
    assert fails <= set(EXPECTED)
    assert fails <= failed(theirs)


@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize("scoring", [None, ["accuracy", "f1_macro"]])
def test_cv_results_are_those_of_scikit_learn(train: bool, scoring: Any) -> None:
    options = {"scoring": scoring, "refit": "f1_macro" if scoring else True, "cv": 3}
    options["return_train_score"] = train
    ours = search(**options, discard=False).fit(X, Y)
    tried = [{"C": [p["C"]]} for p in ours.cv_results_["params"]]
    theirs = GridSearchCV(LogisticRegression(max_iter=500), tried, **options).fit(X, Y)
    assert set(ours.cv_results_) == {*theirs.cv_results_, "discarded"}
    for key, column in theirs.cv_results_.items():
        if key == "params":
            assert ours.cv_results_[key] == column
            continue
        assert type(ours.cv_results_[key]) is type(column)
        assert ours.cv_results_[key].dtype == column.dtype
        if "time" not in key:
            np.testing.assert_array_equal(ours.cv_results_[key], column)
    assert not ours.cv_results_["discarded"].any()
    metric = options["refit"] if scoring else "score"
    assert theirs.cv_results_[f"rank_test_{metric}"][ours.best_index_] == 1
    assert ours.best_score_ == theirs.best_score_
    assert ours.n_splits_ == theirs.n_splits_
    assert ours.multimetric_ == theirs.multimetric_
    assert type(ours.scorer_) is type(theirs.scorer_)
    assert ours.score(X, Y) == theirs.score(X, Y)


def test_what_cannot_be_tried_twice_is_tried_once() -> None:
    found = search(KNeighborsClassifier(), {"n_neighbors": Int(1, 4)}, trials=20).fit(X, Y)
    assert sorted(found.cv_results_["param_n_neighbors"]) == [1, 2, 3, 4]


def test_params_that_do_not_apply_are_masked_and_left_alone() -> None:
    space = {"kernel": Choice(["linear", "rbf"]), "gamma": Float(0.1, 1, when={"kernel": "rbf"})}
    table = search(SVC(), space, trials=10).fit(X, Y).cv_results_
    rbf = table["param_kernel"].data == "rbf"
    assert 0 < rbf.sum() < 10
    np.testing.assert_array_equal(table["param_gamma"].mask, ~rbf)
    assert table["param_gamma"].dtype == np.float64
    assert [set(p) for p in table["params"]] == [
        {"kernel", "gamma"} if r else {"kernel"} for r in rbf
    ]


def test_a_space_may_have_constraints() -> None:
    space = Space({"C": Float(0.1, 10), "tol": Float(1e-4, 1)}, constraints=("C > 5 * tol",))
    params = search(space=space).fit(X, Y).cv_results_["params"]
    assert all(p["C"] > 5 * p["tol"] for p in params)


def test_a_list_holds_any_objects_and_pipelines_are_searched() -> None:
    pipeline = Pipeline([("scale", StandardScaler()), ("pca", PCA()), ("svc", SVC())])
    scalers = [StandardScaler(), MinMaxScaler(), "passthrough"]
    space = {
        "scale": scalers,
        "pca__n_components": [None, 2, 0.9],
        "svc__C": Float(0.1, 100, scale="log"),
        "svc__shrinking": Bool(),
    }
    found = search(pipeline, space, trials=12, strategy="auto").fit(X, Y)
    table = found.cv_results_
    assert {type(s) for s in table["param_scale"]} == {StandardScaler, MinMaxScaler, str}
    assert None in set(table["param_pca__n_components"])
    assert set(map(type, table["param_svc__shrinking"])) == {np.bool_}
    assert found.best_score_ > 0.9
    assert found.predict(X).shape == Y.shape
    # What was handed in stays as it was.
    assert not hasattr(scalers[0], "mean_")


def test_numbers_may_be_listed_as_for_a_grid() -> None:
    space = {"C": np.logspace(-2, 2, 5), "degree": [2, 3], "tol": [1, 0.5]}
    found = search(SVC(kernel="poly"), space, trials=12).fit(X, Y)
    assert set(found.cv_results_["param_C"]) <= set(np.logspace(-2, 2, 5))
    assert found.cv_results_["param_degree"].dtype == np.int64
    # The strategy sees an order, the estimator the values as they were given.
    assert {type(p["tol"]) for p in found.cv_results_["params"]} == {int, float}
    assert {type(t.params["tol"]) for t in found.history_.trials} == {float}
    assert len(found.cv_results_["params"]) == 12


SCALERS = [StandardScaler(), StandardScaler(), "passthrough"]
# Their str, which leaves the middle out, is the same.
LONG = [np.zeros(2000), np.eye(1, 2000, 1000)[0]]


class Receiver(BaseEstimator):  # type: ignore[misc]
    """Notes which options it is fitted with."""

    received: ClassVar[list[Any]] = []

    def __init__(self, option: Any = None) -> None:
        self.option = option

    def fit(self, X: Any, y: Any) -> "Receiver":
        self.received.append(self.option)
        return self

    def score(self, X: Any, y: Any) -> float:
        return 0.5


@pytest.mark.parametrize(
    ("values", "own"),
    [
        (["sqrt", 1, 1.0], 1.0),
        ([1, 1.0], 1.0),
        ([1, 1.0, "1.0"], "1.0"),
        ([False, 0, 1, True], 1),
        (np.array([False, 0, 1, True], dtype=object), True),
        ([None, "None"], "None"),
        ([2**60, 2**60 + 1], 2**60 + 1),
        ([(1, 1), (1, 2)], (1, 2)),
        (LONG, LONG[1].copy()),
        ([1.0, np.inf], np.inf),
        ([np.nan, -1], np.nan),
        (np.array([-1, np.nan]), np.float64("nan")),
        (SCALERS, SCALERS[1]),
    ],
)
def test_listed_values_that_scikit_learn_tells_apart_are_told_apart(values: Any, own: Any) -> None:
    Receiver.received.clear()
    options = {"trials": 20, "strategy": "auto", "refit": False}
    found = search(Receiver(own), {"option": values}, **options).fit(X, Y)
    tried = [p["option"] for p in found.cv_results_["params"]]
    assert sorted(map(kind, tried)) == sorted(map(kind, values))
    assert kind(tried[0]) == kind(own)
    if isinstance(values, list):
        assert {id(v) for v in tried} == {id(v) for v in values}
    assert [kind(v) for v in Receiver.received] == [kind(v) for v in tried for _ in range(3)]


def kind(value: Any) -> tuple[str, str]:
    with np.printoptions(threshold=10_000):
        return type(value).__name__, repr(value)


@pytest.mark.parametrize(
    "values",
    [range(2, 9, 3), pd.Series([2, 5, 8], index=["a", "b", "c"]), pd.Index([2, 5, 8]), (8, 5, 2)],
    ids=["range", "Series", "Index", "tuple"],
)
def test_values_may_stand_in_anything_that_lists_them(values: Any) -> None:
    found = search(KNeighborsClassifier(), {"n_neighbors": values}, trials=9, strategy="auto")
    table = found.fit(X, Y).cv_results_
    assert sorted(table["param_n_neighbors"]) == [2, 5, 8]
    # The default of scikit-learn.
    assert table["param_n_neighbors"][0] == 5


def test_a_value_that_is_listed_twice_is_tried_once() -> None:
    for values in ([1, 2, 2], [1.5, 2.5, 2.5], ["a", "b", "b"], [None, None], [np.nan, np.nan]):
        found = search(Fussy(), {"wrong": values}, trials=9, strategy="grid").fit(X, Y)
        assert len(found.cv_results_["params"]) == len({repr(v) for v in values})


def test_a_condition_names_equal_objects_by_their_number() -> None:
    pipeline = Pipeline([("scale", StandardScaler()), ("svc", SVC())])
    space = {"scale": SCALERS, "svc__C": Float(0.1, 1, when={"scale": "StandardScaler() (2)"})}
    tried = search(pipeline, space, trials=10).fit(X, Y).cv_results_["params"]
    assert {"svc__C" in p for p in tried} == {True, False}
    assert all(("svc__C" in p) == (p["scale"] is SCALERS[1]) for p in tried)


@pytest.mark.parametrize(
    ("estimator", "space", "first"),
    [
        (SVC(C=3, tol=0.1), {"C": Float(0.1, 10), "tol": [0.01, 0.1]}, {"C": 3.0, "tol": 0.1}),
        (
            SVC(),
            {"gamma": Float(1, 3), "kernel": ["linear", "rbf"]},
            {"gamma": 2.0, "kernel": "rbf"},
        ),
        (SVC(C=3), Space({"C": Float(0.1, 10)}, constraints=("C < 7",)), {"C": 3.0}),
        (SVC(C=3), Space({"C": Float(0.1, 10)}, constraints=("C > 4",)), {"C": 5.05}),
        (SVC(C=3), {"C": Float(0.1, 10, default=2.0)}, {"C": 2.0}),
        (SVC(C=30), {"C": Float(0.1, 10)}, {"C": 5.05}),
        (
            Pipeline([("scale", MinMaxScaler()), ("svc", SVC(C=np.float64(4.0)))]),
            {"scale": [StandardScaler(), MinMaxScaler()], "svc__C": Float(0.1, 10)},
            {"scale": MinMaxScaler(), "svc__C": 4.0},
        ),
    ],
    ids=["held", "text is no number", "in a Space", "not allowed", "declared", "outside", "object"],
)
def test_it_begins_with_the_estimators_own_values(
    estimator: Any, space: Any, first: dict[str, Any]
) -> None:
    found = search(estimator, space, trials=1, strategy="auto").fit(X, Y)
    tried = found.cv_results_["params"][0]
    assert set(tried) == set(first)
    for name, value in first.items():
        assert repr(tried[name]) == repr(value)


def test_scores_are_those_of_cross_validation_with_the_same_folds() -> None:
    folds = KFold(4, shuffle=True, random_state=1)
    found = search(cv=folds).fit(X, Y)
    best = LogisticRegression(max_iter=500, **found.best_params_)
    assert found.best_score_ == pytest.approx(cross_val_score(best, X, Y, cv=folds).mean())


def test_the_same_random_state_gives_the_same_search() -> None:
    def tried(state: Any) -> list[dict[str, Any]]:
        params: list[dict[str, Any]] = (
            search(SVC(), random_state=state, strategy="auto").fit(X, Y).cv_results_["params"]
        )
        return params

    assert tried(1) == tried(1)
    assert tried(1) != tried(2)
    assert tried(np.random.RandomState(3)) == tried(np.random.RandomState(3))
    assert tried(None) != tried(None)


@pytest.mark.slow
def test_jobs_change_neither_scores_nor_completeness() -> None:
    one = search(n_jobs=1, discard=False).fit(X, Y)
    two = search(n_jobs=2, discard=False).fit(X, Y)
    # Random search chooses without looking at scores, so both try the same.
    assert one.cv_results_["params"] == two.cv_results_["params"]
    for key in ("split0_test_score", "split2_test_score", "mean_test_score", "rank_test_score"):
        np.testing.assert_array_equal(one.cv_results_[key], two.cv_results_[key])


@pytest.mark.slow
def test_jobs_work_under_the_settings_of_their_caller() -> None:
    def settled(estimator: Any, X: Any, y: Any) -> float:
        frame = isinstance(estimator[:-1].transform(X), pd.DataFrame)
        try:
            warnings.warn("loud", stacklevel=1)
        except UserWarning:
            return float(frame)
        return -1.0

    options = {"n_jobs": 2, "scoring": settled, "error_score": "raise", "trials": 2}
    with (
        sklearn.config_context(enable_metadata_routing=True, transform_output="pandas"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("error", UserWarning)
        inner = LogisticRegression(max_iter=500).set_fit_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = Pipeline([("scale", scaler), ("log", inner)])
        found = search(pipeline, {"log__C": Float(0.1, 1)}, **options)
        found.fit(X, Y, sample_weight=np.ones(len(Y)))
    np.testing.assert_array_equal(found.cv_results_["mean_test_score"], 1.0)


def test_groups_reach_the_splitter() -> None:
    groups = np.arange(len(Y)) % 5
    found = search(cv=GroupKFold(5)).fit(X, Y, groups=groups)
    assert found.n_splits_ == 5
    with pytest.raises(ValueError, match="groups"):
        search(cv=GroupKFold(5)).fit(X, Y)


def test_sample_weights_are_split_with_the_data() -> None:
    seen = []

    class Weighed(Fussy):
        def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Fussy:
            seen.append(len(sample_weight))
            return super().fit(X, y, sample_weight)

    search(Weighed(), {"level": Float(0, 1)}, trials=1).fit(X, Y, sample_weight=np.ones(len(Y)))
    assert seen == [100, 100, 100, 150]


def test_metadata_is_routed_where_that_is_enabled() -> None:
    with sklearn.config_context(enable_metadata_routing=True):
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        inner = LogisticRegression(max_iter=500).set_fit_request(sample_weight=True)
        options = {"cv": GroupKFold(3), "scoring": scorer}
        weights = np.linspace(0.1, 2.0, len(Y))
        given = {"groups": np.arange(len(Y)) % 3, "sample_weight": weights}
        ours = search(inner, trials=2, **options).fit(X, Y, **given)
        tried = [{"C": [p["C"]]} for p in ours.cv_results_["params"]]
        theirs = GridSearchCV(inner, tried, **options).fit(X, Y, **given)
    for key in ("split0_test_score", "mean_test_score"):
        np.testing.assert_array_equal(ours.cv_results_[key], theirs.cv_results_[key])


def both(estimator: Any, X: Any, y: Any) -> dict[str, float]:
    return {name: get_scorer(name)(estimator, X, y) for name in ("accuracy", "f1_macro")}


@pytest.mark.parametrize("scoring", [["accuracy", "f1_macro"], both], ids=["list", "callable"])
def test_the_metric_that_refit_names_is_searched_for(scoring: Any) -> None:
    found = search(scoring=scoring, refit="f1_macro").fit(X, Y)
    assert found.multimetric_
    assert found.best_score_ == max(found.cv_results_["mean_test_f1_macro"])
    best = found.history_.best
    assert best is not None and best.metrics["value"] == pytest.approx(found.best_score_)
    assert found.score(X, Y) == both(found.best_estimator_, X, Y)["f1_macro"]


def test_several_metrics_need_a_name_to_refit() -> None:
    for scoring in (["accuracy", "f1_macro"], both):
        with pytest.raises(ValueError, match="refit"):
            search(scoring=scoring).fit(X, Y)
    found = search(scoring=both, refit=False).fit(X, Y)
    assert not hasattr(found, "best_index_")


def test_where_a_function_chooses_every_configuration_is_finished() -> None:
    options = {"trials": 20, "cv": 5}
    assert (
        search(Fussy(), {"level": Float(0, 1)}, **options).fit(X, Y).cv_results_["discarded"].any()
    )
    chosen = search(
        Fussy(),
        {"level": Float(0, 1)},
        refit=lambda t: int(t["mean_test_score"].argmax()),
        **options,
    ).fit(X, Y)
    assert not chosen.cv_results_["discarded"].any()
    levels = chosen.cv_results_["param_level"]
    assert chosen.best_params_["level"] == levels.max()


def levels(estimator: Any, X: Any, y: Any) -> dict[str, float]:
    return {"up": estimator.level, "down": -estimator.level}


@pytest.mark.parametrize(
    "scoring",
    [levels, {n: lambda e, X, y, n=n: levels(e, X, y)[n] for n in ("up", "down")}],
    ids=["callable", "dict"],
)
def test_where_no_metric_is_named_every_configuration_is_finished(scoring: Any) -> None:
    options = {"trials": 20, "cv": 5, "scoring": scoring}
    space = {"level": Float(0, 1)}
    named = search(Fussy(), space, refit="up", **options).fit(X, Y).cv_results_
    assert named["discarded"].any()
    table = search(Fussy(), space, refit=False, **options).fit(X, Y).cv_results_
    assert not table["discarded"].any()
    assert table["mean_test_down"].max() == -table["param_level"].min()


def test_refit_may_choose_for_itself_or_not_be_wanted() -> None:
    chosen = search(refit=lambda table: len(table["params"]) - 1).fit(X, Y)
    assert chosen.best_index_ == 5
    assert chosen.best_params_["C"] == chosen.best_estimator_.C
    bare = search(refit=False).fit(X, Y)
    assert bare.best_params_
    assert not hasattr(bare, "best_estimator_")
    assert not hasattr(bare, "predict")


def test_of_equal_scores_that_in_the_middle_is_the_best() -> None:
    # All of them are tried, the ends of the terrace before its middle.
    levels = np.round(np.linspace(0.0, 1.0, 21), 2)
    found = search(Terraced(), {"level": levels}, trials=21, discard=False).fit(X, Y)
    ties = np.flatnonzero(found.cv_results_["rank_test_score"] == 1)
    assert len(ties) == 9
    assert found.best_index_ in ties
    assert found.best_score_ == 1.0
    assert found.best_params_["level"] == pytest.approx(0.6, abs=0.101)


def test_where_no_model_tells_equal_scores_apart_the_first_is_the_best() -> None:
    found = search(Terraced(), {"level": [0.5, 0.6, 0.7]}, trials=3).fit(X, Y)
    assert found.best_index_ == 0


def test_a_configuration_that_cannot_be_fitted_scores_nan_and_the_search_goes_on() -> None:
    space = {"wrong": Choice(["", "fit"]), "level": Float(0, 1)}
    failed, not_finite = "cannot be fitted", "scores are non-finite"
    with pytest.warns(FitFailedWarning, match=failed), pytest.warns(UserWarning, match=not_finite):
        found = search(Fussy(), space, trials=10, discard=False).fit(X, Y)
    table = found.cv_results_
    wrong = table["param_wrong"].data == "fit"
    assert 0 < wrong.sum() < 10
    np.testing.assert_array_equal(np.isnan(table["mean_test_score"]), wrong)
    assert set(table["rank_test_score"][wrong]) == {10 - wrong.sum() + 1}
    assert found.best_params_["wrong"] == ""
    states = [t.state for t in found.history_.trials]
    assert states == ["failed" if w else "completed" for w in wrong]
    reasons = {t.reason for t in found.history_.trials if t.state == "failed"}
    assert reasons == {"RuntimeError: this cannot be fitted"}


def test_an_error_score_takes_the_place_of_what_failed() -> None:
    space = {"wrong": Choice(["", "fit"]), "level": Float(0.5, 1)}
    with pytest.warns(FitFailedWarning):
        found = search(Fussy(), space, error_score=-1.0).fit(X, Y)
    assert min(found.cv_results_["split0_test_score"]) == -1.0


def test_failures_are_raised_where_that_is_wanted() -> None:
    space = {"wrong": ["fit"], "level": Float(0, 1)}
    with pytest.raises(RuntimeError, match="cannot be fitted"):
        search(Fussy(), space, error_score="raise").fit(X, Y)


def test_a_search_without_a_single_fit_is_an_error() -> None:
    with pytest.raises(ValueError, match="fits failed"):
        search(Fussy(), {"wrong": ["fit"], "level": Float(0, 1)}).fit(X, Y)


@pytest.mark.filterwarnings("ignore:One or more of the:UserWarning")
def test_a_score_of_nan_never_wins_and_costs_one_fold() -> None:
    Fussy.fits = 0
    space = {"wrong": Choice(["", "score"]), "level": Float(0.5, 0.6)}
    found = search(Fussy(), space, trials=8).fit(X, Y)
    wrong = found.cv_results_["param_wrong"].data == "score"
    assert 0 < wrong.sum() < 8
    assert found.best_params_["wrong"] == ""
    assert found.cv_results_["discarded"][wrong].all()
    runs = np.isfinite([found.cv_results_[f"mean_{t}_time"] for t in ("fit", "score")])
    assert runs.all()
    assert Fussy.fits <= wrong.sum() + 3 * (8 - wrong.sum()) + 1


def test_what_trails_far_behind_is_not_finished() -> None:
    Fussy.fits = 0
    found = search(Fussy(), {"level": Float(0, 1)}, trials=20, cv=5).fit(X, Y)
    table = found.cv_results_
    discarded = table["discarded"]
    assert discarded.sum() >= 5
    scores = np.array([table[f"split{i}_test_score"] for i in range(5)]).T
    assert np.isnan(scores[discarded]).any(axis=1).all()
    assert np.isfinite(scores[discarded][:, :2]).all()
    assert np.isfinite(scores[~discarded]).all()
    assert np.isfinite(scores).sum() + 1 == Fussy.fits < 100
    assert np.isnan(table["mean_test_score"][discarded]).all()
    assert table["rank_test_score"][discarded].min() > table["rank_test_score"][~discarded].max()
    for time in ("mean_fit_time", "std_fit_time", "mean_score_time", "std_score_time"):
        assert np.isfinite(table[time]).all()
    # The best is what it would have been, and the strategy was told of the others.
    assert table["param_level"][found.best_index_] == table["param_level"].max()
    stopped = [t for t in found.history_.trials if t.state == "stopped"]
    assert [t.number for t in stopped] == list(np.flatnonzero(discarded))
    assert all(t.losses and "behind trial" in t.reason for t in stopped)
    truth = 0.001 * float(np.mean([X[i * 30, 0] for i in range(5)]))
    assert all(-t.losses[0] == pytest.approx(t.params["level"] + truth, abs=0.002) for t in stopped)


def test_nothing_is_discarded_where_that_is_not_wanted() -> None:
    found = search(Fussy(), {"level": Float(0, 1)}, trials=20, cv=5, discard=False).fit(X, Y)
    assert not found.cv_results_["discarded"].any()
    assert np.isfinite(found.cv_results_["mean_test_score"]).all()


def test_frames_go_in_and_names_are_kept() -> None:
    frame, y = load_breast_cancer(return_X_y=True, as_frame=True)
    pipeline = Pipeline([("scale", StandardScaler()), ("tree", DecisionTreeClassifier())])
    pipeline.set_output(transform="pandas")
    found = search(pipeline, {"tree__max_depth": Int(1, 5)}, trials=3).fit(frame, y)
    assert list(found.feature_names_in_) == list(frame.columns)
    assert found.n_features_in_ == 30
    assert len(pd.DataFrame(found.cv_results_)) == 3


def test_the_best_estimator_answers_for_the_search() -> None:
    found = search().fit(X, Y)
    best = found.best_estimator_
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        np.testing.assert_array_equal(getattr(found, method)(X), getattr(best, method)(X))
    np.testing.assert_array_equal(found.classes_, [0, 1, 2])
    assert not hasattr(found, "transform")
    assert found.refit_time_ > 0
    clusters = search(KMeans(n_init=1), {"n_clusters": Int(2, 5)}, trials=3).fit(X)
    assert clusters.transform(X).shape == (150, clusters.best_params_["n_clusters"])


def test_before_fit_it_says_so() -> None:
    with pytest.raises((NotFittedError, AttributeError)):
        search().predict(X)


def test_it_is_cloned_set_pickled_and_nested() -> None:
    made = search()
    twin = clone(made).set_params(trials=3, estimator__tol=0.01)
    assert twin.get_params()["trials"] == 3
    assert made.trials == 6
    back = pickle.loads(pickle.dumps(twin.fit(X, Y)))
    np.testing.assert_array_equal(back.predict(X), twin.predict(X))
    assert back.history_ == twin.history_
    assert len(cross_val_score(twin, X, Y, cv=2)) == 2


def test_what_cannot_be_used_is_refused_with_its_name() -> None:
    with pytest.raises(ValueError, match="trials"):
        search(trials=0).fit(X, Y)
    with pytest.raises(ValueError, match="Invalid parameter 'CC'"):
        search(space={"CC": Float(0, 1)}).fit(X, Y)
    with pytest.raises(SpaceError, match="expected Float"):
        search(space={"C": 3.0}).fit(X, Y)
    with pytest.raises(SpaceError, match="space: C: values: expected different"):
        search(space={"C": []}).fit(X, Y)
    with pytest.raises(InputError, match="tpe_search"):
        search(strategy="tpe_serch").fit(X, Y)
    with pytest.raises(ValueError, match="splits"):
        search(cv=[]).fit(X, Y)


def test_a_model_based_strategy_learns_from_the_folds() -> None:
    data = make_classification(120, 6, flip_y=0.2, random_state=0)
    found = search(KNeighborsClassifier(), {"n_neighbors": Int(1, 60)}, trials=15, strategy="auto")
    origins = {t.origin.partition("/")[0] for t in found.fit(*data).history_.trials}
    assert origins - {"random"}
    assert found.best_score_ >= cross_val_score(KNeighborsClassifier(), *data, cv=3).mean()


def test_callbacks_which_would_never_be_called_are_refused() -> None:
    with pytest.raises(NotImplementedError, match="set them on the estimator"):
        search().set_callbacks(object())
