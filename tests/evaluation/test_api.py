"""`analyse` as its callers write it, and the gate on what it returns."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import evaluation
from evaluation import TMP_FILE_NAME, InputError, OutputError, Result, analyse, tmp_save
from tests.evaluation.samples import scores, softmax


def judged(n: int = 300, k: int = 4, **options: object) -> Result:
    logits, labels = scores(n, k, 0)
    return analyse("image_classification", softmax(logits), labels, **options)  # type: ignore[arg-type]


def test_the_call_of_the_modelarts_guide_runs_as_it_is(tmp_path: Path) -> None:
    logits, labels = scores(40, 2, 0)
    pred_list = [row.tolist() for row in softmax(logits)]
    label_dict = json.dumps({0: "cat", 1: "dog"})
    file_name_list = [f"obs://bucket/data/{i}.jpg" for i in range(40)]
    res = analyse(
        task_type="image_classification",
        pred_list=pred_list,
        label_list=[int(label) for label in labels],
        name_list=file_name_list,
        label_map_dict=label_dict,
        save_path=str(tmp_path),
    )
    assert res["classes"][1]["name"] == "dog"
    assert {"evaluation.json", "report.html", "model_analysis_results.json"} <= {
        path.name for path in tmp_path.iterdir()
    }
    reasons = {item["analysis"]: item["reason"] for item in res["not_run"]}
    assert "obs://" in reasons["images"]
    assert "path_map" in reasons["images"]


def test_the_tutorials_pass_logits() -> None:
    logits, labels = scores(60, 2, 1)
    found = analyse("image_classification", (logits * 9).tolist(), labels.tolist())
    assert found["run"]["input_kind"] == "logits"


def test_class_ids_are_judged_without_confidences() -> None:
    logits, labels = scores(200, 3, 0)
    found = analyse("image_classification", logits.argmax(axis=1), labels)
    assert found["calibration"] is None
    assert found["overall"]["accuracy"]["value"] == (logits.argmax(axis=1) == labels).mean()
    assert "class ids" in {i["analysis"]: i["reason"] for i in found["not_run"]}["confidence"]


def test_batches_are_spooled_and_picked_up(tmp_path: Path) -> None:
    logits, labels = scores(90, 3, 2)
    p = softmax(logits)
    names = [f"{i}.png" for i in range(90)]
    for start in range(0, 90, 30):
        part = slice(start, start + 30)
        tmp_save(p[part], labels[part], names[part], tmp_path)
    whole = analyse("image_classification", p, labels, names)
    spooled = analyse("image_classification", save_path=tmp_path)
    assert (tmp_path / TMP_FILE_NAME).exists()
    assert spooled["overall"] == whole["overall"]
    assert spooled["run"]["inputs_sha256"] == whole["run"]["inputs_sha256"]


def test_a_missing_spool_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=TMP_FILE_NAME):
        analyse("image_classification", save_path=tmp_path)


def test_a_batch_of_different_lengths_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="2 predictions, 1 labels"):
        tmp_save([[0.5, 0.5], [0.1, 0.9]], [0], [], tmp_path)


def test_a_damaged_spool_is_refused_with_its_line(tmp_path: Path) -> None:
    tmp_save([[0.5, 0.5]], [0], ["a"], tmp_path)
    with (tmp_path / TMP_FILE_NAME).open("a") as stream:
        stream.write('{"pred": [[0.1')
    with pytest.raises(InputError, match=f"{TMP_FILE_NAME}:2"):
        analyse("image_classification", save_path=tmp_path)


def test_a_save_path_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="choose a folder"):
        judged(save_path=tmp_path / "file" / "out")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"alpha": 0}, "alpha"),
        ({"alpha": "five"}, "alpha"),
        ({"topk": "five"}, "topk"),
        ({"max_images": "all"}, "max_images"),
        ({"costs": {"review": "cheap"}}, "costs"),
        ({"costs": 3}, "costs"),
        ({"report": 3}, "report"),
        ({"label_cut": None}, "label_cut"),
        ({"n_bins": 1}, "n_bins"),
        ({"topk": (0,)}, "topk"),
        ({"language": "fr"}, "language"),
        ({"report": ("pdf",)}, "report"),
        ({"seed": -1}, "seed"),
        ({"n_jobs": 0}, "n_jobs"),
        ({"label_cut": 1.0}, "label_cut"),
        ({"costs": {"review": -1}}, "costs"),
        ({"adv_param": "{"}, "adv_param"),
        ({"adv_param": '{"attack_method":"PGD"}'}, "PGD"),
        ({"adv_param": {"eps": 300}}, "eps 300"),
        ({"metadata": {"a": [1, 2]}}, "'a'"),
        ({"metadata": {"a": [str(i) for i in range(300)]}}, "300 different"),
        ({"features": np.zeros((3, 2))}, "shape \\(3, 2\\)"),
        ({"features": np.full((300, 2), np.nan)}, "features\\[0\\]"),
        ({"baseline": np.zeros((3, 4))}, "3 entries"),
        ({"reference": {"pred_list": []}}, "label_list"),
        ({"model": 3}, "model is a int"),
        ({"custom_metric": "{"}, "custom_metric"),
        ({"custom_metric": lambda labels, predicted, p: 1 / 0}, "ZeroDivisionError"),
        ({"custom_metric": lambda labels, predicted, p: "high"}, "expected a number"),
        ({"path_map": ["obs://"]}, "path_map"),
        ({"path_map": {"obs://": 3}}, "path_map"),
        ({"metadata": {"a": [[1], [1, 2]] * 150}}, "'a' is ragged"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object], word: str) -> None:
    with pytest.raises(InputError, match=word):
        judged(**options)


def test_the_attack_of_the_guide_is_understood() -> None:
    found = judged(adv_param='{"attack_method":"i-FGSM","eps":30,"iter_times":4}')
    assert any(item["analysis"] == "robustness" for item in found["not_run"])


def test_op_list_chooses_and_unknown_names_do_no_harm() -> None:
    found = judged(op_list=["confidence"])
    assert found["label_issues"] is None
    assert found["calibration"] is not None
    found = judged(op_list=["get_confusion_matrix"])
    assert found["calibration"] is not None
    assert any("get_confusion_matrix" in text for text in found["warnings"])


def test_one_value_needs_no_list(tmp_path: Path) -> None:
    found = judged(op_list="confidence", topk=2, report="json", save_path=tmp_path)
    assert found["calibration"] is not None
    assert found["label_issues"] is None
    assert "top2_accuracy" in found["overall"]
    assert {path.name for path in tmp_path.iterdir()} == {
        "evaluation.json",
        "model_analysis_results.json",
    }


def test_what_an_analysis_rests_on_is_run_with_it() -> None:
    found = judged(op_list=["label_errors"])
    assert found["label_issues"] is not None
    assert "temperature" in {item["analysis"] for item in found["not_run"]}


def test_own_metrics_get_an_interval() -> None:
    def wins(labels: np.ndarray, predicted: np.ndarray, _: object) -> float:
        return float((labels == predicted).mean())

    found = judged(custom_metric={"wins": wins})["custom"]["wins"]
    accuracy = judged()["overall"]["accuracy"]
    assert found["value"] == accuracy["value"]
    assert found["ci"] == pytest.approx(accuracy["ci"], abs=0.03)


def test_a_metric_that_refuses_some_resamples_keeps_its_interval() -> None:
    logits, labels = scores(40, 2, 0)
    labels[:] = 0
    labels[:3] = 1

    def picky(labels: np.ndarray, predicted: np.ndarray, _: object) -> float:
        if len(np.unique(labels)) < 2:
            raise ValueError("one class only")
        return float((labels == predicted).mean())

    found = analyse("image_classification", softmax(logits), labels, custom_metric=picky)
    assert found["custom"]["picky"]["ci"] is not None


def test_few_samples_are_described_but_not_tested() -> None:
    found = judged(n=20)
    assert all(item["claim"]["p"] is None for item in found["suggestions"])
    assert any("20 samples" in item["reason"] for item in found["not_run"])


def test_one_image_is_enough() -> None:
    found = analyse("image_classification", [[0.9, 0.1]], [0])
    assert found["overall"]["accuracy"]["value"] == 1.0
    assert found["overall"]["macro_auc"]["value"] is None
    assert found["calibration"]["ece"]["value"] == pytest.approx(0.1)


def test_samples_of_one_class_are_enough() -> None:
    logits, _ = scores(100, 3, 0)
    found = analyse("image_classification", softmax(logits), [0] * 100)
    assert found["overall"]["mcc"]["value"] is None
    assert any("one class" in text for text in found["warnings"])


def test_the_result_is_a_mapping_with_tables() -> None:
    found = judged()
    assert set(found) == set(found.document)
    assert len(found.to_pandas("per_sample")) == 300
    assert list(found.to_pandas("per_class")["support"]) == [c["support"] for c in found["classes"]]
    assert "accuracy" in repr(found)
    with pytest.raises(InputError, match="per_sample"):
        found.to_pandas("all")


def test_metadata_stand_in_the_table_of_samples() -> None:
    light = np.linspace(0, 1, 300)
    columns = {"light": light, "camera": ["a", "b", "c"] * 100, "label": light}
    found = judged(metadata=columns).to_pandas("per_sample")
    assert found["light"].to_numpy() == pytest.approx(light)
    assert found["camera"].tolist() == columns["camera"]
    assert found["meta_label"].to_numpy() == pytest.approx(light)


def test_the_gate_judges_values_and_intervals() -> None:
    found = judged()
    accuracy = found.findings.overall["accuracy"]
    between = (accuracy.value + accuracy.low) / 2
    assert found.passed(f"accuracy >= {between}")
    assert not found.passed(f"accuracy >= {between}", certain=True)
    assert found.passed("ece <= 90 %", "macro_f1 > 0.1")
    assert "found" in found.failures(["accuracy > 0.999"])[0]


@pytest.mark.parametrize("condition", ["accuracy", "accuracy == 1", "speed > 1", "baseline"])
def test_conditions_that_cannot_be_judged_are_refused(condition: str) -> None:
    with pytest.raises(InputError):
        judged().passed(condition)


def test_a_worse_model_fails_against_its_baseline() -> None:
    logits, labels = scores(800, 4, 0)
    worse = logits + np.random.default_rng(0).normal(size=logits.shape) * 3
    found = analyse("image_classification", softmax(worse), labels, baseline=softmax(logits))
    assert not found.passed("baseline")
    again = analyse("image_classification", softmax(logits), labels, baseline=found)
    assert again.passed("baseline")


def test_rows_in_another_order_give_the_same_figures() -> None:
    logits, labels = scores(400, 4, 5)
    p, order = softmax(logits), np.random.default_rng(1).permutation(400)
    names = [f"{i}.png" for i in range(400)]
    metadata = {"light": logits[:, 0]}
    first = analyse("image_classification", p, labels, names, metadata=metadata)
    second = analyse(
        "image_classification",
        p[order],
        labels[order],
        [names[i] for i in order],
        metadata={"light": logits[order, 0]},
    )
    for part in ("overall", "classes", "calibration", "confusion", "selective", "sensitivity"):
        assert_close(first[part], second[part])
    assert [s["id"] for s in first["suggestions"]] == [s["id"] for s in second["suggestions"]]


def test_wrong_labels_are_the_same_in_any_order_of_rows_and_classes() -> None:
    logits, labels = scores(900, 4, 5, strength=4.0)
    labels[:30] = (labels[:30] + 1) % 4
    p, names = softmax(logits), [f"{i}.png" for i in range(900)]
    rows, classes = np.random.default_rng(1).permutation(900), np.array([2, 0, 3, 1])
    only = ["label_errors"]
    first = analyse("image_classification", p, labels, names, op_list=only)["label_issues"]
    second = analyse(
        "image_classification",
        p[rows][:, classes],
        np.argsort(classes)[labels[rows]],
        [names[i] for i in rows],
        op_list=only,
    )["label_issues"]
    assert len(first["items"]) > 10
    assert_close(first["expected_count"], second["expected_count"])
    found = [{item["name"]: item["posterior"] for item in one["items"]} for one in (first, second)]
    assert_close(found[0], found[1])


def assert_close(first: object, second: object) -> None:
    """Compare nested values, numbers at seven digits: sums depend on their order beyond that."""
    if isinstance(first, dict) and isinstance(second, dict):
        assert first.keys() == second.keys()
        for key in first:
            assert_close(first[key], second[key])
    elif isinstance(first, list) and isinstance(second, list):
        assert len(first) == len(second)
        for one, other in zip(first, second, strict=True):
            assert_close(one, other)
    elif isinstance(first, float) and isinstance(second, float):
        assert first == pytest.approx(second, rel=1e-6, abs=1e-9)
    else:
        assert first == second


def test_renamed_classes_permute_the_tables() -> None:
    logits, labels = scores(400, 4, 6)
    p, order = softmax(logits), np.array([2, 0, 3, 1])
    place = np.argsort(order)
    first = analyse("image_classification", p, labels)
    second = analyse("image_classification", p[:, order], place[labels])
    for old, new in enumerate(place):
        for figure in ("precision", "recall", "f1", "auc", "average_precision"):
            assert_close(first["classes"][old][figure], second["classes"][new][figure])
    counts = np.array(first["confusion"]["counts"])[np.ix_(order, order)]
    assert counts.tolist() == second["confusion"]["counts"]
    for figure in ("accuracy", "macro_f1", "mcc", "log_loss", "ece", "aurc"):
        assert_close(first["overall"][figure], second["overall"][figure])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int16])
def test_a_memmap_gives_what_the_array_gives(tmp_path: Path, dtype: type) -> None:
    logits, labels = scores(500, 6, 1)
    given = (30 * logits if dtype is np.int16 else softmax(logits)).astype(dtype)
    mapped = np.memmap(tmp_path / "p", dtype, "w+", shape=given.shape)
    mapped[:] = given
    streamed = analyse("image_classification", mapped, labels)
    assert streamed.findings.predictions.scores is mapped
    assert streamed.document == analyse("image_classification", given, labels).document


def test_importing_the_package_loads_no_heavy_library() -> None:
    heavy = ("sklearn", "pandas", "PIL", "torch", "autosearch")
    code = f"import sys, evaluation; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_public_names_are_few() -> None:
    assert set(evaluation.__all__) == {
        "TMP_FILE_NAME",
        "EvaluationError",
        "InputError",
        "OutputError",
        "Result",
        "UnsupportedTaskError",
        "__version__",
        "analyse",
        "tmp_save",
    }
