from pathlib import Path

from autosearch.executors.base import Job, Metrics
from autosearch.executors.log import LogReader
from autosearch.metrics.rules import Rule


def job(folder: Path, read_from: int) -> Job:
    rules = (Rule("acc", None, r"epoch (\d+)"), Rule("loss"))
    return Job(
        study="ab",
        number=0,
        attempt=1,
        params={},
        command=("true",),
        cwd=folder,
        folder=folder,
        env={},
        rules=rules,
        read_from=read_from,
        counts={"loss": 7},
    )


def steps(reader: LogReader) -> list[tuple[str, int]]:
    events, _ = reader.read(0.0)
    events += reader.finish(0.0)
    found = [m for event in events if isinstance(event, Metrics) for m in event.measurements]
    return [(m.metric, m.step) for m in found]


def test_a_reader_that_goes_on_knows_the_step_and_the_counts(tmp_path: Path) -> None:
    read = "epoch 3\nacc: 0.1\n"
    log_path = job(tmp_path, 0).log_path
    log_path.parent.mkdir()
    log_path.write_text(f"{read}acc: 0.2\nloss: 1\nepoch 4 acc: 0.3\n")
    assert steps(LogReader(job(tmp_path, len(read)))) == [("acc", 3), ("loss", 8), ("acc", 4)]
