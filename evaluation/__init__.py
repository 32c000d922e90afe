"""Evaluation of image classifiers: what to fix, what it gains, and how sure that is.

>>> from evaluation import analyse
>>> result = analyse("image_classification", [[0.8, 0.2], [0.3, 0.7]], [0, 0])
>>> result["overall"]["accuracy"]["value"]
0.5
"""

from evaluation.api import analyse
from evaluation.errors import EvaluationError, InputError, OutputError, UnsupportedTaskError
from evaluation.result import Result
from evaluation.spool import TMP_FILE_NAME, tmp_save
from evaluation.version import VERSION as __version__

__all__ = [
    "TMP_FILE_NAME",
    "EvaluationError",
    "InputError",
    "OutputError",
    "Result",
    "UnsupportedTaskError",
    "__version__",
    "analyse",
    "tmp_save",
]
