"""How an analysis is to be made: everything that is not data."""

import json
import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field

from evaluation.errors import InputError

LANGUAGES = ("en", "zh-cn")
REPORTS = ("json", "html", "csv", "modelarts")
# Minutes of work that one unit of each cost takes; the ranking of suggestions rests on them.
DEFAULT_COSTS: Mapping[str, float] = {"review": 0.2, "collect": 1.0, "change": 30.0}


@dataclass(frozen=True, slots=True)
class Settings:
    """The knobs of `analyse`, checked.

    alpha: 1 - confidence of every interval. label_cut: posterior from which a label is listed.
    costs: minutes per label reviewed, image collected, and change of configuration.
    """

    topk: tuple[int, ...] = (1, 5)
    bins: int = 15
    alpha: float = 0.05
    seed: int = 0
    n_jobs: int = 1
    max_images: int | None = None
    language: str = "en"
    report: tuple[str, ...] = ("json", "html", "csv")
    label_cut: float = 0.5
    costs: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_COSTS))

    def __post_init__(self) -> None:
        """Raise InputError at the first value that makes no sense."""
        whole, number, top = (int,), numbers.Real, self.topk
        checks = (
            (all(type(k) in whole and k >= 1 for k in top), "topk", "whole numbers from 1 on"),
            (type(self.bins) in whole and self.bins >= 2, "n_bins", "a whole number from 2 on"),
            (
                isinstance(self.alpha, number) and 0 < self.alpha < 1,
                "alpha",
                "a number between 0 and 1, e.g. 0.05",
            ),
            (type(self.seed) in whole and self.seed >= 0, "seed", "a whole number from 0 on"),
            (type(self.n_jobs) in whole and self.n_jobs >= 1, "n_jobs", "a whole number from 1 on"),
            (
                self.max_images is None
                or (type(self.max_images) in whole and self.max_images >= 0),
                "max_images",
                "None or a whole number from 0 on",
            ),
            (self.language in LANGUAGES, "language", f"one of {', '.join(LANGUAGES)}"),
            (set(self.report) <= set(REPORTS), "report", f"some of {', '.join(REPORTS)}"),
            (
                isinstance(self.label_cut, number) and 0 < self.label_cut < 1,
                "label_cut",
                "a number between 0 and 1",
            ),
            (set(self.costs) <= set(DEFAULT_COSTS), "costs", f"keys {', '.join(DEFAULT_COSTS)}"),
            (
                all(isinstance(v, number) and v > 0 for v in self.costs.values()),
                "costs",
                "minutes above 0",
            ),
        )
        for passed, name, expected in checks:
            if not passed:
                raise InputError(f"{name} cannot be used; expected {expected}")

    def minutes(self, unit: str, amount: float) -> float:
        """Return the minutes that `amount` units of work take."""
        return amount * self.costs.get(unit, DEFAULT_COSTS[unit])


@dataclass(frozen=True, slots=True)
class Attack:
    """An adversarial attack; eps is on the scale 0…255."""

    method: str = "FGSM"
    eps: float = 8.0
    steps: int = 1


def read_attack(adv_param: object) -> Attack:
    """Return the attack of ModelArts' {"attack_method", "eps", "iter_times"}, dict or JSON text."""
    if adv_param is None or adv_param == "":
        return Attack()
    content = adv_param
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except ValueError as fault:
            raise InputError(f"adv_param is no JSON: {fault}") from fault
    if not isinstance(content, Mapping):
        raise InputError('adv_param must look like {"attack_method": "FGSM", "eps": 8}')
    method = str(content.get("attack_method", "FGSM"))
    if method.lower() not in ("fgsm", "i-fgsm"):
        raise InputError(f"attack_method {method!r} is unknown; use FGSM or i-FGSM")
    iterative = method.lower() == "i-fgsm"
    try:
        eps, steps = (
            float(content.get("eps", 8)),
            int(content.get("iter_times", 10 if iterative else 1)),
        )
    except (TypeError, ValueError) as fault:
        raise InputError(f"adv_param: eps and iter_times must be numbers ({fault})") from fault
    if not 0 < eps <= 255 or steps < 1:
        raise InputError(f"adv_param: eps {eps:g} must lie in (0, 255], iter_times {steps} be >= 1")
    return Attack("i-FGSM" if iterative else "FGSM", eps, steps if iterative else 1)
