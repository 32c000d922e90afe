import math

import pytest

from autosearch.executors.base import Exit
from autosearch.experiment.model import Metric
from autosearch.trial import Measurement
from autosearch.verdict import verdict

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
