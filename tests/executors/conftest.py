"""Fixtures of the tests of executors."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.executors import odd_seconds

__all__ = ["odd_seconds", "short_folder"]


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder for Ray, which puts sockets below it: their paths are limited."""
    folder = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
