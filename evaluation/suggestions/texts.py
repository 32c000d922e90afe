"""The words of every suggestion, in English and Chinese; braces are filled with evidence."""

from collections.abc import Mapping

TEXTS: Mapping[str, Mapping[str, str]] = {
    "LBL": {
        "en": "Review the listed labels ({listed}): about {expected} of all labels are wrong "
        "({low}–{high}). Correcting the listed ones changes the measured accuracy at once.",
        "zh": "复核列出的 {listed} 个标签：预计约有 {expected} 个标签错误（{low}–{high}）。"
        "改正它们后，测得的准确率会立即变化。",
    },
    "CAL": {
        "en": "Divide the logits by {t} before the softmax: the log-loss falls from {nll_before} "
        "to {nll_after} (ECE {ece_before} → {ece_after}); no prediction changes.{caveat}",
        "zh": "在 softmax 之前将 logits 除以 {t}：对数损失由 {nll_before} 降至 {nll_after}"
        "（ECE {ece_before} → {ece_after}），预测结果不变。{caveat}",
    },
    "THR": {
        "en": "Hand predictions with a confidence below {threshold} to a person: at {coverage} "
        "coverage the error falls from {before} to {after}.",
        "zh": "将置信度低于 {threshold} 的预测交由人工处理：覆盖率为 {coverage} 时，"
        "错误率由 {before} 降至 {after}。",
    },
    "TH2": {
        "en": "Add the given bias to the class scores ({rule}): macro-F1 rises from {before} to "
        "{after} without training.",
        "zh": "为各类别得分加上给出的偏置（{rule}）：无需重新训练，"
        "宏平均 F1 由 {before} 升至 {after}。",
    },
    "SEN": {
        "en": "Images with {name} {range} are {gap} points less accurate. {remedy}{together}",
        "zh": "{name}处于 {range} 的图像准确率低 {gap} 个百分点。{remedy}{together}",
    },
    "SLC": {
        "en": "Samples with {rule} reach {accuracy} against {rest} elsewhere. Collect or augment "
        "such images.",
        "zh": "满足 {rule} 的样本准确率为 {accuracy}，其余为 {rest}。请采集或增强此类图像。",
    },
    "IMB": {
        "en": "Recall falls with the size of a class (Spearman {correlation}). Collect images of, "
        "or rebalance towards, {classes}.",
        "zh": "召回率随类别样本数减少而下降（Spearman {correlation}）。请为 {classes} 采集图像，"
        "或在训练中重新平衡。",
    },
    "CNF": {
        "en": "{first} and {second} are confused {errors} times, {ratio} times as often as the "
        "other pairs lead to expect. Define the difference, add a second stage for the two, or a "
        "loss that separates them (e.g. Center-Loss).",
        "zh": "{first} 与 {second} 互相混淆 {errors} 次，是由其他类别对推算次数的 {ratio} 倍。"
        "请明确两者界定、为两者增加二级分类，或使用可拉开两者的损失（如 Center-Loss）。",
    },
    "DUP": {
        "en": "Repeated images: {extra} in {groups} groups; groups with different labels: "
        "{conflicts}; images that also occur in the reference set: {leaked}. Remove repeats, "
        "settle labels.",
        "zh": "重复图像：{groups} 组中共 {extra} 张；标签互相矛盾的组：{conflicts}；"
        "同时出现在参考集中的图像：{leaked}。请去重并统一标签。",
    },
    "BAD": {
        "en": "Images that cannot be read: {unreadable}; that show a single tone: {blank}; far "
        "outside the others: {extreme}. Repair or remove them.",
        "zh": "{unreadable} 张图像无法读取，{blank} 张为单一色调，"
        "{extreme} 张明显偏离其余图像。请修复或移除。",
    },
    "ADV": {
        "en": "Under {method} with eps {eps} of 255, {attacked} of the images are misclassified, "
        "against {noise} under random noise of that size. Train on such examples, or resize with "
        "a Lanczos filter first.",
        "zh": "在 {method}（eps {eps}/255）下有 {attacked} 的图像被误分，"
        "同幅度随机噪声下为 {noise}。"
        "请进行对抗训练，或先用 Lanczos 缩放。",
    },
    "OVF": {
        "en": "Accuracy on the reference (training) set is {gap} points above the one here. "
        "Regularise, augment, or stop earlier.",
        "zh": "参考（训练）集上的准确率比此处高 {gap} 个百分点。请加强正则化、数据增强或提前停止。",
    },
    "NEV": {
        "en": "Too few images for a verdict (interval wider than ±0.1): {classes}. Evaluation "
        "images to add, in all: {needed}.",
        "zh": "图像过少、无法判断（置信区间宽于 ±0.1）：{classes}。共需增加 {needed} 张评估图像。",
    },
}


# What a rule is about, as a heading.
TITLES: Mapping[str, tuple[str, str]] = {
    "LBL": ("Wrong labels", "标签错误"),
    "CAL": ("Calibration", "置信度校准"),
    "THR": ("Unsure predictions", "低置信度预测"),
    "TH2": ("Decision between classes", "类别决策偏置"),
    "SEN": ("Weak range of a property", "薄弱的属性范围"),
    "SLC": ("Weak slice", "薄弱切片"),
    "IMB": ("Rare classes", "长尾类别"),
    "CNF": ("Confused classes", "易混淆类别"),
    "DUP": ("Repeated images", "重复图像"),
    "BAD": ("Images to repair", "异常图像"),
    "ADV": ("Adversarial examples", "对抗样本"),
    "OVF": ("Overfitting", "过拟合"),
    "NEV": ("Too few images to judge", "评估样本不足"),
}

# What wrong labels do to a temperature.
CAVEAT = (
    " Settle the wrong labels first: they look like overconfidence, and without them it is {}.",
    "请先处理错误标签：它们看起来像过度自信，排除其影响后该值约为 {}。",
)

# Why a temperature that lowers the log-loss is no suggestion; the last gap holds CAVEAT.
NO_TEMPERATURE = (
    "A temperature of {} would lower the log-loss, but confidences would not come nearer to "
    "accuracies (ECE {} → {}): it is not suggested.{}",
    "将温度设为 {} 会降低对数损失，但置信度并不会更接近准确率（ECE {} → {}），因此不作建议。{}",
)

# What to do about a property: of a category nothing can be normalised.
REMEDIES: Mapping[str, tuple[str, str]] = {
    "category": ("Collect or augment such images.", "请采集或增强此类图像。"),
    "range": (
        "Collect or augment images of this range, or normalise the property at the input.",
        "请采集或增强该范围的图像，或在输入端对该属性做归一化。",
    ),
}


def fill(rule: str, /, **values: str | tuple[str, str]) -> dict[str, str]:
    """Return the texts of a rule with its gaps filled; a pair holds the English and the Chinese."""
    result = {}
    for place, (language, text) in enumerate(TEXTS[rule].items()):
        words = {k: v if isinstance(v, str) else v[place] for k, v in values.items()}
        result[language] = text.format(**words)
    return result
