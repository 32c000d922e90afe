"""The executor that runs trials as jobs of a job controller."""

from collections.abc import Callable
from pathlib import Path

import pytest

from autosearch.executors.base import Executor, Resources
from autosearch.executors.controller import ControllerExecutor
from tests.contract.executors import (
    ExecutorContract,
    Jobs,
    run,
)
from tests.contract.reference_controller import FolderController

POLL_S = 0.02


class TestControllerExecutor(ExecutorContract):
    @pytest.fixture
    def make_executor(self, tmp_path: Path) -> Callable[..., Executor]:
        controller = FolderController(tmp_path / "controller")
        return lambda parallel: ControllerExecutor(controller, parallel, poll_s=POLL_S)

    # What runs where, and what cannot be started, is the controller's to say.

    def test_impossible_resources_are_named_with_both_numbers(self, executor: Executor) -> None:
        assert executor.check(Resources(cpus=12345)) == ""

    def test_a_command_that_does_not_exist_is_named(self, executor: Executor, job: Jobs) -> None:
        [outcome] = run(executor, job("no-such-program"))
        assert outcome.exit.error
        assert "no-such-program" in outcome.exit.text

    def test_a_file_that_is_no_program_is_named(
        self, executor: Executor, job: Jobs, tmp_path: Path
    ) -> None:
        (tmp_path / "data").write_text("1 2 3")
        [outcome] = run(executor, job("./data"))
        assert outcome.exit.error
        assert "./data" in outcome.exit.text

    def test_a_folder_that_does_not_exist_is_named(
        self, executor: Executor, job: Jobs, tmp_path: Path
    ) -> None:
        [outcome] = run(executor, job("true", cwd=tmp_path / "gone"))
        assert outcome.exit.error
        assert str(tmp_path / "gone") in outcome.exit.text
