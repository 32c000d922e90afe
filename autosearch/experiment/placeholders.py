"""Placeholders in text: `{lr}` stands for the value of lr, `{{lr}}` for the text {lr}.

Only a name between braces is one. Every other brace stays as it is written: in JSON, in an awk
program, and in `${HOME}`, which belongs to the shell.
"""

import re
from collections.abc import Callable

# Known besides the parameters, which come first where the names are equal.
BUILT_IN = ("trial_dir", "seed", "number", "name", "folder")

_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_PLACEHOLDER = re.compile(rf"(?<!\$)(?:\{{\{{(?P<escaped>{_NAME})\}}\}}|\{{(?P<name>{_NAME})\}})")


def names_in(text: str) -> tuple[str, ...]:
    """Return the names of the placeholders in `text`, in their order.

    >>> names_in("--lr={lr} {{no}} ${HOME} {print $1} {'a': {n}}")
    ('lr', 'n')
    """
    return tuple(m["name"] for m in _PLACEHOLDER.finditer(text) if m["name"])


def fill(text: str, value_of: Callable[[str], str | None]) -> str:
    """Return `text` with the placeholders replaced; where `value_of` gives None, they stay.

    >>> fill("{lr} {{lr}} {other}", {"lr": "0.1"}.get)
    '0.1 {lr} {other}'
    """

    def replacement(match: re.Match[str]) -> str:
        if match["escaped"]:
            return f"{{{match['escaped']}}}"
        value = value_of(match["name"])
        return match[0] if value is None else value

    return _PLACEHOLDER.sub(replacement, text)


def whole(text: str) -> str:
    """Return the name of the placeholder that `text` consists of, or ""."""
    match = _PLACEHOLDER.fullmatch(text)
    return (match["name"] or "") if match else ""
