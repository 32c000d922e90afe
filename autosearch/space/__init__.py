"""The search space: parameters, the conditions and constraints among them, and the unit cube."""

from autosearch.space.expression import Expression
from autosearch.space.parameters import Bool, Choice, Float, Int, Parameter, to_dict
from autosearch.space.space import Space

__all__ = ["Bool", "Choice", "Expression", "Float", "Int", "Parameter", "Space", "to_dict"]
