import json
import math
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosearch.space import Bool, Choice, Float, Int, Space
from autosearch.space.values import Params
from autosearch.strategies.auto import Auto
from autosearch.strategies.base import Strategy, rng_for
from autosearch.strategies.bayes.encoding import Array, Encoding, Features
from autosearch.strategies.bayes.knowledge import Knowledge
from autosearch.strategies.bayes.proposal import Policy, Proposal
from autosearch.strategies.bayes.recipe import RECIPE
from autosearch.strategies.bayes_opt import BayesOpt
from autosearch.strategies.portfolio import Portfolio
from autosearch.strategies.random import RandomSearch
from autosearch.trial import History, State, Trial
from benchmarks.search import functions as f
from benchmarks.search.drive import drive
from benchmarks.search.score import regret
from benchmarks.search.synthetic import branches, continuous, failing, mixed
from benchmarks.search.task import Task
from tests.space.spaces import spaces
from tests.strategies import searches
from tests.strategies.searches import tried

MIXED = Space(
    {
        "lr": Float(1e-5, 1e-1, scale="log"),
        "units": Int(1, 512, scale="log"),
        "opt": Choice(["adam", "sgd"]),
        "nesterov": Bool(when={"opt": "sgd"}),
    }
)
STRATEGIES = [BayesOpt(kind=k) for k in ("auto", "ucb", "ei", "poi")] + [
    BayesOpt(surrogate="forest")
]


def history_of(space: Space, losses: list[float | None], seed: int = 0) -> History:
    """Return a history of random points; None is a trial that failed."""
    rng = np.random.default_rng(seed)
    return History(
        tuple(
            Trial(n, space.sample(rng), state="failed")
            if loss is None
            else Trial(n, space.sample(rng), state="completed", losses=(loss,))
            for n, loss in enumerate(losses)
        )
    )


losses = st.lists(
    st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)), max_size=20
)


@settings(max_examples=40)
@given(space=spaces(), losses=losses, seed=st.integers(0, 2**31), which=st.integers(0, 4))
def test_any_history_gets_a_point_of_the_space_and_equal_histories_the_same(
    space: Space, losses: list[float | None], seed: int, which: int
) -> None:
    history = history_of(space, losses, seed)
    strategy = STRATEGIES[which]
    one, two = (strategy.ask(space, history, rng_for(seed, len(losses))) for _ in range(2))
    assert one == two
    if one is None:
        seen = {space.key(t.params) for t in history.trials}
        assert {space.key(p) for p in space.points()} <= seen
    else:
        assert space.contains(one.params)
        assert json.loads(json.dumps(one.notes)) == one.notes
        assert all(type(v) in (int, float, str, bool) for v in one.params.values())


@pytest.mark.parametrize(
    "strategy",
    [BayesOpt(), BayesOpt(kind="ucb"), BayesOpt(surrogate="forest")],
    ids=["auto", "ucb", "forest"],
)
@pytest.mark.parametrize(
    "losses",
    [[1e300, -1e300] * 10, [0.5] * 20, [None] * 20, [None] * 19 + [1.0], [5e-324, 0.0] * 10],
    ids=["huge", "constant", "failed", "one-good", "tiny"],
)
@pytest.mark.parametrize(
    "space",
    [
        Space({"only": Choice(["a"]), "x": Float(0, 1)}),
        Space({"x": Float(0, 1)}),
        Space({f"x{i}": Float(0, 1) for i in range(50)}),
    ],
    ids=["one-category", "1d", "50d"],
)
def test_extreme_histories_are_no_obstacle(
    space: Space, losses: list[float | None], strategy: BayesOpt
) -> None:
    history = history_of(space, losses)
    suggestion = strategy.ask(space, history, rng_for(0, len(losses)))
    assert suggestion is not None
    assert space.contains(suggestion.params)


