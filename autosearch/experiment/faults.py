"""What is wrong with an experiment, in words: where, what was found, what was expected, the
nearest right word.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from autosearch.experiment import model
from autosearch.experiment.source import Keys
from autosearch.spelling import nearest

# What other tools and other ages of this one call our keys; the right side is where ours stands.
SYNONYMS: Mapping[str, str] = {
    "algorithm": "search.strategy",
    "concurrency": "search.parallel",
    "cmd": "command",
    "direction": "metric.mode",
    "distribution": "scale",
    "environment": "env",
    "goal": "metric.mode",
    "hyperparameters": "space",
    "jobs": "search.parallel",
    "lower": "low",
    "lower_bound": "low",
    "max": "high",
    "max_concurrent": "search.parallel",
    "max_trials": "search.trials",
    "metrics": "metric",
    "min": "low",
    "n_jobs": "search.parallel",
    "n_trials": "search.trials",
    "num_samples": "search.trials",
    "objective": "metric",
    "options": "values",
    "choices": "values",
    "parameters": "space",
    "params": "space",
    "pattern": "metric.regex",
    "program": "command",
    "sampler": "search.strategy",
    "scheduler": "stop",
    "search_space": "space",
    "start": "low",
    "end": "high",
    "timeout": "limits.trial_time",
    "upper": "high",
    "upper_bound": "high",
    "workers": "search.parallel",
    "cwd": "workdir",
    "working_dir": "workdir",
}
# The same for values of closed sets.
WORDS: Mapping[str, str] = {
    "maximize": "max",
    "maximise": "max",
    "minimize": "min",
    "minimise": "min",
    "uniform": "float",
    "loguniform": "float",
    "double": "float",
    "real": "float",
    "continuous": "float",
    "integer": "int",
    "randint": "int",
    "boolean": "bool",
    "categorical": "choice",
    "enum": "choice",
    "string": "choice",
    "str": "choice",
    "logarithmic": "log",
    "bayes": "bayes_opt_search",
    "bayesian": "bayes_opt_search",
    "gp": "bayes_opt_search",
    "smac": "bayes_opt_search",
    "tpe": "tpe_search",
    "anneal": "anneal_search",
    "random_search": "random",
    "grid_search": "grid",
}

_SECTIONS: Mapping[str, type[BaseModel]] = {
    "metric": model.Metric,
    "search": model.Search,
    "confirm": model.ConfirmSpec,
    "limits": model.LimitSpec,
    "resources": model.ResourceSpec,
}
TOP_LEVEL: tuple[str, ...] = (
    *("name", "description", "command", "shell", "workdir", "env", "files", "append"),
    *("metric", "space", "constraints", "skip"),
    *("search", "confirm", "warm_start", "stop", "limits", "resources", "executor"),
)
SEARCH_KEYS: tuple[str, ...] = ("strategy", "trials", "parallel", "seed", "stop_when")


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault before its place is looked up.

    at_key: the key itself is wrong, not its value. instead: the key that was meant, if one is near.
    """

    path: Keys
    message: str
    at_key: bool = False
    instead: Keys = ()


