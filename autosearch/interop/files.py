"""Files with results: tables as CSV or JSON, and pickled objects."""

import csv
import json
from pathlib import Path
from typing import Any

from autosearch.errors import InputError
from autosearch.interop.tables import distinct


def read_csv(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a table, name → text; raises InputError where it is none."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            distinct(reader.fieldnames or ())
            # Cells beyond the row of names have no name.
            return [{k: v for k, v in row.items() if k is not None} for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"is no CSV file: {error}") from None


def read_json(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a list of objects; raises InputError where it is none."""
    try:
        data = json.loads(path.read_text("utf-8"), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise InputError(f"is no JSON file: {error}") from None
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise InputError("expected a list of objects, as `autosearch trials DIR --json` prints it")
    return data


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    distinct(name for name, _ in pairs)
    return dict(pairs)


def read_pickle(path: Path) -> Any:
    """Return the object in a pickle, which may run any code; raises InputError."""
    import joblib

    try:
        return joblib.load(path)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001  # a pickle may raise anything
        raise InputError(f"cannot be unpickled: {type(error).__name__}: {error}") from None
