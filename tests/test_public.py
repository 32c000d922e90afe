import subprocess
import sys
from pathlib import Path

import pytest

import autosearch
from autosearch.folders import log_path

HEAVY = (
    "numpy",
    "scipy",
    "pydantic",
    "yaml",
    "rich",
    "pandas",
    "ray",
    "sklearn",
    "hyperopt",
    "skopt",
)


def loaded_by(code: str) -> set[str]:
    report = "import sys; print('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in done.stderr.split()}


def test_importing_autosearch_loads_nothing_heavy() -> None:
    assert not loaded_by("import autosearch") & set(HEAVY)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['autosearch', '--help']\n"
        "from autosearch.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass"
    )
    assert not loaded_by(code) & set(HEAVY)


@pytest.mark.parametrize("command", ["status", "trials", "show", "logs", "export"])
def test_reading_a_study_loads_nothing_heavy(command: str, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    earlier = [{"x": 0.5, "value": 1.0}]
    space = {"x": autosearch.Float(0, 1)}
    autosearch.minimize(lambda p: p["x"], space, trials=2, dir=folder, warm_start=earlier)
    log_path(folder, 1, 1).parent.mkdir(parents=True, exist_ok=True)
    log_path(folder, 1, 1).touch()
    number = ["1"] if command in ("show", "logs") else []
    code = (
        f"import sys; sys.argv = {['autosearch', command, str(folder), *number]}\n"
        "from autosearch.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code"
    )
    assert not loaded_by(code) & {*HEAVY, "regex"}


def test_asking_natively_loads_no_other_engine() -> None:
    code = (
        "import autosearch as au\n"
        "au.minimize(lambda p: p['x'], {'x': au.Float(0, 1)}, trials=6, strategy='tpe_search')"
    )
    assert not loaded_by(code) & {"ray", "hyperopt", "skopt", "pandas", "rich"}


@pytest.mark.parametrize("name", autosearch.__all__)
def test_every_public_name_can_be_had_and_says_what_it_is(name: str) -> None:
    assert getattr(autosearch, name).__doc__


def test_the_public_names_are_sorted_and_listed() -> None:
    assert autosearch.__all__ == sorted(autosearch.__all__)
    assert dir(autosearch) == autosearch.__all__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'minimise'"):
        autosearch.minimise  # noqa: B018
