import json
import math
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks.search import plan
from benchmarks.search.drive import Run
from benchmarks.search.landscapes import landscapes
from benchmarks.search.methods import METHODS
from benchmarks.search.peers import PEERS
from benchmarks.search.peers.clock import Clock
from benchmarks.search.peers.random import random
from benchmarks.search.peers.spaces import axis, gate, point
from benchmarks.search.plan import jobs
from benchmarks.search.plots import apart
from benchmarks.search.publish import KEPT, PAGES, fill, tables
from benchmarks.search.regression import OURS, RECORDED, p_worse, race, recorded
from benchmarks.search.report import own_table, ratio_table
from benchmarks.search.results import Measured, Results, load, measure, outcome, save
from benchmarks.search.score import interval, random_regret, ranks, ratio, regret
from benchmarks.search.suites import EXPENSIVE_TASKS, HEBO_TASKS, instances, training, unseen
from benchmarks.search.tables import TUNINGS, tuning_task
from benchmarks.search.task import Task

ALL = {t.name: t for t in (*training(), *unseen(), *instances(), *map(tuning_task, TUNINGS))}


@pytest.mark.parametrize("task", [*training(), *unseen(), *instances()], ids=lambda t: t.name)
def test_the_stated_optimum_is_one(task: Task) -> None:
    rng = np.random.default_rng(0)
    losses = np.array([task.loss(task.space.sample(rng)) for _ in range(200)])
    assert np.nanmin(losses) >= task.best - 1e-9
    assert task.loss(task.space.from_unit(task.optimum)) == pytest.approx(task.best, abs=1e-6)


@pytest.mark.parametrize("name", TUNINGS)
def test_a_table_holds_every_point_of_its_space(name: str) -> None:
    task = tuning_task(name)
    losses = [task.loss(p) for p in task.space.points()]
    assert min(losses) == task.best
    assert all(map(math.isfinite, losses))


def test_training_and_unseen_tasks_have_nothing_in_common() -> None:
    assert not {t.name for t in training()} & {t.name for t in (*unseen(), *instances())}


def test_instances_of_a_function_lie_elsewhere() -> None:
    assert len({t.optimum for t in instances()}) == len(instances()) == 40
    assert not {t.optimum for t in instances()} & {t.optimum for t in unseen()}


def test_bbob_functions_have_their_stated_optima() -> None:
    pytest.importorskip("ioh")
    from benchmarks.search.bbob import bbob

    assert len(bbob()) == 24
    for task in bbob():
        assert task.loss(task.space.from_unit(task.optimum)) == pytest.approx(task.best, abs=1e-6)


def test_random_search_has_a_median_regret_of_one() -> None:
    task = training()[0]
    found = [regret(task, random(task, 20, seed), 20) for seed in range(60)]
    assert 0.7 < np.median(found) < 1.4


def test_a_noisy_search_is_judged_by_the_true_loss_of_what_looked_best() -> None:
    task = next(t for t in training() if t.suite == "noisy")
    run = Run(observed=[3.0, 1.0, 2.0], true=[0.0, 5.0, 1.0])
    assert run.chosen(3) == 5.0
    assert regret(task, run, 3) == pytest.approx(min(5.0 / random_regret(task, 3), 10.0))


def test_a_search_in_which_all_trials_failed_chose_nothing() -> None:
    run = Run(observed=[math.nan, math.nan], true=[math.nan, math.nan])
    assert run.chosen(2) == math.inf
    assert run.failures == 2


def test_the_interval_holds_the_mean_and_narrows_with_more_seeds() -> None:
    rng = np.random.default_rng(0)
    few, many = ({"a": list(rng.normal(size=n)), "b": list(rng.normal(size=n))} for n in (4, 400))
    widths = []
    for values in (few, many):
        mean, low, high = interval(values)
        assert low < mean < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 3


@pytest.mark.statistical
@pytest.mark.parametrize("seeds", [3, 10])
def test_intervals_of_few_seeds_cover_the_truth(seeds: int) -> None:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        _, low, high = interval({str(t): list(rng.gamma(2.0, size=seeds)) for t in range(10)})
        held += low <= 2.0 <= high
    assert held >= 160


def _by_task(rng: np.random.Generator, factor: float) -> dict[str, dict[int, float]]:
    return {str(t): {s: factor * float(rng.gamma(5.0)) for s in range(5)} for t in range(12)}


