import pytest

pytest.register_assert_rewrite("tests.contract.executors", "tests.contract.supervised")
