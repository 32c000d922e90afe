"""The one number grammar: how a training program may print a value, and what is read from it.

Read are plain and scientific numbers (`.5`, `5.`, `1e-5`, Fortran's `1.5D-03`, Julia's `1.5f-3`),
either sign (also the typographic minus), thousands (`1,234.5`, `1_000`), `nan` and `inf` in every
spelling, a number wrapped in an array type (`tensor(0.07, device='cuda:0')`, `np.float64(0.1)`,
`[0.3]`, `"0.3"`), and a unit behind it. The unit is not interpreted: `93.5%` is 93.5.

Refused, because reading a part of them would be silently wrong: `0,93` (a decimal comma or two
columns), `1.2.3`, `12:30:01`, `2024-01-31`, `0x1F`, `3rd`, `model_0.93.ckpt`, and lists of several.
"""

import math
from typing import Final, NamedTuple

import regex

_FORTRAN_OR_JULIA = r"[0-9]*\.[0-9]+[dDfF][-+−]?[0-9]+"
_THOUSANDS = r"[0-9]{1,3}(?:,[0-9]{3})+(?!,?[0-9])(?:\.[0-9]*)?"
# A whole number before a comma and digits may be the front half of a decimal comma.
_PLAIN = r"[0-9]+(?:_[0-9]+)*(?:\.(?:[0-9]+(?:_[0-9]+)*)?|(?!,[0-9]+(?![0-9.])))|\.[0-9]+"
_FINITE = rf"(?:{_FORTRAN_OR_JULIA}|(?:{_THOUSANDS}|{_PLAIN})(?:[eE][-+−]?[0-9]+)?)"
_SPECIAL = r"(?:1\.#(?:qnan|snan|ind|inf)[0-9]*|nan(?:\((?:ind|snan)\))?|inf(?:inity)?|∞)"

NUMBER: Final = rf"[-+−]?(?:(?i:{_SPECIAL})(?!\w)|{_FINITE})"
"""Matches one number, without what may stand around it."""

# What may follow: nothing, or a unit; but nothing that makes it a part of something longer.
_END = (
    r"(?=(?!(?i:st|nd|rd|th)\b)(?:%|‰|[°µμ]?[A-Za-z]{1,6})?"
    r"(?!\w|\.\w|:[0-9]|[-−]\w|/[0-9]+/[0-9]))"
)
_TYPES = (
    "tensor|eagertensor|array|ndarray|devicearray|asarray|scalar|parameter|variable|decimal"
    "|float[0-9]*|double|half|bfloat16|u?int[0-9]*"
)
_WRAPPER = (
    rf"(?i:(?:[a-z_][a-z0-9_]*\.){{0,3}}(?:{_TYPES})\(\s*"
    r"(?:shape=.{0,160}?(?:value\s*=\s*|stop_gradient=\w+,\s*))?"
    r"|<tf\.tensor:.{0,120}?numpy=)"
)

# In brackets there must be one number alone: which of several counts, nobody can know.
_OPENING = r"(?:\[{1,2}\s*(?=[^\s,\[\]]{1,40}\s*\])|(?:\\?[\"'])?\s?)"

ALONE: Final = rf"{NUMBER}{_END}"
"""Matches one number that is not a part of something longer, as far as it can be seen behind it."""

VALUE: Final = rf"(?:{_WRAPPER})?{_OPENING}{ALONE}(?:\s*\])?"
"""Matches one number as programs print it: perhaps wrapped, quoted or alone in brackets."""

_VALUE = regex.compile(rf"\s*(?:{_WRAPPER})?{_OPENING}(?P<number>{NUMBER}){_END}")
_IN_TEXT = regex.compile(rf"(?<![\w.]|[0-9][eE][-+]){ALONE}")


class Occurrence(NamedTuple):
    """A number in a text, and where it stands."""

    start: int
    stop: int
    value: float


def numbers_in(text: str) -> list[Occurrence]:
    """Return the numbers that stand alone in a text, from left to right; `v2` and `1.2.3` are none.

    >>> [number.value for number in numbers_in("epoch 3/10 loss=1e-3 v2")]
    [3.0, 10.0, 0.001]
    """
    return [Occurrence(*m.span(), _convert(m[0])) for m in _IN_TEXT.finditer(text)]


def same(a: float, b: float) -> bool:
    """Return whether two values are equal; nan equals nan."""
    return a == b or (math.isnan(a) and math.isnan(b))


def parse_number(text: str) -> float | None:
    """Return the number that `text` begins with, None where it begins with something else.

    >>> [parse_number(t) for t in ("1,234.5", "93.5%", "tensor(0.07, device='cuda:0')", "1.2.3")]
    [1234.5, 93.5, 0.07, None]
    """
    if text.isascii():
        try:
            return float(text)  # most texts are just a number, and this is twenty times as fast
        except ValueError:
            pass
    match = _VALUE.match(text)
    return None if match is None else _convert(match["number"])


def _convert(number: str) -> float:
    """Return the value of a text that NUMBER matched."""
    plain = number.replace("−", "-").lower()
    for word, value in (("nan", math.nan), ("ind", math.nan), ("inf", math.inf), ("∞", math.inf)):
        if word in plain:
            return -value if plain.startswith("-") else value
    return float(plain.replace(",", "").replace("_", "").replace("d", "e").replace("f", "e"))
