import csv
import io
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from evaluation import Result, analyse
from evaluation.cli import schema_text
from evaluation.outputs.tables import TABLES, Table, csv_parts
from tests.evaluation.pictures import write
from tests.evaluation.samples import scores, softmax

SCHEMA = json.loads(schema_text())
NASTY = ("<script>alert(1)</script>", "=SUM(A1)", "类别 三", 'quo"te, comma')


def full(tmp_path: Path, **options: Any) -> Result:
    """Return an analysis in which every part runs that needs no model."""
    names = write(tmp_path / "images", 60)
    logits, labels = scores(60, 4, 0)
    p = softmax(logits)
    return analyse(
        "image_classification",
        p,
        labels,
        names,
        label_map_dict=dict(enumerate(NASTY)),
        save_path=tmp_path / "out",
        image_root=tmp_path / "images",
        features=logits,
        metadata={"camera": ["a", "b"] * 30},
        baseline=softmax(logits + np.random.default_rng(1).normal(size=logits.shape)),
        reference={"pred_list": p[:40], "label_list": labels[:40]},
        report=("json", "html", "csv", "modelarts"),
        **options,
    )


def violations(document: object) -> list[str]:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [f"{list(e.path)}: {e.message[:200]}" for e in validator.iter_errors(document)]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_full_document_follows_its_schema(tmp_path: Path) -> None:
    full(tmp_path)
    assert violations(json.loads((tmp_path / "out" / "evaluation.json").read_text())) == []


@pytest.mark.parametrize("form", ["probability", "logits", "label", "one", "single"])
def test_documents_of_every_form_follow_the_schema(form: str) -> None:
    logits, labels = scores(200, 3, 1)
    pred: Any = {"probability": softmax(logits), "logits": logits, "label": logits.argmax(axis=1)}
    if form == "one":
        found = analyse("image_classification", [[0.2, 0.8]], [0])
    elif form == "single":
        found = analyse("image_classification", softmax(logits), [1] * 200)
    else:
        found = analyse("image_classification", pred[form], labels)
    assert violations(json.loads(json.dumps(found.document, allow_nan=False))) == []


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    full(tmp_path / "a")
    full(tmp_path / "b", n_jobs=3)
    for path in sorted((tmp_path / "a" / "out").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / "out" / path.name).read_bytes(), path.name


PROGRAM = """
import sys
from evaluation import analyse, images
from tests.evaluation.samples import scores, softmax

images.FEW, images.PART = 2, 20
logits, labels = scores(90, 3, 0)
labels[:6] = (labels[:6] + 1) % 3
names = [f"{i}.png" for i in range(90)]
analyse("image_classification", softmax(logits * 2), labels, names, image_root=sys.argv[1],
        metadata={"camera": ["a", "b"] * 45}, n_jobs=int(sys.argv[2]), save_path=sys.argv[3])
"""


@pytest.mark.slow
def test_other_processes_and_jobs_give_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path, 90)
    for jobs in ("1", "2"):
        command = [sys.executable, "-c", PROGRAM, str(tmp_path), jobs, str(tmp_path / f"out{jobs}")]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": jobs})
    written = sorted((tmp_path / "out1").iterdir())
    assert len(written) > 8
    for path in written:
        assert path.read_bytes() == (tmp_path / "out2" / path.name).read_bytes(), path.name


