"""How numbers appear in sentences, and the p-value that an interval implies."""

from collections.abc import Mapping

import numpy as np
from scipy import stats

from evaluation.columns import Column
from evaluation.intervals import Estimate, quantile

PROPERTY_NAMES: Mapping[str, str] = {
    "brightness": "亮度",
    "contrast": "对比度",
    "saturation": "饱和度",
    "colourfulness": "色彩丰富度",
    "sharpness": "清晰度",
    "noise": "噪声",
    "entropy": "熵",
    "aspect_ratio": "高宽比",
    "resolution": "分辨率",
    "class": "类别",
    "label": "标签",
    "prediction": "预测",
    "confidence": "置信度",
}


def property_name(name: str) -> tuple[str, str]:
    """Return a property's name in English and Chinese; the caller's own names stay as they are."""
    return name, PROPERTY_NAMES.get(name, name)


def number(value: float | None) -> str:
    """Return three significant digits without an exponent; "–" for None."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    digits = max(0, 2 - int(np.floor(np.log10(abs(value)))))
    return f"{value:.{min(digits, 6)}f}"


def about(count: float | None) -> str:
    """Return an estimated count: whole from 10 on, with one decimal below."""
    if count is None:
        return "–"
    return f"{count:.0f}" if count >= 9.95 or count == 0 else f"{count:.1f}"


def percent(share: float | None) -> str:
    """Return a share in percent with one decimal, two below 1 %."""
    if share is None:
        return "–"
    return f"{100 * share:.{2 if 0 < abs(share) < 0.01 else 1}f} %"


def tail_p(estimate: Estimate, alpha: float) -> float:
    """Return the one-sided p-value of "not above 0" for a figure with a normal interval."""
    if estimate.value is None or estimate.low is None or estimate.value <= 0:
        return 1.0
    error = (estimate.value - estimate.low) / quantile(alpha)
    return float(stats.norm.sf(estimate.value / error)) if error > 0 else 0.0


def describe_range(column: Column, low: int, high: int) -> str:
    """Return the bins low…high of a column in words, e.g. "< 0.21" or "= night"."""
    if column.categories is not None:
        return "= " + " / ".join(column.categories[low : high + 1])
    first, last = column.edges[low], column.edges[high + 1]
    if low == 0:
        return f"< {number(float(last))}"
    if high == column.bins - 1:
        return f">= {number(float(first))}"
    return f"{number(float(first))} – {number(float(last))}"