@pytest.mark.parametrize("strategy", [BayesOpt(), BayesOpt(surrogate="forest")])
def test_a_finite_space_ends_after_every_point(strategy: BayesOpt) -> None:
    space = Space({"n": Int(1, 4), "opt": Choice(["a", "b"]), "k": Int(1, 3, when={"opt": "b"})})
    trials: tuple[Trial, ...] = ()
    for number in range(16):
        suggestion = strategy.ask(space, History(trials), rng_for(0, number))
        assert suggestion is not None
        done = Trial(number, suggestion.params, state="completed", losses=(float(number % 5),))
        trials = (*trials, done)
    assert len({space.key(t.params) for t in trials}) == 16
    assert strategy.ask(space, History(trials), rng_for(0, 16)) is None


def test_constraints_and_skipped_combinations_hold_for_every_suggestion() -> None:
    space = Space(
        {"a": Float(0, 1), "b": Float(0, 1), "c": Choice(["x", "y", "z"])},
        constraints=["0.4 < a + b < 0.7"],
        skip=[{"c": "x"}],
    )
    trials: tuple[Trial, ...] = ()
    for number in range(25):
        suggestion = BayesOpt().ask(space, History(trials), rng_for(1, number))
        assert suggestion is not None
        assert space.contains(suggestion.params)
        # The forbidden corner is where the loss would be least.
        loss = -float(suggestion.params["a"]) - float(suggestion.params["b"])
        notes = suggestion.notes
        done = Trial(number, suggestion.params, notes=notes, state="completed", losses=(loss,))
        trials = (*trials, done)
    assert min(t.losses[0] for t in trials) < -0.69


def test_the_first_point_is_the_declared_default_else_the_centre() -> None:
    space = Space({"lr": Float(1e-4, 1.0, scale="log", default=0.5), "c": Choice(["a", "b"])})
    first = BayesOpt().ask(space, History(), rng_for(0, 0))
    assert first is not None
    assert first.params["lr"] == 0.5
    plain = Space({"lr": Float(1e-4, 1.0, scale="log"), "c": Choice(["a", "b"])})
    first = BayesOpt().ask(plain, History(), rng_for(0, 0))
    assert first is not None
    assert first.params == {"lr": 0.01, "c": "a"}


def test_as_many_points_as_asked_for_are_tried_before_the_model() -> None:
    task = continuous("test-initial", f.sphere, 2)
    _, history = drive(BayesOpt(n_initial_points=7), task, 9, 0)
    steps = [t.origin.split("/")[1] for t in history.trials]
    assert steps[:7] == ["initial"] * 7
    assert "initial" not in steps[7:]


def _asked(task: Task, history: History, more: int, strategy: Strategy | None = None) -> History:
    """Return `history` and so many more trials, all of them running."""
    for _ in range(more):
        number = len(history)
        suggestion = (strategy or BayesOpt()).ask(task.space, history, rng_for(0, number))
        assert suggestion is not None
        running = Trial(number, suggestion.params, origin=suggestion.origin, notes=suggestion.notes)
        history = History((*history.trials, running))
    return history


def _in_region(trials: Sequence[Trial]) -> list[Trial]:
    return [t for t in trials if t.origin.endswith("/region")]


def test_running_trials_are_neither_repeated_nor_crowded() -> None:
    task = continuous("test-pending", f.sphere, 2)
    _, history = drive(BayesOpt(), task, 15, 0)
    asked = [task.space.to_unit(t.params) for t in _asked(task, history, 6).pending]
    apart = np.linalg.norm(np.array(asked)[:, None] - asked, axis=2)
    assert apart[np.triu_indices(6, 1)].min() > 1e-4


@pytest.mark.parametrize("kind", ["auto", "ucb", "ei"])
def test_of_trials_that_run_together_one_explores(kind: str) -> None:
    task, strategy = continuous("test-exploring", f.ackley, 3), BayesOpt(kind=kind)
    _, history = drive(strategy, task, 15, 0)
    for _ in range(2):
        history = _asked(task, history, 8, strategy)
        exploring = [t for t in history.pending if t.notes["turn"] == 0]
        assert len(exploring) == 1
        assert exploring[0].origin.endswith("/ei" if kind == "ei" else "/ucb")
        # Once it has ended it is another one's turn.
        ended = replace(exploring[0], state="completed", losses=(task.loss(exploring[0].params),))
        trials = (ended if t is exploring[0] else t for t in history.trials)
        history = History(tuple(trials))


