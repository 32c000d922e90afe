"""How long a study of many trials takes to write, open and show, and how large it is.

    python -m benchmarks.storage [--trials 10000] [--values 100]

CPU time in one process; the ratios are to a bare SQLite table that holds the same rows' text.
"""

import argparse
import sqlite3
import tempfile
import time
from pathlib import Path

from autosearch.records import Asked, Described, Ended, Measured, Record, Said, Started, encode
from autosearch.snapshot import snapshot
from autosearch.store import FILE, FileStore
from autosearch.trial import Measurement

BATCH = 20


def life(number: int, values: int) -> list[Record]:
    """Return the records of one trial with `values` measurements."""
    command = f"python train.py --lr=0.001{number} --layers=3 --opt=adam"
    measured = [
        Measured(
            number,
            1,
            tuple(
                Measurement("val_acc", 0.5 + i * 1e-3, i + 1, 0.37 * i, 61 * i)
                for i in range(start, min(start + BATCH, values))
            ),
            61 * start,
        )
        for start in range(0, values, BATCH)
    ]
    params = {"lr": 1e-3 * (number + 1), "layers": 3, "opt": "adam"}
    return [
        Asked(number, params, 1.7e9, seed=number, origin="random"),
        Started(number, 1, 1.7e9, command),
        *measured,
        Ended(number, 1, 1.7e9, "completed", (-0.6,), {"val_acc": 0.6}, seconds=37.0),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--values", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = FileStore(folder, write=True)
        experiment = {"name": "bench", "metric": [{"name": "val_acc", "mode": "max"}]}
        store.append([Described("0" * 12, experiment, 1.7e9), Said(1.7e9, "opened", "")])
        rows: list[tuple[str]] = []
        write_s = 0.0
        for number in range(options.trials):
            records = life(number, options.values)
            rows += [(encode(record),) for record in records]
            began = time.process_time()
            store.append(records)
            write_s += time.process_time() - began
        store.close()
        size = (folder / FILE).stat().st_size

        bare = sqlite3.connect(folder / "bare.db")
        bare.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT)")
        bare.executemany("INSERT INTO rows (body) VALUES (?)", rows)
        bare.commit()
        began = time.process_time()
        bare.execute("SELECT body FROM rows").fetchall()
        bare_s = time.process_time() - began
        bare_size = (folder / "bare.db").stat().st_size

        began = time.process_time()
        state = snapshot(folder)
        open_s = time.process_time() - began
        began = time.process_time()
        snapshot(folder, measurements=False)
        status_s = time.process_time() - began
    values = sum(len(t.measurements) for t in state.history.trials)
    print(f"{len(state.history)} trials, {values} values")
    print(f"write    {write_s:6.2f} s CPU, {1e3 * write_s / options.trials:.2f} ms a trial")
    print(f"open     {open_s:6.2f} s CPU (goal 3)    {open_s / bare_s:5.1f} x reading bare rows")
    print(f"status   {status_s:6.2f} s CPU (goal 0.5)  {status_s / bare_s:5.1f} x")
    print(f"size     {size / 1e6:6.1f} MB             {size / bare_size:5.2f} x the bare rows")


if __name__ == "__main__":
    main()
