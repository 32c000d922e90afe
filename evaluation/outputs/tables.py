"""The tables behind the report, as rows; CSV files and DataFrames are made of them."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.findings import Findings
from evaluation.intervals import Estimate
from evaluation.outputs.plain import rounded
from evaluation.suggestions.data_rules import rule_words
from evaluation.suggestions.model import Suggestion

Cell = str | int | float | bool | None
# A spreadsheet runs a cell that starts like this as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of plain values under a header."""

    header: list[str]
    rows: list[list[Cell]]


def csv_text(table: Table) -> str:
    """Return CSV (UTF-8 text, CRLF) in which no text can be taken for a formula."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow([_safe(cell) for cell in table.header])
    writer.writerows([_safe(cell) for cell in row] for row in table.rows)
    return stream.getvalue()


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
    header = ["index", "name", "label", "predicted", "correct"]
    columns: list[Sequence[Cell]] = [
        list(range(len(data))),
        [data.name(i) for i in range(len(data))],
        [data.classes[i] for i in data.labels],
        [data.classes[i] for i in data.predicted],
        (data.labels == data.predicted).tolist(),
    ]
    if confidences is not None:
        samples = confidences.samples
        header += ["confidence", "p_true", "true_rank", "loss"]
        columns += [
            _column(samples.confidence),
            _column(samples.p_true),
            (samples.above + 1).tolist(),
            _column(samples.log_loss),
        ]
        if confidences.label_errors is not None:
            errors = confidences.label_errors
            header += ["label_error_posterior", "suggested_label"]
            columns += [_column(errors.posterior), [data.classes[i] for i in errors.suggested]]
    if found.images is not None:
        header += list(found.images.values)
        columns += [_column(values) for values in found.images.values.values()]
    if found.embedding is not None:
        header += ["feature_x", "feature_y", "feature_distance"]
        embedding = found.embedding
        columns += [_column(v) for v in (*embedding.points.T, embedding.distance)]
    return Table(header, [list(row) for row in zip(*columns, strict=True)])


def _column(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[Cell]:
    return [rounded(value) for value in values.tolist()]


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