@dataclass(frozen=True)
class Slope:
    """A model that expects of every point its x."""

    def predict(self, features: Features) -> tuple[Array, Array]:
        return self.mean(features), np.ones(len(features.units))

    def mean(self, features: Features) -> Array:
        return np.asarray(features.units[:, 0])


@pytest.mark.parametrize(
    ("failed", "running", "best"),
    [((), (), 0.5), ((), (0.7,), 0.5), ((), (0.7, 0.2), 0.2), ((0.15, 0.2, 0.25), (0.2,), 0.5)],
    ids=["none", "worse", "better", "bound to fail"],
)
def test_what_a_running_trial_is_expected_to_find_is_to_be_improved_on(
    failed: tuple[float, ...], running: tuple[float, ...], best: float
) -> None:
    space = Space({"x": Float(0, 1)})
    points = [(x, (x,)) for x in (0.5, 0.6, 0.8, 1.0)] + [(x, ()) for x in failed]
    ended = [
        Trial(n, {"x": x}, state="completed" if losses else "failed", losses=losses)
        for n, (x, losses) in enumerate(points)
    ]
    others = [Trial(len(ended) + n, {"x": x}) for n, x in enumerate(running)]
    known = Knowledge(Encoding(space), History((*ended, *others)), RECIPE)
    policy = Policy(kind="ei", kappa=1.0, xi=0.0, forest=False, initial=0)
    proposal = Proposal(known, policy, rng_for(0, 0))
    assert proposal._incumbent(Slope(), known.features.units) == pytest.approx(best)


def test_the_trust_region_learns_from_what_ended_not_from_what_runs() -> None:
    task = continuous("test-region", f.ackley, 3)
    _, history = drive(BayesOpt(), task, 12, 0)
    radii = [t.notes["radius"] for t in _in_region(_asked(task, history, 15).pending)]
    # Every second, and one more where the last known trial was an improvement.
    assert 7 <= len(radii) <= 8
    assert len(set(radii[1:])) == 1


@pytest.mark.parametrize("strategy", [BayesOpt(), Portfolio.of([("gp", BayesOpt())])])
@pytest.mark.parametrize("rough", [False, True])
def test_each_trial_of_a_batch_that_found_nothing_in_the_trust_region_shrinks_it_unless_noisy(
    strategy: Strategy, rough: bool
) -> None:
    task = continuous("test-region", f.sphere, 3)
    _, history = drive(strategy, task, 15, 0)
    optimum = task.space.from_unit(task.optimum)
    found = replace(history.trials[0], params=optimum, losses=(task.best,))
    history = _asked(task, History((found, *history.trials[1:])), 12, strategy)
    worst = max(t.losses[0] for t in history.valued)
    ended = [replace(t, state="completed", losses=(task.loss(t.params),)) for t in history.pending]
    if rough:
        # One point, and now a good loss, now a bad one: that is noise.
        good, point = ended[0].losses, ended[0].params
        ended = [
            replace(t, params=point, losses=(worst,) if i % 2 else good)
            for i, t in enumerate(ended)
        ]
    batch = _in_region(ended)
    assert len(batch) > 3
    history = _asked(task, History((*history.trials[:15], *ended)), 3, strategy)
    after, before = _in_region(history.pending)[0].notes, batch[-1].notes
    assert (after["noise"] > RECIPE.short_noise) == rough
    counted = 1 if rough else len(batch)
    shrunk, misses = divmod(before["misses"] + counted, RECIPE.region_patience)
    assert after["radius"] == pytest.approx(before["radius"] * RECIPE.region_shrink**shrunk)
    assert after["misses"] == misses


def test_one_at_a_time_each_ask_in_the_trust_region_learns_from_one_trial_in_it() -> None:
    task = continuous("test-region", f.ackley, 3)
    _, history = drive(Portfolio.of([("gp", BayesOpt())]), task, 25, 0)
    tried = [t.notes["tried"] for t in _in_region(history.trials)]
    assert len(tried) > 3
    assert tried == list(range(len(tried)))


