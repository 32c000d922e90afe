"""Optuna's studies, where Optuna is installed."""

from typing import Any

from autosearch.errors import InputError
from autosearch.interop.found import Finding


def load_study(storage: str, name: str) -> Any:
    """Return the study `name` of a storage's URL.

    Raises InputError where Optuna is not installed, or holds no such study there.
    """
    try:
        import optuna
    except ImportError:
        raise InputError("Optuna is not installed here: pip install optuna") from None
    try:
        return optuna.load_study(study_name=name, storage=storage)
    except KeyError:
        raise InputError(f"there is no Optuna study {name!r} in {storage}") from None


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
