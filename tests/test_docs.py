import ast
import doctest
import importlib
import re
import shlex
from pathlib import Path

import pytest

import autosearch
from autosearch import errors
from autosearch.cli.commands import parse
from autosearch.experiment import load_text
from autosearch.strategies import names

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for found, text in BLOCKS if found == language]


def commands() -> list[list[str]]:
    joined = "\n".join(blocks("sh")).replace("\\\n", " ")
    lines = [shlex.split(line, comments=True) for line in joined.splitlines()]
    inline = [shlex.split(text) for text in re.findall(r"`(autosearch [a-z][^`]*)`", README)]
    return [words[1:] for words in [*lines, *inline] if words[:1] == ["autosearch"]]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_in_the_readme_is_one(words: list[str]) -> None:
    parse(words)


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_experiment_in_the_readme_loads(text: str, tmp_path: Path) -> None:
    assert load_text(text, str(tmp_path / "search.yaml")).search.trials > 0


@pytest.mark.parametrize("text", blocks("python"))
def test_every_python_block_uses_names_that_exist(text: str) -> None:
    used = {
        node.attr
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "au"
    }
    assert used <= set(autosearch.__all__)


def test_the_first_python_block_runs() -> None:
    exec(blocks("python")[0], {})


@pytest.mark.parametrize("name", names())
def test_every_strategy_is_in_the_readme(name: str) -> None:
    assert f"`{name}`" in README


def test_the_exit_codes_in_the_readme_are_those_of_the_errors() -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    raised = {
        value.exit_code
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.AutoSearchError)
    }
    from autosearch.outcome import EXIT_CODES

    assert documented == raised | set(EXIT_CODES.values())


def test_every_file_that_the_readme_names_is_there() -> None:
    root = Path(__file__).parents[1]
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (root / target).exists(), target


def with_examples() -> list[str]:
    root = Path(__file__).parents[1]
    files = [*root.glob("autosearch/**/*.py"), *root.glob("evaluation/**/*.py")]
    found = [f.relative_to(root) for f in files if ">>> " in f.read_text()]
    return sorted(".".join(f.with_suffix("").parts) for f in found)


@pytest.mark.parametrize("module", with_examples())
def test_the_examples_in_docstrings_do_what_they_say(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert tried > 0
    assert failed == 0
