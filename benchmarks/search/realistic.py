"""Tasks shaped as real tuning is: ridges, cliffs on one side, plateaus, and choices that matter.

No data is trained on. Each loss is a sum of terms that are 0 at one point, which is drawn from the
task's name, so that the best loss is known. Distances are in units of the parameters' (log) ranges.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from autosearch.space import Bool, Choice, Float, Int, Space
from autosearch.space.values import Params, Value
from benchmarks.search.task import Task, rng_of

# Signed distances from the best point, by parameter; inactive ones are missing.
Distances = Mapping[str, float]
Terms = Callable[[Distances, Params], float]


def _rate(x: float) -> float:
    """Return the price of a step size off by `x`: a gentle slope below, a cliff above."""
    return math.expm1(min(4.0 * x, 30.0)) - 4.0 * x


def _saturated(total: float, chance: float) -> float:
    """Return a loss that goes no higher than guessing does."""
    return chance * -math.expm1(-total / chance)


def _best(space: Space, rng: np.random.Generator) -> dict[str, Value]:
    """Return a value of every parameter, active or not, away from the edges of its range."""
    return {n: p.from_unit(float(rng.uniform(0.15, 0.85))) for n, p in space.params.items()}


def _task(name: str, suite: str, space: Space, best: Mapping[str, Value], terms: Terms) -> Task:
    centre = {n: p.to_unit(best[n]) for n, p in space.params.items()}  # type: ignore[arg-type]

    def loss(params: Params) -> float:
        off = {
            n: space.params[n].to_unit(v) - centre[n]  # type: ignore[arg-type]
            for n, v in params.items()
        }
        return _saturated(terms(off, params), chance=1.0)

    return Task(name, suite, space, loss, optimum=tuple(centre.values()))


def _prices(choice: Choice, best: Value, rng: np.random.Generator) -> dict[Value, float]:
    """Return what each value of `choice` costs beside the best one."""
    costs = rng.permutation(np.linspace(0.05, 0.35, len(choice.values)))
    return {v: 0.0 if v == best else float(c) for v, c in zip(choice.values, costs, strict=True)}


def network(name: str) -> Task:
    """Return a mixed task: an image network's optimizer, size and regularisation."""
    rng = rng_of(name)
    optimizers, activations = Choice(["sgd", "adam", "rmsprop"]), Choice(["relu", "gelu", "tanh"])
    space = Space(
        {
            "lr": Float(1e-5, 1.0, scale="log"),
            "optimizer": optimizers,
            "batch": Int(values=[16, 32, 64, 128, 256, 512]),
            "momentum": Float(0.0, 0.99),
            "weight_decay": Float(1e-6, 1e-1, scale="log"),
            "dropout": Float(0.0, 0.7),
            "width": Int(16, 1024, scale="log"),
            "layers": Int(1, 6),
            "activation": activations,
            "augment": Bool(),
        }
    )
    best = _best(space, rng)
    prices = [
        _prices(optimizers, best["optimizer"], rng),
        _prices(activations, best["activation"], rng),
    ]
    # Where an optimizer is not the best one, the learning rate that suits it is another.
    shifts = {
        v: 0.0 if v == best["optimizer"] else float(rng.normal(0, 0.2)) for v in optimizers.values
    }
    scaling, slowing, depth, weight = rng.uniform([0.05, 0.1, 0.3, 0.3], [0.25, 0.4, 0.8, 0.9])
    augment = float(rng.uniform(0.05, 0.2))

    def terms(off: Distances, params: Params) -> float:
        rate = (
            off["lr"]
            - shifts[params["optimizer"]]
            - scaling * off["batch"]
            + slowing * off["momentum"]
        )
        capacity = off["width"] + depth * off["layers"]
        regularised = off["weight_decay"] - weight * capacity
        return float(
            _rate(rate)
            + 0.3 * off["momentum"] ** 2
            + 0.1 * off["batch"] ** 2
            + 1.2 * capacity**2
            + 0.2 * off["layers"] ** 2
            + 0.5 * regularised**2
            + 0.4 * (off["dropout"] - 0.5 * capacity) ** 2
            + prices[0][params["optimizer"]]
            + prices[1][params["activation"]]
            + augment * (params["augment"] != best["augment"])
        )

    return _task(name, "mixed", space, best, terms)


