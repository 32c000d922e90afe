import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.searches import finish, kill, rows, start, write_search


@pytest.mark.slow
def test_of_several_drivers_one_goes_on_and_the_others_name_it(tmp_path: Path) -> None:
    path = write_search(tmp_path, trials=15)
    study = tmp_path / "study"
    command = [sys.executable, "-m", "autosearch", "run", str(path), "--dir", str(study)]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(3)
    ]
    outputs = [process.communicate()[0] for process in processes]
    codes = sorted(process.returncode for process in processes)
    assert codes == [0, 5, 5]
    winner = next(p.pid for p in processes if p.returncode == 0)
    for process, output in zip(processes, outputs, strict=True):
        if process.returncode == 5:
            assert f"process {winner}" in output
            assert "Traceback" not in output
    assert len(rows(study)) == 15


@pytest.mark.slow
def test_a_dead_drivers_study_is_taken_over_at_once(tmp_path: Path) -> None:
    path = write_search(tmp_path, trials=4)
    process = start(path, tmp_path / "study")
    time.sleep(1.5)
    kill(process)
    assert finish(path, tmp_path / "study") == 0
