"""Whether larger or smaller is better, guessed from a metric's name."""

import re
from typing import Literal

_MIN = (
    "loss|err|error|errors|rmse|mse|mae|mape|rmsle|perplexity|ppl|nll|cer|wer|fid|time|seconds|"
    "latency|bpc|bpb|logloss|entropy|divergence|distance|regret|cost|eer|memory"
)
_MAX = (
    "acc|accuracy|auc|auroc|auprc|f1|fscore|precision|recall|map|iou|miou|dice|bleu|rouge|score|"
    "reward|return|r2|psnr|ssim|top1|top5|correct|throughput|likelihood|hits|ndcg|mrr|kappa|mcc|"
    "sensitivity|specificity|gain|elbo"
)


def guess_mode(name: str) -> Literal["max", "min"] | None:
    """Return the mode that a metric of this name usually has, None where the name does not tell.

    >>> guess_mode("val_acc"), guess_mode("test/loss"), guess_mode("negLogLoss"), guess_mode("x")
    ('max', 'min', None, None)
    """
    words = re.findall(r"[A-Z]?[a-z]+\d*|[A-Z]+\d*", name)
    found: set[Literal["max", "min"]] = set()
    for word in map(str.lower, words):
        if word in ("neg", "negative", "minus"):
            return None
        if re.fullmatch(_MIN, word):
            found.add("min")
        elif re.fullmatch(_MAX, word):
            found.add("max")
    return found.pop() if len(found) == 1 else None