@pytest.mark.parametrize("strategy", [Auto(trials=12), BayesOpt(trials=12)])
def test_the_last_three_of_a_known_number_of_trials_stay_near_the_best(strategy: Strategy) -> None:
    task = continuous("test-closing", f.sphere, 3)
    _, history = drive(strategy, task, 14, 0)
    steps = [t.origin.partition("/")[2] for t in history.trials]
    assert steps[9:12] == ["region"] * 3
    assert steps[6:9] != ["region"] * 3
    # A search that goes on beyond them takes turns again.
    assert steps[12:] != ["region"] * 2


def test_a_member_of_a_portfolio_remembers_its_turns_under_any_name() -> None:
    task = continuous("test-portfolio", f.sphere, 2)
    _, history = drive(Portfolio.of([("auto", Auto())]), task, 9, 0)
    assert [t.notes["asks"] for t in history.trials if t.notes] == list(range(4))


@pytest.mark.slow
def test_eight_at_a_time_find_nearly_as_good_a_point() -> None:
    tasks = [
        continuous("test-parallel", f.ellipsoid, 4),
        continuous("test-rosenbrock", f.rosenbrock, 4),
        mixed("test-mixed", f.ellipsoid, "lncbf"),
    ]
    runs = [(task, seed) for task in tasks for seed in range(2)]
    one, eight = (
        np.mean([regret(t, drive(BayesOpt(), t, 64, s, parallel=p)[0], 64) for t, s in runs])
        for p in (1, 8)
    )
    assert eight < one + 0.1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("strategy", "most"),
    [
        (BayesOpt(), 0.3),
        (BayesOpt(kind="ucb"), 0.5),
        (BayesOpt(kind="poi"), 0.8),
        (BayesOpt(surrogate="forest"), 0.8),
    ],
    ids=["auto", "ucb", "poi", "forest"],
)
def test_forty_trials_beat_random_search(strategy: BayesOpt, most: float) -> None:
    tasks = [
        continuous("test-rosenbrock", f.rosenbrock, 4),
        mixed("test-mixed", f.ellipsoid, "lncbf"),
        branches("test-branches", [f.sphere, f.ackley], 3),
    ]
    runs = [(task, seed) for task in tasks for seed in range(3)]
    ours, random = (
        np.mean([regret(task, drive(s, task, 40, seed)[0], 40) for task, seed in runs])
        for s in (strategy, RandomSearch())
    )
    assert ours < most * random


@pytest.mark.parametrize("strategy", [BayesOpt(), BayesOpt(kind="ucb")])
def test_a_region_that_fails_is_left_alone(strategy: BayesOpt) -> None:
    task = failing(continuous("test-failing", f.sphere, 4), 0.5)
    run, _ = drive(strategy, task, 40, 0)
    assert run.failures <= 8
    assert regret(task, run, 40) < 0.3


def test_a_point_that_breaks_an_outcome_constraint_is_not_what_the_search_circles() -> None:
    space = Space({"x": Float(0, 1)})
    trials: tuple[Trial, ...] = ()
    for number in range(25):
        suggestion = BayesOpt().ask(space, History(trials), rng_for(0, number))
        assert suggestion is not None
        x = float(suggestion.params["x"])
        done = Trial(
            number,
            suggestion.params,
            origin=suggestion.origin,
            notes=suggestion.notes,
            state="completed",
            losses=(x,),
            constraints=(0.6 - x,),
        )
        trials = (*trials, done)
    met = [t.losses[0] for t in trials if t.constraints[0] <= 0.0]
    assert min(met) < 0.62
    # The forbidden end has the least losses; a search blind to the constraint ends up there.
    assert sum(t.losses[0] < 0.5 for t in trials) < 13


def bounded(x: float, y: float) -> tuple[float, tuple[float, float]]:
    """Return a loss and two constraints (Gramacy et al. 2016); the optimum is 0.5998."""
    wave = 0.5 * math.sin(2 * math.pi * (x * x - 2 * y))
    return x + y, (1.5 - x - 2 * y - wave, x * x + y * y - 1.5)


@pytest.mark.parametrize("seed", range(3))
def test_the_values_of_constraints_lead_to_the_optimum_on_their_border(seed: int) -> None:
    space = Space({"x": Float(0, 1), "y": Float(0, 1)})
    history = History()
    for number in range(30):
        suggestion = BayesOpt().ask(space, history, rng_for(seed, number))
        assert suggestion is not None
        loss, constraints = bounded(**suggestion.params)  # type: ignore[arg-type]
        done = replace(tried(number, suggestion, loss), constraints=constraints)
        history = History((*history.trials, done))
    assert {"margin0", "margin1"} <= set(history.trials[-1].notes)
    assert history.best is not None
    assert history.best.losses[0] < 0.62


