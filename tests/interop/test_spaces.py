import math
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hyperopt import JOB_STATE_DONE, Trials, fmin, hp, rand, space_eval, tpe
from hyperopt.pyll.base import scope
from hyperopt.pyll.stochastic import sample
from hypothesis import given
from hypothesis import strategies as st
from skopt import Optimizer
from skopt.space import Categorical, Integer, Real

from autosearch.errors import SpaceError
from autosearch.interop.found import fit, value_in
from autosearch.interop.hyperopt import (
    from_hyperopt,
    of_hyperopt,
    to_hyperopt,
)
from autosearch.interop.skopt import from_skopt, of_skopt, to_skopt
from autosearch.space import Bool, Choice, Float, Int, Space
from autosearch.space.parameters import Parameter
from autosearch.space.values import Params

TREE = Space(
    {
        "model": Choice(["svm", "trees", "none"]),
        "C": Float(1e-3, 1e3, scale="log", when={"model": "svm"}),
        "kernel": Choice(["rbf", "linear"], when={"model": "svm"}),
        "gamma": Float(1e-4, 10.0, scale="log", when={"kernel": "rbf"}),
        "trees": Int(10, 500, scale="log", when={"model": "trees"}),
        "scale": Bool(when={"model": ["svm", "trees"]}),
        "rate": Float(0.25, 2.0, step=0.25),
        "layers": Int(2, 12, step=2),
        "depth": Int(-3, 9),
    }
)


@st.composite
def _numbers(draw: st.DrawFn) -> Parameter:
    low, size = draw(st.integers(1, 500)), draw(st.integers(1, 500))
    log = draw(st.booleans())
    if draw(st.booleans()):
        return Int(low, low + size, scale="log" if log else "linear")
    return Float(low / 100, (low + size) / 100, scale="log" if log else "linear")


FLAT = st.lists(
    st.one_of(
        _numbers(),
        st.just(Bool()),
        st.lists(st.text(min_size=1, max_size=4), min_size=2, max_size=4, unique=True).map(Choice),
    ),
    min_size=1,
    max_size=4,
).map(lambda ps: Space({f"p{i}": p for i, p in enumerate(ps)}))


@st.composite
def _stepped(draw: st.DrawFn) -> Parameter:
    first, count = draw(st.integers(-20, 20)), draw(st.integers(1, 30))
    if draw(st.booleans()):
        step = draw(st.integers(2, 9))
        return Int(first * step, (first + count) * step, step=step)
    step = draw(st.sampled_from([0.1, 0.25, 0.5, 2.5]))
    return Float(round(first * step, 9), round((first + count) * step, 9), step=step)


_listed = st.lists(st.integers(-9, 99), min_size=2, max_size=5, unique=True).flatmap(
    lambda values: st.sampled_from(
        [Int(values=values), Float(values=[v / 4 for v in values]), Choice(values)]
    )
)


@st.composite
def trees(draw: st.DrawFn) -> Space:
    """Spaces of every kind of parameter, some of them under one choice's value, or several."""
    kinds = st.one_of(_numbers(), _stepped(), st.just(Bool()), st.just(Choice(["a", "b", "c"])))
    params: dict[str, Parameter] = {}
    for i, parameter in enumerate(draw(st.lists(kinds, min_size=1, max_size=6))):
        parents = [n for n, p in params.items() if p.categorical]
        if parents and draw(st.booleans()):
            parent = draw(st.sampled_from(parents))
            # hyperopt knows a value's place under its choice, not that all of them were meant.
            allowed = list(params[parent].values)[: draw(st.integers(1, 2))]
            when = {parent: allowed[0] if len(allowed) == 1 else allowed}
            parameter = replace(parameter, when=when)
        params[f"p{i}"] = parameter
    return Space(params)


def points_of(space: Space, seed: int, size: int = 5) -> list[Params]:
    rng = np.random.default_rng(seed)
    return [space.sample(rng) for _ in range(size)]


@given(space=trees())
def test_hyperopts_expressions_hold_steps_and_conditions(space: Space) -> None:
    assert dict(from_hyperopt(to_hyperopt(space)).params) == dict(space.params)


