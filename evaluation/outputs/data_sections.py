"""Sections about the data and the model's behaviour on changed images."""

from collections.abc import Sequence

import numpy as np

from evaluation.corruptions import CORRUPTIONS
from evaluation.findings import Findings
from evaluation.images import extremes
from evaluation.outputs import charts
from evaluation.outputs.charts import Axes, Line
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
from evaluation.robustness import Robustness
from evaluation.suggestions.data_rules import rule_words
from evaluation.suggestions.wording import describe_range, number, percent, property_name

KINDS = {"exact": ("exact", "完全相同"), "near": ("near", "近似")}
SHOWN_GROUPS = 8
SHOWN_IN_GROUP = 4
SHOWN_POINTS = 2000
SHOWN_OUTLIERS = 12


def sensitivity(found: Findings) -> str:
    """Return how accuracy goes with each property."""
    header = [both("property", "属性"), both("accuracy by fifth", "各五分位准确率")]
    header += [both("std of F1", "F1 标准差"), both("without effect", "无影响时"), "q"]
    header += [both("worst range", "最差范围"), both("gap", "差距"), both("confirmed q", "确认 q")]
    header += [both("tells the label (V)", "与标签关联 V"), both("verdict", "结论")]
    rows = []
    for item in found.sensitivity:
        known = [value for value in item.std if value is not None]
        where = (
            ""
            if item.found is None
            else describe_range(item.column, item.found.low, item.found.high)
        )
        rows.append(
            [
                cell(both(*property_name(item.column.name)), item.column.name),
                cell(charts.fifths(item.fifths)),
                numeric(float(np.mean(known)) if known else None),
                numeric(item.noise),
                numeric(item.q, _q(item.q)),
                cell(text(where), where),
                interval(item.gap),
                numeric(item.confirmed_q, _q(item.confirmed_q)),
                numeric(item.label_v, f"{item.label_v:.2f}{'*' if item.label_q < 0.05 else ''}"),
                cell(_verdict(item.named, item.explained_by, item.confirmed_q)),
            ]
        )
    if not rows:
        return ""
    explained = note(
        "Std of F1 is ModelArts' sensitivity, the mean over classes; beside it what it would be "
        "without any effect. The worst range is searched on one half of the data and tested on the "
        "other; gap: accuracy elsewhere less accuracy inside. V: how much the property alone tells "
        "of the label, 0 to 1 (* q < 0.05); a high one invites shortcuts.",
        "F1 标准差即 ModelArts 的敏感度（类别平均），旁边是无任何影响时的数值。"
        "最差范围在一半数据上搜索、"
        "在另一半上检验；差距：其余准确率减去该范围内准确率。"
        "V：仅凭该属性能在多大程度上推知标签（0–1，* q < 0.05），过高易成为捷径。",
    )
    constant = ""
    if found.constant_columns:
        pairs = [property_name(name) for name in found.constant_columns]
        en, zh = (separator.join(p[i] for p in pairs) for i, separator in enumerate((", ", "、")))
        constant = note(f"Constant, therefore skipped: {en}.", f"取值恒定而跳过：{zh}。")
    return explained + table(header, rows) + constant


def _q(value: float) -> str:
    return "< 0.0001" if value < 1e-4 else f"{value:.3g}"


def _verdict(named: bool, explained_by: str, q: float) -> str:
    if named:
        return f'<b class="bad">{both("matters", "有影响")}</b>'
    if explained_by == "slice":
        return both("explained by a slice", "由切片解释")
    if explained_by:
        return both(f"explained by {explained_by}", f"由{property_name(explained_by)[1]}解释")
    if q < 0.05:
        return both("not on its own", "单独不成立")
    return both("no evidence", "无证据")


def slices(found: Findings) -> str:
    """Return the confirmed slices."""
    if found.slices is None:
        return ""
    if not found.slices.slices:
        return note(
            "No combination of properties is worse than its parts beyond chance.",
            "没有任何属性组合显著差于其各部分。",
        )
    header = [both("slice", "切片"), both("samples", "样本数"), both("accuracy", "准确率")]
    header += [
        both("elsewhere", "其余"),
        both("share of all samples lost", "占全部样本的损失"),
        "q",
    ]
    rows = [
        [
            cell(both(rule_words(found, place), rule_words(found, place, chinese=True))),
            numeric(item.n, str(item.n)),
            interval(item.accuracy),
            interval(item.rest),
            interval(item.excess),
            numeric(item.q, _q(item.q)),
        ]
        for place, item in enumerate(found.slices.slices)
    ]
    explained = note(
        "Found on one half of the data; the figures are those of the other half.",
        "在一半数据上发现，数值来自另一半数据。",
    )
    return explained + table(header, rows)


