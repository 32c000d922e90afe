import pytest

from autosearch import suggest_regex
from autosearch.metrics.extractor import Extractor
from autosearch.metrics.lint import lint
from autosearch.metrics.rules import Rule

LOG = """\
INFO:root:start with lr 0.001
epoch 1/3 [00:12<00:00] loss=0.61, val_loss=0.70 (best 0.70)
epoch 2/3 [00:11<00:00] loss=0.52, val_loss=0.61 (best 0.61)
epoch 3/3 [00:11<00:00] loss=0.43, val_loss=0.65 (best 0.61)
test ppl 8.25 after 3 epochs
"""


def read(pattern: str | None, log: str) -> list[float]:
    assert pattern is not None
    extractor = Extractor([Rule("m", pattern)])
    return [hit.value for hit in extractor.feed(log.encode()) + extractor.finish()]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("val_loss", [0.70, 0.61, 0.65]),
        ("loss", [0.61, 0.52, 0.43]),
        ("validation-loss", [0.70, 0.61, 0.65]),
        ("best", [0.70, 0.61, 0.61]),
        ("epoch", [1, 2, 3]),
        ("test_ppl", [8.25]),
    ],
)
def test_the_name_is_enough_where_it_stands_in_the_log(name: str, values: list[float]) -> None:
    assert read(suggest_regex(name, LOG), LOG) == values


@pytest.mark.parametrize("value", [8.25, "8.25", "8.250"])
def test_with_a_value_the_name_need_not_stand_there(value: float | str) -> None:
    assert suggest_regex("perplexity_of_test", LOG, value) == r"(?<!\S)test\s+ppl\s+([-+.\w]+)"


def test_of_equal_values_the_one_beside_the_name_is_taken() -> None:
    assert read(suggest_regex("val_loss", LOG, 0.61), LOG) == [0.70, 0.61, 0.65]
    assert read(suggest_regex("loss", LOG, 0.61), LOG) == [0.61, 0.52, 0.43]


@pytest.mark.parametrize(
    ("name", "value"), [("val_loss", 0.99), ("val_loss", "abc"), ("bleu", None)]
)
def test_nothing_is_suggested_where_nothing_is_likely(name: str, value: float | str | None) -> None:
    assert suggest_regex(name, LOG, value) is None


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("cost 1,234.5 EUR", "1,234.5"),
        ("delta −0.25 dB", "−0.25"),
        ("err 1.5e-05", 1.5e-5),
        ("err nan", "nan"),
        ("n 1_000", 1000),
        ("err tensor(0.07, device='cuda:0')", 0.07),
        ("rate 93.5%", 93.5),
        ("a=1 a=2 a=3", 2),
        ("[1] (2) {3} *4* ^5$", 4),
        (r"C:\run\acc 0.5", 0.5),
        ("准确率：0.5", 0.5),
    ],
)
def test_every_kind_of_number_and_line_gets_a_regex(line: str, value: float | str) -> None:
    log = f"start\n{line}\nend\n"
    pattern = suggest_regex("metric", log, value)
    assert len(read(pattern, log)) == 1
    assert not [p for p in lint(Rule("m", pattern)) if p.severity == "error"]


def test_a_table_is_read_by_the_header_of_its_column() -> None:
    log = "step  train_loss  dev_f1\n100   1.25        71.2\n200   0.91        74.3\n"
    assert read(suggest_regex("dev_f1", log), log) == [71.2, 74.3]
    assert read(suggest_regex("train_loss", log), log) == [1.25, 0.91]


@pytest.mark.parametrize(
    ("name", "line", "pattern"),
    [
        ("took", "epoch 3 took 12.5ms, lr 0.1", r"(?<!\S)took\s+([-+.\w]+)ms"),
        ("acc", "epoch 3 ended, accuracy is 12.5.", r"(?<!\S)accuracy\s+is\s+([-+.\w]+)\."),
    ],
)
def test_the_group_holds_the_number_without_its_unit(name: str, line: str, pattern: str) -> None:
    assert suggest_regex(name, line, 12.5) == pattern


def test_digits_of_a_name_are_not_a_value() -> None:
    log = "top1: 0.5\ntop5: 0.75\nacc@1 50.0\nacc@5 75.0\n"
    for name, value in {"top1": 0.5, "top5": 0.75, "acc@1": 50.0, "acc@5": 75.0}.items():
        assert read(suggest_regex(name, log), log) == [value]


def test_a_progress_bar_does_not_get_into_the_regex() -> None:
    log = "".join(f"{'#' * n}{'.' * (9 - n)} {n} acc 0.{n}\r" for n in range(9))
    assert len(read(suggest_regex("accuracy", log), log)) == 9
    positional = suggest_regex("x", log, 0.8)
    assert len(read(positional, log)) == 9
