"""CPU time of one suggestion, in a space of six parameters, as the history grows.

    python -m benchmarks.asking [--asks 9]

The median over successive asks, each told a value before the next, in this process.
"""

import argparse
import statistics
import time

import numpy as np

from autosearch.asking import ask_next
from autosearch.records import Ended, Record, fold
from autosearch.space import Choice, Float, Int, Space
from autosearch.space.values import Params
from autosearch.strategies import make
from autosearch.trial import History, Trial

GOALS = {
    "bayes_opt_search": (15, 30, 60),
    "auto": (15, 30, 60),
    "tpe_search": (3, 3, 3),
    "anneal_search": (1, 1, 1),
}
LENGTHS = (50, 500, 2000)
SPACE = Space(
    {
        **{f"x{i}": Float(0, 1) for i in range(4)},
        "layers": Int(1, 64, scale="log"),
        "solver": Choice(["adam", "sgd", "lbfgs"]),
    }
)


def loss_of(params: Params) -> float:
    """Return a smooth loss with an optimum inside, and a category that shifts it."""
    smooth = sum((float(params[f"x{i}"]) - 0.3) ** 2 for i in range(4))
    return smooth + abs(float(params["layers"]) - 8) / 64 + 0.3 * (params["solver"] == "adam")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asks", type=int, default=9)
    asks = parser.parse_args().asks
    print(f"{'CPU ms a suggestion (goal) after':34}" + "".join(f"{n:>14} " for n in LENGTHS))
    for name, goals in GOALS.items():
        cells = [
            f"{ask_ms(name, n, asks):7.1f} ({goal:3})"
            for n, goal in zip(LENGTHS, goals, strict=True)
        ]
        print(f"{name:34}" + "".join(f"{cell:>14} " for cell in cells))


def ask_ms(name: str, trials: int, asks: int) -> float:
    """Return the median CPU time of `asks` suggestions after `trials` random ones."""
    rng = np.random.default_rng(0)
    points = [SPACE.sample(rng) for _ in range(trials)]
    history = History(
        tuple(
            Trial(n, params, attempt=1, state="completed", losses=(loss_of(params),))
            for n, params in enumerate(points)
        )
    )
    strategy, costs = make(name), []
    for _ in range(asks):
        began = time.process_time()
        asked = ask_next(strategy, SPACE, history, seed=1, at=0.0)
        costs.append(time.process_time() - began)
        if asked is None:
            raise RuntimeError("the space has no end, but the strategy found one")
        told = Ended(asked.number, 0, 0.0, "completed", (loss_of(asked.params),))
        records: list[Record] = [asked, told]
        history = fold(history, records)
    return 1000 * statistics.median(costs)


if __name__ == "__main__":
    main()
