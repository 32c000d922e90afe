"""The executor that calls a Python function."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autosearch.errors import ExecutorError
from autosearch.executors.base import Executor, Job, Limits, Metrics
from autosearch.executors.function import FunctionExecutor
from autosearch.metrics.rules import Rule
from tests.contract.executors import Outcome, has_ended, poll_until, processes_with, run, wait_until


@pytest.fixture(params=[1, 2], ids=["in this process", "forked"])
def parallel(request: pytest.FixtureRequest) -> int:
    return request.param


def job(number: int = 0, time_s: float | None = None, **params: float) -> Job:
    return Job(
        study="c0ffee",
        number=number,
        attempt=1,
        params=params,
        command=(),
        cwd=Path(),
        folder=Path("nowhere"),
        env={},
        rules=(Rule("value"),),
        limits=Limits(time_s=time_s, grace_s=0.2),
    )


def log_of(executor: Executor, number: int = 0) -> str:
    return executor.read_log(number, 1, 0, 1 << 20).decode()


def test_the_value_comes_before_the_exit(parallel: int) -> None:
    offset = 40  # a closure, which could not be pickled
    [outcome] = run(FunctionExecutor(lambda params: params["x"] + offset, parallel), job(x=2))
    assert outcome.values == [42]
    assert (outcome.exit.code, outcome.exit.text) == (0, "")


def test_a_mapping_gives_several_metrics(parallel: int) -> None:
    [outcome] = run(FunctionExecutor(lambda params: {"value": 1, "size": 2.5}, parallel), job())
    metrics = outcome.events[0]
    assert isinstance(metrics, Metrics)
    assert [(m.metric, m.value, m.step) for m in metrics.measurements] == [
        ("value", 1.0, 1),
        ("size", 2.5, 1),
    ]


def test_an_exception_is_a_failure_with_its_traceback(parallel: int) -> None:
    def fails(params: dict[str, object]) -> float:
        raise ValueError("too large")

    executor = FunctionExecutor(fails, parallel)
    [outcome] = run(executor, job())
    assert (outcome.exit.code, outcome.exit.text) == (1, "ValueError: too large")
    log = log_of(executor)
    assert log.startswith("Traceback (most recent call last):\n")
    assert 'in fails\n    raise ValueError("too large")' in log
    assert "function.py" not in log.replace("test_function.py", "")
    assert outcome.exit.log_size == len(log)


@pytest.mark.parametrize("result", [None, "0.5 or so", {"value": None}])
def test_what_is_no_number_is_a_failure_that_shows_it(parallel: int, result: object) -> None:
    executor = FunctionExecutor(lambda params: result, parallel)  # type: ignore[arg-type,return-value]
    [outcome] = run(executor, job())
    assert outcome.exit.code == 1
    assert repr(result) in outcome.exit.text


def test_leaving_python_is_a_failure_not_the_end_of_the_search(parallel: int) -> None:
    [outcome] = run(FunctionExecutor(lambda params: sys.exit(3), parallel), job())
    assert (outcome.exit.code, outcome.exit.text) == (1, "SystemExit: 3")


def test_a_crash_of_a_forked_call_is_named() -> None:
    executor = FunctionExecutor(lambda params: os.kill(os.getpid(), signal.SIGKILL) or 0.0, 2)
    [outcome] = run(executor, job())
    assert (outcome.exit.code, outcome.exit.signal) == (None, "SIGKILL")


def test_forked_calls_run_at_once(tmp_path: Path) -> None:
    def meets_the_other(params: dict[str, float]) -> float:
        (tmp_path / str(params["x"])).touch()
        wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
        return params["x"]

    executor = FunctionExecutor(meets_the_other, 2)
    outcomes = run(executor, job(0, x=0), job(1, x=1))
    assert [outcome.values for outcome in outcomes] == [[0], [1]]


def test_calls_in_this_process_see_what_earlier_ones_left() -> None:
    seen: list[float] = []

    def remembers(params: dict[str, float]) -> float:
        seen.append(params["x"])
        return len(seen)

    executor = FunctionExecutor(remembers)
    assert [run(executor, job(n, x=n))[0].values for n in range(3)] == [[1], [2], [3]]


def test_a_forked_call_is_stopped_with_what_it_started(odd_seconds: str) -> None:
    def hangs(params: dict[str, float]) -> float:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.run(["sleep", odd_seconds], check=True)
        return 0.0

    executor = FunctionExecutor(hangs, 2)
    executor.start(job())
    wait_until(lambda: len(processes_with(odd_seconds)) == 1)
    executor.stop(0, 1, "no better")
    outcome = Outcome(poll_until(executor, has_ended(job())))
    assert (outcome.exit.why, outcome.exit.text) == ("stopped", "no better")
    assert outcome.exit.signal == "SIGKILL"
    assert processes_with(odd_seconds) == []


def test_a_time_limit_holds_even_where_one_call_runs_at_a_time() -> None:
    [outcome] = run(FunctionExecutor(lambda params: time.sleep(1000) or 0.0), job(time_s=0.2))
    assert (outcome.exit.why, outcome.exit.signal) == ("time_limit", "SIGTERM")


def test_closing_ends_forked_calls(odd_seconds: str) -> None:
    executor = FunctionExecutor(lambda p: os.execvp("sleep", ["sleep", odd_seconds]), 2)
    executor.start(job(0))
    executor.start(job(1))
    wait_until(lambda: len(processes_with(odd_seconds)) == 2)
    executor.close()
    assert processes_with(odd_seconds) == []


def test_a_full_executor_refuses_another_job(parallel: int) -> None:
    executor = FunctionExecutor(lambda params: 0.0, parallel)
    for number in range(parallel):
        executor.start(job(number))
    assert executor.free_slots == 0
    with pytest.raises(ExecutorError):
        executor.start(job(parallel))
    executor.close()
    assert executor.free_slots == parallel


def test_a_call_cannot_be_taken_over() -> None:
    assert not FunctionExecutor(lambda params: 0.0).adopt(job())


def test_forked_calls_die_with_a_killed_driver(tmp_path: Path, odd_seconds: str) -> None:
    script = tmp_path / "driver.py"
    script.write_text(
        f"""
import os, sys, time
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from autosearch.executors.function import FunctionExecutor
from tests.executors.test_function import job
executor = FunctionExecutor(lambda p: os.execvp("sleep", ["sleep", {odd_seconds!r}]), 2)
executor.start(job())
print("running", flush=True)
time.sleep(1000)
"""
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as driver:
        assert driver.stdout is not None
        assert driver.stdout.readline() == b"running\n"
        wait_until(lambda: len(processes_with(odd_seconds)) == 1)
        driver.kill()
        wait_until(lambda: processes_with(odd_seconds) == [])
