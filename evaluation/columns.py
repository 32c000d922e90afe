"""Properties of the samples, numeric or by category, cut into bins that a search can walk over."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluation.arrays import Floats, Ints, Mask
from evaluation.errors import InputError

SEARCH_BINS = 40
MAX_CATEGORIES = 50


@dataclass(frozen=True, eq=False)
class Column:
    """One property of every sample; numbers are NaN, and codes -1, where it is unknown.

    categories: the texts that `codes` count, or None for a number. codes: the search bin of each
    sample. edges: of numeric bins, bins + 1 values.
    """

    name: str
    values: Floats
    codes: Ints
    edges: Floats
    categories: tuple[str, ...] | None = None

    @property
    def bins(self) -> int:
        """Return the number of search bins."""
        return len(self.categories) if self.categories is not None else len(self.edges) - 1

    def members(self, low: int, high: int) -> Mask:
        """Return which samples lie in the bins low…high."""
        return (self.codes >= low) & (self.codes <= high)


def numeric(name: str, values: Floats) -> Column | None:
    """Return a column cut at quantiles; equal values share a bin. None if it is constant."""
    known = np.isfinite(values)
    if known.sum() < 2:
        return None
    inner = np.quantile(values[known], np.linspace(0, 1, SEARCH_BINS + 1)[1:-1], method="lower")
    low, high = float(values[known].min()), float(values[known].max())
    cuts = np.unique(inner[(inner > low)])
    if low == high or len(cuts) == 0:
        return _two_valued(name, values, known, low, high)
    codes = np.where(known, np.searchsorted(cuts, values, side="right"), -1)
    return Column(name, values, codes.astype(np.int64), np.concatenate([[low], cuts, [high]]))


def _two_valued(name: str, values: Floats, known: Mask, low: float, high: float) -> Column | None:
    """Return a column of the commonest value against the higher ones; None if it is constant."""
    if low == high:
        return None
    cut = float(values[known & (values > low)].min())
    codes = np.where(known, (values >= cut).astype(np.int64), -1)
    return Column(name, values, codes, np.array([low, cut, high]))


def categorical(name: str, texts: list[str]) -> Column | None:
    """Return a column of categories, sorted by text; None if there is only one.

    Raises InputError beyond 50 categories: such a column names samples, it does not group them.
    """
    categories = sorted(set(texts))
    if len(categories) < 2:
        return None
    if len(categories) > MAX_CATEGORIES:
        raise InputError(
            f"metadata column {name!r} has {len(categories)} different texts; at most "
            f"{MAX_CATEGORIES} make groups that can be compared, so leave it out or coarsen it"
        )
    place = {text: code for code, text in enumerate(categories)}
    codes = np.array([place[text] for text in texts], np.int64)
    return Column(name, codes.astype(float), codes, np.empty(0), tuple(categories))


def read_metadata(metadata: object, n: int) -> dict[str, Floats | list[str]]:
    """Return the columns of a mapping or DataFrame: numbers as floats, everything else as texts."""
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping) and not hasattr(metadata, "columns"):
        raise InputError("metadata must be a dict of name to column, or a pandas DataFrame")
    names = list(metadata) if isinstance(metadata, Mapping) else list(metadata.columns)
    result: dict[str, Floats | list[str]] = {}
    for name in names:
        given = metadata[name]  # type: ignore[index]  # a mapping, or a frame
        try:
            values = np.asarray(given)
        except ValueError as fault:
            raise InputError(
                f"metadata column {name!r} is ragged; expected one value for each sample"
            ) from fault
        if values.ndim != 1 or len(values) != n:
            raise InputError(
                f"metadata column {name!r} has shape {values.shape}; expected one value for each "
                f"of the {n} samples"
            )
        if values.dtype.kind in "iuf":
            result[str(name)] = values.astype(float)
        else:
            result[str(name)] = [str(value) for value in values.tolist()]
    return result


def build_columns(values: Mapping[str, Floats | list[str]]) -> tuple[list[Column], list[str]]:
    """Return the columns that vary, and the names of those that do not."""
    columns, constant = [], []
    for name, content in values.items():
        built = categorical(name, content) if isinstance(content, list) else numeric(name, content)
        if built is None:
            constant.append(name)
        else:
            columns.append(built)
    return columns, constant
