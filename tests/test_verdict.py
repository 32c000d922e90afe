import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosearch.executors.base import Exit
from autosearch.experiment.model import Metric
from autosearch.trial import Measurement
from autosearch.verdict import Verdict, ended, verdict

LOSS = Metric(name="loss", mode="min")
ACC = Metric(name="acc", mode="max", reduce="best")


def measured(*values: float, name: str = "loss") -> list[Measurement]:
    return [Measurement(name, v, i + 1, 0.1, 10 * i) for i, v in enumerate(values)]


@pytest.mark.parametrize(
    ("exit_", "state", "reason"),
    [
        (Exit(0, 1, 0), "completed", ""),
        (Exit(0, 1, 3), "failed", "exit code 3: the last words"),
        (Exit(0, 1, None, "SIGSEGV"), "killed", "killed by SIGSEGV: the last words"),
        (Exit(0, 1, None, "SIGTERM", "stopped", "by hand"), "stopped", "by hand"),
        (Exit(0, 1, None, "SIGKILL", "time_limit"), "timed_out", "time limit"),
        (Exit(0, 1, None, "SIGKILL", "memory_limit"), "out_of_memory", "memory limit"),
        (Exit(0, 1, 1, text="ValueError: x is bad"), "failed", "ValueError: x is bad"),
        (Exit(0, 1, 127, error=True, text="command not found: x"), "failed", "not found: x"),
    ],
)
def test_exits_map_to_states(exit_: Exit, state: str, reason: str) -> None:
    found = verdict(exit_, measured(0.5), [LOSS], "…\nthe last words\n")
    assert found.state == state
    assert reason in found.reason
    assert ("exit code" in found.reason) == (exit_.code == 3)


def test_a_kill_from_outside_names_the_peak_memory() -> None:
    found = verdict(Exit(0, 1, None, "SIGKILL", peak_memory=2**30), [], [LOSS], "")
    assert found.state == "killed"
    assert "1024 MiB" in found.reason


def test_only_trials_that_may_count_have_a_loss() -> None:
    assert verdict(Exit(0, 1, 0), measured(2.0, 1.0), [LOSS], "").losses == (1.0,)
    assert verdict(Exit(0, 1, 1), measured(1.0), [LOSS], "").losses == ()
    limit = Exit(0, 1, None, "SIGTERM", "time_limit")
    assert verdict(limit, measured(1.0), [LOSS], "").losses == (1.0,)


def test_losses_are_smaller_is_better_and_metrics_as_printed() -> None:
    values = measured(0.2, 0.9, 0.7, name="acc") + measured(3.0)
    found = verdict(Exit(0, 1, 0), values, [ACC, LOSS], "")
    assert found.losses == (-0.9,)
    assert found.metrics == {"acc": 0.9, "loss": 3.0}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_ends_as_no_number_has_failed_and_keeps_it_to_be_seen(value: float) -> None:
    found = verdict(Exit(0, 1, 0), measured(1.0, value), [LOSS], "")
    assert (found.state, found.losses) == ("failed", ())
    assert repr(found.metrics["loss"]) == repr(value)


def test_a_stopped_trial_without_a_value_is_stopped_all_the_same() -> None:
    found = verdict(Exit(0, 1, None, "SIGTERM", "stopped", "by hand"), [], [LOSS], "")
    assert (found.state, found.losses) == ("stopped", ())


def test_what_a_function_returns_beside_its_value_is_kept() -> None:
    more = measured(0.5, 0.7, name="acc") + measured(3.0)
    assert verdict(Exit(0, 1, 0), more, [LOSS], "").metrics == {"loss": 3.0, "acc": 0.7}


LATENCY = Metric(name="latency", mode="min", at_most=20.0)
RECALL = Metric(name="recall", mode="max", at_least=0.8, at_most=1.0)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def outcome(**values: float) -> Verdict:
    found = [Measurement(name, value, 1, 0.1, 0) for name, value in values.items()]
    return verdict(Exit(0, 1, 0), found, [LOSS, LATENCY, RECALL], "")


def test_a_bound_becomes_a_constraint_that_is_at_most_0_where_it_is_met() -> None:
    found = outcome(loss=0.5, latency=25.0, recall=0.9)
    assert found.losses == (0.5,)
    assert found.constraints == pytest.approx((0.25, -0.1, -0.125))
    assert found.reason == "latency 25 is above 20"
    assert outcome(loss=0.5, latency=20.0, recall=0.8).constraints == pytest.approx((0, -0.2, 0))
    assert outcome(loss=0.5, latency=20.0, recall=0.8).reason == ""
    assert "recall 0.7 is below 0.8" in outcome(loss=0.5, latency=3, recall=0.7).reason


@given(FINITE, FINITE)
def test_a_constraint_is_finite_and_its_sign_says_whether_the_bound_is_kept(
    value: float, bound: float
) -> None:
    low = Metric(name="m", mode="max", at_least=bound)
    high = Metric(name="m", mode="min", at_most=bound)
    for metric, kept in ((low, value >= bound), (high, value <= bound)):
        values = measured(1.0) + measured(value, name="m")
        found = verdict(Exit(0, 1, 0), values, [LOSS, metric], "")
        (constraint,) = found.constraints
        assert math.isfinite(constraint)
        assert (constraint <= 0) == kept == (found.reason == "")


def test_a_trial_without_a_bounded_metric_has_no_value_that_counts() -> None:
    missing = outcome(loss=0.5, recall=0.9)
    assert (missing.state, missing.losses, missing.constraints) == ("no_metric", (), ())
    assert "latency" in missing.reason
    odd = outcome(loss=0.5, latency=math.nan, recall=0.9)
    assert (odd.state, odd.losses) == ("failed", ())
    late = verdict(Exit(0, 1, None, "SIGTERM", "time_limit"), measured(1.0), [LOSS, LATENCY], "")
    assert (late.state, late.losses) == ("timed_out", ())


def test_why_a_trial_was_stopped_and_what_it_breaks_are_both_told() -> None:
    exit_ = Exit(0, 1, None, "SIGTERM", "stopped", "by hand")
    values = measured(0.5) + measured(25.0, name="latency")
    found = verdict(exit_, values, [LOSS, LATENCY], "")
    assert ended(exit_, found, at=1.0, stopped="by hand").reason == (
        "by hand; latency 25 is above 20"
    )
    assert ended(exit_, found, at=1.0).constraints == (0.25,)


def test_each_objective_is_a_loss_and_none_may_be_missing() -> None:
    metrics = [ACC, LATENCY, Metric(name="loss", mode="min", objective=True)]
    values = measured(0.5) + measured(0.9, name="acc") + measured(3.0, name="latency")
    found = verdict(Exit(0, 1, 0), values, metrics, "")
    assert found.losses == (-0.9, 0.5)
    assert found.constraints == (-0.85,)
    missing = verdict(Exit(0, 1, 0), values[1:], metrics, "")
    assert (missing.state, missing.losses) == ("no_metric", ())
    assert "loss" in missing.reason
