"""Random search spaces for property tests."""

from dataclasses import replace

from hypothesis import strategies as st

from autosearch.space import Bool, Choice, Float, Int, Space
from autosearch.space.parameters import Parameter


@st.composite
def floats_(draw: st.DrawFn) -> Float:
    if draw(st.integers(0, 3)) == 0:
        numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6, unique=True)
        return Float(values=draw(numbers))
    log = draw(st.booleans())
    low = draw(st.floats(1e-12, 1e3) if log else st.floats(-1e6, 1e6))
    high = low + draw(st.floats(1e-3, 1e6)) * max(abs(low), 1e-6)
    step = None if log or draw(st.booleans()) else (high - low) / draw(st.integers(1, 50))
    return Float(low, high, scale="log" if log else "linear", step=step)


@st.composite
def ints_(draw: st.DrawFn) -> Int:
    log = draw(st.booleans())
    low = draw(st.integers(1 if log else -1000, 1000))
    high = low + draw(st.integers(1, 10_000))
    step = None if log or draw(st.booleans()) else draw(st.integers(1, high - low))
    return Int(low, high, scale="log" if log else "linear", step=step)


choices_ = st.lists(
    st.one_of(st.text(max_size=5), st.integers(-9, 9), st.booleans()),
    min_size=1,
    max_size=5,
    unique_by=(str, lambda v: v),
).map(Choice)
parameters: st.SearchStrategy[Parameter] = st.one_of(floats_(), ints_(), choices_, st.just(Bool()))


@st.composite
def spaces(draw: st.DrawFn, max_size: int = 5) -> Space:
    """Spaces of up to `max_size` parameters, some of them under conditions on earlier ones."""
    params: dict[str, Parameter] = {}
    for i, parameter in enumerate(draw(st.lists(parameters, min_size=1, max_size=max_size))):
        parents = [n for n, p in params.items() if p.categorical]
        if parents and draw(st.booleans()):
            parent = draw(st.sampled_from(parents))
            value = draw(st.sampled_from(list(params[parent].values)))
            parameter = replace(parameter, when={parent: value})
        params[f"p{i}"] = parameter
    return Space(params)
