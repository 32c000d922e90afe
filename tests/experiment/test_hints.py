"""What is allowed and yet looks like a mistake is pointed out, and nothing else is."""

from typing import Any

import pytest

from autosearch.experiment import from_dict, load_text, warnings_of
from autosearch.experiment.quantities import duration, size
from tests.experiment.mutations import GOOD

BASE: dict[str, Any] = {
    "name": "t",
    "command": "python train.py",
    "metric": {"name": "acc", "mode": "max"},
    "space": {"lr": {"type": "float", "low": 1e-5, "high": 0.1, "scale": "log"}},
}


def test_a_usual_experiment_is_passed_over_in_silence() -> None:
    assert warnings_of(load_text(GOOD, "/nowhere/s.yaml")) == []
    assert warnings_of(from_dict(BASE, "/nowhere")) == []
    seeded = BASE | {"confirm": {"seed_option": "--seed"}}
    assert warnings_of(from_dict(seeded, "/nowhere")) == []
    placed = BASE | {"confirm": {}, "command": "python train.py --seed={seed}"}
    assert warnings_of(from_dict(placed | {"append": "--{name}={value}"}, "/nowhere")) == []


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        (
            {"metric": {"name": "val_loss", "mode": "max"}},
            "metric[0].mode: found max; of val_loss, smaller is usually better",
        ),
        ({"metric": {"name": "f1", "mode": "min"}}, "of f1, larger is usually better"),
        (
            {"metric": {"name": "acc", "mode": "max", "regex": "acc=([0-9.]+)"}},
            "metric[0].regex: the regex reads 1.5e-05 as 1.5",
        ),
        (
            {"space": {"lr": {"type": "float", "low": 1e-5, "high": 1}}},
            "space.lr: 1e-05..1.0 is li",
        ),
        ({"confirm": {}}, "the variable AUTOSEARCH_SEED only"),
        ({"space": {"b": {"type": "bool"}}}, "the space has at most 2 points, fewer than the 20"),
        ({"command": "python train.py > log.txt"}, "so > is passed to the program as a word"),
        ({"command": "python train.py $HOME/x"}, "so $HOME/x is passed on as it is"),
        ({"command": "~/train"}, "the ~ of ~/train is no home folder"),
        ({"command": "OMP_NUM_THREADS=1 python train.py"}, "variables belong in env"),
        ({"command": "python train.py --api-key=abc"}, "the value of --api-key would be stored"),
        ({"command": "python train.py --token abc"}, "the value of --token would be stored"),
        ({"env": {"HF_TOKEN": "abc"}}, "write HF_TOKEN: {from_env: HF_TOKEN}"),
    ],
)
def test_likely_mistakes_are_pointed_out(changes: dict[str, Any], warning: str) -> None:
    (found,) = warnings_of(from_dict({**BASE, **changes}, "/nowhere"))
    assert warning in found


@pytest.mark.parametrize(
    "changes",
    [
        {"command": "python train.py > log.txt; ls ~/x", "shell": True},
        {"env": {"HF_TOKEN": {"from_env": "HF_TOKEN"}, "TOKENIZER_PATH": ""}},
        {"command": "python train.py --max-tokens={lr}"},
        {"space": {"n": {"type": "int", "low": 0, "high": 10**6}}},
        {"metric": {"name": "neg_loss", "mode": "max"}},
    ],
)
def test_what_only_looks_alike_is_not(changes: dict[str, Any]) -> None:
    assert warnings_of(from_dict({**BASE, **changes}, "/nowhere")) == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("2 hours", 7200),
        ("1d", 86400),
        ("0.5h", 1800),
        ("90 SEC", 90),
        (0.25, 0.25),
        (7, 7),
    ],
)
def test_durations(text: object, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "number"),
    [("8GiB", 2**33), ("500MB", 5 * 10**8), ("1.5 k", 1536), ("64b", 64), ("2 TiB", 2**41), (9, 9)],
)
def test_sizes(text: object, number: int) -> None:
    assert size(text) == number


@pytest.mark.parametrize("wrong", ["", "h", "90", "1x", "-5s", "0s", 0, -1, True, None, [], 1e999])
def test_what_is_no_quantity_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="expected a time"):
        duration(wrong)
    with pytest.raises(ValueError, match="expected a size"):
        size(wrong)