def boosting(name: str) -> Task:
    """Return a mixed task: boosted trees, where slow learning wants many of them."""
    rng = rng_of(name)
    policies = Choice(["depthwise", "lossguide"])
    space = Space(
        {
            "learning_rate": Float(1e-3, 1.0, scale="log"),
            "trees": Int(10, 2000, scale="log"),
            "depth": Int(1, 12),
            "rows": Float(0.3, 1.0),
            "columns": Float(0.3, 1.0),
            "leaf": Int(1, 100, scale="log"),
            "penalty": Float(1e-3, 100.0, scale="log"),
            "policy": policies,
        }
    )
    best = _best(space, rng)
    price = _prices(policies, best["policy"], rng)
    a, b, c, few = rng.uniform([0.3, 0.3, 0.2, 0.05], [0.9, 0.9, 0.6, 0.3])

    def terms(off: Distances, params: Params) -> float:
        # Three decades of learning rate against 2.3 of trees: along their product all is level.
        effort = off["learning_rate"] + 0.77 * off["trees"] + 0.3 * off["depth"]
        complexity = off["depth"] - a * off["leaf"] - b * off["penalty"]
        return float(
            (_rate(0.5 * effort) if effort > 0 else 2.5 * effort**2)
            + few * off["learning_rate"] ** 2
            + 0.8 * complexity**2
            + 0.3 * off["depth"] ** 2
            + 0.1 * off["leaf"] ** 2
            + 0.1 * off["penalty"] ** 2
            + c * off["rows"] ** 2
            + 0.2 * (off["columns"] - 0.3 * off["rows"]) ** 2
            + price[params["policy"]]
        )

    return _task(name, "mixed", space, best, terms)


def kernels(name: str) -> Task:
    """Return a conditional task: a support vector machine, each kernel with its own parameters."""
    rng = rng_of(name)
    kinds = Choice(["linear", "rbf", "poly", "sigmoid"])
    space = Space(
        {
            "C": Float(1e-3, 1e4, scale="log"),
            "kernel": kinds,
            "gamma": Float(1e-6, 10.0, scale="log", when={"kernel": ["rbf", "poly", "sigmoid"]}),
            "degree": Int(2, 5, when={"kernel": "poly"}),
            "coef0": Float(-1.0, 1.0, when={"kernel": ["poly", "sigmoid"]}),
            "balanced": Bool(),
        }
    )
    best = _best(space, rng)
    price = _prices(kinds, best["kernel"], rng)
    shift = {k: 0.0 if k == best["kernel"] else float(rng.normal(0, 0.15)) for k in kinds.values}
    trade, balance = rng.uniform([0.3, 0.02], [0.8, 0.1])

    def terms(off: Distances, params: Params) -> float:
        gamma = off.get("gamma", 0.0) - (shift[params["kernel"]] if "gamma" in off else 0.0)
        softness = off["C"] + trade * gamma
        return float(
            2.5 * softness**2
            + (_rate(gamma) if gamma > 0 else 1.5 * gamma**2)
            + 0.6 * off.get("degree", 0.0) ** 2
            + 0.3 * off.get("coef0", 0.0) ** 2
            + price[params["kernel"]]
            + balance * (params["balanced"] != best["balanced"])
        )

    return _task(name, "conditional", space, best, terms)


