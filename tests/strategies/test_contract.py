import subprocess
import sys

import pytest

from autosearch.strategies import Strategy, combine, make, names
from tests.contract.strategies import MIXED, StrategyContract, bowl
from tests.strategies.searches import drive

STARTS_WITH_DEFAULTS = [n for n in names() if n not in ("design", "random", "grid")]


class TestEveryStrategy(StrategyContract):
    @pytest.fixture(params=names())
    def strategy(self, request: pytest.FixtureRequest) -> Strategy:
        return make(request.param)


class TestPortfolio(StrategyContract):
    @pytest.fixture
    def strategy(self) -> Strategy:
        entries = [("tpe_search", {"gamma": 0.2}), ("anneal_search", {}), ("grid", {"points": 3})]
        return combine(entries)


@pytest.mark.parametrize("name", STARTS_WITH_DEFAULTS)
def test_the_declared_defaults_come_first(name: str) -> None:
    first = drive(make(name), MIXED, bowl, asks=1).trials[0]
    assert first.params == MIXED.defaults()


SCRIPT = """
from autosearch.strategies import make, names
from tests.contract.strategies import MIXED, bowl
from tests.strategies.searches import drive
for name in names():
    print(name, [t.params for t in drive(make(name), MIXED, bowl, asks=12).trials])
"""


@pytest.mark.slow
def test_every_process_suggests_the_same() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert len(outputs.pop().splitlines()) == len(names())
