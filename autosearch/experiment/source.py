"""YAML text → plain values, and where in the text each of them stands.

Scalars follow YAML 1.2's core schema: `1e-5` is a number; `no`, `on`, `1_000` and dates are text.
Nothing but plain data can be written: tags, merge keys and several documents are refused, and what
aliases expand to is bounded.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from autosearch.errors import ExperimentError, Fault

Keys = tuple[str | int, ...]
Place = tuple[int, int]

MAX_BYTES = 256 * 1024
# What the text expands to, its aliases followed.
MAX_NODES = 100_000
MAX_DEPTH = 40

_STR = "tag:yaml.org,2002:str"
_PLAIN = "plain"
_UNTAGGED = {_PLAIN, _STR, "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"}

_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], float]], ...] = (
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+"), lambda text: int(text, 8)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text, 16)),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)"), lambda text: float(text.replace(".", "").lower())),
    (re.compile(r"\.(?:nan|NaN|NAN)"), lambda text: float("nan")),
)
# Longest text that is read as a number: whole numbers of this length still fit into a float.
_MAX_NUMBER = 100

# What the parser says → what the user should do.
_SYNTAX_HINTS: tuple[tuple[str, str], ...] = (
    ("cannot start any token", "write the text in single quotes"),
    (
        "mapping values are not allowed",
        "a text that holds ': ' belongs in quotes, and keys of one level begin in one column",
    ),
    ("could not find expected ':'", "a key is followed by ': ' and its value"),
    ("unknown escape character", r"in single quotes '…' a backslash is just a backslash"),
    ("undefined alias", "define it before with &name, or write the text in quotes"),
    ("did not find expected alphabetic", "write a text that begins with * or & in quotes"),
    ("expected alphabetic or numeric", "write a text that begins with * or & in quotes"),
    (
        "<block end>",
        "keys of one level begin in one column; or a quote or a bracket before this is open",
    ),
    ("expected ',' or", "a bracket or brace is not closed, or a comma is missing"),
)


@dataclass(frozen=True)
class Source:
    """Plain values with the place of every key and value.

    data: dicts, lists, text, numbers, booleans, None. keys, values: path → (line, column), from 1.
    """

    data: Any
    file: str
    keys: Mapping[Keys, Place] = field(default_factory=dict, repr=False)
    values: Mapping[Keys, Place] = field(default_factory=dict, repr=False)

    def place(self, path: Keys, *, key: bool = False) -> Place:
        """Return where `path` stands, or its nearest parent; (0, 0) where nothing is known.

        key: the place of the key itself rather than of its value.
        """
        if key and path in self.keys:
            return self.keys[path]
        for length in range(len(path), -1, -1):
            if path[:length] in self.values:
                return self.values[path[:length]]
        return (0, 0)


def decode(raw: bytes, file: str) -> str:
    """Return the text of a UTF-8 file, without its byte order mark; raises ExperimentError."""
    if len(raw) > MAX_BYTES:
        _refuse(f"the file has {len(raw)} bytes; at most {MAX_BYTES} are read", file, (1, 1))
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        _refuse("the file is UTF-16; save it as UTF-8", file, (1, 1))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        byte = raw[error.start]
        _refuse(f"byte 0x{byte:02x} is not UTF-8; save the file as UTF-8", file, (line, column))


def parse(text: str, file: str) -> Source:
    """Return the one YAML document in `text`; raises ExperimentError with every fault in it."""
    if len(text) > MAX_BYTES:
        _refuse(f"the text has {len(text)} characters; at most {MAX_BYTES} are read", file, (1, 1))
    node = _compose(text, file)
    if node is None:
        return Source(None, file)
    reader = _Reader(file)
    data = reader.read(node, ())
    if reader.faults:
        raise ExperimentError(reader.faults)
    return Source(data, file, reader.keys, reader.values)


def scalar(text: str) -> Any:
    """Return what a plain scalar stands for.

    >>> scalar("1e-5"), scalar("no"), scalar("0o17"), scalar("1_000"), scalar("~")
    (1e-05, 'no', 15, '1_000', None)
    """
    if text in _WORDS:
        return _WORDS[text]
    if len(text) <= _MAX_NUMBER:
        for pattern, convert in _NUMBERS:
            if pattern.fullmatch(text):
                return convert(text)
    return text


class _Loader(yaml.SafeLoader):
    """PyYAML's parser, with the meaning of plain scalars left to `scalar`."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """Return a tag that tells plain scalars from quoted ones."""
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else _STR
        return _STR[:-3] + ("seq" if kind is yaml.SequenceNode else "map")


