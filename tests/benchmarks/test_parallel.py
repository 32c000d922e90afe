import subprocess
import sys
from dataclasses import dataclass, field

import numpy as np
import pytest

from autosearch.space import Choice, Space
from autosearch.strategies.base import Suggestion
from autosearch.strategies.random import RandomSearch
from autosearch.trial import History
from benchmarks.search import functions as f
from benchmarks.search.parallel import steady
from benchmarks.search.synthetic import continuous
from benchmarks.search.task import Task

SPHERE = continuous("test-steady", f.sphere, 2)


@dataclass
class Watched:
    """Random search that writes down what it was shown."""

    shown: list[tuple[int, int]] = field(default_factory=list)

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion | None:
        self.shown.append((len(history.finished), len(history.pending)))
        return RandomSearch().ask(space, history, rng)


def test_whenever_a_trial_ends_one_is_asked_while_the_others_run() -> None:
    strategy = Watched()
    run = steady(strategy, SPHERE, 10, 0, 4)
    assert len(run.true) == 10
    assert strategy.shown == [(0, 0), (0, 1), (0, 2), (0, 3), *((n, 3) for n in range(1, 7))]


def test_one_at_a_time_it_is_the_plain_search() -> None:
    strategy = Watched()
    steady(strategy, SPHERE, 5, 0, 1)
    assert strategy.shown == [(n, 0) for n in range(5)]


def test_it_ends_with_the_space() -> None:
    space = Space({"x": Choice(["a", "b", "c"])})
    task = Task("test-few", "mixed", space, lambda p: float(p["x"] != "b"))
    assert sorted(steady(RandomSearch(), task, 10, 0, 2).true) == [0.0, 1.0, 1.0]


@pytest.mark.slow
def test_the_table_compares_both_ways_with_one_by_one() -> None:
    command = [sys.executable, "-m", "benchmarks.search.parallel", "--strategy", "random"]
    options = ["--trials", "8", "--at-once", "4", "--seeds", "2", "--suite", "conditional"]
    printed = subprocess.run([*command, *options], check=True, capture_output=True, text=True)
    title, head, *lines = printed.stdout.splitlines()
    assert title == "random, 8 trials, 4 at once, 2 seeds"
    assert head.split() == [
        "suite",
        "tasks",
        "one",
        "by",
        "one",
        "batch",
        "/",
        "it",
        "steady",
        "/",
        "it",
    ]
    # Random search does not look at what has ended: the same points, in a batch in the same order.
    assert [line.split()[3:5] for line in lines] == [["1.00", "(1.00-1.00)"]] * 2
