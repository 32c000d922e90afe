"""An engine that is killed again and again: nothing is lost, nothing is run twice."""

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from autosearch.records import Ended, Record
from autosearch.store import FileStore
from tests.contract.executors import processes_with
from tests.contract.reference_controller import RemoteController
from tests.engine.studies import traces

STUDIES = 3
TRIALS = 6
# Creates the studies, whether or not they exist, and waits for their ends.
PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, {project!r})
from autosearch.engine import Engine
from tests.engine.studies import study_of
{place}
folder = Path({folder!r})
studies = [study_of(folder / f"s{{i}}", "sleep 0.2", search={{"trials": {trials}}})
           for i in range({studies})]
with Engine(folder / "root", slots=4{make}) as engine:
    for i, experiment in enumerate(studies):
        engine.create(experiment, f"s{{i}}")
    print("up", flush=True)
    states = [engine.wait(f"s{{i}}").state for i in range({studies})]
    print(*states, flush=True)
"""
REMOTE = """
from autosearch.executors.controller import ControllerExecutor
from tests.contract.reference_controller import RemoteController
controller = RemoteController(Path({root!r}), {address!r})
"""
MAKE_REMOTE = ", make_executor=lambda spec, n: ControllerExecutor(controller, n, poll_s=0.05)"


def program(folder: Path, place: str = "", make: str = "") -> str:
    project = str(Path(__file__).parents[2])
    return PROGRAM.format(
        project=project, place=place, folder=str(folder), trials=TRIALS, studies=STUDIES, make=make
    )


def kill_and_restart(source: str, kills: int, rng: random.Random) -> None:
    """Run a program, killing it at random moments; the last time it runs to its end."""
    for round in range(kills + 1):
        command = [sys.executable, "-c", source]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            if round < kills:
                time.sleep(rng.uniform(0, 0.5))
                process.kill()
            else:
                assert process.stdout.readline().split() == ["completed"] * STUDIES
    assert process.returncode == 0


def records_of(folder: Path) -> list[Record]:
    store = FileStore(folder)
    try:
        return [record for _, record in store.records()]
    finally:
        store.close()


def check_that_each_trial_ended_once(folder: Path) -> None:
    for i in range(STUDIES):
        ended = [r for r in records_of(folder / "root" / f"s{i}") if isinstance(r, Ended)]
        assert sorted(r.number for r in ended) == list(range(TRIALS))
        assert {r.state for r in ended} == {"completed"}
        assert set(traces(folder / f"s{i}", "end")) == set(range(TRIALS))


@pytest.mark.slow
def test_a_killed_engine_loses_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    kill_and_restart(program(tmp_path), 4, random.Random(1))
    check_that_each_trial_ended_once(tmp_path)
    assert processes_with(str(tmp_path)) == []


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[RemoteController]:
    controller = RemoteController(tmp_path / "controller")
    controller.start()
    yield controller
    controller.kill()


def check_that_each_trial_ran_once(folder: Path) -> None:
    check_that_each_trial_ended_once(folder)
    for i in range(STUDIES):
        for word in ("start", "end"):
            assert Counter(traces(folder / f"s{i}", word)) == dict.fromkeys(range(TRIALS), 1)


@pytest.mark.slow
def test_a_killed_engine_takes_its_jobs_over(tmp_path: Path, controller: RemoteController) -> None:
    place = REMOTE.format(root=str(controller.root), address=controller.address)
    kill_and_restart(program(tmp_path, place, MAKE_REMOTE), 5, random.Random(2))
    check_that_each_trial_ran_once(tmp_path)


@pytest.mark.slow
def test_killing_controller_and_engine_runs_nothing_twice(
    tmp_path: Path, controller: RemoteController
) -> None:
    place = REMOTE.format(root=str(controller.root), address=controller.address)
    done = threading.Event()
    rng = random.Random(3)

    def disturb() -> None:
        while not done.wait(rng.uniform(0.2, 1.0)):
            controller.kill()
            time.sleep(rng.uniform(0, 0.3))
            controller.start()

    disturbing = threading.Thread(target=disturb)
    disturbing.start()
    try:
        kill_and_restart(program(tmp_path, place, MAKE_REMOTE), 4, random.Random(4))
    finally:
        done.set()
        disturbing.join()
    check_that_each_trial_ran_once(tmp_path)
