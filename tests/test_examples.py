import os
import sys
from pathlib import Path

import pytest

import autosearch as au

CONFIGS = Path(__file__).parents[1] / "configs"
EXAMPLES = sorted(path.parent.name for path in CONFIGS.glob("*/search.yaml"))


def test_there_are_examples_of_every_kind() -> None:
    assert {"diabetes", "digits", "forest", "iris", "wine"} <= set(EXAMPLES)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_as_it_stands(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in an activated environment: `python` is the one that runs these tests.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    overrides = ["search.trials=3"]
    result = au.run(CONFIGS / name / "search.yaml", dir=tmp_path / name, overrides=overrides)
    assert result.outcome is not None
    assert result.outcome.ending == "complete"
    assert [t.state for t in result.trials] == ["completed"] * 3
    assert result.value is not None
    for metric in result.experiment.metrics:
        assert all(metric.name in t.metrics for t in result.trials)
