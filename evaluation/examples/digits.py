"""A digit classifier with planted faults, and what the analysis finds of them.

Run it with `python -m evaluation.examples.digits --out digits-report`. The 1,797 handwritten digits
are those of scikit-learn. The faults, all known: 3 % of the labels are flipped; a fifth of the
images come from a "cellar" camera that is dark and noisy; 20 images occur twice, some with another
label; the classifier is overconfident.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluation import Result, analyse
from evaluation.arrays import Floats, Ints, Mask

SCALE = 6
FLIPPED = 0.03
COPIES = 20


@dataclass(frozen=True, eq=False)
class Digits:
    """Images as files, the labels as given, and which faults were planted where."""

    names: list[str]
    labels: Ints
    probabilities: Floats
    cameras: list[str]
    flipped: Mask
    cellar: Mask
    copies: list[tuple[int, int]]


def build(folder: Path, seed: int = 0) -> Digits:
    """Write the images to `folder`, train a classifier, and return its out-of-fold predictions."""
    from sklearn.datasets import load_digits
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    rng = np.random.default_rng(seed)
    pixels, truth = load_digits(return_X_y=True)
    cellar = rng.random(len(truth)) < 0.2
    values = pixels / 16
    dark = values * 0.45 + rng.normal(0, 0.16, values.shape)
    values = np.clip(np.where(cellar[:, None], dark, values), 0, 1)
    source = rng.choice(np.flatnonzero(~cellar), COPIES, replace=False)
    values = np.concatenate([values, values[source]])
    truth = np.concatenate([truth, truth[source]])
    cellar = np.concatenate([cellar, cellar[source]])
    flipped = rng.random(len(truth)) < FLIPPED
    labels = np.where(flipped, (truth + rng.integers(1, 10, len(truth))) % 10, truth)
    features = Nystroem(gamma=0.08, n_components=250, random_state=seed)
    model = make_pipeline(features, LogisticRegression(C=10, max_iter=60, tol=1e-3))
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    probabilities = cross_val_predict(model, values, labels, cv=folds, method="predict_proba")
    sharp = probabilities**5
    probabilities = sharp / sharp.sum(axis=1, keepdims=True)
    names = _write(values, folder)
    return Digits(
        names=names,
        labels=labels.astype(np.int64),
        probabilities=probabilities,
        cameras=["cellar" if c else "desk" for c in cellar],
        flipped=flipped,
        cellar=cellar,
        copies=[(int(s), len(truth) - COPIES + i) for i, s in enumerate(source)],
    )


def _write(values: Floats, folder: Path) -> list[str]:
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for i, row in enumerate(values):
        image = Image.fromarray((row.reshape(8, 8) * 255).astype(np.uint8))
        name = f"digit_{i:04d}.png"
        image.resize((8 * SCALE, 8 * SCALE), Image.Resampling.NEAREST).save(folder / name)
        names.append(name)
    return names


def run(out: Path, seed: int = 0, language: str = "en") -> tuple[Digits, Result]:
    """Build the data under `out`/images, analyse it, and write the report to `out`."""
    data = build(out / "images", seed)
    result = analyse(
        "image_classification",
        data.probabilities,
        data.labels,
        data.names,
        label_map_dict={i: f"digit {i}" for i in range(10)},
        save_path=out,
        image_root=out / "images",
        metadata={"camera": data.cameras},
        language=language,
    )
    return data, result


def settled(data: Digits, first: Result) -> Result:
    """Return the analysis after the listed labels were replaced by the suggested ones."""
    errors = first.findings.confidences.label_errors if first.findings.confidences else None
    labels = data.labels.copy()
    if errors is not None:
        labels[errors.listed] = errors.suggested[errors.listed]
    return analyse("image_classification", data.probabilities, labels)


def main() -> None:
    """Run the example from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("digits-report"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--language", default="en", choices=("en", "zh-cn"))
    options = parser.parse_args()
    data, result = run(options.out, options.seed, options.language)
    _show(result, options.language)
    print(options.out / "report.html")  # noqa: T201 - a program's output
    print("\nOnce the listed labels are settled, of the predictions alone:")  # noqa: T201
    _show(settled(data, result), options.language)


def _show(result: Result, language: str) -> None:
    for item in result.suggestions:
        words = item.text["zh" if language == "zh-cn" else "en"]
        print(f"{item.priority}. [{item.id}] {words}")  # noqa: T201 - a program's output


if __name__ == "__main__":
    main()
