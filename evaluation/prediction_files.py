"""Predictions in files: CSV with a column per class, or NPZ with arrays."""

import csv
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, nan
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipInfo

import numpy as np

from evaluation.errors import InputError

NAME_COLUMNS = ("name", "file", "filename", "path", "image")
LABEL_COLUMNS = ("label", "target", "true", "y")
PREDICTED_COLUMNS = ("predicted", "prediction", "pred")
SCORE_ARRAYS = ("pred_list", "predictions", "probabilities", "probs", "logits", "scores")
LABEL_ARRAYS = ("label_list", "labels", "label", "y")
NAME_ARRAYS = ("name_list", "names", "name")
CLASS_ARRAYS = ("classes", "class_names", "label_map")
META = "meta_"
# Bytes from which the packing of an array is looked at, and how often smaller it may be packed.
LARGE, MOST_PACKED = 2**28, 200


@dataclass(frozen=True, eq=False)
class PredictionFile:
    """What a file holds, in the words of `analyse`."""

    pred_list: Any
    label_list: Any
    name_list: Sequence[str]
    classes: Sequence[str] | None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    features: Any = None


def read_file(path: Path) -> PredictionFile:
    """Return the predictions in a CSV or NPZ file. Raises InputError with the place of a fault."""
    if not path.is_file():
        what = "is a folder; name a .csv or .npz file in it" if path.is_dir() else "no such file"
        raise InputError(f"{path}: {what}")
    readers = {".csv": _read_csv, ".npz": _read_npz}
    if path.suffix.lower() not in readers:
        raise InputError(f"{path}: expected a file ending in .csv or .npz")
    return readers[path.suffix.lower()](path)


def _read_npz(path: Path) -> PredictionFile:
    try:
        with np.load(path, allow_pickle=False) as archive:
            _refuse_bomb(archive.zip.infolist())
            arrays = {name: archive[name] for name in archive.files}
    except MemoryError as fault:
        raise InputError(
            f"{path}: holds more than fits in memory ({fault}); save the scores with np.save and "
            "hand np.load(..., mmap_mode='r') to analyse"
        ) from fault
    # An array file alone has no archive in it; a damaged one breaks in zipfile or zlib.
    except (OSError, ValueError, EOFError, TypeError, BadZipFile, zlib.error) as fault:
        pickled = "pickle" in str(fault)
        reason = "it is damaged, or holds pickled objects" if pickled else fault
        raise InputError(
            f"{path}: cannot be read as NPZ ({reason}); write it with np.savez from arrays of "
            "numbers and texts"
        ) from fault

    def first(names: Sequence[str], what: str) -> Any:
        found = next((arrays[name] for name in names if name in arrays), None)
        if found is None and what:
            raise InputError(
                f"{path}: holds {', '.join(arrays) or 'nothing'}; {what} expected under one of: "
                f"{', '.join(names)}"
            )
        return found

    names, classes = first(NAME_ARRAYS, ""), first(CLASS_ARRAYS, "")
    return PredictionFile(
        pred_list=first(SCORE_ARRAYS, "scores"),
        label_list=first(LABEL_ARRAYS, "labels"),
        name_list=[] if names is None else [str(name) for name in names.tolist()],
        classes=None if classes is None else [str(name) for name in classes.tolist()],
        metadata={k.removeprefix(META): v for k, v in arrays.items() if k.startswith(META)},
        features=arrays.get("features"),
    )


def _refuse_bomb(members: Sequence[ZipInfo]) -> None:
    """Raise ValueError for a small file that would unpack to far more than scores ever do."""
    for member in members:
        size, packed = member.file_size, max(member.compress_size, 1)
        if size > LARGE and size > MOST_PACKED * packed:
            raise ValueError(f"{packed} bytes would unpack to {size}")


