"""Image files to test with."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def textured(seed: int, height: int = 40, width: int = 48) -> NDArray[np.uint8]:
    """Return a smooth colour picture that no other seed resembles."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (5, 6, 3), dtype=np.uint8)
    image = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(image)


def write(folder: Path, count: int, suffix: str = "png") -> list[str]:
    """Write different pictures and return their names."""
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for i in range(count):
        Image.fromarray(textured(i)).save(folder / f"{i}.{suffix}")
        names.append(f"{i}.{suffix}")
    return names
