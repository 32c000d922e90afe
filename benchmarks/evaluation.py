"""Time and memory of the analysis against the libraries that give parts of it, in one run.

    python -m benchmarks.evaluation [--rows 50000] [--classes 100] [--repeats 3]

cleanlab and netcal are timed where they are installed. The naive bootstrap is extrapolated from 20
of 2,000 draws. Every process runs on one thread and is measured in processor seconds.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
Work = Callable[[], object]


def data(rows: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return float32 probabilities and labels, two in a hundred of them wrong."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(rows, classes)).astype(np.float32) * 1.5
    labels = rng.integers(0, classes, rows)
    logits[np.arange(rows), labels] += 6
    wrong = rng.random(rows) < 0.02
    labels[wrong] = rng.integers(0, classes, int(wrong.sum()))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (p / p.sum(axis=1, keepdims=True)).astype(np.float32), labels


def ours(p: np.ndarray, y: np.ndarray) -> dict[str, Work]:
    """Return the whole analysis, intervals and suggestions included."""
    from evaluation import analyse

    return {"evaluation.analyse": lambda: analyse("image_classification", p, y).suggestions}


def sklearn(p: np.ndarray, y: np.ndarray) -> dict[str, Work]:
    """Return the same figures by scikit-learn; it gives no intervals."""
    from sklearn import metrics

    wide = p.astype(np.float64)
    wide /= wide.sum(axis=1, keepdims=True)
    predicted, truth = wide.argmax(axis=1), np.eye(p.shape[1])[y]

    def bootstrap() -> None:
        rng = np.random.default_rng(0)
        for _ in range(20):
            rows = rng.integers(0, len(y), len(y))
            metrics.accuracy_score(y[rows], predicted[rows])
            metrics.f1_score(y[rows], predicted[rows], average="macro")

    def scores() -> None:
        metrics.confusion_matrix(y, predicted)
        metrics.classification_report(y, predicted, output_dict=True)
        for score in (metrics.balanced_accuracy_score, metrics.matthews_corrcoef):
            score(y, predicted)
        metrics.cohen_kappa_score(y, predicted)

    return {
        "sklearn scores": scores,
        "sklearn top-5": lambda: metrics.top_k_accuracy_score(y, wide, k=5),
        "sklearn log-loss": lambda: metrics.log_loss(y, wide),
        "sklearn ROC-AUC": lambda: metrics.roc_auc_score(y, wide, multi_class="ovr"),
        "sklearn average precision": lambda: metrics.average_precision_score(truth, wide),
        "sklearn bootstrap, 20 of 2000": bootstrap,
    }


def cleanlab(p: np.ndarray, y: np.ndarray) -> dict[str, Work]:
    """Return cleanlab's label issues."""
    from cleanlab.filter import find_label_issues

    return {"cleanlab label issues": lambda: find_label_issues(y, p, n_jobs=1)}


def netcal(p: np.ndarray, y: np.ndarray) -> dict[str, Work]:
    """Return netcal's calibration errors and temperature.

    It differentiates by steps too small for float32, and then leaves T at 1: hence float64.
    """
    from netcal.metrics import ACE, ECE
    from netcal.scaling import TemperatureScaling

    wide = p.astype(np.float64)
    return {
        "netcal ECE": lambda: ECE(15).measure(p, y),
        "netcal ACE": lambda: ACE(15).measure(p, y),
        "netcal temperature": lambda: TemperatureScaling().fit(wide, y),
    }


LIBRARIES = {"evaluation": ours, "sklearn": sklearn, "cleanlab": cleanlab, "netcal": netcal}


def measure(library: str, rows: int, classes: int, repeats: int) -> None:
    """Print the best processor seconds of each piece of work, and the peak memory, as JSON."""
    import resource

    p, y = data(rows, classes)
    work = LIBRARIES[library](p, y)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = {}
    for name, run in work.items():
        best = float("inf")
        for _ in range(repeats):
            start = time.process_time()
            run()
            best = min(best, time.process_time() - start)
        found[name] = best
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report = {"seconds": found, "peak_mb": after / 1024, "added_mb": (after - before) / 1024}
    print(json.dumps({**report, "matrix_mb": p.nbytes / 2**20}))


def main() -> None:
    """Measure each library in a process of its own and print a table with ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--classes", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--library", choices=LIBRARIES, help="only this one, as JSON")
    options = parser.parse_args()
    if options.library:
        measure(options.library, options.rows, options.classes, options.repeats)
        return
    base, peers, with_bootstrap = 0.0, 0.0, 0.0
    for library in LIBRARIES:
        if find_spec(library) is None:
            print(f"{library}: not installed")
            continue
        sizes = (f"--{name}={getattr(options, name)}" for name in ("rows", "classes", "repeats"))
        run = subprocess.run(
            [sys.executable, "-m", "benchmarks.evaluation", *sizes, f"--library={library}"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env=os.environ | dict.fromkeys(THREADS, "1"),
        )
        found = json.loads(run.stdout.splitlines()[-1])
        for name, seconds in found["seconds"].items():
            base = base or seconds
            if library != "evaluation":
                naive = "bootstrap" in name
                peers += 0 if naive else seconds
                with_bootstrap += seconds * 100 if naive else seconds
            print(f"{name:<32}{seconds:8.3f} s {seconds / base:7.2f} ×")
        added = found["added_mb"] / found["matrix_mb"]
        print(f"  peak {found['peak_mb']:.0f} MB, {added:.1f} × the matrix added by the work")
    print(f"peers together: {peers:.2f} s, {peers / base:.1f} ×")
    print(f"peers with the bootstrap: {with_bootstrap:.1f} s, {with_bootstrap / base:.0f} ×")


if __name__ == "__main__":
    main()
