from autosearch.outcome import SILENT_BYTES, FailFast
from autosearch.trial import History, Measurement, Trial


def ended(number: int, state: str, reason: str = "", **more: object) -> Trial:
    return Trial(number, {"x": 1}, attempt=1, state=state, reason=reason, **more)  # type: ignore[arg-type]


def test_a_first_trial_without_the_metric_ends_the_search() -> None:
    trial = ended(0, "no_metric")
    outcome = FailFast(("loss",), 5).after(trial, History((trial,)))
    assert outcome is not None
    assert outcome.ending == "no_metric"
    assert outcome.exit_code == 3


def test_once_the_metric_was_seen_a_trial_without_it_is_only_a_failure() -> None:
    first = ended(0, "completed", losses=(1.0,))
    second = ended(1, "no_metric")
    assert FailFast(("loss",), 5).after(second, History((first, second))) is None


def test_a_running_trial_that_has_printed_the_metric_counts_as_seen() -> None:
    running = Trial(0, {}, state="running", measurements=(Measurement("loss", 1.0, 1, 0.0, 0),))
    second = ended(1, "no_metric")
    assert FailFast(("loss",), 5).after(second, History((running, second))) is None


def test_failures_in_a_row_end_the_search_with_their_common_reason() -> None:
    fail_fast = FailFast(("loss",), 3)
    for number, reason in enumerate(["no GPU", "disk full"]):
        assert fail_fast.after(ended(number, "failed", reason), History()) is None
    outcome = fail_fast.after(ended(2, "killed", "no GPU"), History())
    assert outcome is not None
    assert outcome.exit_code == 4
    assert outcome.text == "3 trials in a row failed (2 of them): no GPU"


def test_a_trial_with_a_value_breaks_the_row() -> None:
    fail_fast = FailFast(("loss",), 2)
    fail_fast.after(ended(0, "failed"), History())
    fail_fast.after(ended(1, "completed", losses=(1.0,)), History())
    assert fail_fast.after(ended(2, "failed"), History()) is None


def test_a_first_trial_without_a_bounded_metric_ends_the_search_too() -> None:
    values = (Measurement("loss", 1.0, 1, 0.0, 0),)
    trial = ended(0, "no_metric", measurements=values)
    fail_fast = FailFast(("loss", "latency"), 5)
    assert fail_fast.never_measured(History((trial,))) == "latency"
    outcome = fail_fast.after(trial, History((trial,)))
    assert outcome is not None
    assert outcome.ending == "no_metric"


def test_much_output_proves_only_that_the_objective_is_never_printed() -> None:
    values = (Measurement("loss", 1.0, 1, 0.0, 0),)
    running = Trial(0, {}, state="running", measurements=values)
    fail_fast = FailFast(("loss", "latency"), 5)
    assert not fail_fast.is_silent(SILENT_BYTES + 1, History((running,)))
    silent = History((Trial(0, {}, state="running"),))
    assert fail_fast.is_silent(SILENT_BYTES + 1, silent)
    assert not fail_fast.is_silent(SILENT_BYTES, silent)
