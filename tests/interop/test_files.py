from pathlib import Path

import pandas as pd
import pytest

import autosearch as au
from autosearch.errors import InputError
from autosearch.interop.files import read_csv, read_json


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "lr,lr,n,loss\n0.1,0.9,3,1\n"),
        ("a.json", '[{"lr": 0.1, "lr": 0.9, "loss": 1}]'),
        ("b.json", '[{"params": {"lr": 0.1, "lr": 0.9}, "value": 1}]'),
    ],
)
def test_names_that_stand_twice_are_refused(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError, match="the name lr stands twice"):
        (read_csv if name.endswith("csv") else read_json)(path)


def test_data_frames_whose_columns_share_a_name_are_refused() -> None:
    frame = pd.DataFrame([[1, 2, 3.0]], columns=["x", "x", "value"])
    with pytest.raises(InputError, match="the name x stands twice"):
        au.minimize(lambda p: 1.0, {"x": au.Float(0, 5)}, trials=1, warm_start=frame)


def test_columns_without_a_name_may_be_several(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,,\n1,2,3,4\n")
    assert read_csv(path) == [{"x": "1", "": "3"}]


def test_json_that_is_nested_too_deeply_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("[" * 100_000)
    with pytest.raises(InputError, match="is no JSON file"):
        read_json(path)