@given(parameter=_listed)
def test_listed_numbers_keep_their_values_on_the_way(parameter: Parameter) -> None:
    space = Space({"n": parameter})
    for back in (from_hyperopt(to_hyperopt(space)), from_skopt(to_skopt(space))):
        assert back == Space({"n": Choice(list(parameter.values))})


@given(parameter=_stepped())
def test_steps_keep_their_values_on_the_way_to_scikit_optimize(parameter: Parameter) -> None:
    space = Space({"n": parameter})
    back = from_skopt(to_skopt(space))
    assert {p["n"] for p in back.points()} == {p["n"] for p in space.points()}


@given(space=trees(), seed=st.integers(0, 99))
def test_hyperopts_trials_keep_every_point_and_loss(space: Space, seed: int) -> None:
    points = points_of(space, seed)
    trials = trials_of(space, points)
    # Once by the expression, once by our space and the labels alone.
    for expression in (to_hyperopt(space), None):
        fitted = fit(of_hyperopt(trials, space, expression), space)
        assert fitted.results == tuple((p, (float(i),)) for i, p in enumerate(points))


@given(space=FLAT, seed=st.integers(0, 99))
def test_scikit_optimizes_results_keep_every_point_and_loss(space: Space, seed: int) -> None:
    points = points_of(space, seed)
    result = SimpleNamespace(
        space=SimpleNamespace(dimensions=to_skopt(space)),
        x_iters=[list(p.values()) for p in points],
        func_vals=np.arange(len(points)) / 2,
    )
    fitted = fit(of_skopt(result), space)
    assert fitted.results == tuple((p, (i / 2,)) for i, p in enumerate(points))


def trials_of(space: Space, points: Sequence[Params]) -> Trials:
    """Returns hyperopt's trials at these points, with losses 0, 1, …"""
    docs = []
    for number, params in enumerate(points):
        vals: dict[str, list[Any]] = {}
        for name, parameter in space.params.items():
            options = getattr(parameter, "values", None)
            if name not in params:
                vals[name] = []
            elif options is not None:
                vals[name] = [list(options).index(params[name])]
            else:
                vals[name] = [np.float64(params[name])]
        misc = {"tid": number, "cmd": None, "idxs": {n: [number] * len(v) for n, v in vals.items()}}
        result = {"status": "ok", "loss": float(number)}
        ran = {"tid": number, "state": JOB_STATE_DONE, "result": result}
        docs.append(ran | {"misc": misc | {"vals": vals}})
    found = Trials()
    found._trials = docs
    return found


@given(
    bounds=st.tuples(st.floats(-50, 50), st.floats(0.1, 50)),
    whole=st.tuples(st.integers(1, 50), st.integers(1, 500)),
    log=st.booleans(),
)
def test_scikit_optimizes_own_dimensions_come_back(
    bounds: tuple[float, float], whole: tuple[int, int], log: bool
) -> None:
    low = abs(bounds[0]) + 1e-3 if log else bounds[0]
    prior = "log-uniform" if log else "uniform"
    dimensions = [
        Real(low, low + bounds[1], prior, name="r"),
        Integer(whole[0], sum(whole), prior, name="n"),
        Categorical(["a", "b"], name="c"),
        Categorical([8, 16], name="s"),
        Categorical([False, True], name="b"),
    ]
    back = to_skopt(from_skopt(dimensions))
    for one, other in zip(dimensions, back, strict=True):
        assert (type(one), one.name, one.bounds) == (type(other), other.name, other.bounds)
        assert getattr(one, "prior", None) == getattr(other, "prior", None)


@given(space=FLAT)
def test_skopts_dimensions_come_back_as_they_went(space: Space) -> None:
    assert from_skopt(to_skopt(space)) == space


@given(space=FLAT)
def test_hyperopts_spaces_come_back_as_they_went(space: Space) -> None:
    assert from_hyperopt(to_hyperopt(space)) == space


def test_hyperopts_nested_choices_come_back_as_conditions() -> None:
    back = from_hyperopt(to_hyperopt(TREE))
    assert dict(back.params) == dict(TREE.params)