class Reader(HTMLParser):
    """Collects what a browser would load, run, or stumble over."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.scripts = 0
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.addresses += [v or "" for k, v in attrs if k in ("src", "href", "srcset", "action")]
        if tag not in ("meta", "img", "br", "link", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read_page(path: Path) -> tuple[str, Reader]:
    text = path.read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(re.sub(r"<(\w+)([^<>]*)/>", r"<\1\2></\1>", text))
    assert reader.open == []
    return text, reader


def test_the_page_loads_nothing_and_runs_only_its_own_script(tmp_path: Path) -> None:
    full(tmp_path)
    text, reader = read_page(tmp_path / "out" / "report.html")
    assert all(address.startswith("#") for address in reader.addresses)
    assert reader.scripts == 2
    assert "alert(1)</script>" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "http" not in re.sub(r"base64,[A-Za-z0-9+/=]+", "", text)


def test_the_page_speaks_both_languages(tmp_path: Path) -> None:
    full(tmp_path, language="zh-cn")
    text, _ = read_page(tmp_path / "out" / "report.html")
    assert '<html lang="zh" data-lang="zh">' in text
    spans = [len(re.findall(f'<t?span lang="{code}"', text)) for code in ("en", "zh")]
    assert spans[0] == spans[1] > 100


def test_every_text_has_both_languages(tmp_path: Path) -> None:
    for item in full(tmp_path)["suggestions"]:
        assert item["text"]["en"]
        assert re.search("[\u4e00-\u9fff]", item["text"]["zh"])


@pytest.mark.slow
def test_fifty_thousand_samples_of_a_hundred_classes_stay_below_eight_megabytes(
    tmp_path: Path,
) -> None:
    logits, labels = scores(50_000, 100, 0, strength=3.0, dtype=np.float32)
    result = analyse("image_classification", softmax(logits), labels, report=("html", "json"))
    result.save(tmp_path)
    assert (tmp_path / "report.html").stat().st_size < 8_000_000
    read_page(tmp_path / "report.html")


def test_tables_hold_what_the_document_holds(tmp_path: Path) -> None:
    result = full(tmp_path)
    for name in TABLES:
        text = (tmp_path / "out" / f"{name}.csv").read_bytes().decode("utf-8")
        rows = list(csv.reader(io.StringIO(text)))
        table = result.table(name)
        assert len(rows) == len(table.rows) + 1
        assert all(len(row) == len(table.header) for row in rows)
    counts = result.to_pandas("confusion")["count"].sum()
    assert counts == 60


def test_no_cell_can_be_taken_for_a_formula() -> None:
    table = Table(["a"], [["=1+1"], ["-cmd"], ["@x"], ["+1"], ["\tx"], ["fine"], [-3.5]])
    cells = [row[0] for row in csv.reader(io.StringIO("".join(csv_parts(table))))][1:]
    assert cells == ["'=1+1", "'-cmd", "'@x", "'+1", "'\tx", "fine", "-3.5"]


def test_names_that_no_encoding_holds_are_written_all_the_same(tmp_path: Path) -> None:
    logits, labels = scores(40, 2, 0)
    names = [f"bad\udcff{i}\x00.png" for i in range(40)]
    analyse("image_classification", softmax(logits), labels, names, save_path=tmp_path)
    assert violations(json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))) == []


def test_the_dialect_of_modelarts(tmp_path: Path) -> None:
    block = {"zh-cn": {"mine": {"title": "自定义", "value": {"x": 1}}}}
    result = full(tmp_path, custom_metric=block)
    found = json.loads((tmp_path / "out" / "model_analysis_results.json").read_text("utf-8"))
    chinese = found["zh-cn"]
    assert chinese["mine"]["title"] == "自定义"
    table = chinese["confusion_matrix"]["table"]["confusion_matrix"]
    assert table["cell_value"] == np.array(result["confusion"]["counts"]).T.tolist()
    for name in ("recall", "precision", "f1", "roc", "f1_sensitivity", "accuracy_by_feature"):
        assert {"title", "description"} <= set(chinese[name])
    chart = chinese["accuracy_by_feature"]["column_chart"]["brightness"]
    assert len(chart["x_value"]) == len(chart["y_value"]) + 1
    assert chart["x_axis_range"] == chart["x_value"]
    images = chinese["feature_distribution"]["column_chart"]["brightness"]
    assert images["y_axis_range"][0] == 0
    assert max(images["y_value"]) < images["y_axis_range"][-1]
    sample = found["get_negative_samples_cls"][0]
    assert set(sample) == {"labels", "predict_labels", "score", "data_info"}
    assert re.fullmatch(r"\d\.\d{3}", sample["score"])


def test_own_metrics_are_in_the_dialect(tmp_path: Path) -> None:
    full(tmp_path, custom_metric={"hits": lambda y, p, _: float((y == p).mean())})
    found = json.loads((tmp_path / "out" / "model_analysis_results.json").read_text("utf-8"))
    value = found["en-us"]["custom"]["value"]["hits"]
    assert value == found["en-us"]["overview"]["value"]["accuracy"]
    assert "<dt>hits</dt>" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_a_notebook_shows_the_summary(tmp_path: Path) -> None:
    shown = full(tmp_path)._repr_html_()
    assert 'class="tiles"' in shown
    assert "<script" not in shown
