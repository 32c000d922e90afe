"""The executor that runs trials on Ray."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from autosearch.executors.base import Executor, Lost, Resources
from autosearch.executors.ray import RayExecutor
from autosearch.executors.ray_connection import Connection
from tests.contract.executors import (
    TREE,
    Jobs,
    Outcome,
    has_ended,
    poll_until,
    processes_with,
    python,
    run,
    wait_until,
)
from tests.contract.supervised import SupervisedContract

pytestmark = [
    pytest.mark.ray,
    # Ray's own: older versions leave files and processes to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

CORES = 8  # of the shared Ray, whatever the machine has


@pytest.fixture(scope="module")
def shared_ray() -> Iterator[None]:
    """One Ray for all tests of this module, since each takes seconds to start."""
    connection = Connection(None, CORES, Resources())
    yield
    connection.close()


@pytest.fixture(scope="module")
def shared_executor(shared_ray: None) -> Iterator[Executor]:
    executor = RayExecutor(2)
    yield executor
    executor.close()


class TestRayExecutor(SupervisedContract):
    test_nothing_outlives_a_killed_driver = None  # below, with what Ray itself would leave

    @pytest.fixture
    def make_executor(self, shared_ray: None) -> Callable[..., Executor]:
        return RayExecutor

    @pytest.fixture
    def executor(self, shared_executor: Executor) -> Executor:
        assert shared_executor.free_slots == 2
        return shared_executor

    @pytest.mark.parametrize("killed", ["actor", "actor and supervisor"])
    def test_a_killed_actor_loses_its_trial_and_nothing_else(
        self, executor: Executor, job: Jobs, odd_seconds: str, killed: str
    ) -> None:
        whole_tree = python(TREE + "    time.sleep(1000)", odd_seconds)
        marked = ("sh", "-c", f"setsid sleep {odd_seconds} & echo acc=1; sleep {odd_seconds}")
        asked = job(*(whole_tree if killed == "actor" else marked))
        executor.start(asked)
        events = poll_until(executor, bool)
        supervisor = self.supervisor_of(asked)
        [actor] = [p for p in processes_with("TrialRunner") if _watches(supervisor, p)]
        if killed == "actor and supervisor":
            supervisor.kill()
        actor.kill()
        poll_until(executor, has_ended(asked), events)
        assert isinstance(events[-1], Lost)
        assert "died" in events[-1].text
        assert processes_with(odd_seconds) == []
        assert executor.free_slots == 2
        assert run(executor, job("echo", "acc=2"))[0].values == [2]


def _watches(supervisor: psutil.Process, actor: psutil.Process) -> bool:
    """Return whether an actor has the other end of a supervisor's socket."""
    return f"pid:\t{actor.pid}\n" in "".join(
        path.read_text().replace("Pid:", "pid:")
        for path in Path(f"/proc/{supervisor.pid}/fdinfo").iterdir()
    )


def test_a_job_that_has_no_room_runs_when_another_ends(shared_ray: None, tmp_path: Path) -> None:
    executor = RayExecutor(2)
    job = Jobs(tmp_path)
    most = Resources(cpus=CORES - 2)  # the tests above may still hold two
    jobs = [job("echo", f"acc={n}", resources=most) for n in range(2)]
    assert [outcome.values for outcome in run(executor, *jobs)] == [[0], [1]]
    executor.close()


def test_a_job_that_waits_for_room_can_be_stopped(shared_ray: None, tmp_path: Path) -> None:
    executor = RayExecutor(2)
    job = Jobs(tmp_path)
    never = job("true", resources=Resources(cpus=10 * CORES))
    executor.start(never)
    executor.stop(never.number, 1, "no room")
    outcome = Outcome(poll_until(executor, has_ended(never)))
    assert (outcome.exit.why, outcome.exit.text) == ("stopped", "no room")
    executor.close()


def test_resources_that_no_node_has_are_named(shared_ray: None) -> None:
    executor = RayExecutor(1)
    assert executor.check(Resources(cpus=CORES)) == ""
    assert executor.check(Resources(cpus=CORES + 1)) == (
        f"each trial asks for {CORES + 1} CPU cores, the largest node of Ray has {CORES} CPU cores"
    )
    executor.close()


def _run_driver(source: str, folder: Path, **env: str) -> subprocess.Popen[str]:
    script = folder / "driver.py"
    root = str(Path(__file__).parents[2])
    script.write_text(f"import sys\nsys.path.insert(0, {root!r})\n{source}")
    return subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(folder), **env},
    )


@pytest.mark.slow
def test_a_ray_of_our_own_leaves_the_process_and_the_machine_as_they_were(
    short_folder: Path,
) -> None:
    """Nothing but our own words on stdout, even where an actor is killed; and without a HOME."""
    source = """
import json, os, signal
from pathlib import Path
import psutil
from autosearch.executors.ray import RayExecutor
from tests.contract.executors import Jobs, has_ended, poll_until, processes_with, run
def state():
    handlers = [str(signal.getsignal(n)) for n in (signal.SIGINT, signal.SIGTERM)]
    return [handlers, {k: v for k, v in os.environ.items() if k.startswith("RAY_")}]
signal.signal(signal.SIGTERM, lambda *_: None)
before = state()
executor = RayExecutor(1)
job = Jobs(Path(os.environ["TMPDIR"]))
asked = job("sh", "-c", "echo acc=1; sleep 1000")
executor.start(asked)
poll_until(executor, bool)
mine = psutil.Process().children(recursive=True)
[actor] = [p for p in processes_with("TrialRunner") if p in mine]
actor.kill()
poll_until(executor, has_ended(asked))
[outcome] = run(executor, job("sh", "-c", "echo acc=2; env | grep -c ^RAY_"))
executor.close()
print(json.dumps([outcome.values, state()[0] == before[0], state()[1] == before[1]]))
"""
    with _run_driver(source, short_folder, HOME="/proc") as driver:
        out, err = driver.communicate()
    assert (out, err) == (json.dumps([[2.0], True, True]) + "\n", "")
    assert list(short_folder.glob("autosearch-ray-*")) == []
    assert processes_with(str(short_folder)) == []


