"""The executor that runs trials on Ray."""

from collections.abc import Callable, Iterator

import pytest

from autosearch.executors.base import Executor, Resources
from autosearch.executors.ray import RayExecutor
from autosearch.executors.ray_connection import Connection
from tests.contract.executors import SupervisedContract

pytestmark = pytest.mark.ray


@pytest.fixture(scope="module")
def shared_ray() -> Iterator[None]:
    """One Ray for all tests of this module, since each takes seconds to start."""
    connection = Connection(None, 8, Resources())
    yield
    connection.close()


@pytest.fixture(scope="module")
def shared_executor(shared_ray: None) -> Iterator[Executor]:
    executor = RayExecutor(2)
    yield executor
    executor.close()


class TestRayExecutor(SupervisedContract):
    driver_source = """
from autosearch.executors.ray import RayExecutor
executor = RayExecutor(1)
"""

    @pytest.fixture
    def make_executor(self, shared_ray: None) -> Callable[..., Executor]:
        return RayExecutor

    @pytest.fixture
    def executor(self, shared_executor: Executor) -> Executor:
        assert shared_executor.free_slots == 2
        return shared_executor