def images(found: Findings, thumbs: Thumbnails) -> str:
    """Return properties, broken images and duplicates."""
    if found.images is None:
        return ""
    header = [both("property", "属性"), both("mean", "均值"), both("lowest", "最小")]
    header += [both("median", "中位数"), both("highest", "最大"), both("far outside", "明显偏离")]
    rows = []
    for name, values in found.images.values.items():
        known = values[np.isfinite(values)]
        marks = [float(v) for v in (known.mean(), known.min(), np.median(known), known.max())]
        outside = int(extremes(values).sum())
        rows.append(
            [
                cell(both(*property_name(name)), name),
                *map(numeric, marks),
                numeric(outside, str(outside)),
            ]
        )
    failed = [
        [cell(text(found.predictions.name(i))), cell(text(reason))]
        for i, reason in found.images.failures[:50]
    ]
    broken = table(
        [both("image", "图像"), both("why it could not be read", "无法读取的原因")], failed
    )
    return table(header, rows) + broken + _duplicates(found, thumbs)


def _duplicates(found: Findings, thumbs: Thumbnails) -> str:
    duplicates = found.duplicates
    if duplicates is None:
        return ""
    head = f"<h3>{both('Duplicates', '重复图像')}</h3>"
    if not duplicates.groups and not duplicates.leaked:
        return head + note("No image occurs twice.", "没有重复的图像。")
    conflicts = sum(group.conflicting for group in duplicates.groups)
    head += note(
        f"Groups: {len(duplicates.groups)}, with different labels: {conflicts}. Repeats: "
        f"{len(duplicates.extra)}. Also in the reference set: {len(duplicates.leaked)}.",
        f"{len(duplicates.groups)} 组，{len(duplicates.extra)} 张重复；{conflicts} 组标签矛盾；"
        f"{len(duplicates.leaked)} 张也出现在参考集中。",
    )
    blocks = []
    for group in duplicates.groups[:SHOWN_GROUPS]:
        cards = [
            thumbs.card(i, [text(found.predictions.classes[int(found.predictions.labels[i])])])
            for i in group.indices[:SHOWN_IN_GROUP]
        ]
        clash = (
            f'<b class="bad">{both("labels differ", "标签矛盾")}</b>' if group.conflicting else ""
        )
        blocks.append(
            f'<div class="group"><div>{both(*KINDS[group.kind])}<br>{clash}</div>'
            f"{''.join(cards)}</div>"
        )
    return head + "".join(blocks)


def robustness(found: Findings, thumbs: Thumbnails) -> str:
    """Return attacks, corruption ladders and heat maps."""
    item = found.robustness
    if item is None:
        return ""
    curves = []
    for name in CORRUPTIONS:
        steps = [step for step in item.ladders if step.corruption == name]
        values = [item.clean.value or 0.0, *(s.accuracy.value or 0.0 for s in steps)]
        curves.append(Line(name, [0, *(s.severity for s in steps)], values))
    ladder = charts.lines(
        curves, Axes((0, 5), (0, 1)), (("severity", "强度"), ("accuracy", "准确率")), (False, True)
    )
    head = note(
        f"{len(item.indices)} images; the model given agrees with pred_list on "
        f"{percent(item.agreement)} of them; gradient: {item.gradient}.",
        f"{len(item.indices)} 张图像；所给模型与 pred_list 在 {percent(item.agreement)} 上一致；"
        f"梯度来源：{item.gradient}。",
    )
    picture = figure(ladder, both("accuracy under everyday damage", "常见损坏下的准确率"))
    return head + f'<div class="charts">{picture}</div>{_attacks(item)}' + _maps(found, thumbs)


def _attacks(item: Robustness) -> str:
    header = ["", both("misclassified", "误分率")]
    header += ["ACAC", "ACTC", "ALD L0", "ALD L2", "ALD L∞", "PSNR", "SSIM"]
    rows = [
        [
            cell(label),
            interval(rate),
            *(
                numeric(value)
                for value in (f.acac, f.actc, f.ald_0, f.ald_2, f.ald_inf, f.psnr, f.ssim)
            ),
        ]
        for label, rate, f in (
            (
                text(f"{item.attack.method}, eps {number(item.attack.eps)}"),
                item.attacked_rate,
                item.attacked,
            ),
            (both("random noise of that size", "同幅度随机噪声"), item.noise_rate, item.noise),
        )
    ]
    return table(header, rows)


