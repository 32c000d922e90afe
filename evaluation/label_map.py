"""Names of classes, in every form that callers write them."""

import json
from collections.abc import Mapping, Sequence

from evaluation.errors import InputError


def is_blank(label_map: object) -> bool:
    """Return whether nothing was given, also as JSON text of nothing."""
    if isinstance(label_map, str):
        return label_map.strip() in ("", "{}", "[]", "null")
    return label_map is None or (isinstance(label_map, Mapping) and len(label_map) == 0)


def read_label_map(label_map: object, k: int | None, warnings: list[str]) -> tuple[str, ...]:
    """Return the class names in the order of their ids.

    label_map: {id: name} with int or text ids, {name: id}, a list of names, or JSON text of any of
    these; blank for "0", "1", …  k: the number of classes where it is known.
    """
    if is_blank(label_map):
        return tuple(map(str, range(k or 0)))
    content = label_map
    if isinstance(content, str | bytes):
        try:
            content = json.loads(content)
        except ValueError as fault:
            raise InputError(
                f"label_map_dict is no JSON ({fault}); expected e.g. "
                '\'{"0": "cat", "1": "dog"}\' or a dict'
            ) from fault
    if isinstance(content, Sequence) and not isinstance(content, str):
        content = dict(enumerate(content))
    if not isinstance(content, Mapping):
        raise InputError(f"label_map_dict is {short(content)}; expected a dict of id to name")
    names = _names_by_id(content, warnings)
    size = len(names) if k is None else k
    missing = next((i for i in range(size) if i not in names), None)
    if missing is not None:
        raise InputError(f"label_map_dict has no name for class id {missing} (of {size} classes)")
    extra = sorted(set(names) - set(range(size)))
    if extra:
        raise InputError(
            f"label_map_dict names class id {extra[0]}, but pred_list has {size} scores per sample"
        )
    return _distinct([names[i] for i in range(size)])


def _names_by_id(content: Mapping[object, object], warnings: list[str]) -> dict[int, str]:
    keys = [str(key).strip() for key in content]
    if not all(key.isdecimal() for key in keys):
        if not all(type(v) is int or str(v).isdecimal() for v in content.values()):
            wrong = next(key for key in keys if not key.isdecimal())
            raise InputError(f"label_map_dict has the key {wrong!r}; keys must be class ids")
        warnings.append("label_map_dict maps names to ids; it was turned round")
        pairs = [(int(str(value)), str(key)) for key, value in content.items()]
    else:
        pairs = [(int(key), str(value)) for key, value in zip(keys, content.values(), strict=True)]
    result: dict[int, str] = {}
    for index, name in pairs:
        if index in result:
            raise InputError(f"label_map_dict names class id {index} twice")
        result[index] = name
    return result


def _distinct(names: list[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in seen:
            raise InputError(
                f"label_map_dict gives the ids {seen[name]} and {index} the same name {name!r}"
            )
        seen[name] = index
    return tuple(names)


def short(value: object) -> str:
    """Return a value as it appears in messages."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
