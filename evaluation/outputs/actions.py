"""The head of the page: the figures that matter and the ranked actions."""

from collections.abc import Sequence

from evaluation.findings import Findings
from evaluation.outputs.markup import both, facts, note, text, tile, with_interval
from evaluation.outputs.thumbnails import Thumbnails
from evaluation.suggestions.model import Suggestion
from evaluation.suggestions.texts import TITLES
from evaluation.suggestions.wording import about, number, percent

PICTURES = 6
METRICS = {
    "accuracy": ("accuracy", "准确率"),
    "macro_f1": ("macro-F1", "宏平均 F1"),
    "log_loss": ("log-loss", "对数损失"),
    "error_of_accepted": ("error of accepted predictions", "被接受预测的错误率"),
}
# Each unit: one of it, several of it, in Chinese.
UNITS = {
    "review": ("image to review", "images to review", "张图像需复核"),
    "collect": ("image to collect", "images to collect", "张图像需采集"),
    "change": ("change of configuration", "changes of configuration", "项配置修改"),
}


def tiles(found: Findings) -> str:
    """Return the boxes with the overall figures."""
    figures = found.overall
    boxes = [
        tile(both("Accuracy", "准确率"), *_shares(figures["accuracy"])),
        tile(both("Macro-F1", "宏平均 F1"), *_shares(figures["macro_f1"])),
        tile(both("Balanced accuracy", "平衡准确率"), *_shares(figures["balanced_accuracy"])),
    ]
    if "macro_auc" in figures and figures["macro_auc"].value is not None:
        boxes.append(tile(both("Macro ROC-AUC", "宏平均 AUC"), *_shares(figures["macro_auc"])))
    if "ece" in figures:
        boxes.append(tile(both("Calibration error", "校准误差 ECE"), *_shares(figures["ece"])))
    errors = found.confidences.label_errors if found.confidences else None
    if errors is not None:
        count = errors.expected_count
        detail = f"{about(count.low)} – {about(count.high)}"
        boxes.append(
            tile(both("Expected wrong labels", "预计错误标签数"), about(count.value), detail)
        )
    return f'<div class="tiles">{"".join(boxes)}</div>'


def _shares(estimate: object) -> tuple[str, str]:
    value = getattr(estimate, "value", None)
    low, high = getattr(estimate, "low", None), getattr(estimate, "high", None)
    detail = "" if low is None else f"{percent(low).removesuffix(' %')} – {percent(high)}"
    return percent(value), detail


def ranked(found: Findings, suggestions: Sequence[Suggestion], thumbs: Thumbnails) -> str:
    """Return the actions, best return first."""
    if not suggestions:
        return note(
            "No action survives the tests: what is seen here can be explained by chance.",
            "没有通过检验的建议：此处所见均可由偶然因素解释。",
        )
    explained = note(
        "Ranked by the certain part of the gain (lower end of its interval) per hour of work. A "
        "ceiling is the most that the action can bring; an estimate was cross-fitted or measured.",
        "按“收益区间下限 / 每小时工作量”排序。“上限”表示该行动最多能带来的收益；"
        "“估计”为交叉拟合或实测所得。",
    )
    return explained + "".join(action(item, thumbs) for item in suggestions)


def action(item: Suggestion, thumbs: Thumbnails) -> str:
    """Return one action as a card."""
    kind = "plain" if item.gain is None else item.gain.kind
    cards = [picture for i in item.indices[:PICTURES] if (picture := thumbs.picture(i))]
    strip = "".join(f'<div class="card">{picture}</div>' for picture in cards)
    evidence = facts([(text(name), _evidence(value)) for name, value in item.evidence.items()])
    return (
        f'<article class="action {kind}"><div class="head">'
        f'<span class="rank">{item.priority}</span>'
        f"<b>{both(*TITLES[item.rule])}</b>"
        f'<span class="code">{text(item.id)}</span></div>'
        f"<p>{both(item.text['en'], item.text['zh'])}</p>"
        f'<div class="meta">{_gain(item)}{_cost(item)}{_claim(item)}</div>'
        f'<div class="strip">{strip}</div>'
        f"<details><summary>{both('evidence', '证据')}</summary>{evidence}</details></article>"
    )


def _gain(item: Suggestion) -> str:
    if item.gain is None:
        return ""
    share = item.gain.metric != "log_loss"
    kind = {"estimate": ("gain", "收益"), "ceiling": ("gain, at most", "收益上限")}[item.gain.kind]
    amount = with_interval(item.gain.amount, share)
    return f"<span>{both(*kind)}: <b>{amount}</b> {both(*METRICS[item.gain.metric])}</span>"


def _cost(item: Suggestion) -> str:
    hours = item.cost.minutes / 60
    minutes = f"{item.cost.minutes:.0f}"
    shown = (
        both(f"{hours:.1f} h", f"{hours:.1f} 小时")
        if hours >= 1
        else both(f"{minutes} min", f"{minutes} 分钟")
    )
    one, several, chinese = UNITS[item.cost.unit]
    unit = both(one if item.cost.amount == 1 else several, chinese)
    return f"<span>{both('cost', '成本')}: <b>{item.cost.amount}</b> {unit} (≈ {shown})</span>"


def _claim(item: Suggestion) -> str:
    if item.claim.p is None:
        return f"<span>{both('descriptive, not tested', '描述性，未检验')}</span>"
    q = item.claim.q if item.claim.q is not None else item.claim.p
    shown = "< 0.0001" if q < 1e-4 else f"= {q:.2g}"
    return f'<span data-tip="{text(item.claim.test)}">q {text(shown)}</span>'


def _evidence(value: object) -> str:
    if hasattr(value, "low") and hasattr(value, "value"):
        return with_interval(value, share=False)  # type: ignore[arg-type]  # an Estimate
    if isinstance(value, float):
        return text(number(value))
    if isinstance(value, dict):
        return text(
            ", ".join(
                f"{k}: {number(v) if isinstance(v, float) else v}"
                for k, v in list(value.items())[:12]
            )
        )
    if isinstance(value, list):
        return text(", ".join(map(str, value[:12])))
    return text(value)