def test_what_hyperopt_samples_lies_in_the_space() -> None:
    expression = to_hyperopt(TREE)
    rng = np.random.default_rng(0)
    for _ in range(50):
        flat: dict[str, object] = {}
        todo = [sample(expression, rng)]
        while todo:
            for name, value in todo.pop().items():
                if isinstance(value, dict):
                    todo.append(value)
                else:
                    flat[name] = value
        assert TREE.problems(flat) == []  # type: ignore[arg-type]


def test_a_space_as_hyperopts_users_write_it_is_understood() -> None:
    space = from_hyperopt(
        {
            "lr": hp.loguniform("lr", math.log(1e-5), math.log(0.1)),
            "batch": hp.choice("batch", [16, 32, 64]),
            "classifier": hp.choice(
                "classifier",
                [
                    {"type": "svm", "C": hp.uniform("C", 0, 10)},
                    {"type": "forest", "depth": hp.uniformint("depth", 1, 9)},
                ],
            ),
            "units": hp.quniform("units", 10, 100, 10),
            "seed": hp.randint("seed", 5),
        }
    )
    assert dict(space.params) == {
        "lr": Float(1e-5, 0.1, scale="log"),
        "batch": Choice([16, 32, 64]),
        "classifier": Choice(["svm", "forest"]),
        "C": Float(0, 10, when={"classifier": "svm"}),
        "depth": Int(1, 9, when={"classifier": "forest"}),
        "units": Float(10, 100, step=10),
        "seed": Int(0, 4),
    }


