"""The executor that runs trials on this machine."""

from collections.abc import Callable
from pathlib import Path

import pytest

from autosearch.executors.base import Executor, Metrics, Resources
from autosearch.executors.local import LocalExecutor
from tests.contract.executors import Jobs, has_ended, poll_until, run
from tests.contract.supervised import SupervisedContract


class TestLocalExecutor(SupervisedContract):
    driver_source = """
from autosearch.executors.local import LocalExecutor
executor = LocalExecutor(1)
"""

    @pytest.fixture
    def make_executor(self) -> Callable[..., Executor]:
        return LocalExecutor


def test_each_attempt_sees_only_its_own_gpus(tmp_path: Path) -> None:
    job = Jobs(tmp_path)
    executor = LocalExecutor(4, gpus=["3", "5", "7"])
    source = "echo gpus=$CUDA_VISIBLE_DEVICES; while [ ! -e go ]; do sleep 0.01; done"
    jobs = [job("sh", "-c", source, resources=Resources(gpus=1)) for _ in range(3)]
    for each in jobs:
        executor.start(each)
    assert executor.free_slots == 0  # slots are left, GPUs are not
    (tmp_path / "go").touch()
    poll_until(executor, has_ended(*jobs))
    seen = {executor.read_log(each.number, 1, 0, 100) for each in jobs}
    assert seen == {b"gpus=3\n", b"gpus=5\n", b"gpus=7\n"}
    assert executor.free_slots == 3


@pytest.mark.slow
def test_executors_of_one_process_share_its_gpus_in_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "shared-gpu")
    job = Jobs(tmp_path)
    first, second = LocalExecutor(2), LocalExecutor(2)
    for executor in (first, second):
        assert executor.check(Resources(gpus=1)) == ""
    assert first.free_slots == 1  # its slots are two
    assert second.free_slots == 0
    running = job("sleep", "100", resources=Resources(gpus=1))
    first.start(running)
    assert first.free_slots == second.free_slots == 0
    first.stop(running.number, 1, "test")
    poll_until(first, has_ended(running))
    assert first.free_slots == 0  # the other has waited longer
    assert second.free_slots == 1
    second.close()
    assert first.free_slots == 1
    first.poll(0)  # it started nothing
    third = LocalExecutor(1)
    third.check(Resources(gpus=1))
    assert third.free_slots == 1
    third.close()
    first.close()


def test_a_log_that_grows_faster_than_it_is_read_stays_bounded(tmp_path: Path) -> None:
    executor = LocalExecutor(1)
    source = "yes 'no number here' | head -c 20000000; echo acc=1; echo acc=2"
    [outcome] = run(executor, Jobs(tmp_path)("sh", "-c", source))
    assert outcome.values == [1, 2]
    metrics = [event for event in outcome.events if isinstance(event, Metrics)]
    assert metrics[-1].read_to == outcome.exit.log_size == 20_000_012
    assert len(metrics) > 3  # progress is told while nothing is found


def test_a_folder_that_cannot_be_made_is_an_exit(tmp_path: Path) -> None:
    (tmp_path / "trial-0").write_text("in the way")
    [outcome] = run(LocalExecutor(1), Jobs(tmp_path)("true"))
    assert outcome.exit.error
    assert "trial-0" in outcome.exit.text


def test_closing_gives_every_file_back(tmp_path: Path) -> None:
    files = len(list(Path("/proc/self/fd").iterdir()))
    executor = LocalExecutor(3)
    job = Jobs(tmp_path)
    for _ in range(3):
        executor.start(job("sleep", "1000"))
    assert len(list(Path("/proc/self/fd").iterdir())) > files
    executor.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == files