def test_a_ratio_holds_what_it_is_and_one_against_itself() -> None:
    rng = np.random.default_rng(2)
    ours, theirs = _by_task(rng, 0.5), _by_task(rng, 1.0)
    value, low, high = ratio(ours, theirs)
    assert low < value < high < 0.7
    assert low < 0.5 < high
    assert ratio(theirs, theirs) == pytest.approx((1.0, 1.0, 1.0))


def test_a_ratio_is_taken_over_pairs_only() -> None:
    ours = {"a": {0: 1.0, 1: 3.0, 7: 99.0}, "mine": {0: 50.0}}
    theirs = {"a": {0: 2.0, 1: 6.0}, "theirs": {0: 50.0}}
    assert ratio(ours, theirs)[0] == pytest.approx(0.5)
    assert math.isnan(ratio({"a": {0: 1.0}}, {"b": {0: 1.0}})[0])


def test_ranks_share_ties_and_leave_out_what_not_all_have() -> None:
    methods = {
        "one": {"t": {0: 0.1, 1: 0.5}},
        "two": {"t": {0: 0.2, 1: 0.5}},
        "three": {"t": {0: 0.3, 1: 0.9, 2: 0.0}, "u": {0: 0.0}},
    }
    assert ranks(methods) == {
        "one": {"t": [1.0, 1.5]},
        "two": {"t": [2.0, 1.5]},
        "three": {"t": [3.0, 3.0]},
    }


@pytest.mark.parametrize("name", ALL)
def test_what_a_library_suggests_is_a_point_of_the_space(name: str) -> None:
    space, rng = ALL[name].space, np.random.default_rng(3)
    for _ in range(20):
        found = {}
        for n, parameter in space.params.items():
            at = axis(parameter)
            if at.kind == "choice":
                found[n] = parameter.values[int(rng.integers(len(parameter.values)))]
            elif at.kind == "unit":
                found[n] = rng.random()
            else:
                found[n] = rng.integers(at.low, at.high + 1)
        assert space.contains(point(space, found))


def test_a_gate_names_the_values_for_which_a_parameter_exists() -> None:
    space = ALL["layers-6"].space
    assert gate(space, "lr") is None
    assert gate(space, "width4") == ("layers", [5, 6])
    assert gate(ALL["optimizers-1"].space, "decay") == ("optimizer", ["sgd", "adamw"])


INSTALLED = [name for name, peer in PEERS.items() if all(map(find_spec, peer.needs))]