@pytest.mark.parametrize(
    ("expression", "parameter"),
    [
        (hp.uniform("x", low=0, high=1), Float(0, 1)),
        (hp.loguniform("x", high=math.log(10), low=0), Float(1, 10, scale="log")),
        (hp.quniform("x", high=10, q=2, low=0), Float(0, 10, step=2)),
        (hp.quniform("x", 0, q=2, high=10), Float(0, 10, step=2)),
        (hp.uniformint("x", low=0, high=10), Int(0, 10)),
        (hp.qloguniform("x", low=0, high=math.log(10), q=1), Int(1, 10, scale="log")),
        (hp.randint("x", low=3, high=9), Int(3, 8)),
        (hp.randint("x", 3, high=9), Int(3, 8)),
        (hp.randint("x", low=9), Int(0, 8)),
        (scope.int(hp.quniform("x", 0, 8, 2)), Int(0, 8, step=2)),
        (scope.int(hp.uniform("x", 1, 10)), Int(1, 9)),
        (scope.int(hp.uniform("x", -2.5, 2.5)), Int(-2, 2)),
        (scope.int(hp.uniform("x", -3, 3)), Int(-2, 2)),
        (scope.int(hp.loguniform("x", 0, math.log(10))), Int(1, 9, scale="log")),
        (hp.choice("x", [np.array([1, 2]), 1]), Choice(["0", "1"])),
    ],
)
def test_each_of_hyperopts_distributions_keeps_its_values(
    expression: object, parameter: Parameter
) -> None:
    assert dict(from_hyperopt(expression).params) == {"x": parameter}
    drawn = [sample(expression, np.random.default_rng(seed)) for seed in range(50)]
    if not isinstance(parameter, Choice):
        assert all(value_in(parameter, value) == value for value in drawn)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (hp.normal("x", 0, 1), "x: hp.normal cannot be converted"),
        (2 * hp.uniform("x", 0, 1), "only parameters can be converted"),
        ([hp.uniform("x", 0, 1), hp.uniform("x", 0, 2)], "x: stands for two different"),
        (scope.int(hp.quniform("x", 0, 1, 0.1)), r"x: q: expected a whole number .*found 0\.1"),
        (scope.int(hp.loguniform("x", -3, 3)), "x: scale: log needs low above 0"),
        (scope.int(hp.uniform("x", 0, 1)), "x: low: must be below high"),
        (hp.choice("x", [True, 1]), "x: values: expected different"),
        (hp.choice("x", [math.nan, 1]), "x: values: .*found nan"),
        (hp.randint("x", 1), "x: low: must be below high"),
        (hp.quniform("x", 0, 1, 5), "x: low: must be below high"),
        (hp.quniform("x", 0, 1, 0), "x: q: expected a number above 0, found 0"),
        (hp.quniform("x", 0, 1, -0.1), "x: q: expected a number above 0, found -0.1"),
        (hp.quniform("x", 0, 1, math.nan), "x: q: expected a finite number, found nan"),
        (scope.int(hp.uniform("x", 0, math.nan)), "x: high: expected a finite number, found nan"),
        (hp.qloguniform("x", -math.inf, 5, 1), "x: low: expected a finite number, found -inf"),
        (hp.uniform("x", 0, "1"), "x: high: expected a finite number, found '1'"),
        (hp.loguniform("x", 0, 1e4), "x: hp.loguniform has no finite range"),
        (hp.uniform("x", 0, hp.uniform("y", 1, 2)), "x: high: .*not what is computed"),
    ],
)
def test_what_cannot_be_converted_from_hyperopt_is_named(expression: object, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        from_hyperopt(expression)


def test_what_cannot_be_converted_is_refused() -> None:
    constrained = Space({"a": Int(1, 9)}, constraints=["a != 2"])
    by_expression = Space({"a": Int(1, 9), "b": Bool(when="a > 3")})
    for convert in (to_hyperopt, to_skopt):
        for space in (constrained, by_expression):
            with pytest.raises(SpaceError, match=r"knows? "):
                convert(space)


def test_skopts_dimensions_as_its_users_write_them_are_understood() -> None:
    space = from_skopt(
        [(1, 10), (0.5, 2.0), ["a", "b"], Real(1e-4, 1, "log-uniform", name="lr"), [True, False]]
    )
    assert dict(space.params) == {
        "x0": Int(1, 10),
        "x1": Float(0.5, 2.0),
        "x2": Choice(["a", "b"]),
        "lr": Float(1e-4, 1, scale="log"),
        "x4": Bool(),
    }


def test_numbers_with_gaps_become_categories_for_skopt() -> None:
    assert to_skopt(Space({"n": Int(2, 6, step=2)})) == [Categorical([2, 4, 6], name="n")]
    assert to_skopt(Space({"n": Int(2, 6)})) == [Integer(2, 6, name="n")]


def test_hyperopts_trials_become_ours() -> None:
    expression = to_hyperopt(TREE)
    trials = Trials()

    def loss(sampled: dict[str, object]) -> float:
        return float("nan") if sampled["depth"] == 0 else float(sampled["rate"])  # type: ignore[arg-type]

    fmin(
        loss,
        expression,
        algo=tpe.suggest,
        max_evals=30,
        trials=trials,
        rstate=np.random.default_rng(1),
        show_progressbar=False,
    )
    findings = of_hyperopt(trials, TREE)
    assert len(findings) == 30
    for finding, doc in zip(findings, trials.trials, strict=True):
        vals = {k: v[0] for k, v in doc["misc"]["vals"].items() if v}
        assert finding.params["depth"] == space_eval(expression, vals)["depth"]
    failed = sum(f.params["depth"] == 0 for f in findings)
    fitted = fit(findings, TREE)
    assert fitted.dropped == ({"without a value": failed} if failed else {})
    assert all(losses == (params["rate"],) for params, losses in fitted.results)


def searched(expression: object, loss: Any, size: int = 8) -> Trials:
    trials = Trials()
    fmin(
        loss,
        expression,
        algo=rand.suggest,
        max_evals=size,
        trials=trials,
        rstate=np.random.default_rng(0),
        show_progressbar=False,
        catch_eval_exceptions=True,
        verbose=False,
    )
    return trials


def test_hyperopts_numbers_are_no_indices() -> None:
    trials = searched(
        {"x": hp.uniform("x", 0, 2), "n": hp.quniform("n", 0, 8, 2)}, lambda p: p["x"]
    )
    kept = [(f.params["x"], f.params["n"]) for f in of_hyperopt(trials, Space({"x": Float(0, 2)}))]
    for space in (
        {"x": Float(values=[0.1, 0.5, 1, 2]), "n": Int(1, 9, step=2)},
        {"x": Choice([0.5, 1.0]), "n": Int(values=[2, 4, 6, 8])},
    ):
        findings = of_hyperopt(trials, Space(space))
        assert [(f.params["x"], f.params["n"]) for f in findings] == kept
    listed = fit(of_hyperopt(trials, Space({"n": space["n"]})), Space({"n": space["n"]}))
    assert [p["n"] for p, _ in listed.results] == [n for _, n in kept if n]


@pytest.mark.parametrize("numbers", [hp.uniform("n", 1, 10), hp.loguniform("n", 0, 3)])
def test_fractions_that_scope_int_cut_off_are_cut_off_again(numbers: Any) -> None:
    expression = {"n": scope.int(numbers), "kind": hp.choice("kind", ["a", "b"])}
    seen: list[dict[str, Any]] = []
    trials = searched(expression, lambda p: seen.append(p) or len(seen))
    space = from_hyperopt(expression)
    fitted = fit(of_hyperopt(trials, space, expression), space)
    assert [p for p, _ in fitted.results] == seen
    # Without the expression, nobody knows what the program made of a fraction.
    assert "n is not one of" in fit(of_hyperopt(trials, space), space).describe("min")


def test_hyperopts_trials_that_raised_have_failed() -> None:
    def loss(point: dict[str, float]) -> float:
        if point["x"] > 2.5:
            raise RuntimeError("boom")
        return point["x"]

    expression = {"x": hp.uniform("x", 0, 5)}
    findings = of_hyperopt(trials := searched(expression, loss), from_hyperopt(expression))
    assert [f.params["x"] for f in findings] == [
        doc["misc"]["vals"]["x"][0] for doc in trials._dynamic_trials
    ]
    assert [f.failed for f in findings] == [f.params["x"] > 2.5 for f in findings]
    assert {f.failed for f in findings} == {True, False}


@pytest.mark.parametrize(
    ("dimensions", "message"),
    [
        ([Categorical([None, "a"], name="c")], "c: values: expected .* found None"),
        ([Categorical([(1, 2), (3,)])], "x0: values: expected"),
        ([Real(0, 1, name="x1"), Real(5, 9)], "x1: 2 dimensions have this name"),
        ([Real(0, 1, name="a"), Real(5, 9, name="a")], "a: 2 dimensions have this name"),
    ],
)
def test_what_cannot_be_converted_from_skopt_is_named(dimensions: list[Any], message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        from_skopt(dimensions)


def test_skopts_results_of_two_dimensions_of_a_name_are_refused() -> None:
    dimensions = SimpleNamespace(dimensions=[Real(0, 1, name="x1"), Real(5, 9)])
    result = SimpleNamespace(space=dimensions, x_iters=[[0.5, 7.0]], func_vals=[1.0])
    with pytest.raises(SpaceError, match="x1: 2 dimensions have this name"):
        of_skopt(result)


def test_of_values_with_seconds_skopts_optimizer_has_the_values() -> None:
    optimizer = Optimizer([Real(0, 1, name="x")], acq_func="EIps", random_state=0)
    for value in (0.5, 0.25):
        optimizer.tell(optimizer.ask(), (value, 60.0))
    assert [f.losses for f in of_skopt(optimizer)] == [(0.5,), (0.25,)]


def test_skopts_results_become_ours() -> None:
    space = Space({"n": Int(1, 9), "k": Choice(["a", "b"])})
    result = SimpleNamespace(
        space=SimpleNamespace(dimensions=to_skopt(space)),
        x_iters=([np.int64(3), np.str_("a")], [np.int64(4), np.str_("b")]),
        func_vals=np.array([0.5, np.inf]),
    )
    fitted = fit(of_skopt(result), space)
    assert fitted.results == (({"n": 3, "k": "a"}, (0.5,)),)
    assert {type(v) for v in fitted.results[0][0].values()} == {int, str}
    assert fitted.dropped == {"without a value": 1}