@pytest.mark.slow
def test_nothing_of_a_ray_of_our_own_outlives_a_killed_driver(
    short_folder: Path, odd_seconds: str
) -> None:
    """Even where a process that the driver forked keeps all of its files open."""
    source = f"""
import os, time
from pathlib import Path
from autosearch.executors.ray import RayExecutor
from tests.contract.executors import TREE, Jobs, python
executor = RayExecutor(1)
program = python(TREE + "    time.sleep(1000)", {odd_seconds!r})
executor.start(Jobs(Path(os.environ["TMPDIR"]))(*program))
while not executor.poll(1.0):
    pass
if pid := os.fork():
    print(pid, flush=True)
time.sleep(1000)
"""
    with _run_driver(source, short_folder) as driver:
        assert driver.stdout is not None
        fork = psutil.Process(int(driver.stdout.readline()))
        assert len(processes_with(odd_seconds)) >= 4
        driver.kill()
        wait_until(lambda: processes_with(odd_seconds) == [])
        wait_until(lambda: processes_with(str(short_folder)) == [fork])
        wait_until(lambda: list(short_folder.glob("autosearch-ray-*")) == [])
        fork.kill()


@pytest.mark.slow
def test_a_cluster_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    # In a process of its own, since this one may have a Ray, which would be used.
    script = """
from autosearch.errors import ExecutorError
from autosearch.executors.base import Resources
from autosearch.executors.ray import RayExecutor
try:
    RayExecutor(1, address="127.0.0.1:1").check(Resources())
except ExecutorError as error:
    print(error)
"""
    with _run_driver(script, tmp_path) as driver:
        out, _ = driver.communicate()
    assert out.startswith("Ray cannot be reached at 127.0.0.1:1: ")


@pytest.mark.full
@pytest.mark.slow
def test_where_ray_dies_on_this_machine_its_trials_are_lost_and_a_new_one_begins(
    short_folder: Path,
) -> None:
    source = """
import json, os
from pathlib import Path
import psutil
from autosearch.executors.base import Lost
from autosearch.executors.ray import RayExecutor
from tests.contract.executors import Jobs, has_ended, poll_until, processes_with, run
executor = RayExecutor(1)
job = Jobs(Path(os.environ["TMPDIR"]))
asked = job("sh", "-c", "echo acc=1; sleep 1000")
executor.start(asked)
events = poll_until(executor, bool)
for process in psutil.Process().children():
    if process.name() == "raylet":
        process.kill()
poll_until(executor, has_ended(asked), events)
left = len(processes_with(asked.marker))
[outcome] = run(executor, job("echo", "acc=2"))
executor.close()
print(json.dumps([isinstance(events[-1], Lost), left, outcome.values]))
"""
    with _run_driver(source, short_folder) as driver:
        out, _ = driver.communicate()
    assert json.loads(out) == [True, 0, [2.0]]
    assert processes_with(str(short_folder)) == []


@pytest.mark.full
@pytest.mark.slow
def test_a_lost_node_loses_its_trials_and_others_wait_for_a_new_one(tmp_path: Path) -> None:
    source = """
import json, os, time
from pathlib import Path
from ray.cluster_utils import Cluster
from autosearch.executors.base import Lost, Notice, Resources
from autosearch.executors.ray import RayExecutor
from tests.contract.executors import Jobs, has_ended, poll_until, processes_with
small = {"object_store_memory": 80 << 20}
cluster = Cluster(
    initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False, **small}
)
node = cluster.add_node(num_cpus=4, **small)
executor = RayExecutor(2, address=cluster.address)
job = Jobs(Path(os.environ["JOBS"]))
first = job("sh", "-c", "echo acc=1; sleep 1000", resources=Resources(cpus=3))
executor.start(first)
events = poll_until(executor, bool)
adopted = executor.adopt(job("true"))  # looks for leftovers on both nodes
cluster.remove_node(node, allow_graceful=False)
poll_until(executor, has_ended(first), events)
left = len(processes_with(first.marker))
second = job("echo", "acc=2", resources=Resources(cpus=3))
executor.start(second)
waiting = poll_until(executor, bool)
cluster.add_node(num_cpus=4, **small)
ended = poll_until(executor, has_ended(second))
executor.close()
cluster.shutdown()
print(json.dumps([adopted, isinstance(events[-1], Lost), left,
                  [type(event).__name__ for event in waiting + ended], ended[-1].code]))
"""
    with _run_driver(source, tmp_path, TMPDIR=tempfile.gettempdir(), JOBS=str(tmp_path)) as driver:
        out, _ = driver.communicate()
    assert json.loads(out) == [False, True, 0, ["Notice", "Metrics", "Exit"], 0]
