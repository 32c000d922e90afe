"""The report: one page that needs no network, in two languages."""

from collections.abc import Sequence
from importlib.resources import files

from evaluation.findings import Findings
from evaluation.outputs import actions, data_sections, quality
from evaluation.outputs.markup import both, section, text
from evaluation.outputs.thumbnails import Thumbnails
from evaluation.suggestions.model import Suggestion

DEFINITIONS = (
    (
        "intervals",
        "95 % unless alpha was set. Proportions: Wilson (1927). F1 of a class: Wilson on the "
        "Jaccard share. Averages over the confusion matrix: influence functions. AUC: DeLong "
        "(1988). ECE: bootstrap over the bins; it starts at 0 where a calibrated model "
        "would show as much.",
        "默认 95 %。比例：Wilson (1927)；单类 F1：Jaccard 比例的 Wilson 区间；"
        "混淆矩阵的平均指标：影响函数；"
        "AUC：DeLong (1988)；ECE：对分箱做自助法，"
        "若完全校准的模型也会出现同样大的误差，则下限为 0。",
    ),
    (
        "ECE",
        "mean distance between confidence and accuracy over equal-width right-closed bins (Naeini "
        "2015; Guo 2017). SmoothECE: smoothed instead of binned (Błasiok and Nakkiran 2023). "
        "Classwise: over all classes' probabilities (Kull 2019).",
        "等宽右闭分箱上置信度与准确率的平均差距（Naeini 2015；Guo 2017）。"
        "SmoothECE：以平滑代替分箱（Błasiok–Nakkiran 2023）。逐类：对所有类别概率（Kull 2019）。",
    ),
    (
        "wrong labels",
        "temperature and noise rate are fitted together, noise that the model repeats is read off "
        "its surest predictions; the posterior of an error follows. A label is listed where it is "
        "more probably wrong than right.",
        "温度与噪声率联合拟合，模型已学到的噪声由其最有把握的预测读出，由此得到标签错误的后验概率；"
        "后验超过阈值（默认 0.5）即列出。",
    ),
    (
        "q",
        "p-value corrected for all that was tested beside it (Benjamini and Hochberg 1995); "
        "actions are selected over all rules at once (Benjamini and Bogomolov 2014).",
        "对同时进行的全部检验做过校正的 p 值（Benjamini–Hochberg 1995）；建议在所有规则上统一筛选"
        "（Benjamini–Bogomolov 2014）。",
    ),
    (
        "properties",
        "brightness and contrast: mean and deviation of luminance over 255; saturation: HSV; "
        "colourfulness: Hasler and Süsstrunk (2003); sharpness: variance of the Laplacian; noise: "
        "Immerkær (1996); entropy in bits; aspect ratio: height over width.",
        "亮度与对比度：亮度均值与标准差 / 255；饱和度：HSV；色彩丰富度：Hasler–Süsstrunk (2003)；"
        "清晰度：拉普拉斯方差；噪声：Immerkær (1996)；熵：比特；高宽比：高 / 宽。",
    ),
)


INPUT_KINDS = {
    "probability": ("probabilities", "概率"),
    "logits": ("logits", "logits"),
    "label": ("class ids", "类别编号"),
}


def report_page(found: Findings, suggestions: Sequence[Suggestion]) -> str:
    """Return the whole page as HTML text."""
    thumbs = Thumbnails(found)
    parts = _sections(found, suggestions, thumbs)
    language = "zh" if found.settings.language == "zh-cn" else "en"
    shown = [item for item in parts if item[3]]
    links = "".join(f'<a href="#{anchor}">{both(en, zh)}</a>' for anchor, en, zh, _ in shown)
    body = "".join(section(*item) for item in shown)
    accuracy = found.overall["accuracy"].value or 0.0
    return (
        f'<!doctype html>\n<html lang="{language}" data-lang="{language}">\n<head>\n'
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Evaluation: accuracy {accuracy:.1%}</title>\n"
        f"<style>{_asset('page.css')}</style>\n</head>\n<body>\n"
        f"{_header(found)}<nav><div>{links}</div></nav>\n<main>{body}</main>\n"
        f'{_footer(found)}<div id="tip"></div>\n{thumbs.script()}\n'
        f"<script>{_asset('page.js')}</script>\n</body>\n</html>\n"
    )


def _sections(
    found: Findings, suggestions: Sequence[Suggestion], thumbs: Thumbnails
) -> list[tuple[str, str, str, str]]:
    summary = actions.tiles(found) + actions.ranked(found, suggestions, thumbs)
    return [
        ("summary", "Summary and actions", "概述与建议", summary),
        ("comparison", "Against the baseline", "与基线比较", data_sections.comparison(found)),
        ("labels", "Wrong labels", "标签错误", quality.labels(found, thumbs)),
        ("sensitivity", "Sensitivity", "敏感度", data_sections.sensitivity(found)),
        ("slices", "Weak slices", "薄弱切片", data_sections.slices(found)),
        ("classes", "Quality by class", "各类别质量", quality.classes(found)),
        ("confusion", "Confusion", "混淆", quality.confusion(found)),
        ("calibration", "Calibration", "校准", quality.calibration(found)),
        ("confidence", "Confidence", "置信度", quality.confidence(found)),
        ("mistakes", "Surest mistakes", "最有把握的错误", quality.mistakes(found, thumbs)),
        ("images", "Images", "图像", data_sections.images(found, thumbs)),
        ("robustness", "Robustness", "鲁棒性", data_sections.robustness(found, thumbs)),
        ("features", "Features", "特征", data_sections.embedding(found, thumbs)),
        ("drift", "Drift", "漂移", data_sections.drift(found)),
        ("overall", "All figures", "全部指标", quality.overall(found)),
        ("left-out", "Not run, warnings", "未运行与警告", data_sections.left_out(found)),
        ("method", "Definitions", "定义", data_sections.definitions(DEFINITIONS)),
    ]


def summary_fragment(found: Findings, suggestions: Sequence[Suggestion]) -> str:
    """Return figures and actions for a notebook cell."""
    thumbs = Thumbnails(found)
    language = "zh" if found.settings.language == "zh-cn" else "en"
    other = "en" if language == "zh" else "zh"
    inside = actions.tiles(found) + actions.ranked(found, suggestions, thumbs)
    for index, uri in thumbs.stored.items():
        inside = inside.replace(f'data-thumb="{index}"', f'src="{uri}"')
    css = _asset("page.css").replace(
        "html[data-lang=en] [lang=zh],", f".evaluation [lang={other}],"
    )
    scoped = css.replace(":root{", ".evaluation{").replace("body{", ".evaluation{")
    return f'<style>{scoped}</style><div class="evaluation">{inside}</div>'


def _header(found: Findings) -> str:
    data = found.predictions
    en, zh = INPUT_KINDS[data.kind]
    sub = both(
        f"{len(data):,} samples, {data.k} classes, given as {en}",
        f"{len(data):,} 个样本，{data.k} 个类别，输入形式：{zh}",
    )
    title = both("Evaluation of the classifier", "分类模型评估")
    return (
        f'<header><div class="top"><div><h1>{title}</h1><p class="sub">{sub}</p></div>'
        '<button type="button" id="language">English / 中文</button></div></header>'
    )


def _footer(found: Findings) -> str:
    seed = text(found.settings.seed)
    return f"<footer>evaluation · seed {seed} · alpha {found.settings.alpha:g}</footer>"


def _asset(name: str) -> str:
    return files("evaluation.outputs").joinpath(name).read_text(encoding="utf-8")
