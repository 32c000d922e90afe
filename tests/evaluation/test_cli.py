import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from evaluation import cli
from evaluation.errors import InputError
from evaluation.prediction_files import read_file
from tests.evaluation.samples import scores, softmax


def csv_file(path: Path, n: int = 120, seed: int = 0) -> Path:
    logits, labels = scores(n, 3, seed)
    lines = ["name,label,meta_camera,cat,dog,cow"]
    classes = ["cat", "dog", "cow"]
    for i, row in enumerate(softmax(logits)):
        numbers = ",".join(repr(float(v)) for v in row)
        lines.append(f"{i}.png,{classes[labels[i]]},{'ab'[i % 2]},{numbers}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_csv_file_is_analysed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    csv_file(tmp_path / "p.csv")
    code = cli.main(["analyse", str(tmp_path / "p.csv"), "--out", str(tmp_path / "out")])
    assert code == 0
    assert "accuracy" in capsys.readouterr().out
    document = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert [c["name"] for c in document["classes"]] == ["cat", "dog", "cow"]
    assert [s["feature"] for s in document["sensitivity"]] == ["camera"]


def test_an_npz_file_is_analysed(tmp_path: Path) -> None:
    logits, labels = scores(100, 3, 0)
    np.savez(
        tmp_path / "p.npz",
        logits=logits,
        labels=labels,
        classes=["cat", "dog", "cow"],
        features=logits,
        meta_light=logits[:, 0],
    )
    assert cli.main(["analyse", str(tmp_path / "p.npz"), "--out", str(tmp_path / "out")]) == 0
    document = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert document["embedding"] is not None
    assert document["classes"][0]["name"] == "cat"


def test_predicted_classes_by_name_are_enough(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("file,label,predicted\na,cat,dog\nb,dog,dog\n")
    found = read_file(tmp_path / "p.csv")
    assert found.classes == ["cat", "dog"]
    assert found.pred_list == [1, 1]
    assert found.label_list == [0, 1]


@pytest.mark.parametrize(
    ("condition", "code"), [("accuracy >= 0.1", 0), ("accuracy >= 0.999", 1), ("luck > 1", 2)]
)
def test_the_exit_code_is_the_gate(tmp_path: Path, condition: str, code: int) -> None:
    path, out = str(csv_file(tmp_path / "p.csv")), str(tmp_path / "out")
    assert cli.main(["analyse", path, "--out", out, "--require", condition]) == code


def test_a_worse_model_fails_the_gate(tmp_path: Path) -> None:
    good = csv_file(tmp_path / "good.csv", 600)
    rows = good.read_text().splitlines()
    body = [row.split(",") for row in rows[1:]]
    bad = [
        [*row[:3], *(body[(i * 7) % 600][3:] if i % 2 else row[3:])] for i, row in enumerate(body)
    ]
    (tmp_path / "bad.csv").write_text("\n".join([rows[0], *map(",".join, bad)]))
    arguments = ["--out", str(tmp_path / "out"), "--baseline", str(good), "--require", "baseline"]
    assert cli.main(["analyse", str(tmp_path / "bad.csv"), *arguments]) == 1
    assert cli.main(["analyse", str(good), *arguments]) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no rows"),
        ("name,label,a,b\n", "no rows"),
        ("name,a,b\nx,0.5,0.5\n", "label"),
        ("label,a,b\n0,0.5\n", "p.csv:2: has 2 cells"),
        ("label,a,b\n0,0.5,x\n", "p.csv:2: column 'b' holds 'x'"),
        ("label,a,b\ncow,0.5,0.5\n", "p.csv:2: column 'label' holds 'cow'"),
        ("label,a,a\n0,0.5,0.5\n", "occurs twice"),
        ("label\n0\n", "one column of scores per class"),
        ("label,a,b\n0,0.5,nan\n", "p.csv:2: column 'b' holds 'nan'"),
        ("label,a,b\n0,0.5,0.5\n\n2,1,0\n", "p.csv:4: column 'label' holds '2'"),
        ("label;a;b\n0;0.5;0.5\n", "separated by commas"),
        ("label,a,b\n\u00e9,0.5,0.5\n".encode("latin-1"), "not UTF-8 text"),
        (b"label,a,b\n" + b"9" * 200_000 + b",1,0\n", "p.csv:.*cannot be read as CSV"),
    ],
)
def test_faulty_files_are_refused_with_their_line(
    tmp_path: Path, content: str | bytes, words: str
) -> None:
    (tmp_path / "p.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError, match=words):
        read_file(tmp_path / "p.csv")


@pytest.mark.parametrize("name", ["gone.csv", "p.xlsx"])
def test_files_that_are_none_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "p.xlsx").write_text("x")
    with pytest.raises(InputError):
        read_file(tmp_path / name)


def test_a_folder_is_called_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["analyse", str(tmp_path)]) == 2
    assert f"{tmp_path}: is a folder" in capsys.readouterr().err


def test_an_npz_without_scores_says_what_it_holds(tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", apples=np.zeros(3))
    with pytest.raises(InputError, match="holds apples"):
        read_file(tmp_path / "p.npz")


def test_a_pickle_is_not_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", logits=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError, match="cannot be read as NPZ"):
        read_file(tmp_path / "p.npz")


def test_arrays_that_are_no_scores_are_refused(tmp_path: Path) -> None:
    def refused(words: str) -> None:
        with pytest.raises(InputError, match=words):
            read_file(tmp_path / "p.npz")

    (tmp_path / "p.npz").write_bytes(b"PK, but no archive")
    refused("damaged")
    with (tmp_path / "p.npz").open("wb") as file:
        np.save(file, np.eye(3))
    refused("cannot be read as NPZ")
    np.savez_compressed(tmp_path / "p.npz", logits=np.zeros((2**16, 2**10)), labels=[0])
    refused("would unpack to")
    header = io.BytesIO()
    shape = {"descr": "<f8", "fortran_order": False, "shape": (10**12, 1000)}
    np.lib.format.write_array_header_1_0(header, shape)
    with zipfile.ZipFile(tmp_path / "p.npz", "w") as archive:
        archive.writestr("logits.npy", header.getvalue())
    refused("more than fits in memory")


def test_images_that_are_not_there_are_spoken_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = str(csv_file(tmp_path / "p.csv")), str(tmp_path / "out")
    assert cli.main(["analyse", path, "--out", out, "--images", str(tmp_path / "none")]) == 2
    assert "no such folder of images" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert cli.main(["analyse", path, "--out", out, "--images", str(tmp_path / "empty")]) == 0
    assert "none could be read (e.g. 0.png: file not found)" in capsys.readouterr().out


def test_the_module_runs_as_a_program(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "evaluation", "schema"], capture_output=True, text=True, check=True
    )
    assert json.loads(found.stdout)["title"] == "evaluation.json"
    found = subprocess.run(
        [sys.executable, "-m", "evaluation", "analyse", str(tmp_path / "no.csv")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 2
    assert "no such file" in found.stderr
    assert "Traceback" not in found.stderr
