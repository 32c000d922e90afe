import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.errors import InputError, UnsupportedTaskError
from evaluation.inputs import check_task, read_predictions
from evaluation.label_map import read_label_map

GOOD = [[0.8, 0.2], [0.3, 0.7], [0.5, 0.5]]


def test_probabilities_are_recognised() -> None:
    assert read_predictions(GOOD, [0, 1, 0]).kind == "probability"


def test_float32_rows_that_miss_1_by_rounding_are_probabilities() -> None:
    rows = np.full((4, 1000), 1 / 1000, np.float32)
    assert read_predictions(rows, [0, 1, 2, 3]).kind == "probability"


def test_logits_are_recognised_and_said_to_be() -> None:
    found = read_predictions([[8.7, 21.9], [-1.0, 2.0]], [1, 1])
    assert found.kind == "logits"
    assert any("logits" in text for text in found.warnings)


def test_logits_become_probabilities_in_blocks() -> None:
    found = read_predictions([[0.0, np.log(3)], [5.0, 5.0]], [1, 0])
    block = np.concatenate([part for _, part in found.blocks()])
    np.testing.assert_allclose(block, [[0.25, 0.75], [0.5, 0.5]])


def test_sigmoid_outputs_are_named_as_a_likely_cause() -> None:
    found = read_predictions([[0.9, 0.8], [0.1, 0.3]], [0, 1])
    assert any("sigmoid" in text for text in found.warnings)


@pytest.mark.parametrize("ids", [[0, 2, 1], np.array([0, 2, 1]), [0.0, 2.0, 1.0]])
def test_class_ids_are_recognised(ids: object) -> None:
    found = read_predictions(ids, [0, 1, 2])
    assert found.kind == "label"
    assert found.predicted.tolist() == [0, 2, 1]
    assert found.k == 3


def test_lists_of_arrays_are_read() -> None:
    rows = [np.array([0.9, 0.1]), np.array([0.2, 0.8])]
    assert read_predictions(rows, [0, 1]).predicted.tolist() == [0, 1]


def test_numbers_stored_as_objects_are_read() -> None:
    assert read_predictions(np.array(GOOD, object), [0, 1, 0]).kind == "probability"


def test_ties_go_to_the_lowest_class() -> None:
    assert read_predictions([[0.4, 0.4, 0.2]], [0]).predicted.tolist() == [0]


def test_texts_of_digits_are_read_as_labels() -> None:
    found = read_predictions(GOOD, ["0", "1", "0"])
    assert found.labels.tolist() == [0, 1, 0]
    assert any("texts" in text for text in found.warnings)


