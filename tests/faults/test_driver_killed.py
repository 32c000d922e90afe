import random
import time
from pathlib import Path

import pytest

from autosearch.errors import StoreError
from tests.faults.searches import (
    finish,
    kill,
    rows,
    start,
    study_id,
    wait_until_gone,
    write_search,
)

TRIALS = 12


def choices(study: Path) -> list[object]:
    return [(row["params"], row["seed"], row["state"], row["value"]) for row in rows(study)]


def killed_until_done(folder: Path, path: Path, rng: random.Random, kills: int) -> Path:
    """Run a search, killing its driver `kills` times at random instants, then to its end."""
    study = folder / "study"
    for _ in range(kills):
        process = start(path, study)
        time.sleep(rng.uniform(0.3, 2.5))
        kill(process)
        try:
            name = study_id(study)
        except StoreError:
            # Killed before there was a study.
            continue
        assert wait_until_gone(name, 8.0) == []
    assert finish(path, study) == 0
    return study


def check_that_nothing_was_lost_or_doubled(folder: Path, study: Path, trials: int) -> None:
    table = rows(study)
    assert [row["number"] for row in table] == list(range(trials))
    assert [row["state"] for row in table] == ["completed"] * trials
    starts = (folder / "starts").read_text().split()[1::2]
    assert len(set(starts)) == len(starts), "an attempt was started twice"
    ends = (folder / "ends").read_text().split()[1::2]
    counted = [f"{row['number']}/{row['attempt']}" for row in table]
    ended = [end.split("/", 1)[1] for end in ends]
    assert set(counted) <= set(ended)
    # Once an attempt has ended by itself and its exit is known, no other is started; a kill in the
    # moment between the two costs that one attempt.
    assert wait_until_gone(study_id(study), 5.0) == []


@pytest.mark.slow
@pytest.mark.parametrize("parallel", [1, 3])
def test_a_driver_killed_at_random_loses_and_doubles_nothing(tmp_path: Path, parallel: int) -> None:
    path = write_search(tmp_path, trials=TRIALS, parallel=parallel)
    study = killed_until_done(tmp_path, path, random.Random(parallel), kills=3)
    check_that_nothing_was_lost_or_doubled(tmp_path, study, TRIALS)


@pytest.mark.slow
def test_a_killed_search_ends_as_an_uninterrupted_one(tmp_path: Path) -> None:
    path = write_search(tmp_path, trials=TRIALS)
    study = killed_until_done(tmp_path, path, random.Random(5), kills=3)
    assert finish(path, tmp_path / "whole") == 0
    assert choices(study) == choices(tmp_path / "whole")


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(20))
def test_many_kills(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    path = write_search(tmp_path, trials=20, parallel=1 + seed % 3)
    study = killed_until_done(tmp_path, path, rng, kills=10)
    check_that_nothing_was_lost_or_doubled(tmp_path, study, 20)
    if seed % 3 == 0:
        assert finish(path, tmp_path / "whole") == 0
        assert choices(study) == choices(tmp_path / "whole")
