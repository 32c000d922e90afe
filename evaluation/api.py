"""`analyse`: from what the caller has to a Result."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.columns import read_metadata
from evaluation.custom import read_custom
from evaluation.errors import InputError
from evaluation.inputs import Predictions, check_task, read_predictions
from evaluation.names import locate
from evaluation.outputs import check_writable
from evaluation.pipeline import ANALYSES, Reference, Request, run
from evaluation.result import Result
from evaluation.robustness import as_model
from evaluation.settings import Settings, read_attack
from evaluation.spool import TMP_FILE_NAME, read_spool


def analyse(  # noqa: PLR0913 - the names and their order are ModelArts' own
    task_type: str = "",
    pred_list: Any = None,
    label_list: Any = None,
    name_list: Any = None,
    custom_metric: Any = None,
    label_map_dict: Any = None,
    save_path: str | Path | None = None,
    *,
    op_list: Sequence[str] | None = None,
    input_kind: str = "auto",
    image_root: str | Path | None = None,
    path_map: Mapping[str, str] | None = None,
    features: Any = None,
    metadata: Any = None,
    model: Any = None,
    adv_param: Any = None,
    baseline: Any = None,
    reference: Mapping[str, Any] | None = None,
    topk: Sequence[int] = (1, 5),
    n_bins: int = 15,
    alpha: float = 0.05,
    seed: int = 0,
    n_jobs: int = 1,
    max_images: int | None = None,
    language: str = "en",
    report: Sequence[str] = ("json", "html", "csv"),
    label_cut: float = 0.5,
    costs: Mapping[str, float] | None = None,
) -> Result:
    """Judge an image classifier and return what to fix, what it gains and how sure that is.

    task_type: "image_classification". pred_list: per sample one score per class (probabilities or
    logits, lists or arrays, also numpy.memmap), or class ids; None reads the batches that
    `tmp_save` left in save_path. label_list: class ids. name_list: file names, local or obs://.
    custom_metric: a function of (labels, predicted, probabilities), a dict of them, or a block in
    ModelArts' dialect. label_map_dict: {id: name}, also as JSON text. save_path: folder for the
    outputs; None writes nothing. op_list: names from `evaluation.pipeline.ANALYSES`; None runs all.

    input_kind: "probability", "logits" or "label"; "auto" tells them apart. image_root: where
    relative names start. path_map: {address prefix: folder}. features: (N, D) numbers of the last
    layer. metadata: {name: column} of further properties. model: see robustness.ImageModel.
    adv_param: {"attack_method", "eps", "iter_times"}. baseline: another model's pred_list for the
    same samples, or a dict with "pred_list". reference: a dict with "pred_list", "label_list" and
    optionally "name_list", "metadata", "image_root", e.g. of the training data.

    Raises InputError and OutputError before any work is done.
    """
    check_task(task_type)
    settings = Settings(
        topk=_several(topk),
        bins=n_bins,
        alpha=alpha,
        seed=seed,
        n_jobs=n_jobs,
        max_images=max_images,
        language=language,
        report=_several(report),
        label_cut=label_cut,
        **({} if costs is None else {"costs": _mapping(costs)}),
    )
    if _is_empty(pred_list) and _is_empty(label_list) and save_path:
        pred_list, label_list, name_list = read_spool(Path(save_path) / TMP_FILE_NAME)
    data = read_predictions(pred_list, label_list, name_list, label_map_dict, input_kind)
    if save_path:
        check_writable(Path(save_path))
    metrics, block = read_custom(custom_metric)
    only, warnings = _selection(_several(op_list or ()))
    request = Request(
        predictions=data,
        image_root=None if image_root is None else Path(image_root),
        path_map=path_map,
        metadata=read_metadata(metadata, len(data)),
        features=features,
        model=None if model is None else as_model(model),
        attack=read_attack(adv_param),
        baseline=_baseline(baseline, data),
        reference=_reference(reference, data, path_map),
        custom=metrics,
        custom_block=block,
        only=only,
        warnings=warnings,
    )
    result = Result(run(request, settings))
    if save_path:
        result.save(save_path)
    return result


def _several(value: Any) -> tuple[Any, ...]:
    """Return the values of a list, or the one that was given without a list."""
    return (value,) if isinstance(value, str) or not hasattr(value, "__iter__") else tuple(value)


def _mapping(costs: Any) -> dict[str, float]:
    if not isinstance(costs, Mapping):
        raise InputError("costs must be a dict of minutes, e.g. {'review': 0.2}")
    return dict(costs)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, list | tuple) and not value)


def _selection(op_list: Sequence[str]) -> tuple[frozenset[str], list[str]]:
    """Return the analyses to run, and a warning about names of other makers' operators."""
    if not op_list:
        return frozenset(ANALYSES), []
    unknown = [name for name in op_list if name not in ANALYSES]
    asked = frozenset(op_list) & frozenset(ANALYSES)
    known = asked | {needed for name in asked for needed in ANALYSES[name]}
    if not unknown:
        return known, []
    text = f"op_list: {', '.join(map(str, unknown))} unknown (known: {', '.join(ANALYSES)})"
    return (known, [text]) if known else (frozenset(ANALYSES), [text + "; everything is run"])


def _baseline(baseline: Any, data: Predictions) -> Predictions | None:
    if baseline is None:
        return None
    if isinstance(baseline, Result):
        other = baseline.findings.predictions
    else:
        given = baseline if isinstance(baseline, Mapping) else {"pred_list": baseline}
        other = read_predictions(
            given.get("pred_list"),
            given.get("label_list", data.labels),
            given.get("name_list"),
            list(data.classes),
            given.get("input_kind", "auto"),
        )
    if len(other) != len(data) or not np.array_equal(other.labels, data.labels):
        raise InputError("baseline must describe the same samples in the same order")
    return other


def _reference(
    reference: Mapping[str, Any] | None, data: Predictions, path_map: Mapping[str, str] | None
) -> Reference | None:
    if reference is None:
        return None
    if not isinstance(reference, Mapping) or not {"pred_list", "label_list"} <= set(reference):
        raise InputError('reference must be a dict with "pred_list" and "label_list"')
    other = read_predictions(
        reference["pred_list"],
        reference["label_list"],
        reference.get("name_list"),
        list(data.classes),
        reference.get("input_kind", "auto"),
    )
    root = reference.get("image_root")
    paths, _ = locate(other.names, None if root is None else Path(root), path_map)
    metadata = read_metadata(reference.get("metadata"), len(other))
    return Reference(other, paths, metadata)
