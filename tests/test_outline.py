"""The outline of a described experiment: what its model says, without the model."""

from pathlib import Path
from typing import Any

import pytest

from autosearch.experiment import from_dict
from autosearch.outline import outline_of

SPACE = {
    "lr": {"type": "float", "low": 1e-4, "high": 1.0, "scale": "log"},
    "layers": {"type": "int", "low": 1, "high": 4},
    "opt": {"type": "choice", "values": ["adam", "sgd"]},
    "nesterov": {"type": "bool", "when": {"opt": "sgd"}},
}


@pytest.mark.parametrize(
    "more",
    [
        {"metric": {"name": "loss", "mode": "min"}, "space": SPACE},
        {"metric": [{"name": "acc", "mode": "max"}, {"name": "loss", "mode": "min"}],
         "space": SPACE, "search": {"trials": 7, "parallel": 3}},
        {"metric": [], "space": SPACE, "search": {"trials": 1}},
    ],
)  # fmt: skip
def test_an_outline_says_what_the_experiment_says(more: dict[str, Any], tmp_path: Path) -> None:
    experiment = from_dict({"name": "small", "command": "true", **more}, tmp_path)
    outline = outline_of(experiment.to_dict())
    assert outline.name == experiment.name
    assert outline.objective == experiment.objective.name
    assert outline.metrics == tuple(metric.name for metric in experiment.metrics)
    assert outline.mode == experiment.objective.mode
    assert outline.trials == experiment.search.trials
    assert outline.parallel == experiment.search.parallel
    kinds = {name: parameter.kind for name, parameter in experiment.space.params.items()}
    assert list(outline.kinds.items()) == list(kinds.items())
