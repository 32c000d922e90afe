"""The pattern that stands in for a user's regex: made from the metric's name alone."""

from typing import Final

import regex

from autosearch.metrics.numbers import ALONE, VALUE

# val_acc is also written val-acc, val/acc, val.acc, val acc, val: acc, [val] acc, ValAcc.
_JOINT: Final = r"(?:[_\-/.:]|[:\].]\s|'s |\s{1,12})?"
_WORDS = regex.compile(r"[\s_\-/.:]+|(?<=[a-z])(?=[A-Z])")

# "val acc" is another metric than "acc": such a word and a blank before the name is part of a name.
_QUALIFIERS: Final = (
    "train|training|tr|val|valid|validation|test|testing|dev|eval|evaluation|holdout|oof"
    "|best|max|min|maximum|minimum|peak|top|worst|target|goal|threshold|baseline|previous|prev|old"
    "|avg|average|mean|median|std|var|total|sum|running|smoothed|ema|moving|weighted|balanced"
    "|macro|micro|lm|mlm|nsp|ctc|att|box|cls|obj|dfl|seg|mask|rpn|kl|nll|ce|mse|l1|l2|aux"
    "|policy|value|entropy|critic|actor|q|pg|vf|td|generator|discriminator|disc|gen|g|d"
    "|reconstruction|recon|rec|regularization|reg|adversarial|adv|contrastive|distillation|kd"
    "|student|teacher|initial|final|dice|focal|triplet|perceptual|style|content|top-?[0-9]{1,2}"
)
_BEFORE: Final = rf"(?<![\w\-/@$])(?<!\w\.)(?<!(?<![\w=])(?:{_QUALIFIERS})(?:'s)?\s{{1,3}})"
_UNIT: Final = r"(?:\s?[(\[](?:%|[a-z]{1,5}(?:/[a-z]{1,5})?)[)\]])?"
_WHEN: Final = (
    r"(?:\s(?:after|at|in|for)\s(?:epoch|iteration|iter|step|batch|round|fold|generation)"
    r"\s#?[0-9]{1,12})?"
)
_ASSIGN: Final = (
    r"(?:\.?\s{0,80}(?:[:=]{1,2}>?|->|→|≈|[|│┃║]|\.{2,80}:?)\s{0,80}"
    r"|\s{1,80}(?:is|was|of|at|reached|is now)(?:\s?[:=]\s?|\s)\s{0,8}|\s{1,80})"
)


def name_regex(name: str) -> str:
    """Return a regex that matches the metric's name as it may be spelled in a log, case ignored.

    Only whole names are matched: `acc` is not found in `val_acc`, `val acc`, `acc_best` or `acc@5`.
    """
    return f"(?ia){_whole(name)}"


def built_in_regex(name: str) -> str:
    """Return the regex that is used where the user gives none; its group `value` is the number.

    It reads `name: 0.93`, `name=0.93`, `"name": 0.93`, `name 0.93`, `name is 0.93`,
    `| name | 0.93 |`, and, between commas or bars, `0.93 name`.
    """
    after = rf"""(?:\\?["'`*]{{1,3}}|\])?{_UNIT}{_WHEN}{_ASSIGN}~?\s?(?P<value>{VALUE})"""
    in_front = rf"(?:^|[,;|(])\s{{0,9}}(?P<value>{ALONE})\s{{1,9}}{_spelled(name)}"
    before = rf"(?=\s?(?:[,;|)]|$))(?<={in_front})"
    return rf"(?ia){_whole(name)}(?:{after}|{before})"


def longest_word(name: str) -> bytes:
    """Return the longest part that every spelling of the name contains: UTF-8, ASCII lower case."""
    words = [word.encode("utf-8", "surrogatepass") for word in _WORDS.split(name) if word]
    return max(words, key=len, default=name.encode("utf-8", "surrogatepass")).lower()


def _whole(name: str) -> str:
    # What stands before the name is looked at last: a search for its first letters is fast.
    spelling = _spelled(name)
    return rf"{spelling}(?<={_BEFORE}{spelling})(?![\w@]|[\-/.]\w|:[a-z_])"


def _spelled(name: str) -> str:
    words = [word for word in _WORDS.split(name) if word] or [name]
    return _JOINT.join(map(regex.escape, words))