def _compose(text: str, file: str) -> yaml.Node | None:
    try:
        loader = _Loader(text)
        try:
            node: yaml.Node | None = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        _refuse(*_syntax_error(error, text, file))
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
        _refuse(f"the character U+{int(error.character):04X} cannot stand here", file, place)
    except RecursionError:
        _refuse(f"nested more than {MAX_DEPTH} levels deep", file, (1, 1))
    return node


def _syntax_error(error: yaml.MarkedYAMLError, text: str, file: str) -> tuple[str, str, Place]:
    problem = " ".join((error.problem or "not YAML").split())
    mark = error.problem_mark or error.context_mark
    if "another document" in problem:
        problem = "a second document begins here (---); an experiment is one document"
    elif "'\\t'" in problem:
        problem = "a tab stands where spaces belong; indent with spaces"
    elif "unexpected end of stream" in problem and "quoted" in (error.context or ""):
        problem, mark = "the quote that opens here is never closed", error.context_mark
    else:
        hints = [hint for part, hint in _SYNTAX_HINTS if part in problem]
        problem = f"not YAML: {problem}" + (f"; {hints[0]}" if hints else "")
    return problem, file, (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _refuse(message: str, file: str, place: Place) -> NoReturn:
    raise ExperimentError([Fault("", message, file, *place)])


class _Reader:
    """Turns nodes into plain values, noting places and faults on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.keys: dict[Keys, Place] = {}
        self.values: dict[Keys, Place] = {}
        self.faults: list[Fault] = []
        self.count = 0

    def read(self, node: yaml.Node, path: Keys) -> Any:
        self.count += 1
        if self.count > MAX_NODES:
            _refuse(f"the aliases expand to more than {MAX_NODES} values", self.file, _place(node))
        if len(path) > MAX_DEPTH:
            _refuse(f"nested more than {MAX_DEPTH} levels deep", self.file, _place(node))
        self.values[path] = _place(node)
        if node.tag not in _UNTAGGED:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            self.fault(path, f"the tag {tag} is not allowed; write the plain value", node)
            return None
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, i)) for i, item in enumerate(node.value)]
        if "\0" in node.value:
            self.fault(path, "the text holds a NUL character, which no program can be given", node)
        return scalar(node.value) if node.tag == _PLAIN else node.value

    def mapping(self, node: yaml.MappingNode, path: Keys) -> dict[str, Any]:
        known: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.key(key_node, path)
            if key is None:
                continue
            if key in known:
                line = self.keys[(*path, key)][0]
                self.fault((*path, key), f"this key is given twice; first in line {line}", key_node)
                continue
            self.keys[(*path, key)] = _place(key_node)
            known[key] = self.read(value_node, (*path, key))
        return known

    def key(self, node: yaml.Node, path: Keys) -> str | None:
        if not isinstance(node, yaml.ScalarNode) or not node.value:
            self.fault(path, "a key is text; found a list, a mapping or nothing", node)
        elif node.tag not in _UNTAGGED:
            self.fault(path, f"the tag {node.tag} is not allowed", node)
        elif node.tag == _PLAIN and node.value == "<<":
            self.fault(path, "merge keys (<<) are not part of YAML 1.2; write the keys out", node)
        else:
            return str(node.value)
        return None

    def fault(self, path: Keys, message: str, node: yaml.Node) -> None:
        self.faults.append(Fault(dotted(path), message, self.file, *_place(node)))


def _place(node: yaml.Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1


def dotted(path: Keys) -> str:
    """Return a path as it is written in messages: `metric[0].name`.

    >>> dotted(("metric", 0, "name"))
    'metric[0].name'
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
