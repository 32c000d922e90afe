"""Constraints and conditions in a small, safe expression language: Python's syntax, none of its
powers.

Numbers, text, true/false, the parameters' names, + - * / // % **, comparisons (also chained), `in`,
and/or/not, `a if c else b`, and the functions below. A name that is no Python name is written in
braces: `{batch-size} * 2 <= 512`; dotted names work as they are: `optim.lr < 0.1`.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from autosearch.errors import SpaceError
from autosearch.space.values import Value

Evaluate = Callable[[Mapping[str, Value]], Any]

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    # As floats: a power of whole numbers could otherwise fill the memory.
    ast.Pow: lambda a, b: float(a) ** float(b),
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": abs,
    "min": min,
    "max": max,
    "sqrt": math.sqrt,
    "log": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "exp": math.exp,
    "floor": math.floor,
    "ceil": math.ceil,
}
_CONSTANTS: Mapping[str, Value] = {"true": True, "false": False, "True": True, "False": False}
MAX_LENGTH = 1000


@dataclass(frozen=True)
class Expression:
    """A parsed expression; equal where its text is.

    >>> expression = Expression("batch * accum <= 512")
    >>> sorted(expression.names), expression.holds({"batch": 64, "accum": 8})
    (['accum', 'batch'], True)
    """

    text: str
    names: frozenset[str] = field(init=False, compare=False)
    _evaluate: Evaluate = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.text) > MAX_LENGTH:
            raise SpaceError(f"the expression is longer than {MAX_LENGTH} characters")
        braced: dict[str, str] = {}

        def stand_in(match: re.Match[str]) -> str:
            return braced.setdefault(match[1], f"_braced_{len(braced)}")

        source = re.sub(r"\{([^{}]+)\}", stand_in, self.text.strip())
        try:
            tree = ast.parse(source, mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            column = getattr(error, "offset", None)
            place = f" at character {column}" if column else ""
            raise SpaceError(f"{self.text!r} is not an expression{place}") from None
        compiler = _Compiler(self.text, {v: k for k, v in braced.items()})
        object.__setattr__(self, "_evaluate", compiler.build(tree.body))
        object.__setattr__(self, "names", frozenset(compiler.names))

    def __reduce__(self) -> tuple[type["Expression"], tuple[str]]:
        return Expression, (self.text,)

    def holds(self, params: Mapping[str, Value]) -> bool:
        """Return whether the expression is true of `params`, which must hold every name in it.

        False where it has no value (division by zero, logarithm of a negative number, overflow).
        Raises SpaceError where it makes no sense, e.g. multiplies text.
        """
        try:
            return bool(self._evaluate(params))
        except (ArithmeticError, ValueError):
            return False
        except TypeError as error:
            raise SpaceError(
                f"{self.text!r} cannot be worked out for {dict(params)}: {error}"
            ) from None


class _Compiler:
    """Turns a syntax tree into nested functions, and refuses every construct it does not know."""

    def __init__(self, text: str, braced: Mapping[str, str]) -> None:
        self.text = text
        self.braced = braced
        self.names: set[str] = set()

    def build(self, node: ast.expr) -> Evaluate:
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise SpaceError(
                f"{self.text!r}: {ast.unparse(node)!r} is not allowed in an expression"
            )
        evaluate: Evaluate = method(node)
        return evaluate

    def _constant(self, node: ast.Constant) -> Evaluate:
        if not isinstance(node.value, int | float | str):
            raise SpaceError(f"{self.text!r}: {node.value!r} is not allowed in an expression")
        value = node.value
        return lambda params: value

    def _lookup(self, name: str) -> Evaluate:
        self.names.add(name)
        return lambda params: params[name]

    def _name(self, node: ast.Name) -> Evaluate:
        if node.id in _CONSTANTS:
            constant = _CONSTANTS[node.id]
            return lambda params: constant
        return self._lookup(self.braced.get(node.id, node.id))

    def _attribute(self, node: ast.Attribute) -> Evaluate:
        parts: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name):
            raise SpaceError(f"{self.text!r}: {ast.unparse(node)!r} is not a parameter's name")
        return self._lookup(".".join([inner.id, *reversed(parts)]))

    def _binop(self, node: ast.BinOp) -> Evaluate:
        operate = _BINARY.get(type(node.op))
        if operate is None:
            raise SpaceError(f"{self.text!r}: that operator is not allowed in an expression")
        left, right = self.build(node.left), self.build(node.right)

        def evaluate(params: Mapping[str, Value]) -> Any:
            a, b = left(params), right(params)
            if isinstance(a, str) or isinstance(b, str):
                raise TypeError("arithmetic needs numbers, found text")
            return operate(a, b)

        return evaluate

    def _unaryop(self, node: ast.UnaryOp) -> Evaluate:
        operate = _UNARY.get(type(node.op))
        if operate is None:
            raise SpaceError(f"{self.text!r}: that operator is not allowed in an expression")
        operand = self.build(node.operand)
        return lambda params: operate(operand(params))

    def _boolop(self, node: ast.BoolOp) -> Evaluate:
        parts = [self.build(v) for v in node.values]
        decide = all if isinstance(node.op, ast.And) else any
        return lambda params: decide(part(params) for part in parts)

    def _compare(self, node: ast.Compare) -> Evaluate:
        operands = [self.build(v) for v in (node.left, *node.comparators)]
        tests = []
        for op in node.ops:
            if type(op) not in _COMPARE:
                raise SpaceError(f"{self.text!r}: compare with == or !=, not with `is`")
            tests.append(_COMPARE[type(op)])

        def evaluate(params: Mapping[str, Value]) -> bool:
            values = [operand(params) for operand in operands]
            return all(t(a, b) for t, a, b in zip(tests, values, values[1:], strict=False))

        return evaluate

    def _ifexp(self, node: ast.IfExp) -> Evaluate:
        test, then, other = self.build(node.test), self.build(node.body), self.build(node.orelse)
        return lambda params: then(params) if test(params) else other(params)

    def _list(self, node: ast.List | ast.Tuple) -> Evaluate:
        items = [self.build(item) for item in node.elts]
        return lambda params: tuple(item(params) for item in items)

    _tuple = _list

    def _call(self, node: ast.Call) -> Evaluate:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in _FUNCTIONS or node.keywords:
            allowed = ", ".join(_FUNCTIONS)
            raise SpaceError(f"{self.text!r}: the functions of an expression are {allowed}")
        function = _FUNCTIONS[name]
        arguments = [self.build(a) for a in node.args]
        return lambda params: function(*(a(params) for a in arguments))