def _read_csv(path: Path) -> PredictionFile:
    header, lines, columns = _columns(path)
    label = _pick(columns, LABEL_COLUMNS)
    if label is None:
        hint = "; cells must be separated by commas" if len(header) == 1 else ""
        raise InputError(f"{path}:1: needs a column named one of: {', '.join(LABEL_COLUMNS)}{hint}")
    name, predicted = _pick(columns, NAME_COLUMNS), _pick(columns, PREDICTED_COLUMNS)
    metadata = {c: columns[c] for c in header if c.startswith(META)}
    scores = [c for c in header if c not in (label, name, predicted) and c not in metadata]
    classes = [c.removeprefix("score_").removeprefix("prob_") for c in scores]
    if scores:
        values: Any = np.array([_numbers(path, lines, c, columns[c]) for c in scores]).T
    elif predicted is not None:
        classes = sorted({*columns[label], *columns[predicted]})
        classes = [] if all(text.strip().isdecimal() for text in classes) else classes
        values = _ids(path, lines, predicted, columns[predicted], classes)
    else:
        raise InputError(f"{path}:1: needs one column of scores per class, or a column 'predicted'")
    return PredictionFile(
        pred_list=values,
        label_list=_ids(path, lines, label, columns[label], classes),
        name_list=columns[name] if name else [],
        classes=classes or None,
        metadata={c.removeprefix(META): _typed(values) for c, values in metadata.items()},
    )


def _columns(path: Path) -> tuple[list[str], list[int], dict[str, list[str]]]:
    """Return header, the line that each row ends on, and the cells of each column."""
    rows, lines = [], []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            for row in reader:
                if row:
                    rows.append(row)
                    lines.append(reader.line_num)
    except UnicodeDecodeError as fault:
        raise InputError(f"{path}: is not UTF-8 text ({fault}); save it as CSV in UTF-8") from fault
    except csv.Error as fault:
        raise InputError(f"{path}:{reader.line_num}: cannot be read as CSV ({fault})") from fault
    except OSError as fault:
        raise InputError(f"{path}: cannot be read ({fault.strerror or fault})") from fault
    if len(rows) < 2:
        raise InputError(f"{path}: has no rows under its header")
    header, body = [cell.strip() for cell in rows[0]], rows[1:]
    for line, row in zip(lines[1:], body, strict=True):
        if len(row) != len(header):
            raise InputError(f"{path}:{line}: has {len(row)} cells, the header {len(header)}")
    columns = {name: [row[i] for row in body] for i, name in enumerate(header)}
    if len(columns) != len(header):
        raise InputError(f"{path}:1: a column name occurs twice")
    return header, lines[1:], columns


def _pick(columns: Mapping[str, Sequence[str]], names: Sequence[str]) -> str | None:
    lowered = {column.lower(): column for column in columns}
    return next((lowered[name] for name in names if name in lowered), None)


def _numbers(path: Path, lines: Sequence[int], column: str, cells: Sequence[str]) -> list[float]:
    result = []
    for line, cell in zip(lines, cells, strict=True):
        try:
            value = float(cell)
        except ValueError:
            value = nan
        if not isfinite(value):
            raise InputError(
                f"{path}:{line}: column {column!r} holds {cell!r}; expected a score (columns of "
                f"other facts must be named {META}…)"
            )
        result.append(value)
    return result


def _ids(
    path: Path, lines: Sequence[int], column: str, cells: Sequence[str], classes: Sequence[str]
) -> list[int]:
    """Return class ids of cells that hold ids or class names."""
    place = {name: index for index, name in enumerate(classes)}
    result = []
    for line, cell in zip(lines, cells, strict=True):
        text = cell.strip()
        if text in place:
            result.append(place[text])
        elif text.isdecimal() and (not classes or int(text) < len(classes)):
            result.append(int(text))
        else:
            known = ", ".join(classes[:8])
            raise InputError(
                f"{path}:{line}: column {column!r} holds {text!r}; expected a class id"
                + (f" below {len(classes)} or one of the classes: {known}" if classes else "")
            )
    return result


def _typed(cells: Sequence[str]) -> list[float] | list[str]:
    try:
        return [float(cell) if cell.strip() else float("nan") for cell in cells]
    except ValueError:
        return list(cells)
