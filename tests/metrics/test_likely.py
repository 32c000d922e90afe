import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosearch.metrics.extractor import Extractor
from autosearch.metrics.labels import similarity
from autosearch.metrics.likely import Likely, likely_lines
from autosearch.metrics.lint import lint
from autosearch.metrics.rules import Rule

KERAS = "\n".join(
    f"{e}/9 [==>..] - loss: 0.5{e} - accuracy: 0.8{e} - val_loss: 0.4{e} - val_accuracy: 0.7{e}"
    for e in range(3)
)


def read(pattern: str, log: str) -> list[float]:
    extractor = Extractor([Rule("m", pattern)])
    return [hit.value for hit in extractor.feed(log.encode()) + extractor.finish()]


@pytest.mark.parametrize(
    ("metric", "values"),
    [
        ("val_acc", [0.70, 0.71, 0.72]),
        ("validation_accuracy", [0.70, 0.71, 0.72]),
        ("acc", [0.80, 0.81, 0.82]),
        ("valid loss", [0.40, 0.41, 0.42]),
    ],
)
def test_the_regex_of_the_best_line_reads_the_metric(metric: str, values: list[float]) -> None:
    best = likely_lines(f"loading 60000 images\n{KERAS}\ndone in 12.5 s\n", metric)[0]
    assert read(best.regex, KERAS) == values
    assert (best.value, best.line_number, best.lines) == (values[-1], 4, 3)


def test_five_lines_are_told_each_of_another_shape() -> None:
    log = "\n".join(f"{word} {i}: 0.{i}" for i in range(9) for word in ("aa", "bb", "cc", "dd"))
    log += "\nval_acc = ?\nee 1\nff 2\ngg acc 3\n"
    lines = likely_lines(log, "val_acc")
    assert len(lines) == 5
    assert len({line.line.split()[0] for line in lines}) == 5
    assert lines[0].line == "gg acc 3"


def test_where_no_name_is_alike_the_line_that_comes_again_is_best() -> None:
    log = "started 2\n" + "".join(f"{i} 0.5{i} 0.6{i}\n" for i in range(9)) + "ended 3\n"
    best = likely_lines(log, "f1")[0]
    assert (best.line, best.similarity) == ("8 0.58 0.68", 0.0)
    assert read(best.regex, log) == [float(f"0.6{i}") for i in range(9)]


def test_a_column_is_known_by_its_header() -> None:
    log = "epoch  train_loss  valid_loss  time\n0      0.41        0.31        00:14\n"
    best = likely_lines(log, "val_loss")[0]
    assert (best.value, best.similarity > 0.9) == (0.31, True)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("epoch,loss,val_f1", "3,0.5,0.75"),
        ("| epoch | loss | val f1 |", "|  3  | 0.5 | 0.75 |"),
        ("epoch\tloss\tval_f1", "3\t0.5\t0.75"),
        ("epoch   loss   Val F1", "3   0.5   0.75"),
        ("epoch loss val_f1", "  3   0.5 0.75"),
        ("│ epoch ┃ val_f1 │", "│ 3 │ 0.75 │"),
    ],
)
def test_tables_of_every_kind_are_read_by_their_header(header: str, row: str) -> None:
    best = likely_lines(f"{header}\n{'-' * 20}\n{row}\n", "val_f1")[0]
    assert best.value == 0.75


def test_line_numbers_are_those_of_an_editor() -> None:
    log = "start\r\n 1/2 acc: 0.1\r 2/2 acc: 0.2\r\nval_acc: 0.5\r\n"
    assert [line.line_number for line in likely_lines(log, "val_acc")] == [3, 2]


def test_colours_are_not_a_part_of_the_line() -> None:
    assert likely_lines("\x1b[32mvacc\x1b[0m: 0.5\n", "acc")[0].line == "vacc: 0.5"


@pytest.mark.parametrize("log", ["", "\n\n", "no numbers\nat all\n"])
def test_a_log_without_numbers_has_no_likely_lines(log: str) -> None:
    assert likely_lines(log, "acc") == []


@given(st.text(), st.text(max_size=10))
def test_no_log_raises_and_every_regex_reads_its_line(log: str, metric: str) -> None:
    for line in likely_lines(log, metric):
        check_regex(line)


@given(st.lists(st.sampled_from(["acc", "0.5", ": ", "[", "|", " ", "1e-3", "%", "(", "\\", "é"])))
def test_every_regex_reads_the_line_that_it_was_made_from(parts: list[str]) -> None:
    for line in likely_lines("".join(parts), "acc"):
        check_regex(line)


def check_regex(line: Likely) -> None:
    assert line.regex
    assert read(line.regex, line.line) == [line.value] or line.value != line.value
    assert not [p for p in lint(Rule("m", line.regex)) if p.severity == "error"]


@pytest.mark.parametrize(
    ("name", "near", "far"),
    [
        ("val_acc", "val_accuracy", "val_loss"),
        ("val_acc", "Validation Acc", "train acc"),
        ("accuracy", "acc", "error"),
        ("test_f1", "F1", "loss"),
        ("top1", "acc top 1", "top 5"),
        ("mean_reward", "average return", "episode length"),
        ("acc", "test accuracy is now", "test loss is now"),
        ("acc", "acc", "val_acc"),
    ],
)
def test_a_near_name_is_more_alike_than_a_far_one(name: str, near: str, far: str) -> None:
    assert 1.0 >= similarity(name, near) > similarity(name, far) >= 0.0


def test_the_same_words_are_wholly_alike_whatever_stands_before() -> None:
    assert similarity("val_acc", "epoch took long, Val-Acc") == 1.0
