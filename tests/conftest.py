import os

import pytest
from hypothesis import settings

# Suites that several test modules inherit from.
pytest.register_assert_rewrite("tests.contract")

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="add the full fault matrix and statistics")
    parser.addoption(
        "--update-golden", action="store_true", help="write tests/golden anew, to be reviewed"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--all"):
        return
    for item in items:
        if item.get_closest_marker("full"):
            item.add_marker(pytest.mark.skip(reason="only with --all"))
