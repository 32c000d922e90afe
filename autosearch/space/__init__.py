"""The search space: parameters, the conditions and constraints among them, and the unit cube.

Its names are imported on first use: whoever reads trials needs their values' types alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autosearch.space.expression import Expression
    from autosearch.space.parameters import Bool, Choice, Float, Int, Parameter, to_dict
    from autosearch.space.space import Space

__all__ = ["Bool", "Choice", "Expression", "Float", "Int", "Parameter", "Space", "to_dict"]

_HOMES = {"Expression": "expression", "Space": "space"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'autosearch.space' has no attribute {name!r}")
    value = getattr(import_module(f"autosearch.space.{_HOMES.get(name, 'parameters')}"), name)
    globals()[name] = value
    return value
