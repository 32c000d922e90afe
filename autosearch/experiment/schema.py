"""The JSON Schema of an experiment's YAML, by which editors complete and check it.

`python -m autosearch.experiment.schema [FILE]` writes it. A YAML file names it in its first line:
`# yaml-language-server: $schema=search.schema.json`.
"""

import dataclasses
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autosearch import stopping, strategies
from autosearch.experiment.earlier import EarlierSpec
from autosearch.experiment.model import ENV_NAME, Experiment, FromEnv, Metric
from autosearch.experiment.parameters import PARAMETER_NAME
from autosearch.experiment.sections import EXECUTORS, settings_of_rule
from autosearch.space.parameters import KINDS

DEFAULT_FILE = Path("configs/search.schema.json")

_NUMBER: dict[str, Any] = {"type": "number"}
_WHOLE: dict[str, Any] = {"type": "integer"}
_TEXT: dict[str, Any] = {"type": "string"}
_JSON_TYPES = {"int": "integer", "float": "number", "str": "string", "bool": "boolean"}
_SCALAR: dict[str, Any] = {"type": ["string", "number", "boolean"]}
_WHEN: dict[str, Any] = {
    "type": ["string", "object"],
    "description": "Exists only where this holds: {opt: sgd}, {opt: [sgd, lion]}, an expression.",
}
_HELP: dict[str, Any] = {"type": "string", "description": "What the parameter means."}


def schema() -> dict[str, Any]:
    """Return the JSON Schema, draft 2020-12, of an experiment in our own shape."""
    plain = _trimmed(Experiment.model_json_schema(by_alias=True, mode="validation"))
    defs, properties = plain["$defs"], plain["properties"]
    for name in ("RuleSpec", "ExecutorSpec", "StrategySpec"):
        defs.pop(name, None)
    search = defs.pop("Search")["properties"]
    del properties["folder"], search["strategies"]
    defs["FromEnv"] = _trimmed(FromEnv.model_json_schema())
    defs["EarlierSpec"] = _trimmed(EarlierSpec.model_json_schema())
    defs["Metric"] = _trimmed(Metric.model_json_schema()) | {"required": ["name"]}
    properties |= {
        "env": _env(properties["env"]["description"]),
        "metric": _metric(),
        "space": _space(),
        "constraints": {
            "description": "Expressions that every point meets, e.g. batch * accum <= 512.",
            "anyOf": [_TEXT, {"type": "array", "items": _TEXT}],
        },
        "skip": {
            "description": "Combinations that are never tried: [{opt: sgd, layers: 8}].",
            "type": "array",
            "items": {"type": "object", "minProperties": 1, "additionalProperties": _SCALAR},
        },
        "search": _search(search),
        "warm_start": _warm_start(properties["warm_start"]["description"]),
        "stop": _stop(),
        "executor": _executor(),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "autosearch experiment",
        "type": "object",
        "required": ["name", "command", "metric", "space"],
        "additionalProperties": False,
        "properties": properties,
        "$defs": defs,
    }


def _trimmed(node: Any) -> Any:
    """Return a schema without the titles and the empty defaults that pydantic adds."""
    if isinstance(node, list):
        return [_trimmed(item) for item in node]
    if not isinstance(node, dict):
        return node
    empty = node.get("default", 0) in (None, "", [])
    return {
        key: _trimmed(value)
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and empty)
    }


def _env(description: str) -> dict[str, Any]:
    value = {"anyOf": [{"type": ["string", "number"]}, {"$ref": "#/$defs/FromEnv"}]}
    return {
        "description": description,
        "type": "object",
        "patternProperties": {ENV_NAME: value},
        "additionalProperties": False,
    }


def _warm_start(description: str) -> dict[str, Any]:
    one = {"anyOf": [_TEXT, {"$ref": "#/$defs/EarlierSpec"}]}
    return {
        "description": description,
        "anyOf": [*one["anyOf"], {"type": "array", "items": one}],
    }


def _metric() -> dict[str, Any]:
    objective = {"$ref": "#/$defs/Metric", "required": ["name", "mode"]}
    others = {"anyOf": [{"$ref": "#/$defs/Metric"}, _TEXT]}
    several = {"type": "array", "prefixItems": [objective], "items": others}
    description = "What the program prints: one metric, or several, of which the first counts."
    return {"description": description, "anyOf": [objective, several]}