def optimizers(name: str) -> Task:
    """Return a conditional task: two choices, of optimizer and schedule, that bring their own."""
    rng = rng_of(name)
    methods, schedules = Choice(["sgd", "adam", "adamw"]), Choice(["constant", "step", "cosine"])
    space = Space(
        {
            "lr": Float(1e-5, 1.0, scale="log"),
            "batch": Int(8, 512, scale="log"),
            "optimizer": methods,
            "momentum": Float(0.0, 0.99, when={"optimizer": "sgd"}),
            "nesterov": Bool(when={"optimizer": "sgd"}),
            "beta2": Float(1e-4, 0.5, scale="log", when={"optimizer": ["adam", "adamw"]}),
            "decay": Float(1e-6, 1e-1, scale="log", when={"optimizer": ["sgd", "adamw"]}),
            "schedule": schedules,
            "every": Int(1, 50, scale="log", when={"schedule": "step"}),
            "factor": Float(0.1, 0.9, when={"schedule": "step"}),
            "warmup": Float(0.0, 0.3, when={"schedule": "cosine"}),
        }
    )
    best = _best(space, rng)
    prices = [_prices(methods, best["optimizer"], rng), _prices(schedules, best["schedule"], rng)]
    shift = {
        m: 0.0 if m == best["optimizer"] else float(rng.normal(0, 0.2)) for m in methods.values
    }
    scaling, slowing, warming = rng.uniform([0.05, 0.1, 0.1], [0.25, 0.4, 0.5])

    def terms(off: Distances, params: Params) -> float:
        rate = off["lr"] - shift[params["optimizer"]] - scaling * off["batch"]
        rate += slowing * off.get("momentum", 0.0) - warming * off.get("warmup", 0.0)
        return float(
            _rate(rate)
            + 0.3 * off["batch"] ** 2
            + 0.5 * off.get("momentum", 0.0) ** 2
            + 0.03 * (params.get("nesterov", best["nesterov"]) != best["nesterov"])
            + 0.3 * off.get("beta2", 0.0) ** 2
            + 0.8 * off.get("decay", 0.0) ** 2
            + 0.6 * (off.get("every", 0.0) + 0.5 * off.get("factor", 0.0)) ** 2
            + 0.2 * off.get("factor", 0.0) ** 2
            + 0.4 * off.get("warmup", 0.0) ** 2
            + prices[0][params["optimizer"]]
            + prices[1][params["schedule"]]
        )

    return _task(name, "conditional", space, best, terms)


def pipeline(name: str) -> Task:
    """Return a conditional task: scaling, reduction and one of four models, each with its own."""
    rng = rng_of(name)
    scalers, reducers = Choice(["none", "standard", "quantile"]), Choice(["none", "pca", "select"])
    models = Choice(["linear", "neighbours", "forest", "boosting"])
    space = Space(
        {
            "scaler": scalers,
            "reducer": reducers,
            "components": Int(2, 64, scale="log", when={"reducer": "pca"}),
            "keep": Float(0.05, 1.0, when={"reducer": "select"}),
            "model": models,
            "penalty": Float(1e-6, 1e2, scale="log", when={"model": "linear"}),
            "mix": Float(0.0, 1.0, when={"model": "linear"}),
            "neighbours": Int(1, 100, scale="log", when={"model": "neighbours"}),
            "power": Float(values=[1.0, 1.5, 2.0, 3.0], when={"model": "neighbours"}),
            "features": Float(0.1, 1.0, when={"model": "forest"}),
            "leaf": Int(1, 50, scale="log", when={"model": "forest"}),
            "rate": Float(1e-3, 1.0, scale="log", when={"model": "boosting"}),
            "rounds": Int(10, 1000, scale="log", when={"model": "boosting"}),
            "depth": Int(1, 10, when={"model": "boosting"}),
        }
    )
    best = _best(space, rng)
    prices = {
        n: _prices(c, best[n], rng)
        for n, c in (("scaler", scalers), ("reducer", reducers), ("model", models))
    }
    # Trees do not mind how features are scaled.
    minds = {"linear": 1.0, "neighbours": 1.0, "forest": 0.1, "boosting": 0.1}
    weights = dict(zip(space.names, rng.uniform(0.4, 1.6, len(space)), strict=True))
    apart = ("components", "keep", "penalty", "mix", "neighbours", "power", "features", "leaf")

    def terms(off: Distances, params: Params) -> float:
        total = minds[str(params["model"])] * prices["scaler"][params["scaler"]]
        total += prices["reducer"][params["reducer"]] + prices["model"][params["model"]]
        total += sum(weights[n] * off[n] ** 2 for n in apart if n in off)
        if "rate" in off:
            effort = off["rate"] + 0.67 * off["rounds"] + 0.3 * off["depth"]
            total += 2.0 * effort**2 + 0.1 * off["rate"] ** 2 + weights["depth"] * off["depth"] ** 2
        return float(total)

    return _task(name, "conditional", space, best, terms)
