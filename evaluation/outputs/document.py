"""The content of evaluation.json; its schema is evaluation/outputs/schema.json."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from evaluation.arrays import row_blocks
from evaluation.confusion import cluster_order
from evaluation.findings import Findings
from evaluation.images import blank, extremes
from evaluation.outputs.plain import plain
from evaluation.sensitivity import Sensitivity
from evaluation.suggestions.data_rules import rule_words
from evaluation.suggestions.model import Suggestion
from evaluation.suggestions.wording import describe_range
from evaluation.temperature import Temperature
from evaluation.version import VERSION

SCHEMA_VERSION = 2
# A full matrix of more classes is mostly zeros.
DENSE_CLASSES = 1000
MOST_ITEMS = 1000


def build_document(found: Findings, suggestions: Sequence[Suggestion]) -> dict[str, Any]:
    """Return the whole analysis as plain JSON values."""
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "run": _run(found),
        "warnings": list(found.warnings),
        "not_run": plain(found.not_run),
        "overall": plain(found.overall),
        "classes": _classes(found),
        "confusion": _confusion(found),
        "tail": _tail(found),
        "curves": _curves(found),
        "calibration": _calibration(found),
        "ranking": _ranking(found),
        "selective": _selective(found),
        "label_issues": _label_issues(found),
        "images": _images(found),
        "sensitivity": [_sensitivity(found, item) for item in found.sensitivity],
        "slices": _slices(found),
        "embedding": _embedding(found),
        "adversarial": _adversarial(found),
        "comparison": _comparison(found),
        "drift": plain(found.drift),
        "custom": plain(found.custom),
        "suggestions": [suggestion_document(item) for item in suggestions],
    }
    return document


def suggestion_document(item: Suggestion) -> dict[str, Any]:
    """Return one suggestion as plain JSON values."""
    gain = None
    if item.gain is not None:
        gain = {
            "metric": item.gain.metric,
            **plain(item.gain.amount),
            "kind": item.gain.kind,
            "marginal": plain(item.marginal),
        }
    return {
        "id": item.id,
        "kind": item.rule,
        "priority": item.priority,
        "text": dict(item.text),
        "evidence": plain(item.evidence),
        "claim": plain(item.claim),
        "gain": gain,
        "cost": plain(item.cost),
        "return_per_hour": plain(item.rate),
        "samples": len(item.indices),
        "indices": list(item.indices[:MOST_ITEMS]),
    }


def inputs_digest(found: Findings) -> str:
    """Return the SHA-256 of scores, labels, names and class names."""
    data = found.predictions
    digest = hashlib.sha256(data.kind.encode())
    for array in (data.labels, data.predicted):
        digest.update(np.ascontiguousarray(array).tobytes())
    if data.scores is not None:
        for rows in row_blocks(len(data), data.k):
            digest.update(np.ascontiguousarray(data.raw(rows)).tobytes())
    for texts in (data.names, data.classes):
        digest.update("\0".join(texts).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _run(found: Findings) -> dict[str, Any]:
    data, settings = found.predictions, found.settings
    return {
        "library": "evaluation",
        "version": VERSION,
        "task": "image_classification",
        "n": len(data),
        "k": data.k,
        "input_kind": data.kind,
        "seed": settings.seed,
        "alpha": settings.alpha,
        "bins": settings.bins,
        "inputs_sha256": inputs_digest(found),
    }


def _classes(found: Findings) -> list[dict[str, Any]]:
    confidences = found.confidences
    result = []
    for c, scores in enumerate(found.classes):
        row = {"id": c, "name": found.predictions.classes[c], **plain(scores)}
        if confidences is not None:
            threshold = confidences.thresholds[c]
            row |= {
                "auc": plain(confidences.ranking.auc[c]),
                "average_precision": plain(confidences.ranking.average_precision[c]),
                "classwise_ece": plain(confidences.calibration.classwise_by_class[c]),
                "threshold": plain(threshold),
            }
        result.append(row)
    return result


def _confusion(found: Findings) -> dict[str, Any]:
    k = found.predictions.k
    result: dict[str, Any] = {"axis": "rows_true"}
    if k <= DENSE_CLASSES:
        result["counts"] = found.counts.tolist()
    else:
        rows, columns = np.nonzero(found.counts)
        result["sparse"] = [
            [int(r), int(c), int(found.counts[r, c])] for r, c in zip(rows, columns, strict=True)
        ]
    result["order"] = cluster_order(found.counts) if k <= DENSE_CLASSES else None
    result["top_pairs"] = plain(found.pairs)
    joint = found.confidences.label_errors if found.confidences else None
    result["overlapping"] = _overlaps(joint.joint) if joint is not None else []
    return result


def _overlaps(joint: np.ndarray[Any, Any]) -> list[dict[str, Any]]:
    """Return the pairs of classes whose labels are most often exchanged, by confident learning."""
    both = joint + joint.T
    first, second = np.triu_indices(len(joint), 1)
    shares = both[first, second]
    order = np.argsort(-shares, kind="stable")[:20]
    return [
        {"first": int(first[i]), "second": int(second[i]), "share": plain(shares[i])}
        for i in order
        if shares[i] > 0
    ]


def _tail(found: Findings) -> dict[str, Any]:
    tail = found.tail
    return {
        "spearman": plain(tail.correlation),
        "p": plain(tail.p),
        "slope_per_log_support": plain(tail.slope),
        "rare": list(tail.rare),
        "too_few_to_judge": list(tail.unjudged),
    }


def _curves(found: Findings) -> dict[str, Any] | None:
    if found.confidences is None:
        return None
    curves, sweep = found.confidences.curves, found.confidences.sweep
    selective = found.confidences.selective
    return {
        "roc": {"macro": plain(curves.macro_roc), "classes": plain(curves.roc)},
        "pr": {"macro": plain(curves.macro_pr), "classes": plain(curves.pr)},
        "threshold": plain(sweep),
        "risk_coverage": {"coverage": plain(selective.coverage), "risk": plain(selective.risk)},
        "reliability": plain(found.confidences.calibration.bins),
    }


def _calibration(found: Findings) -> dict[str, Any] | None:
    if found.confidences is None:
        return None
    item = found.confidences.calibration
    return {
        "ece": plain(item.ece),
        "smooth_ece": plain(item.smooth),
        "mce": plain(item.mce),
        "ace": plain(item.ace),
        "classwise": plain(item.classwise),
        "debiased": plain(item.debiased),
        "brier_parts": plain(item.brier),
        "temperature": _temperature(found.confidences.temperature),
    }


def _temperature(item: Temperature | None) -> dict[str, Any] | None:
    if item is None:
        return None
    fields = plain(item)
    return {"T": fields.pop("t"), **fields}


def _ranking(found: Findings) -> dict[str, Any] | None:
    return None if found.confidences is None else {"fitted_on": found.confidences.ranking.fitted_on}


def _selective(found: Findings) -> dict[str, Any] | None:
    if found.confidences is None:
        return None
    item = found.confidences.selective
    return {
        "aurc": plain(item.aurc),
        "excess_aurc": plain(item.excess_aurc),
        "guarantees": plain(item.guarantees),
    }


def _label_issues(found: Findings) -> dict[str, Any] | None:
    errors = found.confidences.label_errors if found.confidences else None
    if errors is None:
        return None
    labels = found.predictions.labels
    return {
        "expected_count": plain(errors.expected_count),
        "noise_rate": plain(errors.noise_rate),
        "p": plain(errors.p),
        "cut": errors.cut,
        "listed": len(errors.listed),
        "fitted_on": errors.fitted_on,
        "pairs_fitted_on": list(errors.pairs_fitted_on),
        "items": [
            {
                "index": int(i),
                "name": found.predictions.name(int(i)),
                "given": int(labels[i]),
                "suggested": int(errors.suggested[i]),
                "posterior": plain(errors.posterior[i]),
            }
            for i in errors.listed[:MOST_ITEMS]
        ],
    }


def _images(found: Findings) -> dict[str, Any] | None:
    table = found.images
    if table is None:
        return None
    features = {}
    for name, values in table.values.items():
        known = values[np.isfinite(values)]
        marks = np.quantile(known, [0, 0.25, 0.5, 0.75, 1])
        features[name] = {
            "mean": plain(known.mean()),
            "std": plain(known.std()),
            "quartiles": plain(marks),
            "extreme": [int(i) for i in np.flatnonzero(extremes(values))[:MOST_ITEMS]],
        }
    duplicates = found.duplicates
    return {
        "read": int(table.readable.sum()),
        "failures": [
            {"index": index, "name": found.predictions.name(index), "reason": reason}
            for index, reason in table.failures[:MOST_ITEMS]
        ],
        "conversions": dict(sorted(table.notes.items())),
        "features": features,
        "blank": blank(table).tolist(),
        "duplicates": None
        if duplicates is None
        else {
            "groups": plain(duplicates.groups[:MOST_ITEMS]),
            "repeats": len(duplicates.extra),
            "leaked": plain(duplicates.leaked[:MOST_ITEMS]),
        },
    }


def _sensitivity(found: Findings, item: Sensitivity) -> dict[str, Any]:
    where = item.found
    return {
        "feature": item.column.name,
        "bins": plain(item.fifths),
        "std": plain(item.std),
        "std_without_effect": plain(item.noise),
        "p": plain(item.p),
        "q": plain(item.q),
        "class_q": plain(item.class_q),
        "label_v": plain(item.label_v),
        "label_q": plain(item.label_q),
        "range": None if where is None else describe_range(item.column, where.low, where.high),
        "effect": plain(item.gap),
        "confirmed_p": plain(item.confirmed_p),
        "confirmed_q": plain(item.confirmed_q),
        "adjusted_p": plain(item.adjusted_p),
        "adjusted_q": plain(item.adjusted_q),
        "explained_by": item.explained_by or None,
        "named": item.named,
        "excess_error": plain(item.excess),
    }


def _slices(found: Findings) -> list[dict[str, Any]]:
    if found.slices is None:
        return []
    return [
        {
            "rule": rule_words(found, place),
            "n": item.n,
            "accuracy": plain(item.accuracy),
            "accuracy_elsewhere": plain(item.rest),
            "excess_error": plain(item.excess),
            "p": plain(item.p),
            "q": plain(item.q),
            "members_csv": "slices.csv",
            "indices": np.flatnonzero(item.inside)[:MOST_ITEMS].tolist(),
        }
        for place, item in enumerate(found.slices.slices)
    ]


def _embedding(found: Findings) -> dict[str, Any] | None:
    item = found.embedding
    if item is None:
        return None
    return {
        "explained_variance": plain(item.explained),
        "outliers": item.outliers[:MOST_ITEMS].tolist(),
    }


def _adversarial(found: Findings) -> dict[str, Any] | None:
    item = found.robustness
    if item is None:
        return None
    return {
        "images": len(item.indices),
        "agreement_with_pred_list": plain(item.agreement),
        "clean_accuracy": plain(item.clean),
        "attack": plain(item.attack),
        "gradient": item.gradient,
        "attacked": {**plain(item.attacked), "misclassified": plain(item.attacked_rate)},
        "noise": {**plain(item.noise), "misclassified": plain(item.noise_rate)},
        "p": plain(item.p),
        "corruptions": plain(item.ladders),
        "corrections": plain(item.corrections),
        "heat_maps": plain(item.heat_maps),
    }


def _comparison(found: Findings) -> dict[str, Any] | None:
    item = found.comparison
    if item is None:
        return None
    return {
        "accuracy": plain(item.accuracy),
        "macro_f1": plain(item.macro_f1),
        "log_loss_improvement": plain(item.nll),
        "p": plain(item.p),
        "worse": item.worse,
        "broken": item.broken[:MOST_ITEMS].tolist(),
        "fixed": item.fixed[:MOST_ITEMS].tolist(),
        "classes": plain(item.classes),
    }
