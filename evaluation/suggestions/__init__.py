"""From evidence to actions: rules, their tested claims, gains and costs, and the ranking."""

from collections.abc import Callable, Mapping

from evaluation.findings import Findings
from evaluation.suggestions import data_rules, model_rules
from evaluation.suggestions.model import Suggestion
from evaluation.suggestions.model_rules import Outcome
from evaluation.suggestions.selection import order, select

RULES: Mapping[str, Callable[[Findings], Outcome]] = {
    "LBL": model_rules.relabel,
    "CAL": model_rules.temperature,
    "THR": model_rules.reject,
    "TH2": model_rules.bias,
    "CNF": model_rules.pairs,
    "SEN": data_rules.properties,
    "SLC": data_rules.slices,
    "IMB": data_rules.rare_classes,
    "DUP": data_rules.repeats,
    "BAD": data_rules.broken,
    "NEV": data_rules.more_evaluation,
    "OVF": data_rules.overfit,
    "ADV": data_rules.attacked,
}
# Below this many samples only descriptive rules speak.
FEWEST = 30


def suggest(found: Findings) -> list[Suggestion]:
    """Return the actions that survive all tests, best return first."""
    candidates: list[Suggestion] = []
    tested: dict[str, list[float]] = {}
    for name, rule in RULES.items():
        proposed, p = rule(found)
        if len(found.predictions) < FEWEST:
            proposed, p = [item for item in proposed if item.claim.p is None], []
        candidates += proposed
        if p:
            tested[name] = p
    return order(select(candidates, tested), len(found.predictions))