def _space() -> dict[str, Any]:
    return {
        "description": "The parameters: name → type, range, condition.",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^{PARAMETER_NAME}$"},
        "additionalProperties": {"oneOf": [_parameter(kind) for kind in KINDS]},
    }


def _parameter(kind: str) -> dict[str, Any]:
    number = _WHOLE if kind == "int" else _NUMBER
    values: dict[str, Any] = {"type": "array", "minItems": 1, "uniqueItems": True}
    by_field: dict[str, Any] = {
        "low": number,
        "high": number,
        "step": number | {"exclusiveMinimum": 0},
        "scale": {
            "enum": ["linear", "log", "auto"],
            "description": "auto: log where the range spans two powers of ten.",
        },
        "values": values | {"items": _SCALAR if kind == "choice" else number},
        "default": {"choice": _SCALAR, "bool": {"type": "boolean"}}.get(kind, number)
        | {"description": "Where the search starts."},
        "flag": {
            "enum": [True, "true", "both"],
            "description": "true: --name or nothing; both: --name or --no-name.",
        },
        "when": _WHEN,
        "help": _HELP,
    }
    names = [f.name for f in dataclasses.fields(KINDS[kind])]
    found: dict[str, Any] = {
        "type": "object",
        "required": ["type", "values"] if kind == "choice" else ["type"],
        "properties": {"type": {"const": kind}} | {name: by_field[name] for name in names},
        "additionalProperties": False,
    }
    if kind in ("int", "float"):
        found["anyOf"] = [{"required": ["low", "high"]}, {"required": ["values"]}]
    return found


def _search(own: Mapping[str, Any]) -> dict[str, Any]:
    names = list(strategies.BUILT_IN)
    by_name = {name: _settings(name) for name in names}
    beside: dict[str, Any] = {}
    for name, settings in by_name.items():
        for key, value in settings.items():
            told = value | {"description": f"{name}: {value['description']}"}
            beside.setdefault(key, []).append(told)
    merged = {k: v[0] if len(v) == 1 else {"anyOf": v} for k, v in sorted(beside.items())}
    entries = [
        {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"const": name}} | settings,
            "additionalProperties": False,
        }
        for name, settings in by_name.items()
    ]
    one = {"anyOf": [{"enum": names}, *entries]}
    strategy = {
        "description": "One strategy, its settings beside it; or several, each with its settings.",
        "anyOf": [*one["anyOf"], {"type": "array", "minItems": 1, "items": one}],
    }
    properties = {"strategy": strategy, **own} | merged
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _settings(name: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "num_samples": _WHOLE | {"minimum": 1, "description": "trials of this strategy"}
    }
    for info in strategies.describe(name).settings:
        one: dict[str, Any] = {"type": _JSON_TYPES[info.type], "description": info.help}
        if info.choices:
            one["enum"] = list(info.choices)
        if info.low is not None:
            one["exclusiveMinimum" if info.exclusive else "minimum"] = info.low
        if info.high is not None:
            one["exclusiveMaximum" if info.exclusive else "maximum"] = info.high
        if info.default is not None:
            one["default"] = info.default
        found[info.name] = one
    return found


def _stop() -> dict[str, Any]:
    entries = []
    for name, rule in stopping.RULES.items():
        settings: dict[str, Any] = {key: {} for key in settings_of_rule(rule)}
        entries.append(
            {
                "type": "object",
                "properties": {"rule": {"const": name}} | settings,
                "additionalProperties": False,
            }
        )
    description = "The rule that stops hopeless trials early."
    return {"description": description, "anyOf": [{"enum": list(stopping.RULES)}, *entries]}


def _executor() -> dict[str, Any]:
    entries = {
        name: {
            "type": ["object", "null"],
            "properties": dict.fromkeys(settings, _TEXT),
            "additionalProperties": False,
        }
        for name, settings in EXECUTORS.items()
    }
    several = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": entries,
        "additionalProperties": False,
    }
    return {"description": "Where trials run.", "anyOf": [{"enum": list(EXECUTORS)}, several]}


def schema_text() -> str:
    """Return the schema as the file that holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_FILE
    target.write_text(schema_text(), encoding="utf-8")
