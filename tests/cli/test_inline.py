import pytest
from hypothesis import given
from hypothesis.strategies import text

from autosearch.cli.inline import parameter
from autosearch.errors import InputError
from autosearch.space import Space
from tests.cli.program import autosearch


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0.5..0.99", {"type": "float", "low": 0.5, "high": 0.99}),
        ("-1..-0.5", {"type": "float", "low": -1, "high": -0.5}),
        ("log:1e-5..1e-1", {"type": "float", "low": 1e-5, "high": 0.1, "scale": "log"}),
        ("int:1..8", {"type": "int", "low": 1, "high": 8}),
        ("int:log:16..512", {"type": "int", "low": 16, "high": 512, "scale": "log"}),
        ("0..0.5/0.1", {"type": "float", "low": 0, "high": 0.5, "step": 0.1}),
        ("32,64,128", {"type": "int", "values": [32, 64, 128]}),
        ("1e-3,1e-4", {"type": "float", "values": [0.001, 0.0001]}),
        ("adam,sgd", {"type": "choice", "values": ["adam", "sgd"]}),
        ("true,auto", {"type": "choice", "values": [True, "auto"]}),
        ("bool", {"type": "bool"}),
    ],
)
def test_a_parameter_means(written: str, meant: dict[str, object]) -> None:
    assert parameter(written) == meant


@pytest.mark.parametrize(
    "written", ["", "x", "1..", "..2", "1..x", "int:a,b", "1..2/z", "log:", "a,,b", "1..2..3"]
)
def test_what_means_nothing_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(InputError, match=r"lr=log:1e-5\.\.1e-1"):
        parameter(written)


@given(text(alphabet="0123456789.e-/,:intlogfabo~", max_size=20))
def test_any_text_is_a_parameter_or_refused(written: str) -> None:
    try:
        described = parameter(written)
    except InputError:
        return
    assert described["type"] in ("float", "int", "choice", "bool")


def test_every_fault_names_its_option() -> None:
    words = ("--param", "x=log:0..1", "--param", "y", "--name", "a/b", "--regex", "(")
    ran = autosearch("run", "--command", "ls", "--metric", "loss", "--min", *words)
    assert ran.returncode == 2
    lines = ran.stderr.splitlines()
    for option in ("--param x: ", "--param y: ", "--name: ", "--regex: "):
        assert sum(line.startswith(option) for line in lines) == 1, ran.stderr


def test_the_direction_is_asked_for() -> None:
    ran = autosearch("run", "--command", "ls", "--metric", "loss", "--param", "x=0..1")
    assert ran.returncode == 2
    assert "--max" in ran.stderr
    assert "--min" in ran.stderr


def test_the_space_of_the_help_is_a_space() -> None:
    from autosearch.cli.inline import PARAM_HELP
    from autosearch.experiment import from_dict

    examples = [word for word in PARAM_HELP.split() if "=" in word]
    assert len(examples) == 8
    space = {name: parameter(text) for name, _, text in (e.partition("=") for e in examples)}
    document = {"name": "a", "command": "ls", "metric": {"name": "m", "mode": "max"}}
    made = from_dict({**document, "space": space}, ".").space
    assert isinstance(made, Space)
    assert set(made.names) == set(space)
