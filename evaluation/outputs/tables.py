"""The tables behind the report, as rows; CSV files and DataFrames are made of them."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.arrays import Floats, Ints
from evaluation.findings import Findings
from evaluation.intervals import Estimate
from evaluation.outputs.plain import rounded
from evaluation.suggestions.data_rules import rule_words
from evaluation.suggestions.model import Suggestion

Cell = str | int | float | bool | None
# Gives the cells of some rows.
Column = Callable[[slice], Sequence[Cell]]
BLOCK_ROWS = 10_000
PART_CHARACTERS = 2**20
# A spreadsheet runs a cell that starts like this as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of plain values under a header."""

    header: list[str]
    rows: Iterable[list[Cell]]


@dataclass(frozen=True, slots=True)
class BlockRows:
    """Rows that are made in blocks while they are walked over, for there may be millions."""

    columns: Sequence[Column]
    n: int

    def __iter__(self) -> Iterator[list[Cell]]:
        """Yield the rows from the first to the last."""
        for start in range(0, self.n, BLOCK_ROWS):
            part = slice(start, min(start + BLOCK_ROWS, self.n))
            yield from map(list, zip(*(column(part) for column in self.columns), strict=True))

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.n


def csv_parts(table: Table) -> Iterator[str]:
    """Yield CSV (UTF-8 text, CRLF), in which no text can be taken for a formula, in parts."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow([_safe(cell) for cell in table.header])
    for row in table.rows:
        writer.writerow([_safe(cell) for cell in row])
        if stream.tell() > PART_CHARACTERS:
            yield stream.getvalue()
            stream.seek(0)
            stream.truncate()
    yield stream.getvalue()


def _safe(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return "'" + cell
    return cell


def _number(value: float | None) -> float | None:
    return None if value is None else rounded(float(value))


def _estimate(value: Estimate) -> list[Cell]:
    return [_number(value.value), _number(value.low), _number(value.high)]


def _triple(name: str) -> list[str]:
    return [name, f"{name}_low", f"{name}_high"]


def per_sample(found: Findings, _: Sequence[Suggestion]) -> Table:
    """Return one row per sample, with everything that is known of it."""
    data, confidences = found.predictions, found.confidences
    correct = data.labels == data.predicted
    columns: dict[str, Column] = {
        "index": lambda part: range(part.start, part.stop),
        "name": lambda part: [data.name(i) for i in range(part.start, part.stop)],
        "label": _class_names(data.classes, data.labels),
        "predicted": _class_names(data.classes, data.predicted),
        "correct": lambda part: correct[part].tolist(),
    }
    if confidences is not None:
        samples = confidences.samples
        columns |= {
            "confidence": _numbers(samples.confidence),
            "p_true": _numbers(samples.p_true),
            "true_rank": lambda part: (samples.above[part] + 1).tolist(),
            "loss": _numbers(samples.log_loss),
        }
        if confidences.label_errors is not None:
            errors = confidences.label_errors
            columns["label_error_posterior"] = _numbers(errors.posterior)
            columns["suggested_label"] = _class_names(data.classes, errors.suggested)
    if found.images is not None:
        columns |= {name: _numbers(values) for name, values in found.images.values.items()}
    # What the caller added in metadata; a name that is taken above is told apart.
    for item in found.sensitivity:
        known = item.column
        if found.images is not None and known.name in found.images.values:
            continue
        name = f"meta_{known.name}" if known.name in columns else known.name
        texts = known.categories
        columns[name] = (
            _numbers(known.values) if texts is None else _class_names(texts, known.codes)
        )
    if found.embedding is not None:
        columns["feature_x"], columns["feature_y"] = map(_numbers, found.embedding.points.T)
        columns["feature_distance"] = _numbers(found.embedding.distance)
    return Table(list(columns), BlockRows(list(columns.values()), len(data)))


def _numbers(values: Floats) -> Column:
    return lambda part: [rounded(value) for value in values[part].tolist()]


def _class_names(classes: Sequence[str], ids: Ints) -> Column:
    return lambda part: [classes[i] for i in ids[part].tolist()]


def per_class(found: Findings, _: Sequence[Suggestion]) -> Table:
    """Return one row per class."""
    header = ["id", "name", "support", "predicted"]
    header += [*_triple("precision"), *_triple("recall"), *_triple("f1")]
    confidences = found.confidences
    if confidences is not None:
        header += [*_triple("auc"), "average_precision", "classwise_ece", "best_threshold"]
    rows = []
    for c, scores in enumerate(found.classes):
        row: list[Cell] = [c, found.predictions.classes[c], scores.support, scores.predicted]
        for estimate in (scores.precision, scores.recall, scores.f1):
            row += _estimate(estimate)
        if confidences is not None:
            threshold = confidences.thresholds[c]
            row += _estimate(confidences.ranking.auc[c])
            row += [
                _number(confidences.ranking.average_precision[c]),
                _number(float(confidences.calibration.classwise_by_class[c])),
                None if threshold is None else _number(threshold.threshold),
            ]
        rows.append(row)
    return Table(header, rows)


def confusion(found: Findings, _: Sequence[Suggestion]) -> Table:
    """Return the non-zero cells of the confusion matrix."""
    rows, columns = np.nonzero(found.counts)
    names = found.predictions.classes
    return Table(
        ["true", "predicted", "count"],
        [
            [names[r], names[c], int(found.counts[r, c])]
            for r, c in zip(rows.tolist(), columns.tolist(), strict=True)
        ],
    )


def sensitivity(found: Findings, _: Sequence[Suggestion]) -> Table:
    """Return one row per property and fifth."""
    header = ["feature", "low", "high", "category", "n", *_triple("accuracy")]
    header += ["mean_std_f1", "q", "confirmed_q", "named", "explained_by"]
    rows: list[list[Cell]] = []
    for item in found.sensitivity:
        known = [value for value in item.std if value is not None]
        shared: list[Cell] = [
            _number(float(np.mean(known))) if known else None,
            _number(item.q),
            _number(item.confirmed_q),
            item.named,
            item.explained_by,
        ]
        for fifth in item.fifths:
            head: list[Cell] = [item.column.name, _number(fifth.low), _number(fifth.high)]
            rows.append([*head, fifth.label, fifth.n, *_estimate(fifth.accuracy), *shared])
    return Table(header, rows)


def slices(found: Findings, _: Sequence[Suggestion]) -> Table:
    """Return one row per confirmed slice and member."""
    rows: list[list[Cell]] = []
    for place, item in enumerate(found.slices.slices if found.slices else ()):
        words = rule_words(found, place)
        for index in np.flatnonzero(item.inside).tolist():
            correct = bool(found.predictions.labels[index] == found.predictions.predicted[index])
            rows.append([place + 1, words, index, found.predictions.name(index), correct])
    return Table(["slice", "rule", "index", "name", "correct"], rows)


def label_issues(found: Findings, _: Sequence[Suggestion]) -> Table:
    """Return the listed labels, the most probable error first."""
    errors = found.confidences.label_errors if found.confidences else None
    names = found.predictions.classes
    rows: list[list[Cell]] = []
    if errors is not None:
        for i in errors.listed.tolist():
            given, suggested = int(found.predictions.labels[i]), int(errors.suggested[i])
            posterior = _number(float(errors.posterior[i]))
            rows.append([i, found.predictions.name(i), names[given], names[suggested], posterior])
    return Table(["index", "name", "given", "suggested", "posterior"], rows)


def suggestions(found: Findings, ranked: Sequence[Suggestion]) -> Table:
    """Return the ranked actions."""
    header = ["priority", "id", "text", *_triple("gain"), "metric", "gain_kind"]
    header += ["p", "q", "cost", "unit", "minutes", "samples"]
    language = "zh" if found.settings.language == "zh-cn" else "en"
    rows: list[list[Cell]] = []
    for item in ranked:
        gain: list[Cell] = [None] * 5
        if item.gain is not None:
            gain = [*_estimate(item.gain.amount), item.gain.metric, item.gain.kind]
        head: list[Cell] = [item.priority, item.id, item.text[language]]
        tail: list[Cell] = [_number(item.claim.p), _number(item.claim.q), item.cost.amount]
        tail += [item.cost.unit, _number(item.cost.minutes), len(item.indices)]
        rows.append([*head, *gain, *tail])
    return Table(header, rows)


TABLES: Mapping[str, Callable[[Findings, Sequence[Suggestion]], Table]] = {
    "per_sample": per_sample,
    "per_class": per_class,
    "confusion": confusion,
    "sensitivity": sensitivity,
    "slices": slices,
    "label_issues": label_issues,
    "suggestions": suggestions,
}
