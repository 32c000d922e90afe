"""`model_analysis_results.json` in the dialect that ModelArts' console draws.

Per language a block of named operators, each with values, tables and charts; beside them the
gallery of wrong predictions. Rows of the confusion matrix are predictions there, columns labels.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluation.findings import Findings
from evaluation.intervals import Estimate
from evaluation.outputs.plain import plain, rounded
from evaluation.suggestions.model import Suggestion

LANGUAGES: Mapping[str, str] = {"zh-cn": "zh", "en-us": "en"}
MOST_WRONG = 200
# Ticks of an axis of shares; the dialect lists every tick of an axis.
SHARES = [0, 0.2, 0.4, 0.6, 0.8, 1]

TITLES: Mapping[str, tuple[str, str]] = {
    "overview": ("综合指标", "Overall metrics"),
    "suggestion": ("综合评估与建议", "Findings and suggestions"),
    "class_distribution": ("图像类别分布", "Class distribution"),
    "confusion_matrix": ("混淆矩阵", "Confusion matrix"),
    "recall": ("召回率", "Recall"),
    "precision": ("精确率", "Precision"),
    "f1": ("F1值", "F1"),
    "roc": ("ROC曲线", "ROC curve"),
    "accuracy_by_feature": ("不同特征范围下的准确率", "Accuracy by feature range"),
    "feature_distribution": ("特征分布", "Feature distribution"),
    "custom": ("自定义指标", "Custom metrics"),
    "f1_sensitivity": ("F1值敏感度", "Sensitivity of F1"),
}


def document(found: Findings, suggestions: Sequence[Suggestion]) -> dict[str, Any]:
    """Return the content of model_analysis_results.json."""
    result: dict[str, Any] = {}
    for language, short in LANGUAGES.items():
        result[language] = _operators(found, suggestions, short)
    for language, block in found.custom_block.items():
        if isinstance(block, Mapping):
            result.setdefault(str(language), {}).update(plain(block))
    result["get_negative_samples_cls"] = _gallery(found)
    return result


def _operators(found: Findings, suggestions: Sequence[Suggestion], short: str) -> dict[str, Any]:
    names = list(found.predictions.classes)
    support = [scores.support for scores in found.classes]
    blocks: dict[str, dict[str, Any]] = {
        "overview": {"value": {name: _value(item) for name, item in found.overall.items()}},
        "suggestion": {"value": {item.id: item.text[short] for item in suggestions}},
        "class_distribution": {
            "pie_chart": {"class_distribution": {"label": names, "value": support}}
        },
        "confusion_matrix": {
            "table": {
                "confusion_matrix": {
                    "top_left_cell": "预测 \\ 真实" if short == "zh" else "predicted \\ actual",
                    "row_labels": names,
                    "col_labels": names,
                    "cell_value": found.counts.T.tolist(),
                }
            }
        },
    }
    for metric in ("recall", "precision", "f1"):
        values = [rounded(getattr(scores, metric).value or 0.0) for scores in found.classes]
        blocks[metric] = {
            "table": {metric: _table("class", names, [metric], [[v] for v in values])}
        }
    if found.confidences is not None:
        blocks["roc"] = {"line_chart": {"roc": _roc(found)}}
    if found.custom:
        measured = {k: v for k, v in found.custom.items() if isinstance(v, Estimate)}
        blocks["custom"] = {"value": {name: _value(item) for name, item in measured.items()}}
    if found.sensitivity:
        blocks |= _sensitivity(found)
    index = 0 if short == "zh" else 1
    return {
        name: {"title": TITLES[name][index], "description": "", **content}
        for name, content in blocks.items()
    }


def _value(item: Estimate) -> float | None:
    return None if item.value is None else rounded(float(item.value))


def _table(
    corner: str, rows: list[str], columns: list[str], cells: list[list[Any]]
) -> dict[str, Any]:
    return {
        "top_left_cell": corner,
        "row_labels": rows,
        "col_labels": columns,
        "cell_value": cells,
    }


def _roc(found: Findings) -> dict[str, Any]:
    curves = {} if found.confidences is None else found.confidences.curves.roc
    return {
        "x_axis_name": "FPR",
        "y_axis_name": "TPR",
        "x_axis_range": SHARES,
        "y_axis_range": SHARES,
        "curve": {
            found.predictions.classes[c]: [
                [rounded(x), rounded(y)]
                for x, y in zip(curve.x.tolist(), curve.y.tolist(), strict=True)
            ]
            for c, curve in curves.items()
        },
    }


def _sensitivity(found: Findings) -> dict[str, Any]:
    accuracy: dict[str, Any] = {}
    distribution: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    for item in found.sensitivity:
        if item.column.categories is not None:
            continue
        edges = [rounded(fifth.low) for fifth in item.fifths]
        edges.append(rounded(item.fifths[-1].high))
        labels = [f"{fifth.low:.4g}-{fifth.high:.4g}" for fifth in item.fifths]
        for target, values in (
            (accuracy, [_value(fifth.accuracy) for fifth in item.fifths]),
            (distribution, [fifth.n for fifth in item.fifths]),
        ):
            target[item.column.name] = {
                "x_axis_name": item.column.name,
                "y_axis_name": "accuracy" if target is accuracy else "images",
                "x_axis_range": edges,
                "y_axis_range": SHARES if target is accuracy else _counts(values),
                "x_value": edges,
                "y_value": values,
            }
        cells = [
            [plain(fifth.f1[c]) for fifth in item.fifths] + [plain(item.std[c])]
            for c in range(found.predictions.k)
        ]
        names = list(found.predictions.classes)
        tables[item.column.name] = _table(item.column.name, names, [*labels, "std"], cells)
    return {
        "accuracy_by_feature": {"column_chart": accuracy},
        "feature_distribution": {"column_chart": distribution},
        "f1_sensitivity": {"table": tables},
    }


def _counts(values: Sequence[float | None]) -> list[int]:
    """Return five ticks from 0 to above the highest count."""
    step = max(int(value or 0) for value in values) // 4 + 1
    return [step * tick for tick in range(5)]


def _gallery(found: Findings) -> list[dict[str, Any]]:
    data = found.predictions
    wrong = np.flatnonzero(data.labels != data.predicted)
    confidence = None if found.confidences is None else found.confidences.samples.confidence
    if confidence is not None:
        wrong = wrong[np.argsort(-confidence[wrong], kind="stable")]
    return [
        {
            "labels": [_label(data.classes[int(data.labels[i])])],
            "predict_labels": [_label(data.classes[int(data.predicted[i])])],
            "score": "" if confidence is None else f"{confidence[i]:.3f}",
            "data_info": data.name(int(i)),
        }
        for i in wrong[:MOST_WRONG]
    ]


def _label(name: str) -> dict[str, Any]:
    return {"name": name, "type": 0, "property": {}}
