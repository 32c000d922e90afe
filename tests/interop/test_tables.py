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


def test_optunas_data_frames_are_understood() -> None:
    one = {"number": 0, "value": 0.5, "duration": 3, "params_lr": 0.1, "state": "COMPLETE"}
    assert of_rows([one], [ACCURACY], ["lr"]) == [Finding({"lr": 0.1}, (-0.5,))]
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
