"""Sections about the predictions: classes, confusion, calibration, confidence, labels, errors."""

import numpy as np

from evaluation.confusion import cluster_order
from evaluation.curves import Curve
from evaluation.findings import Findings
from evaluation.intervals import Estimate
from evaluation.outputs import charts
from evaluation.outputs.charts import Axes, Label, Line
from evaluation.outputs.markup import (
    both,
    cell,
    facts,
    figure,
    gallery,
    interval,
    note,
    numeric,
    table,
    text,
    with_interval,
)
from evaluation.outputs.thumbnails import Thumbnails
from evaluation.suggestions.model_rules import no_temperature
from evaluation.suggestions.wording import about, number, percent

SHOWN_CURVES = 6
SHOWN_CLASSES = 60
# Fewer classes keep the order that the caller knows them in.
ORDERED_CLASSES = 15
SHOWN_LABELS = 60
SHOWN_ERRORS = 36


# Names of the figures of the whole set.
FIGURES = {
    "accuracy": ("accuracy", "准确率"),
    "balanced_accuracy": ("balanced accuracy", "平衡准确率"),
    "macro_precision": ("macro precision", "宏平均精确率"),
    "macro_recall": ("macro recall", "宏平均召回率"),
    "macro_f1": ("macro F1", "宏平均 F1"),
    "weighted_precision": ("weighted precision", "加权精确率"),
    "weighted_f1": ("weighted F1", "加权 F1"),
    "kappa": ("Cohen's kappa", "Cohen's kappa"),
    "mcc": ("MCC", "MCC"),
    "log_loss": ("log-loss", "对数损失"),
    "brier": ("Brier score (0–2)", "Brier 分数（0–2）"),
    "macro_auc": ("macro ROC-AUC", "宏平均 ROC-AUC"),
    "macro_average_precision": ("macro average precision", "宏平均 AP"),
    "ece": ("ECE", "ECE"),
    "smooth_ece": ("SmoothECE", "SmoothECE"),
    "aurc": ("AURC (area under risk and coverage)", "AURC（风险—覆盖率曲线下面积）"),
    "excess_aurc": ("AURC beyond the best order's", "超出最优排序的 AURC"),
}


def overall(found: Findings) -> str:
    """Return all figures of the whole set, and the caller's own."""
    rows = []
    for name, estimate in found.overall.items():
        share = name not in ("log_loss", "brier", "kappa", "mcc", "aurc", "excess_aurc")
        rows.append((_figure_name(name), with_interval(estimate, share)))
    for name, value in found.custom.items():
        shown = with_interval(value, False) if isinstance(value, Estimate) else text(value)
        rows.append((text(name), shown))
    return facts(rows)


def _figure_name(name: str) -> str:
    if name in FIGURES:
        return both(*FIGURES[name])
    k = name.removeprefix("top").removesuffix("_accuracy")
    return both(f"top-{k} accuracy", f"前 {k} 准确率")


def classes(found: Findings) -> str:
    """Return the table of classes and the curves."""
    confidences = found.confidences
    header = ["id", both("class", "类别"), both("support", "样本数"), both("predicted", "预测数")]
    header += [both("precision", "精确率"), both("recall", "召回率"), "F1"]
    if confidences is not None:
        header += [
            "ROC-AUC",
            both("average precision", "平均精确率"),
            both("best threshold", "最佳阈值"),
        ]
    rows = []
    for c, scores in enumerate(found.classes):
        name = found.predictions.classes[c]
        row = [numeric(c, str(c)), cell(text(name), name)]
        row += [
            numeric(scores.support, str(scores.support)),
            numeric(scores.predicted, str(scores.predicted)),
        ]
        row += [interval(scores.precision), interval(scores.recall), interval(scores.f1)]
        if confidences is not None:
            threshold = confidences.thresholds[c]
            row.append(interval(confidences.ranking.auc[c]))
            row.append(numeric(confidences.ranking.average_precision[c]))
            row.append(numeric(None if threshold is None else threshold.threshold))
        rows.append(row)
    explained = note(
        "Bars show the value, the dark line its 95 % interval. Scores of a class that never occurs "
        "are 0. Click a column to sort.",
        "条形为数值，深色线为置信区间。从未出现的类别得分记为 0。点击列名可排序。",
    )
    return explained + table(header, rows) + _curves(found) + _tail(found)


