"""AutoSearch inside a job controller."""

import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from autosearch.errors import ExperimentError, InputError, StudyMismatchError
from autosearch.plugin import AutoSearchEngine
from tests.contract.executors import wait_until
from tests.contract.reference_controller import FolderController

TRAIN = """\
import argparse, os, time
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.5)
parser.add_argument("--epochs", type=int, default=3)
args = parser.parse_args()
while os.path.exists("hold"):
    print("held", flush=True)
    time.sleep(0.02)
for epoch in range(args.epochs):
    print(f"epoch {epoch} acc={1 - (args.lr - 0.3) ** 2}", flush=True)
"""
SEARCH = {
    "search_params": [
        {"name": "lr", "param_type": "continuous", "lower_bound": "0.0", "upper_bound": "1.0"}
    ],
    "reward_attrs": [{"name": "acc", "mode": "max", "regex": "acc=([0-9.]+)"}],
    "algo_configs": [
        {
            "name": "tpe_search",
            "params": [{"key": "num_samples", "value": "4", "type": "Integer"}],
        }
    ],
}
PARAMETERS = [
    {"name": "lr", "value": "0.25", "type": "Float"},
    {"name": "epochs", "value": "2", "constraint": {"type": "Integer"}},
]


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "train.py").write_text(TRAIN)
    return folder


@pytest.fixture
def make_engine(tmp_path: Path) -> Iterator[Callable[..., AutoSearchEngine]]:
    made: list[AutoSearchEngine] = []

    def make(**settings: Any) -> AutoSearchEngine:
        controller = FolderController(tmp_path / "controller")
        made.append(AutoSearchEngine(controller, tmp_path / "state", poll_s=0.05, **settings))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


@pytest.fixture
def engine(make_engine: Callable[..., AutoSearchEngine]) -> AutoSearchEngine:
    return make_engine()


def job(code: Path, **changes: Any) -> dict[str, Any]:
    plain = {
        "id": "job-1",
        "name": "curve",
        "code_dir": str(code),
        "boot_file": "train.py",
        "parameters": PARAMETERS,
        "auto_search": SEARCH,
        "search": {"parallel": 2},
    }
    return {key: value for key, value in (plain | changes).items() if value is not None}


def ended(engine: AutoSearchEngine, id: str) -> dict[str, Any]:
    wait_until(
        lambda: engine.state(id)["phase"] not in ("Creating", "Pending", "Running", "Terminating")
    )
    return engine.state(id)


def column(table: dict[str, Any], name: str) -> list[Any]:
    return [row[table["header"].index(name)] for row in table["data"]]


def test_the_entry_point_is_the_engine() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    group = "job_controller.engines"
    value = project["project"]["entry-points"][group]["AutoSearch"]
    assert EntryPoint("AutoSearch", value, group).load() is AutoSearchEngine


def test_a_search_runs_as_jobs_of_the_controller(
    engine: AutoSearchEngine, code: Path, tmp_path: Path
) -> None:
    assert engine.submit(job(code)) == "job-1"
    state = ended(engine, "job-1")
    assert (state["phase"], state["trials"], state["finished"]) == ("Completed", 4, 4)
    table = engine.trials("job-1")
    assert table["header"] == [
        *("", "done", "pid", "config", "trial_id", "training_iteration", "time_total_s"),
        *("worker_index", "reward_attr", "status", "acc", "best_reward"),
    ]
    assert column(table, "") == ["0", "1", "2", "3"]
    assert column(table, "done") == ["True"] * 4
    assert column(table, "status") == ["TERMINATED"] * 4
    assert column(table, "training_iteration") == ["2"] * 4
    first = column(table, "config")[0]
    # The value given beside the search is the first that is tried; the fixed one is no param.
    assert first == {"lr": 0.25, "trial_index": 0, "param/lr": 0.25}
    rewards = [float(text) for text in column(table, "reward_attr")]
    assert state["best_reward"] == max(rewards)
    assert state["best_trial"] == column(table, "trial_id")[rewards.index(max(rewards))]
    assert column(table, "acc") == column(table, "reward_attr") == column(table, "best_reward")
    assert all(len(name) == 8 and int(name, 16) >= 0 for name in column(table, "trial_id"))
    assert len([f for f in (tmp_path / "controller").iterdir() if f.name[0] != "."]) == 4


