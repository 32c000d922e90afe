"""A job controller that holds the engine, killed again and again with it."""

import random
from pathlib import Path

import pytest

from tests.engine.test_kills import (
    STUDIES,
    TRIALS,
    check_that_each_trial_ran_once,
    kill_and_restart,
)

# Every start hands the same jobs over again.
CONTROLLER = """
import sys, time
from pathlib import Path
sys.path.insert(0, {project!r})
from autosearch.plugin import AutoSearchEngine
from tests.contract.reference_controller import FolderController
from tests.engine.studies import study_of
folder = Path({folder!r})
for i in range({studies}):
    study_of(folder / f"s{{i}}", "sleep 0.2")
ids = [f"s{{i}}" for i in range({studies})]
engine = AutoSearchEngine(FolderController(folder / "jobs"), folder / "root", poll_s=0.05)
for id in ids:
    engine.submit({{
        "id": id,
        "code_dir": str(folder / id),
        "command": "sh trial.sh {{x}}",
        "auto_search": {{
            "search_params": [{{"name": "x", "lower_bound": "0", "upper_bound": "1"}}],
            "reward_attrs": [{{"name": "loss", "mode": "min", "regex": "loss=(.+)"}}],
            "algo_configs": [{{"name": "anneal_search", "params": []}}],
        }},
        "search": {{"trials": {trials}, "parallel": 2}},
    }})
print("up", flush=True)
while {{engine.state(id)["phase"] for id in ids}} != {{"Completed"}}:
    time.sleep(0.1)
print(*["completed"] * len(ids), flush=True)
engine.close()
"""


@pytest.mark.slow
def test_a_killed_controller_goes_on_with_its_searches(tmp_path: Path) -> None:
    project = str(Path(__file__).parents[2])
    source = CONTROLLER.format(
        project=project, folder=str(tmp_path), trials=TRIALS, studies=STUDIES
    )
    kill_and_restart(source, 6, random.Random(5))
    check_that_each_trial_ran_once(tmp_path)