def _curves(found: Findings) -> str:
    if found.confidences is None or found.confidences.curves.macro_roc is None:
        return ""
    curves, names = found.confidences.curves, found.predictions.classes
    auc = found.confidences.ranking.auc
    weakest = sorted(curves.roc, key=lambda c: auc[c].value or 0.0)[:SHOWN_CURVES]
    axes = Axes((0, 1), (0, 1))

    def draw(macro: Curve | None, by_class: dict[int, Curve], labels: tuple[Label, Label]) -> str:
        drawn = [] if macro is None else [Line("macro", macro.x, macro.y, chinese="宏平均")]
        drawn += [Line(names[c], by_class[c].x, by_class[c].y, style="thin") for c in weakest]
        return charts.lines(drawn, axes, labels)

    roc_labels = (("false positive rate", "假正率"), ("true positive rate", "真正率"))
    roc = draw(curves.macro_roc, curves.roc, roc_labels)
    pr = draw(curves.macro_pr, curves.pr, (("recall", "召回率"), ("precision", "精确率")))
    caption = both(
        "macro mean and the weakest classes, each against the rest", "宏平均及最弱类别（一对其余）"
    )
    return (
        f'<div class="charts">{figure(roc, "ROC: " + caption)}{figure(pr, "PR: " + caption)}</div>'
    )


def _tail(found: Findings) -> str:
    tail = found.tail
    if tail.correlation is None or tail.p is None:
        return ""
    return note(
        f"Recall against class size: Spearman {tail.correlation:+.2f}, p = {tail.p:.3g}. "
        f"Classes with too few images for a verdict (wider than ±0.1): {len(tail.unjudged)}.",
        f"召回率与类别规模：Spearman {tail.correlation:+.2f}，p = {tail.p:.3g}。"
        f"{len(tail.unjudged)} 个类别图像过少，无法判断（区间宽于 ±0.1）。",
    )


def confusion(found: Findings) -> str:
    """Return the matrix and the most surprising pairs."""
    names, counts = found.predictions.classes, found.counts
    chosen = np.arange(len(counts))
    caption = both("rows: true class, columns: predicted class", "行：真实类别，列：预测类别")
    if len(counts) > SHOWN_CLASSES:
        errors = counts.sum(axis=0) + counts.sum(axis=1) - 2 * np.diag(counts)
        chosen = np.argsort(-errors, kind="stable")[:SHOWN_CLASSES]
        caption += both(
            f"; the {SHOWN_CLASSES} classes with the most errors",
            f"；错误最多的 {SHOWN_CLASSES} 个类别",
        )
    if len(chosen) > ORDERED_CLASSES:
        chosen = chosen[cluster_order(counts[np.ix_(chosen, chosen)])]
        caption += both("; confused classes side by side", "；易混淆的类别相邻排列")
    picture = charts.heat(counts[np.ix_(chosen, chosen)], [names[c] for c in chosen])
    header = [both("pair", "类别对"), both("errors", "错误数"), both("expected", "期望"), "q"]
    header += [both("direction", "方向"), both("gain of best threshold", "最佳阈值收益")]
    rows = []
    for pair in found.pairs[:30]:
        first, second = names[pair.first], names[pair.second]
        total = pair.forward + pair.backward
        arrow = f"{first} → {second}: {pair.forward}, {second} → {first}: {pair.backward}"
        mark = " *" if pair.q_asymmetry < 0.05 else ""
        rows.append(
            [
                cell(text(f"{first} / {second}"), first),
                numeric(total, str(total)),
                numeric(pair.expected),
                numeric(pair.q, "< 0.0001" if pair.q < 1e-4 else None),
                cell(text(arrow + mark)),
                numeric(pair.ceiling, None if pair.ceiling is None else percent(pair.ceiling)),
            ]
        )
    explained = note(
        "Expected: errors between the two if each class's errors were spread by popularity. * one "
        "direction outweighs the other (q < 0.05).",
        "期望：若各类错误按其他类别的普遍程度分配时两者间的错误数。"
        "* 某一方向显著更多（q < 0.05）。",
    )
    beside = f"<div>{explained}{table(header, rows)}</div>"
    return f'<div class="charts">{figure(picture, caption)}{beside}</div>'


def calibration(found: Findings) -> str:
    """Return the reliability diagram and all calibration errors."""
    if found.confidences is None:
        return ""
    item, scaled = found.confidences.calibration, found.confidences.temperature
    rows = [
        ("ECE", with_interval(item.ece)),
        (both("SmoothECE (no bins)", "SmoothECE（无分箱）"), with_interval(item.smooth)),
        (both("equal-mass ECE", "等频 ECE"), with_interval(item.ace)),
        (both("classwise ECE", "逐类 ECE"), with_interval(item.classwise)),
        (both("MCE (errs high)", "MCE（偏高）"), with_interval(item.mce)),
        (both("debiased squared ECE", "去偏平方 ECE"), with_interval(item.debiased, False)),
        (both("Brier: reliability", "Brier：可靠性"), text(number(item.brier.reliability))),
        (both("Brier: resolution", "Brier：分辨度"), text(number(item.brier.resolution))),
        (both("Brier: uncertainty", "Brier：不确定性"), text(number(item.brier.uncertainty))),
    ]
    if scaled is not None:
        rows += [
            (both("temperature", "温度"), text(number(scaled.t))),
            (
                both("log-loss gained (cross-fitted)", "对数损失收益（交叉拟合）"),
                with_interval(scaled.nll_gain, False),
            ),
            (both("ECE after scaling", "缩放后 ECE"), percent(scaled.ece_after)),
        ]
    caption = both(
        "dots: accuracy per bin with its interval; green: where a calibrated model would fall; "
        "grey: how many samples",
        "点：各区间准确率及置信区间；绿色：完全校准时的范围；灰色：样本量",
    )
    declined = no_temperature(found)
    return (
        "" if declined is None else note(*declined)
    ) + f'<div class="charts">{figure(charts.reliability(item.bins), caption)}{facts(rows)}</div>'