def _maps(found: Findings, thumbs: Thumbnails) -> str:
    item = found.robustness
    if item is None or not item.heat_maps or found.images is None:
        return ""
    shape = found.images.values["aspect_ratio"]
    names = found.predictions.classes
    cards = [
        thumbs.card(
            one.index,
            [f"{both('why', '为何判为')} {text(names[one.target])}?", text(one.method)],
            charts.heat_map(one.values, float(shape[one.index])),
        )
        for one in item.heat_maps
    ]
    head = f"<h3>{both('What the surest errors looked at', '最有把握的错误关注的区域')}</h3>"
    return head + gallery(cards)


def embedding(found: Findings, thumbs: Thumbnails) -> str:
    """Return the picture of the features, and the samples that lie apart."""
    item = found.embedding
    if item is None:
        return ""
    n, data = len(found.predictions), found.predictions
    chosen = np.arange(n)
    if n > SHOWN_POINTS:
        rng = np.random.default_rng(found.settings.seed)
        chosen = np.sort(rng.choice(n, SHOWN_POINTS, replace=False))
    place = {int(i): p for p, i in enumerate(chosen)}
    marked = np.array([place[int(i)] for i in item.outliers if int(i) in place], np.int64)
    tips = [f"{data.name(int(i))}: {data.classes[int(data.labels[i])]}" for i in chosen]
    picture = charts.scatter(item.points[chosen], data.labels[chosen], marked, tips)
    share = percent(sum(item.explained))
    caption = both(
        f"first two principal components ({share} of the variance); rings: outliers",
        f"前两个主成分（占方差 {share}）；圆环：离群样本",
    )
    cards = [
        thumbs.card(int(i), [text(data.classes[int(data.labels[i])])])
        for i in item.outliers[:SHOWN_OUTLIERS]
    ]
    return f'<div class="charts">{figure(picture, caption)}<div>{gallery(cards)}</div></div>'


def comparison(found: Findings) -> str:
    """Return the differences to the baseline."""
    item = found.comparison
    if item is None:
        return ""
    rows = [
        (both("accuracy", "准确率"), with_interval(item.accuracy)),
        (both("macro-F1", "宏平均 F1"), with_interval(item.macro_f1)),
        (both("newly right", "新改对"), str(len(item.fixed))),
        (both("newly wrong", "新改错"), str(len(item.broken))),
        ("McNemar p", text(_q(item.p))),
    ]
    if item.nll is not None:
        rows.append((both("log-loss improvement", "对数损失改善"), with_interval(item.nll, False)))
    names = found.predictions.classes
    changed = [
        [cell(text(names[c]), names[c]), interval(change.recall), numeric(change.q, _q(change.q))]
        for c, change in enumerate(item.classes)
        if change.recall.value
    ]
    head = note("Paired differences, this model less the baseline.", "配对差异：本模型减去基线。")
    header = [both("class", "类别"), both("change of recall", "召回率变化"), "q"]
    return head + facts(rows) + table(header, changed)


def drift(found: Findings) -> str:
    """Return the differences to the reference set."""
    item = found.drift
    if item is None:
        return ""
    header = [both("quantity", "量"), "PSI", both("statistic", "统计量"), "q"]
    rows = [
        [
            cell(both(*property_name(s.name)), s.name),
            numeric(s.psi),
            numeric(s.statistic),
            numeric(s.q, _q(s.q)),
        ]
        for s in item.shifts
    ]
    head = facts(
        [
            (
                both("accuracy, reference less here", "准确率差（参考 − 此处）"),
                with_interval(item.gap),
            )
        ]
    )
    return head + table(header, rows)


def left_out(found: Findings) -> str:
    """Return what was not run, and the warnings."""
    rows = [[cell(text(item.analysis)), cell(text(item.reason))] for item in found.not_run]
    skipped = table([both("analysis", "分析"), both("why it was not run", "未运行的原因")], rows)
    warned = "".join(f"<li>{text(line)}</li>" for line in found.warnings)
    return skipped + (f"<ul>{warned}</ul>" if warned else "")


def definitions(entries: Sequence[tuple[str, str, str]]) -> str:
    """Return the terms with their definitions."""
    return facts([]) + "".join(
        f"<p><b>{text(term)}</b> — {both(en, zh)}</p>" for term, en, zh in entries
    )
