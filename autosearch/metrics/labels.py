"""How alike a metric's name and the words beside a number are."""

import difflib
from functools import lru_cache
from typing import Final

import regex

_WORD = regex.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\d_]+")

# Words that programs use for the same thing.
_SAME: Final = (
    ("val", "valid", "validation", "dev", "eval", "evaluation", "holdout"),
    ("test", "testing", "eval", "evaluation"),
    ("train", "training", "learn", "tr"),
    ("acc", "accuracy", "top"),
    ("avg", "average", "mean"),
    ("err", "error"),
    ("ppl", "perplexity"),
    ("prec", "precision"),
    ("rec", "recall"),
    ("reward", "return", "ret", "rew", "score"),
    ("map", "ap"),
    ("auc", "auroc"),
    ("iter", "iteration", "step"),
)
_SYNONYMS: Final = {
    word: {other for words in _SAME if word in words for other in words}
    for words in _SAME
    for word in words
}
_TOKEN = regex.compile(r"[\w@]+(?:[\-/.'][\w@]+)*")
_FILLERS: Final = frozenset(("is", "was", "of", "at", "the", "on", "for", "in", "now", "reached"))
_TOKENS_BESIDE: Final = 6  # of the words before a number, this many can belong to its label
# With one of these before it, "acc" is rather another metric.
_QUALIFIERS: Final = frozenset((*_SAME[0], *_SAME[1], *_SAME[2], "best", "avg", "average", "mean"))
_QUALIFIED: Final = 0.9


def words_of(text: str) -> list[str]:
    """Return the words of a name or label in lower case: `val_Acc@5` has val, acc and 5."""
    return [word.lower() for word in _WORD.findall(text)]


def similarity(name: str, label: str) -> float:
    """Return how alike a name and a label are, from 0 to 1; 1 where they have the same words.

    Only the end of the label counts, as far as it is alike: "epoch 3 took 2 s, val acc" is val_acc.
    What is written together is taken together: "val_acc" is not wholly acc.
    """
    wanted = words_of(name)
    tokens = [token for token in _TOKEN.findall(label) if token.lower() not in _FILLERS]
    given = [words_of(token) for token in tokens[-_TOKENS_BESIDE:]]
    if not wanted or not any(given):
        return float(bool(name.strip()) and name.strip() == label.strip())
    best = 0.0
    tail: list[str] = []
    for i in range(len(given) - 1, -1, -1):
        tail = given[i] + tail
        qualified = i > 0 and not _QUALIFIERS.isdisjoint(given[i - 1])
        best = max(best, _alike(wanted, tail) * (_QUALIFIED if qualified else 1.0))
    return best


def _alike(wanted: list[str], given: list[str]) -> float:
    if not given:
        return 0.0
    found = sum(max(_word_alike(word, other) for other in given) for word in wanted)
    back = sum(max(_word_alike(word, other) for other in wanted) for word in given)
    return (found + back) / (len(wanted) + len(given))


@lru_cache(maxsize=10_000)
def _word_alike(a: str, b: str) -> float:
    if a == b:
        return 1.0
    if b in _SYNONYMS.get(a, ()):
        return 0.9
    short, long = sorted((a, b), key=len)
    if len(short) >= 3 and long.startswith(short):
        return 0.8
    ratio = difflib.SequenceMatcher(None, a, b).ratio()
    return ratio if ratio > 0.75 else 0.0
