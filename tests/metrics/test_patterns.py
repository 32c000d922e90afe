import pytest
import regex

from autosearch.metrics.numbers import parse_number
from autosearch.metrics.patterns import built_in_regex, longest_word, name_regex


def values(name: str, line: str) -> list[float | None]:
    return [parse_number(match["value"]) for match in regex.finditer(built_in_regex(name), line)]


@pytest.mark.parametrize(
    "line",
    [
        "val_acc: 0.93",
        "val_acc=0.93",
        "val_acc = 0.93",
        "val_acc 0.93",
        "val_acc\t0.93",
        "val_acc is 0.93",
        "val_acc of 0.93",
        "val_acc reached 0.93 (best 0.94)",
        "val_acc after epoch 3: 0.93",
        "val_acc ≈ 0.93",
        "Val. Acc.: 0.93",
        "val_acc -> 0.93",
        "val_acc ........ 0.93",
        '{"val_acc": 0.93, "epoch": 3}',
        "{'val_acc': 0.93}",
        r"{\"val_acc\": \"0.93\"}",
        '{"val_acc": "0.93"}',
        "| val_acc | 0.93 |",
        "│      val_acc      │    0.93    │",
        "**val_acc**: 0.93",
        "[val_acc] 0.93",
        "val_acc (%): 0.93",
        "VAL_ACC: 0.93",
        "Val Acc: 0.93",
        "val-acc: 0.93",
        "val/acc: 0.93",
        "val.acc: 0.93",
        "valAcc: 0.93",
        "[val] acc: 0.93",
        "val: acc 0.93",
        "epoch 3, val_acc: 0.93, lr 0.1",
        "epoch=3 val_acc=0.93 lr=0.1",
        "1000: 0.31, 0.93 val acc, 0.001 rate",
        "loss: 1.5 - val_acc: tensor(0.93, device='cuda:0')",
    ],
)
def test_a_value_is_found_however_the_name_is_spelled(line: str) -> None:
    assert values("val_acc", line) == [0.93]


@pytest.mark.parametrize(
    "line",
    [
        "my_val_acc: 0.93",
        "val_acc_best: 0.93",
        "val_acc@5: 0.93",
        "val_acc/top5: 0.93",
        "best val_acc: 0.93",
        "val_acc did not improve from 0.93",
        "saved to epoch=3-val_acc=0.93.ckpt",
        "val_acc_0.93.pt",
        "--val_acc 0.93",
        "val_acc: 2024-01-31",
        "val_acc: 12:30:01",
        "val_acc: 0,93",
        "val_acc: [0.5, 0.93]",
        "monitor=val_acc, mode=max, patience=3",
        "val_accuracy: 0.93",
        "interval_acc: 0.93",
    ],
)
def test_a_name_that_is_a_part_of_another_or_has_no_value_gives_nothing(line: str) -> None:
    assert values("val_acc", line) == []


@pytest.mark.parametrize("line", ["val_acc: 0.9", "val acc 0.9", "valid-acc:0.9", "acc_best 0.9"])
def test_a_short_name_is_not_found_in_a_longer_one(line: str) -> None:
    assert values("acc", line) == []


@pytest.mark.parametrize("name", ["", "_", "...", "acc@1", "a(b", "F1 [macro]", "准确率", "\n"])
def test_every_name_makes_a_pattern(name: str) -> None:
    line = f"epoch 1 | {name} = 0.5"
    assert 0.5 in values(name, line) or not name.strip()
    assert regex.search(name_regex(name), line)
    assert longest_word(name) in line.encode().lower()


@pytest.mark.parametrize(
    "line", ["val_acc" + " " * 200_000, "val acc: tensor(shape=" * 9_000, "| 1.5 " * 30_000]
)
def test_a_built_in_pattern_takes_time_in_proportion_to_the_line(line: str) -> None:
    pattern = regex.compile(built_in_regex("val_acc"))
    assert list(pattern.finditer(line, timeout=10)) == []
