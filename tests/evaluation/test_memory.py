import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROWS, CLASSES = 60_000, 400

# The data segment is what a process cannot give back; pages of a mapped file do not count.
SCRIPT = """
import resource
import sys
from pathlib import Path
import numpy as np
from evaluation import analyse

folder = Path(sys.argv[1])
labels = np.arange(200) % 4
analyse("image_classification", np.eye(4)[labels] * 3, labels, save_path=folder / "warm")
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
limit = int(status["VmData"].split()[0]) * 1024 + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
scores = np.load(folder / "scores.npy", mmap_mode="r")
labels = np.load(folder / "labels.npy")
result = analyse("image_classification", scores, labels, save_path=folder / "out")
print(result["overall"]["accuracy"]["value"])
"""


def analysed(folder: Path, spare: int) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", SCRIPT, str(folder), str(spare)]
    return subprocess.run(command, capture_output=True, text=True, timeout=170)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the data segment is limited on Linux only")
def test_a_mapped_file_is_never_loaded_as_a_whole(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, ROWS)
    scores = np.lib.format.open_memmap(tmp_path / "scores.npy", "w+", np.float32, (ROWS, CLASSES))
    for start in range(0, ROWS, 10_000):
        block = rng.random((10_000, CLASSES), dtype=np.float32)
        block[np.arange(10_000), labels[start : start + 10_000]] += 4 * CLASSES
        scores[start : start + 10_000] = block / block.sum(axis=1, keepdims=True)
    scores.flush()
    np.save(tmp_path / "labels.npy", labels)
    # One more copy of the scores would not fit beside what the analysis needs anyway.
    run = analysed(tmp_path, scores.nbytes + 50 * 2**20)
    assert run.returncode == 0, run.stderr[-2000:]
    assert float(run.stdout) == 1.0
    with (tmp_path / "out" / "per_sample.csv").open() as file:
        assert sum(1 for _ in file) == ROWS + 1
    assert analysed(tmp_path, scores.nbytes // 4).returncode != 0
