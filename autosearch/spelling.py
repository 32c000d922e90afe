"""The nearest known word to one that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean X?" with the known word nearest to `word`, or "" where none is near.

    >>> did_you_mean("gama", ["gamma", "kappa"])
    '; did you mean gamma?'
    """
    by_lower = {k.lower(): k for k in known}
    near = get_close_matches(str(word).lower(), by_lower, n=1, cutoff=0.6)
    if not near:
        # "tpe" for "tpe_search": a part of a name counts as near, whatever their lengths.
        near = [k for k in by_lower if len(str(word)) > 2 and str(word).lower() in k][:1]
    return f"; did you mean {by_lower[near[0]]}?" if near else ""
