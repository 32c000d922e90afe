"""Everything that was found out about a classifier, in one value that rules and outputs read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evaluation.arrays import Ints
from evaluation.calibration import Calibration
from evaluation.comparison import Comparison
from evaluation.confusion import ClassScores
from evaluation.curves import Curves
from evaluation.decision import BiasGain
from evaluation.drift import Drift
from evaluation.duplicates import Duplicates
from evaluation.embedding import Embedding
from evaluation.images import ImageTable
from evaluation.inputs import Predictions
from evaluation.intervals import Estimate
from evaluation.label_errors import LabelErrors
from evaluation.pairs import Pair
from evaluation.ranking import Ranking
from evaluation.robustness import Robustness
from evaluation.samples import Samples
from evaluation.selective import ClassThreshold, Selective, Sweep
from evaluation.sensitivity import Sensitivity
from evaluation.settings import Settings
from evaluation.slices import SliceSearch
from evaluation.tail import Tail
from evaluation.temperature import Temperature


@dataclass(frozen=True, slots=True)
class NotRun:
    """An analysis that was left out, and why."""

    analysis: str
    reason: str


@dataclass(frozen=True, eq=False)
class Confidences:
    """Everything that needs a confidence per sample and is therefore missing for class ids."""

    samples: Samples
    ranking: Ranking
    curves: Curves
    calibration: Calibration
    temperature: Temperature | None
    selective: Selective
    sweep: Sweep
    thresholds: Sequence[ClassThreshold | None]
    bias: BiasGain | None
    label_errors: LabelErrors | None


@dataclass(frozen=True, eq=False)
class Findings:
    """The whole analysis; a part that was not run is None or empty and listed in `not_run`."""

    predictions: Predictions
    settings: Settings
    halves: Ints
    counts: Ints
    classes: Sequence[ClassScores]
    overall: Mapping[str, Estimate]
    pairs: Sequence[Pair]
    tail: Tail
    confidences: Confidences | None = None
    images: ImageTable | None = None
    duplicates: Duplicates | None = None
    sensitivity: Sequence[Sensitivity] = ()
    slices: SliceSearch | None = None
    embedding: Embedding | None = None
    comparison: Comparison | None = None
    drift: Drift | None = None
    robustness: Robustness | None = None
    custom: Mapping[str, object] = field(default_factory=dict)
    custom_block: Mapping[str, object] = field(default_factory=dict)
    constant_columns: Sequence[str] = ()
    warnings: Sequence[str] = ()
    not_run: Sequence[NotRun] = ()
    timing: Mapping[str, float] = field(default_factory=dict)
