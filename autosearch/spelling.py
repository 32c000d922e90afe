"""The nearest known word to one that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word nearest to `word`, "" where none is near; case and - or _ are alike.

    >>> nearest("n-trails", ["n_trials", "seed"])
    'n_trials'
    """
    plain, by_plain = _plain(word), {_plain(k): k for k in known}
    near = get_close_matches(plain, by_plain, n=1, cutoff=0.6)
    if not near:
        # "tpe" for "tpe_search": a part of a name counts as near, whatever their lengths.
        near = [k for k in by_plain if len(plain) > 2 and plain in k][:1]
    return by_plain[near[0]] if near else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean X?" with the known word nearest to `word`, or "" where none is near.

    >>> did_you_mean("gama", ["gamma", "kappa"])
    '; did you mean gamma?'
    """
    near = nearest(word, known)
    return f"; did you mean {near}?" if near else ""


def _plain(word: object) -> str:
    return str(word).strip().lower().replace("-", "_")
