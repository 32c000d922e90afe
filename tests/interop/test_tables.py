import pytest

from autosearch.errors import InputError
from autosearch.interop.found import Finding, fit
from autosearch.interop.tables import Column, of_rows
from autosearch.space import Float, Space

ACCURACY = Column("val_acc", "max")


def test_our_own_rows_are_understood_flat_and_nested() -> None:
    nested = [
        {"number": 0, "params": {"lr": 0.1}, "value": 0.9, "state": "completed"},
        {"number": 1, "params": {"lr": 0.2}, "value": None, "state": "failed"},
        {"number": 2, "params": {"lr": 0.3}, "value": 0.5, "feasible": False},
    ]
    flat = [
        {"number": "0", "params.lr": "0.1", "value": "0.9", "state": "completed"},
        {"number": "1", "params.lr": "0.2", "value": "", "state": "failed"},
        {"number": "2", "params.lr": "0.3", "value": "0.5", "state": "running"},
    ]
    assert of_rows(nested, [ACCURACY]) == [
        Finding({"lr": 0.1}, (-0.9,)),
        Finding({"lr": 0.2}, (), failed=True),
        Finding({"lr": 0.3}, ()),
    ]
    assert [f.losses for f in of_rows(flat, [ACCURACY])] == [(-0.9,), (), ()]
    assert [f.failed for f in of_rows(flat, [ACCURACY])] == [False, True, False]
    assert of_rows(flat, [ACCURACY])[1].params == {"lr": "0.2"}


@pytest.mark.parametrize(
    ("column", "loss"),
    [
        (ACCURACY, -0.9),
        (Column("val_acc", "max", "seconds"), -7.0),
        (Column("val_acc", "min", "seconds"), 7.0),
    ],
)
def test_anybodys_table_has_its_values_in_a_column_of_a_name(column: Column, loss: float) -> None:
    [found] = of_rows([{"lr": "0.1", "val_acc": "0.9", "seconds": "7"}], [column])
    assert found.losses == (loss,)
    assert found.params["lr"] == "0.1"


def test_a_metric_of_our_own_rows_may_be_the_value() -> None:
    row = {"params": {"lr": 0.1}, "metrics": {"loss": 0.3}, "value": 0.9, "state": "completed"}
    assert of_rows([row], [Column("val_acc", "min", "loss")])[0].losses == (0.3,)


def test_several_objectives_have_a_column_each() -> None:
    columns = [Column("acc", "max", "acc"), Column("size", "min", "size")]
    rows = [
        {"params": {"lr": 0.1}, "metrics": {"acc": 0.9, "size": 4}, "state": "completed"},
        {"params": {"lr": 0.2}, "metrics": {"acc": 0.8}, "state": "completed"},
    ]
    wanted = [Finding({"lr": 0.1}, (-0.9, 4.0)), Finding({"lr": 0.2}, ())]
    assert of_rows(rows, columns) == wanted
    plain = [{"lr": 0.1, "acc": 0.9, "size": 4}, {"lr": 0.2, "acc": "", "size": 3}]
    assert of_rows(plain, columns) == wanted


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "n/a", "", None, True, 10**400])
def test_what_is_no_number_is_no_value(value: object) -> None:
    assert of_rows([{"lr": 0.1, "value": value}], [ACCURACY])[0].losses == ()


def test_a_table_without_values_names_its_columns() -> None:
    with pytest.raises(InputError, match=r"no column val_acc; did you mean val_accuracy\?.* lr"):
        of_rows([{"lr": 0.1, "val_accuracy": 0.9}], [ACCURACY])


@pytest.mark.parametrize(
    ("state", "counts", "failed"),
    [
        ("COMPLETE", True, False),
        ("completed", True, False),
        ("Done", True, False),
        ("TrialState.COMPLETE", True, False),
        (" finished ", True, False),
        ("ok", True, False),
        ("", True, False),
        (None, True, False),
        (float("nan"), True, False),
        ("FAIL", False, True),
        ("Failed", False, True),
        ("error", False, True),
        ("out of memory", False, True),
        ("PRUNED", False, False),
        ("RUNNING", False, False),
        ("WAITING", False, False),
    ],
)
@pytest.mark.parametrize("name", ["lr", "params.lr", "params_lr"])
def test_states_are_understood_in_anybodys_words(
    state: object, counts: bool, failed: bool, name: str
) -> None:
    row = {name: 0.1, "value": 2.0, "state": state}
    assert of_rows([row], [ACCURACY], ["lr"]) == [
        Finding({"lr": 0.1}, (-2.0,) if counts else (), failed)
    ]


