from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Keep linear algebra on one thread: beside other tests, more threads only wait."""
    with threadpool_limits(1):
        yield
