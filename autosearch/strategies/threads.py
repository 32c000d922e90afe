"""One thread for linear algebra: the order of a sum, and with it the last bit, depends on it."""

from typing import Any

from threadpoolctl import ThreadpoolController

# Found once: a look for the loaded libraries takes milliseconds, a limit then microseconds.
_POOLS = ThreadpoolController()


def one_thread() -> Any:
    """Return a context in which BLAS computes with one thread."""
    return _POOLS.limit(limits=1, user_api="blas")