@pytest.mark.parametrize("name", INSTALLED)
@pytest.mark.parametrize("task", ["mixed-cigar", "optimizers-1", "layers-6", "schwefel-5 fails"])
def test_every_installed_peer_takes_every_kind_of_space(
    name: str, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    space, evaluate = ALL[task].space, Clock.evaluate

    def checked(self: Clock, params: dict[str, object]) -> float:
        assert space.problems(params) == []  # type: ignore[arg-type]
        return evaluate(self, params)  # type: ignore[arg-type]

    monkeypatch.setattr(Clock, "evaluate", checked)
    run = PEERS[name].run(ALL[task], 6, 1)
    assert len(run.true) == len(run.observed) == len(run.asks_s) == 6
    assert len(set(run.true)) > 2 or run.failures > 2


def test_the_plan_spares_expensive_peers() -> None:
    tasks = list(ALL.values())
    planned = list(jobs(["auto", "skopt gp", "hebo"], tasks, seeds=5, trials=100))
    by_method = {m: [j for j in planned if j.method == m] for m in ("auto", "skopt gp", "hebo")}
    assert len(by_method["auto"]) == 5 * len(tasks)
    assert {j.task.name for j in by_method["skopt gp"]} == set(EXPENSIVE_TASKS)
    assert {j.task.name for j in by_method["hebo"]} == set(HEBO_TASKS)
    assert {j.trials for j in by_method["skopt gp"]} == {50}


def test_another_environment_is_asked_for_what_is_missing_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "main" / "bin" / "python"
    python.parent.mkdir(parents=True)
    # Not a link: Python looks for its packages beside the link, and finds none there.
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    monkeypatch.setattr(plan, "ENVIRONMENTS", tmp_path)
    assert list(plan.others({"numpy", "no_such_library"})) == [python]
    assert list(plan.others({"no_such_library"})) == []


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    task = next(t for t in training() if t.suite == "noisy")
    results = Results(tmp_path / "runs.jsonl")
    for seed in (0, 1):
        run = METHODS["anneal"].run(task, 20, seed)
        results.add(("anneal", task.name, seed), outcome(task, run))
    again = Results(tmp_path / "runs.jsonl")
    assert again.outcomes == results.outcomes
    assert len(again.machines) == 1
    measured = measure(again, ["anneal"], [task.name])
    assert measured[0].regret.keys() == measured[0].recommended.keys() == {10, 20}
    save(tmp_path / "kept.jsonl", measured, again.machines)
    assert load(tmp_path / "kept.jsonl") == (measured, again.machines)


@pytest.mark.slow
def test_runs_that_are_there_are_not_repeated(tmp_path: Path) -> None:
    out = tmp_path / "runs.jsonl"
    options = ["--suite", "conditional", "--method", "random", "--method", "anneal"]
    command = [sys.executable, "-m", "benchmarks.search", "--set", "training", *options]
    limits = ["--seeds", "2", "--trials", "10", "--out", str(out)]

    def printed() -> str:
        return subprocess.run(
            [*command, *limits], capture_output=True, check=True, text=True
        ).stdout

    first, kept = printed(), out.read_text("utf-8")
    assert "| conditional | **anneal** |" in first
    assert kept.count('"method"') == 2 * 2 * 3
    assert printed() == first
    assert out.read_text("utf-8") == kept


@pytest.mark.slow
def test_a_method_without_its_library_is_left_out_with_a_word(tmp_path: Path) -> None:
    if find_spec("nevergrad") or list(plan.others({"nevergrad"})):
        pytest.skip("nevergrad is there")
    command = [sys.executable, "-m", "benchmarks.search", "--set", "training", "--suite", "failing"]
    options = ["--method", "nevergrad ngopt", "--seeds", "1", "--out", str(tmp_path / "runs.jsonl")]
    done = subprocess.run([*command, *options], capture_output=True, check=True, text=True)
    assert "nevergrad ngopt is left out: it needs nevergrad; see" in done.stdout


@pytest.mark.slow
@pytest.mark.statistical
@pytest.mark.parametrize("method", OURS)
def test_searching_is_no_worse_than_recorded(method: str) -> None:
    found, kept = race(method), recorded()
    assert p_worse(found, kept[method]) > 0.01, "worse than it was: see regression.py"
    assert p_worse(kept["random"], found, 0.0) < 0.05
    for peer in ("hyperopt anneal", "optuna tpe"):
        assert p_worse(found, kept[peer], 0.0) > 0.01


def test_a_worse_search_is_noticed_and_an_equal_one_is_not() -> None:
    kept = json.loads(RECORDED.read_text("utf-8"))
    assert p_worse(kept["random"], kept["auto"]) < 0.01
    assert p_worse(kept["auto"], kept["auto"]) > 0.99
    rng = np.random.default_rng(4)
    shuffled = [float(x) for x in rng.permutation(kept["tpe"])]
    assert p_worse(shuffled, kept["tpe"]) > 0.01


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_page_shows_what_was_measured(page: Path) -> None:
    text = page.read_text("utf-8")
    assert "<!-- end -->" in text
    assert fill(text, tables(*load(KEPT))) == text


def test_an_interval_without_an_upper_bound_says_so() -> None:
    ours = {"a": {0: 0.5, 1: 0.4, 2: 0.6}}
    theirs = {"a": {0: 0.0, 1: 0.0, 2: 1.0}}
    both = [
        Measured("auto", "a", "mixed", {20: ours["a"]}),
        Measured("hyperopt tpe", "a", "mixed", {20: theirs["a"]}),
    ]
    assert "–∞)" in ratio_table(both, ["auto"])


def test_our_strategies_are_held_against_each_other_on_what_both_ran() -> None:
    measured = [
        Measured("auto", "a", "mixed", {20: {0: 0.2, 1: 0.4, 2: 9.0}}),
        Measured("tpe", "a", "mixed", {20: {0: 0.4, 1: 0.8}}),
    ]
    assert own_table(measured, "auto", ["tpe", "anneal"]).splitlines()[2:] == [
        "| mixed | @20 | 0.50 (0.50–0.50) n=2 | – |"
    ]


def test_landscapes_are_least_at_their_optimum() -> None:
    rng = np.random.default_rng(0)
    tasks = landscapes()
    assert {t.suite for t in tasks} == {"smooth", "steep"}
    assert len({t.name for t in tasks}) == len(tasks)
    for task in tasks:
        assert task.loss(task.space.from_unit(task.optimum)) == pytest.approx(0.0, abs=1e-4)
        assert min(task.loss(task.space.sample(rng)) for _ in range(20)) > 0.0


def test_labels_of_a_plot_do_not_cover_each_other() -> None:
    heights = apart([0.10, 0.11, 0.12, 0.5], gap=0.05)
    assert heights == pytest.approx([0.10, 0.15, 0.20, 0.5])
    assert apart([], gap=0.05) == []