def test_a_state_that_is_not_understood_is_named() -> None:
    rows = [{"lr": 0.1, "value": 2.0, "state": word} for word in ("fertig", "done", "fertig")]
    fitted = fit(of_rows(rows, [ACCURACY]), Space({"lr": Float(0, 1)}))
    assert "1 of 3 results taken" in fitted.describe("max")
    assert "dropped: 2 (the state 'fertig' is not understood)" in fitted.describe("max")


def test_a_parameter_may_be_called_state_and_any_column_feasible() -> None:
    row = {"state": "solid", "feasible": False, "value": 2.0}
    [found] = of_rows([row], [ACCURACY], ["state"])
    assert found == Finding({"state": "solid", "feasible": False}, (-2.0,))


@pytest.mark.parametrize("name", ["State", "STATE", "status", "Status"])
@pytest.mark.parametrize("prefix", ["", "params.", "params_", "config/"])
def test_states_may_stand_in_a_column_that_is_called_a_little_differently(
    name: str, prefix: str
) -> None:
    rows = [{f"{prefix}lr": 0.1, "value": 2.0, name: state} for state in ("FINISHED", "crashed")]
    assert of_rows(rows, [ACCURACY], ["lr"]) == [
        Finding({"lr": 0.1}, (-2.0,)),
        Finding({"lr": 0.1}, (), failed=True),
    ]


def test_what_is_searched_or_is_the_value_is_no_state() -> None:
    [found] = of_rows([{"Status": "failed", "value": 2.0}], [ACCURACY], ["Status"])
    assert found == Finding({"Status": "failed"}, (-2.0,))
    [found] = of_rows([{"lr": 0.1, "status": 2.0}], [Column("val_acc", "max", "status")], ["lr"])
    assert found == Finding({"lr": 0.1}, (-2.0,))
    both = {"lr": 0.1, "status": "on", "state": "failed", "value": 2.0}
    assert of_rows([both], [ACCURACY], ["lr"])[0].failed
    assert of_rows([both], [ACCURACY], ["lr", "state"])[0].why


def test_ray_tunes_tables_are_understood() -> None:
    row = {"trial_id": "a", "loss": 0.5, "done": True, "config/lr": 0.1, "config/done": 2}
    wanted = [Finding({"lr": 0.1, "done": 2}, (0.5,))]
    assert of_rows([row], [Column("loss", "min")], ["lr", "done"]) == wanted
    assert of_rows([row | {"acc": -0.5}], [Column("loss", "max", "acc")], ["lr"]) == wanted


@pytest.mark.parametrize("name", ["number", "value", "state", "duration", "datetime_start"])
@pytest.mark.parametrize("others", [(), ("lr",)])
def test_optunas_own_columns_are_no_parameters(name: str, others: tuple[str, ...]) -> None:
    searched = [name, *others]
    own = {"number": 0, "value": 0.5, "datetime_start": "2026", "duration": 3, "state": "COMPLETE"}
    row = own | {f"params_{name}": 0.1 for name in searched}
    wanted = Finding(dict.fromkeys(searched, 0.1), (-0.5,))
    assert of_rows([row], [ACCURACY], searched) == [wanted]


def test_optunas_data_frames_are_understood() -> None:
    one = {"number": 0, "value": 0.5, "duration": 3, "params_lr": 0.1, "state": "COMPLETE"}
    assert of_rows([one], [ACCURACY], ["lr"]) == [Finding({"lr": 0.1}, (-0.5,))]
    named = {"value_val_acc": 0.5, "params_lr": 0.1, "state": "COMPLETE"}
    assert of_rows([named], [ACCURACY], ["lr"]) == [Finding({"lr": 0.1}, (-0.5,))]
    columns = [Column("acc", "max", "acc"), Column("size", "min", "size")]
    for names in (("values_0", "values_1"), ("values_acc", "values_size")):
        two = {**dict(zip(names, (0.9, 4), strict=True)), "params_lr": 0.1, "state": "COMPLETE"}
        assert of_rows([two], columns, ["lr"]) == [Finding({"lr": 0.1}, (-0.9, 4.0))]
    with pytest.raises(InputError, match="there is no column val_loss; did you mean"):
        of_rows([one | {"val_los": 1}], [Column("loss", "min", "val_loss")], ["lr"])
    # A parameter's own name may begin like that.
    plain = {"params_lr": 0.1, "lr": 0.2, "value": 0.5}
    assert of_rows([plain], [ACCURACY], ["lr"])[0].params["lr"] == 0.2


def test_the_first_row_need_not_have_every_column() -> None:
    rows = [{"lr": 0.1, "state": "failed"}, {"lr": 0.2, "value": 0.5}]
    assert of_rows(rows, [ACCURACY]) == [
        Finding({"lr": 0.1}, (), failed=True),
        Finding({"lr": 0.2}, (-0.5,)),
    ]


def test_an_empty_table_holds_nothing() -> None:
    assert of_rows([], [ACCURACY]) == []
