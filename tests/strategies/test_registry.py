from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, EntryPoints
from typing import Any

import numpy as np
import pytest

from autosearch.errors import InputError
from autosearch.space import Space
from autosearch.strategies import Suggestion, combine, describe, load, make, names, registry
from autosearch.strategies.auto import Auto
from autosearch.strategies.base import setting
from autosearch.strategies.portfolio import Portfolio
from autosearch.strategies.tpe import TPESearch
from autosearch.trial import History


@dataclass(frozen=True)
class Foreign:
    """Comes from another package."""

    step: int = setting(3, "how far", low=1)

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion | None:
        return None


@pytest.fixture
def foreign(monkeypatch: pytest.MonkeyPatch) -> None:
    there = EntryPoints(
        EntryPoint(name, value, registry.ENTRY_POINTS)
        for name, value in [
            ("theirs", "tests.strategies.test_registry:Foreign"),
            ("broken", "no_such_module:Thing"),
            ("no_class", "math:pi"),
        ]
    )
    monkeypatch.setattr(registry, "entry_points", lambda group: there.select(group=group))


@pytest.mark.parametrize("name", names())
def test_every_strategy_describes_itself_and_its_settings(name: str) -> None:
    description = describe(name)
    assert description.summary
    for info in description.settings:
        assert info.help
        assert info.type in ("int", "float", "str", "bool")
        assert registry.problems(name, {info.name: info.default}) == {}


def test_an_unknown_strategy_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match="no 'tpe'; did you mean tpe_search"):
        load("tpe")
    with pytest.raises(InputError, match="; there are auto, "):
        load("quantum")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"gama": 0.2}, "gama: not a setting of tpe_search; did you mean gamma"),
        ({"trials": 5}, "trials: not a setting of tpe_search"),
        ({"gamma": 1}, "gamma: expected a number between 0.0 and 1.0, found 1"),
        ({"gamma": "0.2"}, "gamma: expected a number between 0.0 and 1.0, found '0.2'"),
        ({"gamma": float("nan")}, "gamma: expected a number"),
        ({"gamma": None}, "gamma: expected a number"),
        ({"n_initial_points": 2.5}, "expected a whole number of at least 1, found 2.5"),
        ({"n_initial_points": True}, "expected a whole number of at least 1, found True"),
    ],
)
def test_wrong_settings_are_named_with_what_was_expected(
    settings: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        make("tpe_search", settings)


def test_all_wrong_settings_are_named_at_once() -> None:
    with pytest.raises(InputError) as caught:
        make("anneal_search", {"avg_best_idx": 0, "shrink_coef": -1})
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize("other", [{"engine": "skopt"}, {"surrogate": "forest"}])
def test_a_setting_that_would_be_without_effect_is_refused(other: Mapping[str, Any]) -> None:
    ((name, value),) = other.items()
    with pytest.raises(InputError, match=f"cost: expected none with {name}: {value}, found 'sec"):
        make("bayes_opt_search", {"cost": "seconds", **other})
    assert make("bayes_opt_search", {"cost": "none", **other})


def test_settings_and_the_number_of_trials_reach_the_strategy() -> None:
    assert make("tpe_search", {"gamma": 0.5}, trials=60) == TPESearch(gamma=0.5)
    assert make("auto", {}, trials=60) == Auto(trials=60)


def test_a_whole_number_serves_where_a_number_is_expected() -> None:
    made = make("anneal_search", {"avg_best_idx": 3})
    assert type(made.avg_best_idx) is float  # type: ignore[attr-defined]


def test_one_entry_is_that_strategy_and_several_are_a_portfolio() -> None:
    assert combine([("tpe_search", {"gamma": 0.1})], trials=30) == TPESearch(gamma=0.1)
    both = combine([("tpe_search", {}), ("tpe_search", {"gamma": 0.1}), ("random", {})], trials=30)
    assert isinstance(both, Portfolio)
    assert [name for name, _ in both.members] == ["tpe_search", "tpe_search#2", "random"]
    with pytest.raises(InputError, match="name at least one of"):
        combine([])


@pytest.mark.usefixtures("foreign")
def test_other_packages_strategies_are_found_described_and_made() -> None:
    assert names()[-3:] == ("broken", "no_class", "theirs")
    assert describe("theirs").summary == "Comes from another package"
    assert make("theirs", {"step": 4}) == Foreign(4)


@pytest.mark.usefixtures("foreign")
@pytest.mark.parametrize(
    ("name", "message"), [("broken", "cannot be imported"), ("no_class", "is not a dataclass")]
)
def test_other_packages_broken_strategies_say_where_they_come_from(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(name)
