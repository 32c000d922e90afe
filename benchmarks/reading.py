"""How fast metrics are read from a log, and how much memory that takes, beside `grep -c`.

    python -m benchmarks.reading [--size-mb 128] [--rounds 3]

One line in a hundred holds the metric. Each kind of rule is measured in a process of its own and
interleaved with grep counting the lines of the same pattern; CPU time, median of the rounds.
"""

import argparse
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from autosearch.metrics.extractor import Extractor
from autosearch.metrics.rules import Rule

CHUNK = 1 << 18
MB = 1_000_000
RULES = {
    "built-in": Rule("val_acc"),
    "literal": Rule("val_acc", r"val_acc: ([0-9.]+)"),
    "ignoring case": Rule("val_acc", r"(?i)VAL_ACC: ([0-9.]+)"),
    "with a step rule": Rule("val_acc", r"val_acc: ([0-9.]+)", r"epoch ([0-9]+)"),
    "no literal": Rule("val_acc", r"([0-9]\.[0-9]+)$"),
}
PATTERNS = {"ignoring case": ["-i", "val_acc: [0-9.]+"], "no literal": [r"[0-9]\.[0-9]+$"]}
GREP = ["val_acc: [0-9.]+"]


def write_log(path: Path, size: int) -> None:
    """Write a log of `size` bytes or a little more, the same one each time."""
    rng = random.Random(1)
    lines = []
    for number in range(100_000):
        if number % 100:
            text = f"INFO worker {number % 7}: batch {number} took {rng.random():.4f} s, grad norm"
            lines.append(f"{text} {rng.random():.3f}, queue {rng.randrange(999)} items\n")
        else:
            lines.append(f"epoch {number} loss: {rng.random():.4f} val_acc: {rng.random():.4f}\n")
    block = "".join(lines).encode()
    with path.open("wb") as log:
        for _ in range(size // len(block) + 1):
            log.write(block)


def read(path: Path, rule: Rule) -> None:
    """Read a log and print the CPU seconds, the number of values and the growth in MiB."""
    extractor = Extractor([rule])
    extractor.feed(b"val_acc: 0.5\n" * 1000)
    before, grown_from = time.process_time(), peak_memory()
    values = 0
    with path.open("rb") as log:
        while chunk := log.read(CHUNK):
            values += len(extractor.feed(chunk))
    seconds = time.process_time() - before
    print(seconds, values, (peak_memory() - grown_from) / 1024)


def peak_memory() -> int:
    """Return the largest resident size of this process so far, in KiB."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) if found else 0


def grep_s(path: Path, pattern: list[str]) -> float:
    """Return the CPU seconds that grep needs to count the matching lines."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Not to /dev/null: grep stops at the first match when nobody can see the count.
    subprocess.run(["grep", "-cE", *pattern, str(path)], check=True, stdout=subprocess.PIPE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(path: Path, kind: str, rounds: int) -> str:
    """Return a line of the table."""
    size = path.stat().st_size / MB
    ours, theirs, growth, values = [], [], 0.0, 0
    command = [sys.executable, "-m", "benchmarks.reading", "--read", str(path), "--kind", kind]
    for _ in range(rounds):
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds, found, grown = done.stdout.split()
        ours.append(float(seconds))
        values, growth = int(found), max(growth, float(grown))
        theirs.append(grep_s(path, PATTERNS.get(kind, GREP)))
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    speed = size / statistics.median(ours)
    return (
        f"{kind:17} {speed:6.0f} MB/s   {ratio:5.1f} x grep   "
        f"{growth:5.1f} MiB growth   {values} values"
    )


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size-mb", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--kind", choices=RULES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        read(options.read, RULES[options.kind])
        return
    print("goal: 100 MB/s for rules with a literal part, 64 MiB of growth at most")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "output.log"
        write_log(path, options.size_mb * MB)
        for kind in RULES:
            print(measure(path, kind, options.rounds))


if __name__ == "__main__":
    main()