def test_the_log_of_a_trial_is_read_by_its_id_or_number(
    engine: AutoSearchEngine, code: Path
) -> None:
    engine.submit(job(code))
    ended(engine, "job-1")
    second = column(engine.trials("job-1"), "trial_id")[1]
    log = engine.log("job-1", second)
    assert log == engine.log("job-1", 1)
    assert log.startswith(b"epoch 0 acc=")
    assert engine.log("job-1", second, 6, 1) == b"0"
    assert engine.log("job-1", second, -4) == log[-4:]
    with pytest.raises(InputError, match="there is no trial deadbeef"):
        engine.log("job-1", "deadbeef")


def test_a_plain_job_runs_once(engine: AutoSearchEngine, code: Path) -> None:
    engine.submit(job(code, auto_search=None, search=None))
    assert ended(engine, "job-1")["phase"] == "Completed"
    assert engine.log("job-1").count(b"epoch") == 2
    table = engine.trials("job-1")
    assert column(table, "config")[0]["lr"] == "0.25"
    assert column(table, "status") == ["TERMINATED"]


def test_a_plain_job_fails_with_its_program(engine: AutoSearchEngine, code: Path) -> None:
    engine.submit({"id": "one", "code_dir": str(code), "command": "sh -c 'echo no; exit 3'"})
    state = ended(engine, "one")
    assert state["phase"] == "Failed"
    assert "exit code 3" in state["message"]
    assert column(engine.trials("one"), "status") == ["ERROR"]


def test_submitting_a_job_again_is_harmless(engine: AutoSearchEngine, code: Path) -> None:
    for _ in range(2):
        assert engine.submit(job(code)) == "job-1"
    ended(engine, "job-1")
    table = engine.trials("job-1")
    engine.submit(job(code))
    assert engine.trials("job-1") == table
    with pytest.raises(StudyMismatchError):
        engine.submit(job(code, name="another"))


def test_ids_of_any_form_are_kept_apart(engine: AutoSearchEngine, code: Path) -> None:
    for id in ("a/b:c", "a/b:d", "../../up"):
        assert engine.submit(job(code, id=id)) == id
        assert ended(engine, id)["phase"] == "Completed"


def test_a_running_job_is_stopped(engine: AutoSearchEngine, code: Path) -> None:
    (code / "hold").touch()
    engine.submit(job(code))
    wait_until(lambda: column(engine.trials("job-1"), "status") == ["RUNNING", "RUNNING"])
    assert engine.state("job-1")["phase"] == "Running"
    engine.stop("job-1")
    assert engine.state("job-1")["phase"] in ("Terminating", "Terminated")
    assert ended(engine, "job-1")["phase"] == "Terminated"
    engine.delete("job-1")
    with pytest.raises(InputError, match="there is no study job-1"):
        engine.state("job-1")


def test_one_trial_is_stopped_early(engine: AutoSearchEngine, code: Path) -> None:
    (code / "hold").touch()
    engine.submit(job(code, search={"parallel": 1}))
    wait_until(lambda: column(engine.trials("job-1"), "status") == ["RUNNING"])
    wait_until(lambda: b"held" in engine.log("job-1"))
    engine.stop_trial("job-1", column(engine.trials("job-1"), "trial_id")[0])
    wait_until(lambda: len(engine.trials("job-1")["data"]) == 2)
    (code / "hold").unlink()
    assert ended(engine, "job-1")["phase"] == "Completed"
    assert column(engine.trials("job-1"), "status") == ["TERMINATED"] * 4