def show(value: object) -> str:
    """Return a value as a user would write it, shortened.

    >>> show(None), show(True), show("a"), show([1, "b"])
    ('nothing', 'true', "'a'", "[1, 'b']")
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        text = f"[{', '.join(map(show, value[:8]))}{', …' if len(value) > 8 else ''}]"
    elif isinstance(value, str) and value.isprintable():
        # Not repr: a regex is shown with as many backslashes as it has.
        text = f"'{value}'"
    else:
        text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def listed(words: Iterable[str]) -> str:
    """Return `a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def meant(word: object, known: Iterable[str]) -> str:
    """Return "; did you mean …?" with the nearest known word, or ""."""
    near = _nearest(str(word), tuple(known))
    return f"; did you mean {near}?" if near else ""


def unknown_key(path: Keys, known: Iterable[str], what: str = "unknown key") -> Problem:
    """Return the problem of a key that nobody reads: where it belongs, or what there is.

    known: the keys that may stand where it stands.
    """
    known, key, parent = tuple(known), str(path[-1]), path[:-1]
    near = _key_meant(key, known, top=not parent)
    if near in known:
        return Problem(path, f"{what}; did you mean {near}?", True, (*parent, near))
    if near:
        return Problem(path, f"{what}; did you mean {near}?", True, tuple(near.split(".")))
    expected = f"; expected {listed(known)}" if known else ""
    return Problem(path, what + expected, at_key=True)


def without_echoes(found: Iterable[Problem]) -> list[Problem]:
    """Return the problems without those that a misspelt key explains: that it is missing."""
    found = tuple(found)
    meant_keys = {problem.instead for problem in found if problem.instead}
    return [
        problem
        for problem in found
        if not (problem.path in meant_keys and problem.message.startswith("is missing"))
    ]


def _key_meant(key: str, known: tuple[str, ...], *, top: bool) -> str:
    """Return the key among `known`, or the dotted path of one elsewhere, that `key` stands for."""
    plain = key.lower().replace("-", "_")
    elsewhere = _elsewhere()
    synonym = SYNONYMS.get(plain, "")
    last = synonym.rsplit(".", 1)[-1]
    if plain in known and plain != key:
        return plain
    if last in known:
        return last
    if "." in synonym:
        return synonym
    if plain in elsewhere:
        return elsewhere[plain]
    return _nearest(plain, known) or (
        elsewhere.get(_nearest(plain, tuple(elsewhere)), "") if top else ""
    )


def _nearest(word: str, known: tuple[str, ...]) -> str:
    synonym = WORDS.get(word.strip().lower().replace("-", "_"), "")
    return synonym if synonym in known else nearest(word, known)


def _elsewhere() -> dict[str, str]:
    """Return key → dotted path, of the keys that stand below the top level."""
    keys = {key: name for name, section in _SECTIONS.items() for key in section.model_fields}
    keys["strategy"] = "search"
    del keys["strategies"]
    own = {key: f"{section}.{key}" for key, section in keys.items() if key not in TOP_LEVEL}
    return own | {key: key for key in TOP_LEVEL}


def from_pydantic(
    error: ValidationError, path: Keys, section: type[BaseModel] | None = None
) -> list[Problem]:
    """Return pydantic's errors below `path` in our words; section: whose keys stand there."""
    return [_translated(e, path, section) for e in error.errors(include_url=False)]


def _translated(error: Any, path: Keys, section: type[BaseModel] | None) -> Problem:
    at_key = "[key]" in error["loc"]
    loc = tuple(part for part in error["loc"] if part != "[key]")
    kind, found, context = error["type"], error["input"], error.get("ctx", {})
    where = (*path, *loc)
    if kind == "extra_forbidden":
        return unknown_key(where, section.model_fields if section else ())
    last = next((part for part in reversed(where) if isinstance(part, str)), "")
    if kind == "missing":
        return Problem(where, f"is missing; expected {_expected(last, kind, context)}")
    if kind == "literal_error":
        words = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        message = f"expected {listed(words)}, found {show(found)}{meant(found, words)}"
        return Problem(where, message)
    if kind == "value_error":
        return Problem(where, f"{context['error']}; found {show(found)}")
    expected = _expected("env_name" if at_key else last, kind, context)
    return Problem(
        where, f"expected {expected}, found {show(found)}{_yaml_hint(kind, found)}", at_key
    )


_BOUNDS: Mapping[str, tuple[str, str]] = {
    "greater_than": ("a number above", "gt"),
    "greater_than_equal": ("a number of at least", "ge"),
    "less_than": ("a number below", "lt"),
    "less_than_equal": ("a number of at most", "le"),
}
_TYPES: Mapping[str, str] = {
    "bool": "true or false",
    "dict": "a mapping (key: value)",
    "finite": "a finite number",
    "float": "a number",
    "int": "a whole number",
    "mapping": "a mapping (key: value)",
    "model": "a mapping (key: value)",
    "string": "text",
    "too": "at least one",
    "tuple": "a list",
}
_BY_KEY: Mapping[str, str] = {
    "env_name": "a name of letters, digits and _, not beginning with a digit",
    "from_env": "the name of an environment variable",
    "mode": "max or min",
    "name": "1 to 64 letters, digits, _ and -",
    "nodes": "1, as a trial runs on one machine",
    "reduce": "last, best, min, max, or mean_last_K such as mean_last_5",
}


def _expected(key: str, kind: str, context: Mapping[str, Any]) -> str:
    if kind in _BOUNDS and key not in _BY_KEY:
        words, bound = _BOUNDS[kind]
        return f"{words} {context[bound]:g}"
    if kind in (
        *_BOUNDS,
        "missing",
        "string_pattern_mismatch",
        "string_too_short",
        "string_too_long",
    ):
        return _BY_KEY.get(key, "text that is not empty")
    return _TYPES.get(kind.split("_")[0], kind.replace("_", " "))


def _yaml_hint(kind: str, found: object) -> str:
    """Return what to write instead, where YAML 1.2 reads a scalar otherwise than one may think."""
    if not isinstance(found, str):
        quoted = kind == "string_type" and isinstance(found, int | float)
        return "; write it in quotes" if quoted else ""
    plain = found.strip().lower()
    if kind == "bool_type" and plain in ("yes", "on", "y", "1"):
        return "; write true"
    if kind == "bool_type" and plain in ("no", "off", "n", "0"):
        return "; write false"
    digits = plain.replace("_", "").replace(",", "")
    if kind in ("int_type", "float_type") and digits.replace(".", "", 1).isdigit():
        return f"; write {digits}" if digits != plain else "; write it without quotes"
    return ""
