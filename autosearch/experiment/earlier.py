"""What an experiment says of the results of others that it starts from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

# Files of pickled objects, by the ends of their names.
PICKLES = (".pkl", ".pickle", ".p", ".joblib", ".gz", ".z")


class EarlierSpec(BaseModel):
    """Results of another search that this one starts from."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    path: str = Field(
        description="A study's folder, a .csv or .json file, optuna:URL#STUDY, or pickle:FILE, "
        "which may run any code.",
    )
    value: str | None = Field(
        default=None,
        min_length=1,
        description="The column of a table, or the metric of a study, that holds the values.",
    )
    mode: Literal["max", "min"] | None = Field(
        default=None, description="Of a table: max or min, where it is not as in this search."
    )
    same: bool = Field(
        default=False,
        description="true: these are results of the very same program, data and metric; the "
        "search goes on from them as from trials of its own.",
    )

    @field_validator("path")
    @classmethod
    def _readable(cls, path: str) -> str:
        kind, _, rest = path.partition(":")
        if kind == "optuna":
            url, _, study = rest.rpartition("#")
            if not (url and study):
                raise ValueError("expected optuna:URL#STUDY, e.g. optuna:sqlite:///old.db#digits")
        elif kind != "pickle" and Path(path).suffix.lower() in PICKLES:
            raise ValueError(
                "to load a pickle may run any code that it holds; write pickle:FILE if you trust "
                "whoever made it"
            )
        elif not (rest if kind == "pickle" else path).strip():
            raise ValueError("expected a study's folder, a .csv or .json file")
        return path


def sources(value: object) -> object:
    """Return the list of mappings that a path, a mapping, or a list of either stands for."""
    entries = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(entry, str | Mapping | BaseModel) for entry in entries):
        raise ValueError("expected a path, {path: …, value: …, mode: …}, or a list of such")
    return tuple({"path": entry} if isinstance(entry, str) else entry for entry in entries)
