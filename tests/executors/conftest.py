"""Fixtures of the tests of executors."""

from tests.contract.executors import odd_seconds

__all__ = ["odd_seconds"]
