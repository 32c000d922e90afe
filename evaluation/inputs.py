"""What the caller hands over, checked and brought into one form.

scores (probabilities, logits or class ids), labels, names, class names  ->  Predictions
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from evaluation.arrays import Ints, Scores, row_blocks, softmax
from evaluation.errors import InputError, UnsupportedTaskError
from evaluation.label_map import is_blank, read_label_map, short

InputKind: TypeAlias = Literal["auto", "probability", "logits", "label"]
KINDS: tuple[str, ...] = get_args(InputKind)
SUPPORTED_TASKS = ("image_classification",)
KNOWN_TASKS = (
    *SUPPORTED_TASKS,
    "image_object_detection",
    "image_segmentation",
    "multi_label_classification",
)
# A softmax computed in float16 or summed in float32 over many classes misses 1 by less than this.
ROW_SUM_TOLERANCE = 1e-3
# The confusion matrix is held in memory; of so many classes it takes 200 megabytes.
MOST_CLASSES = 5000
LARGEST_EXACT = 2.0**53


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a classifier said about N images of K classes, and what is true.

    kind: what `scores` holds: "probability", "logits", or "label" (then scores is None).
    scores: shape (N, K); may be a numpy.memmap of any number type, which is read in row blocks.
    predicted, labels: class ids, shape (N,). names: N texts, or empty. classes: K texts.
    """

    kind: str
    scores: NDArray[np.number[Any]] | None
    predicted: Ints
    labels: Ints
    names: tuple[str, ...]
    classes: tuple[str, ...]
    warnings: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.labels)

    @property
    def k(self) -> int:
        """Return the number of classes."""
        return len(self.classes)

    def blocks(self) -> Iterator[tuple[slice, Scores]]:
        """Yield (rows, probabilities of those rows); nothing for class ids."""
        if self.scores is None:
            return
        for rows in row_blocks(len(self), self.k):
            block = self.raw(rows)
            yield rows, softmax(block) if self.kind == "logits" else block

    def rows(self, index: Ints) -> Scores:
        """Return the probabilities of some rows, shape (len(index), K)."""
        block = self.raw(index)
        return softmax(block) if self.kind == "logits" else block

    def raw(self, index: Ints | slice) -> Scores:
        """Return some rows of `scores` as float32 or float64; raises InputError for class ids."""
        if self.scores is None:
            raise InputError("class ids carry no scores")
        return np.asarray(self.scores[index], self.dtype)

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        """Return the type that scores are worked on in."""
        single = self.scores is not None and self.scores.dtype == np.float32
        return np.dtype(np.float32 if single else np.float64)

    def name(self, index: int) -> str:
        """Return the name of a sample, or "#index" where there are no names."""
        return self.names[index] if self.names else f"#{index}"


def check_task(task_type: object) -> None:
    """Raise UnsupportedTaskError unless the task is image classification."""
    if task_type in SUPPORTED_TASKS:
        return
    what = "is not supported" if task_type in KNOWN_TASKS else "is not a known task"
    raise UnsupportedTaskError(
        f"task_type {task_type!r} {what}; use one of: {', '.join(SUPPORTED_TASKS)}"
    )


def read_predictions(
    pred_list: object,
    label_list: object,
    name_list: object = None,
    label_map: object = None,
    kind: str = "auto",
) -> Predictions:
    """Return checked predictions; raises InputError with the first fault, its place, a remedy."""
    if kind not in KINDS:
        raise InputError(f"input_kind {kind!r} is unknown; use one of: {', '.join(KINDS)}")
    warnings: list[str] = []
    values = _score_array(pred_list)
    labels = _label_array(label_list, warnings)
    if len(values) != len(labels):
        raise InputError(
            f"pred_list has {len(values)} entries and label_list has {len(labels)}; "
            "they must describe the same samples"
        )
    if values.ndim == 1:
        return _from_ids(values, labels, name_list, label_map, kind, warnings)
    found = _kind_of(values, kind, warnings)
    ready = values.dtype in (np.float32, np.float64) or isinstance(values, np.memmap)
    scores: NDArray[Any] = values if ready else values.astype(np.float64)
    predicted = np.empty(len(scores), np.int64)
    for rows in row_blocks(*scores.shape):
        predicted[rows] = np.asarray(scores[rows]).argmax(axis=1)
    classes = read_label_map(label_map, scores.shape[1], warnings)
    _check_range(labels, len(classes), "label_list")
    names = _names(name_list, len(labels), warnings)
    _warn_about_classes(labels, len(classes), warnings)
    return Predictions(found, scores, predicted, labels, names, classes, tuple(warnings))


