import subprocess
import sys

import pytest

import autosearch

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
