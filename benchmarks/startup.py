"""How long `import autosearch` and `autosearch --help` take, beside a bare interpreter.

    python -m benchmarks.startup [--runs 20]

Whole processes, interleaved, median of CPU time (user and system).
"""

import argparse
import os
import statistics
import subprocess
import sys

COMMANDS = {
    "python with argparse": [sys.executable, "-c", "import argparse; argparse.ArgumentParser()"],
    "import autosearch": [sys.executable, "-c", "import autosearch"],
    "autosearch --help": [sys.executable, "-m", "autosearch", "--help"],
}


def cpu_ms(command: list[str]) -> float:
    """Return the CPU time of a whole process, in milliseconds."""
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    used = after.children_user + after.children_system
    return 1000 * (used - before.children_user - before.children_system)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(runs):
        for name, command in COMMANDS.items():
            times[name].append(cpu_ms(command))
    floor = statistics.median(times["python with argparse"])
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:22} {median:6.1f} ms CPU   {median / floor:4.1f} x   (goal: at most 3 x)")


if __name__ == "__main__":
    main()