def confidence(found: Findings) -> str:
    """Return what rejecting unsure predictions buys."""
    if found.confidences is None:
        return ""
    item, sweep = found.confidences.selective, found.confidences.sweep
    top = max(float(item.risk.max()) * 1.1, 0.01)
    risk = charts.lines(
        [Line("risk", item.coverage, item.risk)],
        Axes((0, 1), (0, min(top, 1.0))),
        (("coverage", "覆盖率"), ("error of accepted", "被接受样本错误率")),
    )
    swept = charts.lines(
        [
            Line("accuracy", sweep.threshold, sweep.accuracy, chinese="准确率"),
            Line("coverage", sweep.threshold, sweep.coverage, chinese="覆盖率"),
            Line("macro-F1", sweep.threshold, sweep.macro_f1, chinese="宏平均 F1"),
        ],
        Axes((0, 1), (0, 1)),
        (("threshold on the confidence", "置信度阈值"), ("share", "比例")),
        (False, True),
    )
    header = [both("error at most", "错误率上限"), both("coverage", "覆盖率")]
    header += [both("threshold", "阈值"), both("observed error", "实测错误率")]
    rows = [
        [
            numeric(g.risk, percent(g.risk)),
            numeric(g.coverage, percent(g.coverage)),
            numeric(g.threshold),
            numeric(g.observed, percent(g.observed)),
        ]
        for g in item.guarantees
    ]
    explained = note(
        "The table gives the coverage at which the error is held with 95 % confidence (exact "
        "bound, fixed-sequence testing); – where no threshold can promise it.",
        "表中为在给定置信水平下可保证错误率的覆盖率（精确界、固定序列检验）；无法保证时为 –。",
    )
    pictures = figure(risk, both("risk and coverage", "风险—覆盖率")) + figure(
        swept, both("what a threshold accepts", "阈值的影响")
    )
    return f'<div class="charts">{pictures}</div>{explained}{table(header, rows)}'


def labels(found: Findings, thumbs: Thumbnails) -> str:
    """Return the labels that are probably wrong."""
    errors = found.confidences.label_errors if found.confidences else None
    if errors is None:
        return ""
    count, names = errors.expected_count, found.predictions.classes
    low, high, listed = about(count.low), about(count.high), len(errors.listed)
    if errors.p < found.settings.alpha:
        head = note(
            f"About {about(count.value)} labels are expected to be wrong ({low} – {high}); "
            f"{listed} are more probably wrong than right and listed in label_issues.csv.",
            f"预计约有 {about(count.value)} 个标签错误（{low} – {high}）；"
            f"其中 {listed} 个更可能是错的，列于 label_issues.csv。",
        )
    else:
        head = note(
            f"Nothing proves that a label is wrong (p = {number(errors.p)}); up to {high} cannot "
            f"be excluded. {listed} labels that the model contradicts most are listed in "
            "label_issues.csv.",
            f"没有证据表明存在错误标签（p = {number(errors.p)}），但不能排除至多 {high} 个。"
            f"模型最不认同的 {listed} 个标签列于 label_issues.csv。",
        )
    cards = []
    for i in errors.listed[:SHOWN_LABELS].tolist():
        given = names[int(found.predictions.labels[i])]
        suggested = names[int(errors.suggested[i])]
        lines = [
            f'{both("label", "标签")}: <b class="bad">{text(given)}</b>',
            f'{both("rather", "更可能")}: <b class="good">{text(suggested)}</b>',
            "p > 0.99" if errors.posterior[i] > 0.995 else f"p = {errors.posterior[i]:.2f}",
        ]
        cards.append(thumbs.card(i, lines))
    return head + gallery(cards)


def mistakes(found: Findings, thumbs: Thumbnails) -> str:
    """Return the wrong predictions, the surest first."""
    data = found.predictions
    wrong = np.flatnonzero(data.labels != data.predicted)
    if not len(wrong):
        return note("There is no wrong prediction.", "没有错误的预测。")
    sure = None if found.confidences is None else found.confidences.samples.confidence
    if sure is not None:
        wrong = wrong[np.argsort(-sure[wrong], kind="stable")]
    cards, names = [], data.classes
    for i in wrong[:SHOWN_ERRORS].tolist():
        lines = [
            f'{both("predicted", "预测")}: <b class="bad">{text(names[data.predicted[i]])}</b>',
            f"{both('label', '标签')}: <b>{text(names[data.labels[i]])}</b>",
        ]
        if sure is not None:
            lines.append(percent(float(sure[i])))
        cards.append(thumbs.card(i, lines))
    return gallery(cards)
