"""Config files for a program, rendered from templates: JSON and YAML by their grammar, others as
text.

In JSON and YAML, a placeholder that is a whole value, quoted or not, becomes a value of its own
type, null where its parameter is inactive; within a longer text it becomes part of the text. In any
other file it becomes the value's text, "" where the parameter is inactive.
"""

import json
import re
from collections.abc import Mapping
from pathlib import PurePath

import yaml

from autosearch.experiment.placeholders import fill, whole
from autosearch.space.values import Value

# name → value, None where the parameter is inactive.
Values = Mapping[str, Value | None]

_JSON_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def render_document(template: str, name: str, values: Values) -> str:
    """Return the template with the known names filled in; name: the file's, for its extension.

    Raises ValueError where a .yaml template is no YAML.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix == ".json":
        return _render_json(template, values)
    if suffix in (".yaml", ".yml"):
        return _render_yaml(template, values)
    return fill(template, lambda known: text_of(values[known]) if known in values else None)


def text_of(value: Value | None) -> str:
    """Return a value as programs read it: 0.001, 1e-05, 3, True, adam; "" for None."""
    return "" if value is None else str(value)


def _render_json(template: str, values: Values) -> str:
    pieces = []
    end = 0
    for match in _JSON_STRING.finditer(template):
        pieces.append(_bare(template[end : match.start()], values))
        pieces.append(_quoted(match[1], values))
        end = match.end()
    return "".join([*pieces, _bare(template[end:], values)])


def _bare(text: str, values: Values) -> str:
    return fill(text, lambda name: _literal(values[name]) if name in values else None)


def _quoted(inner: str, values: Values) -> str:
    name = whole(inner)
    if name in values:
        return _literal(values[name])
    escaped = {known: json.dumps(text_of(value))[1:-1] for known, value in values.items()}
    return f'"{fill(inner, escaped.get)}"'


def _literal(value: Value | None) -> str:
    return json.dumps(value)


def _yaml_text(text: str) -> str:
    """Return a double-quoted YAML scalar; JSON's would do, but for surrogates and controls."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    shown = (c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped)
    return f'"{"".join(shown)}"'


def _yaml_literal(value: Value | None) -> str:
    if isinstance(value, str):
        return _yaml_text(value)
    text = json.dumps(value)
    # YAML 1.1, which most programs read, takes 1e-05 for text.
    if isinstance(value, float) and "e" in text and "." not in text:
        return text.replace("e", ".0e")
    return text


def _render_yaml(template: str, values: Values) -> str:
    """Return the template with its scalars filled in, found by YAML's own scanner."""
    try:
        tokens = list(yaml.scan(template, Loader=yaml.SafeLoader))
        for _ in yaml.parse(template, Loader=yaml.SafeLoader):
            pass
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None
    pieces = []
    end = 0
    for i, token in enumerate(tokens):
        if not isinstance(token, yaml.ScalarToken):
            continue
        start, stop = token.start_mark.index, token.end_mark.index
        # Unquoted, {lr} is YAML's own flow mapping of one key.
        before, after = tokens[i - 1], tokens[i + 1]
        if isinstance(before, yaml.FlowMappingStartToken) and isinstance(
            after, yaml.FlowMappingEndToken
        ):
            start, stop = before.start_mark.index, after.end_mark.index
        replaced = _yaml_scalar(template[start:stop], token, values)
        if replaced is not None:
            pieces += [template[end:start], replaced]
            end = stop
    return "".join([*pieces, template[end:]])


def _yaml_scalar(source: str, token: yaml.ScalarToken, values: Values) -> str | None:
    """Return what stands in the place of a scalar, None where it stays."""
    name = whole(source) or whole(token.value)
    literal = token.style in ("|", ">")
    if name in values and not literal:
        return _yaml_literal(values[name])
    filled = {known: text_of(value) for known, value in values.items()}
    text = source if literal else token.value
    replaced = fill(text, filled.get)
    if replaced == text:
        return None
    return replaced if literal else _yaml_text(replaced)