def test_trials_with_and_without_constraints_may_stand_side_by_side() -> None:
    history = history_of(MIXED, [float(n) for n in range(12)])
    broken = replace(history.trials[3], constraints=(1.0,))
    history = History((*history.trials[:3], broken, *history.trials[4:]))
    suggestion = BayesOpt().ask(MIXED, history, rng_for(0, 12))
    assert suggestion is not None
    assert "feasible" in suggestion.notes
    assert "margin0" not in suggestion.notes


@pytest.mark.parametrize(("state", "blamed"), [("lost", False), ("out_of_memory", True)])
def test_only_what_the_params_caused_counts_against_them(state: State, blamed: bool) -> None:
    history = history_of(MIXED, [float(n) for n in range(12)])
    ended = Trial(12, MIXED.sample(np.random.default_rng(9)), state=state)
    suggestion = BayesOpt().ask(MIXED, History((*history.trials, ended)), rng_for(0, 13))
    assert suggestion is not None
    assert ("feasible" in suggestion.notes) == blamed


def test_improvements_count_in_the_unit_of_the_metric() -> None:
    history = history_of(MIXED, [float(n) for n in range(12)])
    scaled = History(tuple(replace(t, losses=(1000.0 * t.losses[0],)) for t in history.trials))
    strategy, larger = BayesOpt(kind="ei", xi=0.5), BayesOpt(kind="ei", xi=500.0)
    one = strategy.ask(MIXED, history, rng_for(0, 12))
    two = larger.ask(MIXED, scaled, rng_for(0, 12))
    assert one is not None
    assert two is not None
    assert MIXED.to_unit(one.params) == pytest.approx(
        MIXED.to_unit(two.params), abs=1e-6, nan_ok=True
    )


SCRIPT = """
import json
from autosearch.strategies.bayes.encoding import Array, Encoding, Features
from autosearch.strategies.bayes.knowledge import Knowledge
from autosearch.strategies.bayes.proposal import Policy, Proposal
from autosearch.strategies.bayes.recipe import RECIPE
from autosearch.strategies.bayes_opt import BayesOpt
from benchmarks.search import functions as f
from benchmarks.search.drive import drive
from benchmarks.search.synthetic import branches
task = branches("test-processes", [f.sphere, f.ackley], 3)
out = []
for surrogate in ("gp", "forest"):
    _, history = drive(BayesOpt(surrogate=surrogate), task, 25, 3)
    out += [[t.params, dict(t.notes)] for t in history.trials]
print(json.dumps(out))
"""


@pytest.mark.slow
def test_another_process_asks_the_same_to_the_last_bit() -> None:
    outputs = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            capture_output=True,
            check=True,
            env={"PYTHONPATH": ":".join(p for p in sys.path if p), "OPENBLAS_NUM_THREADS": threads},
        ).stdout
        for threads in ("1", "2")
    ]
    assert outputs[0] == outputs[1]
    assert len(json.loads(outputs[0])) == 50


def test_the_cost_of_an_ask_is_bounded() -> None:
    space = Space({f"x{i}": Float(0, 1) for i in range(6)})
    few, many = (history_of(space, [math.sin(n) for n in range(count)]) for count in (120, 2000))

    def cpu_s(history: History) -> float:
        start = time.process_time()
        for _ in range(5):
            BayesOpt().ask(space, History(history.trials), rng_for(0, len(history)))
        return time.process_time() - start

    cpu_s(few)
    assert cpu_s(many) < 4.0 * cpu_s(few) + 0.1