def _from_ids(
    values: NDArray[np.generic],
    labels: Ints,
    name_list: object,
    label_map: object,
    kind: str,
    warnings: list[str],
) -> Predictions:
    if values.dtype.kind == "f" and not np.array_equal(values, np.floor(values)):
        raise InputError(
            "pred_list holds one number with a fraction per sample; hand over one score per class "
            "(for two classes: both columns, e.g. [[1 - p, p], ...]), or class ids"
        )
    if kind not in ("auto", "label"):
        raise InputError(
            f"input_kind is {kind!r} but pred_list holds one number per sample; "
            "hand over one score per class"
        )
    predicted = _class_ids(values, "pred_list", warnings)
    highest = int(max(labels.max(), predicted.max())) + 1
    if highest > MOST_CLASSES:
        raise InputError(f"class id {highest - 1}: there can be at most {MOST_CLASSES} classes")
    size = highest if is_blank(label_map) else None
    classes = read_label_map(label_map, size, warnings)
    _check_range(predicted, len(classes), "pred_list")
    _check_range(labels, len(classes), "label_list")
    warnings.append("pred_list holds class ids: everything that needs confidences is not run")
    _warn_about_classes(labels, len(classes), warnings)
    names = _names(name_list, len(labels), warnings)
    return Predictions("label", None, predicted, labels, names, classes, tuple(warnings))


def _score_array(pred_list: object) -> NDArray[np.generic]:
    if pred_list is None or not hasattr(pred_list, "__len__") or isinstance(pred_list, str | dict):
        raise InputError(
            f"pred_list is {short(pred_list)}; expected a list with one entry per sample, "
            "each a list of one score per class"
        )
    if len(pred_list) == 0:
        raise InputError("pred_list is empty; there is nothing to judge")
    values = _numbers(_as_array(pred_list))
    if values.dtype.kind in "OUSVcmM" or values.ndim > 2:
        raise InputError(
            f"pred_list has shape {values.shape} and dtype {values.dtype}; expected numbers of "
            "shape (samples, classes), or class ids of shape (samples,)"
        )
    if values.dtype == np.bool_:
        raise InputError("pred_list holds True and False; hand over scores or class ids")
    if values.ndim == 2 and not 1 < values.shape[1] <= MOST_CLASSES:
        _refuse_width(values.shape[1])
    _check_finite(values)
    return values


def _refuse_width(width: int) -> None:
    if width == 1:
        raise InputError(
            "pred_list has one column; for two classes hand over both, e.g. "
            "np.column_stack([1 - p, p]), or class ids of shape (samples,)"
        )
    raise InputError(f"pred_list has {width} columns; expected 2 to {MOST_CLASSES} classes")


def _as_array(pred_list: object) -> NDArray[np.generic]:
    if isinstance(pred_list, np.ndarray):
        return pred_list
    try:
        return np.asarray(pred_list)
    except (ValueError, TypeError):
        pass
    rows = list(pred_list)  # type: ignore[call-overload]  # its length was taken before
    widths = [np.size(row) for row in rows]
    for index, width in enumerate(widths):
        if width != widths[0]:
            raise InputError(
                f"pred_list[{index}] has {width} scores and pred_list[0] has {widths[0]}; "
                "every sample needs one score per class"
            )
    raise InputError("pred_list cannot be read as numbers of shape (samples, classes)")


