"""What a parameter's value may be: plain Python, never a numpy scalar."""

from collections.abc import Mapping

Value = float | int | str | bool
Params = Mapping[str, Value]