def test_of_a_long_history_the_model_keeps_the_best_that_are_allowed() -> None:
    space = Space({"x": Float(0, 1)})
    trials = tuple(
        Trial(
            number,
            {"x": number / 400},
            state="completed",
            losses=(float(number),),
            constraints=(200.0 - number,),
        )
        for number in range(400)
    )
    modelled = {t.number for t in Knowledge(Encoding(space), History(trials), RECIPE).modelled}
    assert len(modelled) == RECIPE.modelled
    assert set(range(200, 200 + RECIPE.modelled // 2)) <= modelled
    assert any(number < 200 for number in modelled)


def test_first_points_are_steps_from_the_best_so_far() -> None:
    space = Space({f"x{i}": Float(0.0, 1.0) for i in range(7)})
    history, losses = History(), [3.0, 2.0, 4.0, 1.0, 5.0]
    for loss in losses:
        suggestion = BayesOpt().ask(space, history, rng_for(0, len(history)))
        assert suggestion is not None and suggestion.origin.endswith("/initial")
        if history.trials:
            best = min(history.trials, key=lambda t: t.losses[0]).params
            moved = [n for n in space.names if suggestion.params[n] != best[n]]
            assert 1 <= len(moved) <= 2
        history = History((*history.trials, tried(len(history), suggestion, loss)))


def test_after_the_first_points_two_steps_go_downhill() -> None:
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0), "c": Choice(["a", "b"])})
    history = History()
    for n in range(7):
        suggestion = BayesOpt().ask(space, history, rng_for(0, n))
        assert suggestion is not None
        assert suggestion.origin.endswith("/descent") == (n in (4, 5))
        if n in (4, 5):
            best = min(history.trials, key=lambda t: t.losses[0]).params
            assert suggestion.params["c"] == best["c"]
        loss = 3.0 * float(suggestion.params["x"]) + 4.0 * float(suggestion.params["y"])
        history = History((*history.trials, tried(n, suggestion, loss)))
    # Down a plane each step goes on where the last one ended.
    (x0, y0), (x1, y1) = ([float(t.params[p]) for p in "xy"] for t in history.trials[4:6])
    assert x1 <= x0 and y1 <= y0 and (x1, y1) != (x0, y0)


def test_where_nothing_went_well_first_points_leave_the_start_far_behind() -> None:
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
    history = History()
    for _ in range(6):
        suggestion = BayesOpt().ask(space, history, rng_for(0, len(history)))
        assert suggestion is not None
        history = History((*history.trials, tried(len(history), suggestion, None)))
    points = np.array([list(t.params.values()) for t in history.trials], dtype=float)
    assert np.ptp(points, axis=0).min() > 0.6


def test_after_an_improvement_the_next_ask_stays_in_the_trust_region() -> None:
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
    history, followed = History(), 0
    for n in range(20):
        suggestion = BayesOpt().ask(space, history, rng_for(0, n))
        assert suggestion is not None
        losses = [t.losses[0] for t in history.trials]
        if n > 3 and losses[-1] < min(losses[:-1]) - 0.05 * (float(np.median(losses)) - losses[-1]):
            assert suggestion.origin.endswith(("/region", "/descent"))
            followed += suggestion.origin.endswith("/region")
        x, y = suggestion.params["x"], suggestion.params["y"]
        loss = abs(float(x) - 0.81) + 3.0 * abs(float(y) - 0.27)
        history = History((*history.trials, tried(n, suggestion, loss)))
    assert followed >= 2


@pytest.mark.parametrize(("tries", "rare"), [(1, True), (20, False)])
def test_no_branch_is_given_up_after_a_bad_first_look(tries: int, rare: bool) -> None:
    space = Space(
        {
            "model": Choice(["a", "b"]),
            "x": Float(0.0, 1.0, when={"model": "a"}),
            "y": Float(0.0, 1.0, when={"model": "b"}),
        }
    )
    good = [{"model": "a", "x": (i + 0.5) / 20} for i in range(20)]
    bad = [{"model": "b", "y": (i + 0.5) / tries} for i in range(tries)]
    points: list[Params] = [*good, *bad]
    history = searches.history_of(space, points, [0.1] * 20 + [9.0] * tries)
    for n in range(len(history), len(history) + 3):
        suggestion = BayesOpt().ask(space, history, rng_for(0, n))
        assert suggestion is not None
        history = History((*history.trials, tried(n, suggestion, 0.2)))
    # One ask in three explores.
    asked = [t.params["model"] for t in history.trials[-3:]]
    assert ("b" in asked) == rare
