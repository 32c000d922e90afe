"""From the names that the caller gave to files on this machine."""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path

from evaluation.errors import InputError


def locate(
    names: Sequence[str], image_root: Path | None, path_map: Mapping[str, str] | None
) -> tuple[list[Path | None], str]:
    """Return where each image should be, None where nothing maps there, and why none does.

    path_map replaces the longest prefix that fits ("obs://bucket/data/": "/cache/data/"); relative
    names start at image_root. Whether the files exist is not looked at.
    """
    if path_map is not None and not _maps_texts(path_map):
        raise InputError(
            "path_map must be a dict of address prefix to folder, e.g. "
            '{"obs://bucket/data/": "/cache/data/"}'
        )
    if not names:
        return [], "no name_list was given"
    prefixes = sorted((path_map or {}).items(), key=lambda item: -len(item[0]))
    found: list[Path | None] = []
    for name in names:
        prefix = next((item for item in prefixes if name.startswith(item[0])), None)
        if prefix is not None:
            rest = name[len(prefix[0]) :].lstrip("/")
            found.append(Path(prefix[1]) / rest)
        elif "://" in name:
            found.append(None)
        else:
            found.append(image_root / name if image_root else Path(name))
    if all(path is None for path in found):
        scheme = names[0].split("://")[0]
        return found, f"names are {scheme}:// addresses; pass path_map to say where copies are"
    return found, ""


def _maps_texts(path_map: object) -> bool:
    return isinstance(path_map, Mapping) and all(
        isinstance(prefix, str) and isinstance(folder, str | PathLike)
        for prefix, folder in path_map.items()
    )
