"""What measuring the properties of image files costs beside decoding them.

    python -m benchmarks.evaluation_images [--images 200] [--repeats 5]

Processor seconds of one thread. The last line gives seconds on the clock with one process and with
one per core, their start included.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from evaluation.images import read_facts, read_images

# Side, kind, JPEG quality.
SETS = (
    (64, "photograph", 92),
    (224, "smooth", 92),
    (224, "photograph", 75),
    (224, "photograph", 92),
    (224, "noisy", 92),
    (224, "grey", 92),
    (512, "photograph", 92),
    (1600, "photograph", 92),
)


def picture(side: int, kind: str, rng: np.random.Generator) -> Image.Image:
    """Return a picture: smooth blobs, the same with detail at all scales, or with much noise."""
    pixels = np.zeros((side, side, 3))
    scales = [8] if kind == "smooth" else [2**i for i in range(3, 12) if 2**i <= 0.7 * side]
    for scale in scales:
        small = rng.integers(0, 256, (scale, scale, 3), dtype=np.uint8)
        large = np.asarray(Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC))
        pixels += (large - 128.0) * 8 / scale
    if kind == "noisy":
        pixels += rng.normal(0, 25, pixels.shape)
    image = Image.fromarray(np.clip(pixels + 128, 0, 255).astype(np.uint8))
    return image.convert("L") if kind == "grey" else image


def write(folder: Path, count: int, side: int, kind: str, quality: int) -> list[Path]:
    """Write JPEG files and return their paths."""
    rng = np.random.default_rng(0)
    paths = [folder / f"{side}-{kind}-{quality}-{i}.jpg" for i in range(count)]
    for path in paths:
        picture(side, kind, rng).save(path, quality=quality)
    return paths


def decode(path: Path) -> object:
    """Decode a file with Pillow and do nothing else."""
    return Image.open(path).load()


def least(paths: Sequence[Path], repeats: int) -> tuple[float, float]:
    """Return the processor seconds of decoding all files, and of decoding and measuring them.

    Both take turns, file by file; of each file the least time counts: other work on the machine
    only ever adds.
    """
    work = (decode, read_facts)
    times = np.full((repeats, len(paths), 2), np.inf)
    read_images(paths, np.arange(len(paths)), 1)
    for turn in range(repeats):
        for i, path in enumerate(paths):
            for j, run in enumerate(work):
                start = time.process_time()
                run(path)
                times[turn, i, j] = time.process_time() - start
    plain, both = times.min(axis=0).sum(axis=0).tolist()
    return plain, both


def clock(paths: Sequence[Path], jobs: int, repeats: int) -> float:
    """Return the least seconds on the clock of reading all files with `jobs` processes."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        read_images(paths, np.arange(len(paths)), jobs)
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    """Print a line for each set of files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=200, help="files of a set of 224 × 224")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print(f"{'JPEG files':<26}{'decoding':>12}{'measuring':>12}{'ratio':>8}   (ms a file)")
    with tempfile.TemporaryDirectory() as folder:
        for side, kind, quality in SETS:
            count = max(4, min(options.images, options.images * 224**2 // side**2))
            paths = write(Path(folder), count, side, kind, quality)
            plain, both = least(paths, options.repeats)
            added = both - plain
            print(
                f"{side:>5}² {kind:<12}{'q' + str(quality):<7}{1000 * plain / count:12.3f}"
                f"{1000 * added / count:12.3f}{added / plain:8.2f}"
            )
        paths = sorted(Path(folder).glob("224-photograph-92-*")) * 20
        cores = len(os.sched_getaffinity(0))
        one, many = (clock(paths, jobs, options.repeats) for jobs in (1, cores))
    ratio = f"{one / many:.2f} ×"
    print(f"{len(paths)} files by 1 process {one:.2f} s, by {cores} {many:.2f} s: {ratio}")


if __name__ == "__main__":
    main()