def test_everything_that_is_wrong_with_a_job_is_named_at_once(
    engine: AutoSearchEngine, code: Path
) -> None:
    wrong = job(
        code,
        boot_file="../train.py",
        colour="red",
        parameters=[{"name": "lr", "type": "Complex"}, {"value": "1"}],
        auto_search={"reward_attrs": [{"name": "acc", "mode": "max", "weight": 1}]},
    )
    with pytest.raises(ExperimentError) as error:
        engine.submit(wrong)
    places = [fault.where for fault in error.value.faults]
    assert places == [
        "colour",
        "parameters[0].type",
        "parameters[1]",
        "auto_search.reward_attrs[0].weight",
        "boot_file",
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"code_dir": "relative"}, "code_dir: relative: expected the full path of a folder"),
        ({"code_dir": None}, "code_dir: expected the folder of the code, found None"),
        ({"command": "python train.py"}, "boot_file: expected either boot_file or command"),
        ({"boot_file": "gone.py"}, "boot_file: gone.py: expected a Python file"),
        ({"boot_file": None, "command": "sh 'x"}, "command: sh 'x: No closing quotation"),
        ({"id": 7}, "id: expected text, found 7"),
    ],
)
def test_a_job_that_cannot_run_is_refused(
    engine: AutoSearchEngine, code: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        engine.submit(job(code, **changes))


def test_code_outside_of_the_root_is_refused(
    make_engine: Callable[..., AutoSearchEngine], code: Path, tmp_path: Path
) -> None:
    engine = make_engine(code_root=tmp_path / "jobs")
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "link").symlink_to(code)
    for folder in (code, tmp_path / "jobs" / "link"):
        with pytest.raises(ExperimentError, match="lies outside of"):
            engine.submit(job(folder))


def test_braces_in_fixed_values_are_no_placeholders(engine: AutoSearchEngine, code: Path) -> None:
    parameters = [{"name": "format", "value": "{seed} ${HOME} {{x}}"}]
    search = {**SEARCH, "search_params": [{**SEARCH["search_params"][0], "name": "x"}]}
    engine.submit(
        job(
            code,
            boot_file=None,
            command=["sh", "-c", 'echo "$@" "$GREETING"; echo acc=1', "sh"],
            parameters=parameters,
            environments={"GREETING": "{number}"},
            auto_search=search,
        )
    )
    ended(engine, "job-1")
    assert engine.log("job-1").startswith(b"--format={seed} ${HOME} {{x}} --x=")
    assert b" {number}\n" in engine.log("job-1")


def test_bounds_and_several_objectives_are_given_in_our_own_words(
    engine: AutoSearchEngine, code: Path
) -> None:
    metric = [
        {"name": "acc", "mode": "max", "at_most": 0.99},
        {"name": "epoch", "mode": "min", "objective": True},
    ]
    engine.submit(job(code, metric=metric))
    state = ended(engine, "job-1")
    assert (state["phase"], state["finished"]) == ("Completed", 4)
    kept = [float(acc) for acc in column(engine.trials("job-1"), "acc") if float(acc) <= 0.99]
    assert state["best_reward"] == max(kept)


def test_finalists_are_confirmed_as_jobs_too(engine: AutoSearchEngine, code: Path) -> None:
    engine.submit(job(code, confirm={"top": 1, "repeats": 2}))
    state = ended(engine, "job-1")
    assert (state["phase"], state["trials"]) == ("Completed", 4)
    # Two runs of the best, two of the default unless that is the best.
    rows = len(column(engine.trials("job-1"), "trial_id"))
    assert state["message"] == f"4 trials and {rows - 4} confirming runs"
    assert rows in (6, 8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"warm_start": "pickle:/tmp/any.pkl"}, "warm_start: is not known"),
        ({"confirm": {"top": 0}}, "confirm.top: expected a number of at least 1, found 0"),
        ({"metric": {"name": "acc", "mode": "max", "at_most": "x"}}, "metric.at_most: expected a"),
    ],
)
def test_what_a_job_must_not_ask_for_is_refused_by_name(
    engine: AutoSearchEngine, code: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ExperimentError, match=message):
        engine.submit(job(code, **changes))
