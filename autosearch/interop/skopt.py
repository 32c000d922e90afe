"""scikit-optimize's dimensions and results.

>>> from autosearch.space import Float, Space
>>> to_skopt(Space({"lr": Float(1e-5, 0.1, scale="log")}))
[Real(low=1e-05, high=0.1, prior='log-uniform', transform='identity')]
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from skopt.space import Categorical, Integer, Real

from autosearch.errors import SpaceError
from autosearch.interop.found import Finding
from autosearch.interop.values import about, plain
from autosearch.space import Bool, Choice, Float, Int, Space
from autosearch.space.parameters import Parameter

PRIORS = {False: "uniform", True: "log-uniform"}


def to_skopt(space: Space) -> list[Any]:
    """Return the space's dimensions, named, in its order.

    Listed numbers and steps become categories: scikit-optimize has no numbers with gaps. Raises
    SpaceError where there are conditions, constraints or combinations to skip, which it cannot
    express.
    """
    if space.conditional or space.constrained:
        raise SpaceError("scikit-optimize knows no conditions, constraints or combinations to skip")
    return [_dimension(name, p) for name, p in space.params.items()]


def from_skopt(dimensions: Sequence[Any]) -> Space:
    """Return the space of scikit-optimize's dimensions; those without a name are x0, x1, …

    Ranges may also be written as scikit-optimize allows it, (1, 10) or ["a", "b"]. The
    probabilities of categories are left out.
    """
    from skopt.space import check_dimension

    checked = [check_dimension(d) for d in dimensions]
    params = {}
    for name, dimension in zip(_names(checked), checked, strict=True):
        with about(name):
            params[name] = _parameter(dimension)
    return Space(params)


def of_skopt(result: Any) -> list[Finding]:
    """Return the evaluations of an OptimizeResult (or Optimizer's) as findings.

    Dimensions without a name are x0, x1, …
    """
    points, values = (
        (result.x_iters, result.func_vals) if hasattr(result, "x_iters") else (result.Xi, result.yi)
    )
    names = _names(result.space.dimensions)
    return [
        # Where skopt counts seconds too ("EIps"), they stand behind the value.
        Finding(dict(zip(names, map(plain, point), strict=True)), (float(np.ravel(value)[0]),))
        for point, value in zip(points, values, strict=True)
    ]


def _names(dimensions: Sequence[Any]) -> list[str]:
    names = [d.name or f"x{i}" for i, d in enumerate(dimensions)]
    for name, count in Counter(names).items():
        if count > 1:
            raise SpaceError(f"{name}: {count} dimensions have this name; those without one are xI")
    return names


def _dimension(name: str, parameter: Parameter) -> Any:
    if isinstance(parameter, Choice | Bool):
        return Categorical(list(parameter.values), name=name)
    if parameter.values is not None or parameter.step is not None:
        count = parameter.count or 1
        values = [parameter.from_unit((i + 0.5) / count) for i in range(count)]
        return Categorical(values, name=name)
    kind = Integer if isinstance(parameter, Int) else Real
    return kind(parameter.low, parameter.high, prior=PRIORS[parameter.log], name=name)


def _parameter(dimension: Any) -> Parameter:
    if isinstance(dimension, Categorical):
        values = [plain(v) for v in dimension.categories]
        return Bool() if sorted(map(repr, values)) == ["False", "True"] else Choice(values)
    scale = "log" if dimension.prior == "log-uniform" else "linear"
    low, high = plain(dimension.low), plain(dimension.high)
    if isinstance(dimension, Integer):
        return Int(low, high, scale=scale)  # type: ignore[arg-type]
    return Float(low, high, scale=scale)  # type: ignore[arg-type]