@pytest.mark.parametrize(
    ("pred", "label", "words"),
    [
        (GOOD, [0, 1], ["3 entries", "label_list has 2"]),
        ([], [], ["pred_list is empty"]),
        (GOOD, [], ["label_list is empty"]),
        (None, [0], ["pred_list is None", "expected a list"]),
        ("abc", [0], ["pred_list is 'abc'"]),
        ([[0.1, 0.9], [0.2]], [0, 1], ["pred_list[1] has 1 scores", "pred_list[0] has 2"]),
        ([[0.1, 0.9], [np.nan, 1.0], [np.inf, 0]], [0, 1, 1], ["pred_list[1]", "2 such rows"]),
        ([[0.1], [0.9]], [0, 1], ["one column", "column_stack"]),
        ([0.3, 0.9], [0, 1], ["fraction", "one score per class"]),
        ([[10.0, 90.0], [50.0, 50.0]], [0, 1], ["sum to 100", "divide"]),
        ([True, False], [0, 1], ["True and False"]),
        ([["a", "b"]], [0], ["expected numbers"]),
        (np.ones((2, 2), complex), [0, 1], ["complex", "expected numbers"]),
        (np.array([["a", None]], object), [0], ["expected numbers"]),
        (np.zeros((2, 2, 2)), [0, 1], ["shape (2, 2, 2)"]),
        (GOOD, [0, 1, 2], ["label_list[2] is 2", "outside 0…1"]),
        (GOOD, [0, -1, 1], ["label_list[1] is -1"]),
        (GOOD, [0, 1, 0.5], ["label_list[2] is 0.5", "integer"]),
        (GOOD, [True, False, True], ["label_list[0]", "bool"]),
        (GOOD, [0, 1, None], ["label_list[2]", "NoneType"]),
        (GOOD, ["0", "cat", "1"], ["label_list[1] is 'cat'", "label_map_dict"]),
        (GOOD, [[1, 0], [0, 1], [1, 0]], ["one-hot", "argmax"]),
        (GOOD, 3, ["label_list is 3"]),
    ],
)
def test_faults_are_refused_with_place_and_remedy(
    pred: object, label: object, words: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        read_predictions(pred, label)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ([-0.1, 1.1], ["pred_list[1]", "lowest -0.1", "highest 1.1"]),
        ([0.6, 0.6], ["pred_list[1]", "sum 1.2", "logits"]),
    ],
)
def test_what_is_said_to_be_a_probability_must_be_one(row: list[float], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        read_predictions([[0.5, 0.5], row], [0, 1], kind="probability")
    for word in words:
        assert word in str(caught.value)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(InputError, match="input_kind 'odds'"):
        read_predictions(GOOD, [0, 1, 0], kind="odds")


@pytest.mark.parametrize(
    "label_map",
    [
        {0: "cat", 1: "dog"},
        {"0": "cat", "1": "dog"},
        '{"0": "cat", "1": "dog"}',
        json.dumps({0: "cat", 1: "dog"}),
        ["cat", "dog"],
        '["cat", "dog"]',
        {"cat": 0, "dog": 1},
    ],
)
def test_every_form_of_the_label_map_gives_the_names(label_map: object) -> None:
    assert read_label_map(label_map, 2, []) == ("cat", "dog")


@pytest.mark.parametrize("blank", [None, "", {}, "{}", " {} ", "null", "[]"])
def test_without_a_map_classes_are_called_by_their_ids(blank: object) -> None:
    assert read_label_map(blank, 2, []) == ("0", "1")


@pytest.mark.parametrize(
    ("label_map", "words"),
    [
        ({0: "cat"}, "no name for class id 1"),
        ({0: "cat", 1: "dog", 2: "cow"}, "names class id 2"),
        ({0: "cat", 1: "cat"}, "same name 'cat'"),
        ({"0": "cat", 0: "dog"}, "id 0 twice"),
        ("{not json", "no JSON"),
        ({"cat": "x"}, "key 'cat'"),
        (5, "expected a dict"),
    ],
)
def test_faulty_label_maps_are_refused(label_map: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_label_map(label_map, 2, [])


def test_names_must_be_as_many_as_labels() -> None:
    with pytest.raises(InputError, match="name_list has 2 entries"):
        read_predictions(GOOD, [0, 1, 0], ["a", "b"])


def test_repeated_names_are_warned_about() -> None:
    found = read_predictions(GOOD, [0, 1, 0], ["a", "b", "a"])
    assert any("1 names that occur before" in text for text in found.warnings)


def test_absent_classes_are_warned_about() -> None:
    assert any(
        "no sample" in text for text in read_predictions([[0.2, 0.3, 0.5]] * 2, [0, 1]).warnings
    )


@pytest.mark.parametrize(
    "task", ["image_object_detection", "multi_label_classification", "", "cats"]
)
def test_other_tasks_are_refused(task: str) -> None:
    with pytest.raises(UnsupportedTaskError, match="image_classification"):
        check_task(task)


@given(
    st.one_of(
        st.none(),
        st.text(max_size=5),
        st.lists(st.one_of(st.none(), st.floats(), st.integers(), st.text(max_size=3)), max_size=4),
        st.lists(st.lists(st.floats(), max_size=3), max_size=4),
        st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    ),
    st.lists(st.one_of(st.integers(-2, 4), st.floats(), st.none(), st.booleans()), max_size=4),
)
def test_anything_is_read_or_refused_but_never_breaks(pred: object, label: object) -> None:
    try:
        found = read_predictions(pred, label)
    except InputError:
        return
    assert len(found) == len(found.predicted) == len(found.labels) > 0
