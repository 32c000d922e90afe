"""Files: one document, one page, tables, and ModelArts' dialect."""

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.errors import OutputError
from evaluation.outputs import modelarts, tables
from evaluation.outputs.html import report_page

if TYPE_CHECKING:
    from evaluation.result import Result

DOCUMENT = "evaluation.json"
PAGE = "report.html"
DIALECT = "model_analysis_results.json"


def write(result: "Result", folder: Path) -> list[Path]:
    """Write the chosen outputs, each file whole or not at all, and return their paths."""
    chosen = result.findings.settings.report
    contents: dict[str, Iterable[str]] = {}
    if "json" in chosen:
        contents[DOCUMENT] = [dump(result.document)]
    if "json" in chosen or "modelarts" in chosen:
        contents[DIALECT] = [dump(modelarts.document(result.findings, result.suggestions))]
    if "html" in chosen:
        contents[PAGE] = [report_page(result.findings, result.suggestions)]
    if "csv" in chosen:
        contents |= {f"{name}.csv": tables.csv_parts(result.table(name)) for name in tables.TABLES}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_replace(folder / name, content) for name, content in contents.items()]
    except OSError as fault:
        raise OutputError(
            f"{folder}: results cannot be written ({fault.strerror or fault}); "
            "choose another save_path"
        ) from fault


def check_writable(folder: Path) -> None:
    """Raise OutputError, before any work is done, where nothing can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as fault:
        raise OutputError(
            f"save_path {folder}: cannot be written ({fault.strerror or fault}); "
            "choose a folder that can"
        ) from fault


def dump(document: Mapping[str, object]) -> str:
    """Return strict JSON (no NaN), one line per part: indented matrices would fill megabytes."""
    parts = (
        f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False, allow_nan=False)}"
        for key, value in document.items()
    )
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _replace(path: Path, parts: Iterable[str]) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(
            handle, "w", encoding="utf-8", errors="backslashreplace", newline=""
        ) as file:
            file.writelines(parts)
        # mkstemp makes files private; results follow the umask like any other file.
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path