def _numbers(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return the array with numbers that were stored as objects, as DataFrames do, unpacked."""
    if values.dtype.kind != "O" or values.ndim != 2:
        return values
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError):
        return values


def _check_finite(values: NDArray[np.generic]) -> None:
    if values.dtype.kind != "f":
        return
    flat = values.reshape(len(values), -1)
    bad, first = 0, -1
    for rows in row_blocks(*flat.shape):
        faulty = ~np.isfinite(np.asarray(flat[rows])).all(axis=1)
        if first < 0 and faulty.any():
            first = rows.start + int(faulty.argmax())
        bad += int(faulty.sum())
    if bad:
        raise InputError(
            f"pred_list[{first}] holds NaN or infinity ({bad} such rows in all); "
            "leave those samples out or repair the model's output"
        )


def _kind_of(values: NDArray[np.generic], kind: str, warnings: list[str]) -> str:
    """Return "probability" or "logits", judged by every row."""
    if kind == "logits":
        return kind
    if kind == "label":
        raise InputError("input_kind is 'label' but pred_list has one score per class")
    faults = 0
    percent = unit = True
    for rows in row_blocks(*values.shape):
        block = np.asarray(values[rows])
        sums = block.sum(axis=1, dtype=np.float64)
        inside = ((block >= 0) & (block <= 1 + ROW_SUM_TOLERANCE)).all(axis=1)
        wrong = ~inside | (np.abs(sums - 1) > ROW_SUM_TOLERANCE)
        if kind == "probability" and wrong.any():
            _refuse_row(rows.start + int(wrong.argmax()), block[int(wrong.argmax())])
        faults += int(wrong.sum())
        percent &= bool((block >= 0).all() and (np.abs(sums - 100) < 0.5).all())
        unit &= bool(inside.all())
    if not faults:
        return "probability"
    if percent:
        raise InputError("the rows of pred_list sum to 100; divide them by 100")
    text = "pred_list does not hold probabilities (rows that sum to 1): taken as logits"
    if unit:
        text += "; all numbers lie in [0, 1], so they may be sigmoid outputs of a multi-label model"
    warnings.append(text)
    return "logits"


def _refuse_row(index: int, row: NDArray[np.generic]) -> None:
    numbers = np.asarray(row, float)
    raise InputError(
        f"pred_list[{index}] is no probability row (lowest {numbers.min():.6g}, highest "
        f"{numbers.max():.6g}, sum {numbers.sum():.6g}); pass input_kind='logits' if these are "
        "raw outputs"
    )


def _label_array(label_list: object, warnings: list[str]) -> Ints:
    if label_list is None or not hasattr(label_list, "__len__") or isinstance(label_list, str):
        raise InputError(f"label_list is {short(label_list)}; expected one class id per sample")
    if len(label_list) == 0:
        raise InputError("label_list is empty; there is nothing to judge against")
    try:
        values = np.asarray(label_list)
    except ValueError as fault:
        raise InputError("label_list is ragged; expected one class id per sample") from fault
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise InputError(
            f"label_list has shape {values.shape}; expected one class id per sample "
            "(of one-hot rows take argmax(axis=1))"
        )
    return _class_ids(values, "label_list", warnings)


def _class_ids(values: NDArray[np.generic], where: str, warnings: list[str]) -> Ints:
    if values.dtype.kind in "US":
        texts = [str(text) for text in values.tolist()]
        wrong = next((i for i, text in enumerate(texts) if not text.strip().isdecimal()), None)
        if wrong is not None:
            raise InputError(
                f"{where}[{wrong}] is {texts[wrong]!r}; expected a class id (an integer); "
                "turn class names into ids by the order of label_map_dict"
            )
        warnings.append(f"{where} holds texts; they were read as integers")
        return np.array([int(text) for text in texts], np.int64)
    if values.dtype.kind in "iu":
        return values.astype(np.int64)
    if values.dtype.kind == "f":
        numbers = values.astype(np.float64)
        whole = np.isfinite(numbers) & (numbers == np.floor(numbers))
        wrong_mask = ~(whole & (np.abs(numbers) < LARGEST_EXACT))
        if not wrong_mask.any():
            return numbers.astype(np.int64)
        index = int(wrong_mask.argmax())
        raise InputError(
            f"{where}[{index}] is {float(numbers[index])!r}; expected an integer class id"
        )
    kinds = [type(value).__name__ for value in values.tolist()]
    index = next((i for i, name in enumerate(kinds) if name != "int"), 0)
    raise InputError(f"{where}[{index}] is of type {kinds[index]}; expected an integer class id")


def _check_range(ids: Ints, k: int, where: str) -> None:
    wrong = (ids < 0) | (ids >= k)
    if wrong.any():
        index = int(wrong.argmax())
        raise InputError(
            f"{where}[{index}] is {ids[index]}, outside 0…{k - 1} (there are {k} classes); "
            "class ids count from 0"
        )


def _names(name_list: object, n: int, warnings: list[str]) -> tuple[str, ...]:
    if name_list is None or (hasattr(name_list, "__len__") and len(name_list) == 0):
        return ()
    if isinstance(name_list, str) or not hasattr(name_list, "__len__"):
        raise InputError(f"name_list is {short(name_list)}; expected one file name per sample")
    if len(name_list) != n:
        raise InputError(f"name_list has {len(name_list)} entries and label_list has {n}")
    names = tuple(map(str, name_list))  # type: ignore[call-overload]  # its length was taken before
    repeated = n - len(set(names))
    if repeated:
        warnings.append(f"name_list holds {repeated} names that occur before")
    return names


def _warn_about_classes(labels: Ints, k: int, warnings: list[str]) -> None:
    present = len(np.unique(labels))
    if present == 1:
        warnings.append("all samples are of one class: ranking metrics are undefined")
    elif present < k:
        warnings.append(f"{k - present} of {k} classes have no sample")
