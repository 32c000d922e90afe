"""Optuna's studies, where Optuna is installed."""

import re
from pathlib import Path
from typing import Any

from autosearch.errors import InputError
from autosearch.interop.found import Finding

# Not a database in memory, nor a path that is a URI itself.
_SQLITE = re.compile(r"(sqlite(?:\+\w+)?:///)(?!:memory:|file:)([^?]+)(.*)")


def located(storage: str, folder: Path) -> str:
    """Return a storage's URL; the path of an SQLite file, where it is relative, is in `folder`."""
    found = _SQLITE.fullmatch(storage)
    return f"{found[1]}{folder.absolute() / found[2]}{found[3]}" if found else storage


def load_study(storage: str, name: str) -> Any:
    """Return the study `name` of a storage's URL, and leave the storage as it is.

    Raises InputError where Optuna is not installed, or holds no such study there.
    """
    try:
        import optuna
    except ImportError:
        raise InputError("Optuna is not installed here: pip install optuna") from None
    from sqlalchemy.exc import SQLAlchemyError

    file = _SQLITE.fullmatch(storage)
    if file and not Path(file[2]).exists():
        raise InputError(f"there is no file {file[2]}")
    try:
        # Optuna would make a database of a file that is none of its own.
        opened = optuna.storages.RDBStorage(storage, skip_table_creation=True)
        return optuna.load_study(study_name=name, storage=opened)
    except KeyError:
        raise InputError(f"there is no Optuna study {name!r} in {storage}") from None
    except (SQLAlchemyError, optuna.exceptions.OptunaError, ImportError, RuntimeError) as error:
        reason = str(error.__cause__ or error).partition("\n")[0]
        raise InputError(f"cannot be opened as Optuna's storage: {reason}") from None


def of_study(study: Any) -> list[Finding]:
    """Return a study's trials as findings; only complete ones have losses."""
    signs = [-1.0 if d.name == "MAXIMIZE" else 1.0 for d in study.directions]
    findings = []
    for trial in study.trials:
        state = trial.state.name
        values = trial.values if state == "COMPLETE" and trial.values else ()
        losses = tuple(sign * value for sign, value in zip(signs, values, strict=False))
        findings.append(Finding(trial.params, losses, state == "FAIL"))
    return findings
