"""An experiment: what a user writes, checked once, with every fault and its place."""

from autosearch.experiment.compare import differences, extends
from autosearch.experiment.hints import warnings_of
from autosearch.experiment.load import from_dict, load_file, load_text, sources_placed
from autosearch.experiment.model import Experiment

__all__ = [
    "Experiment",
    "differences",
    "extends",
    "from_dict",
    "load_file",
    "load_text",
    "sources_placed",
    "warnings_of",
]
