import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosearch.asking import ask_next
from autosearch.records import Ended, Imported, fold
from autosearch.space import Float, Space
from autosearch.space.values import Params
from autosearch.strategies import make, rng_for
from autosearch.strategies.bayes import earlier
from autosearch.strategies.bayes.earlier import Informed, holding, knowledge_of, learned
from autosearch.strategies.bayes.encoding import Encoding
from autosearch.strategies.bayes.gaussian import GaussianProcess
from autosearch.strategies.bayes.recipe import RECIPE
from autosearch.trial import History, State, Trial
from tests.space.spaces import spaces

Loss = Callable[[Params], float | None]
SPACE = Space({name: Float(0, 1) for name in "xyz"})
# With this seed a search in the valley looks like one from its third trial.
BELIEVED = 1


def valley(params: Params) -> float:
    x, y, z = (float(v) for v in params.values())
    return (x - 0.2) ** 2 + 3 * (y - 0.7) ** 2 + (x - z) ** 2


def _losses(found: float | None) -> tuple[float, ...]:
    return () if found is None else (found,)


def results(loss: Loss, size: int = 30, source: str = "old") -> Imported:
    rng = np.random.default_rng(3)
    points = [SPACE.sample(rng) for _ in range(size)]
    return Imported(0.0, source, tuple((p, _losses(loss(p))) for p in points))


def after(imported: list[Imported], trials: int, seed: int = 0) -> History:
    """Returns the history of a search in the valley."""
    history, strategy = fold(History(), imported), make("bayes_opt_search")
    for _ in range(trials):
        asked = ask_next(strategy, SPACE, history, seed=seed, at=0.0)
        assert asked is not None
        ended = Ended(asked.number, 0, 0.0, "completed", (valley(asked.params),))
        history = fold(history, [asked, ended])
    return history


def test_without_earlier_results_nothing_is_added() -> None:
    assert knowledge_of(SPACE, after([], 4)).encoding == Encoding(SPACE)


def test_a_search_that_holds_here_is_believed_and_others_are_not() -> None:
    helpful, opposite = results(valley), results(lambda p: -valley(p), source="wrong")
    history = after([helpful, opposite], 8)
    encoding = knowledge_of(SPACE, history).encoding
    assert isinstance(encoding, Informed)
    assert len(encoding.models) == 1
    units = encoding.rows([{"x": 0.2, "y": 0.7, "z": 0.2}, {"x": 0.9, "y": 0.1, "z": 0.1}])
    good, bad = encoding.models[0].mean(Encoding.features(encoding, units))
    assert good < bad
    width = Encoding(SPACE).features(units).trend.shape[1]
    assert encoding.features(units).trend.shape == (2, width + 1)
    later = knowledge_of(SPACE, after([helpful], RECIPE.additive_least)).encoding
    assert isinstance(later, Informed)
    assert later.additive
    assert knowledge_of(SPACE, after([opposite], 5)).encoding == Encoding(SPACE)


def test_nothing_is_believed_before_three_trials() -> None:
    found = results(valley)
    assert knowledge_of(SPACE, after([found], 2, BELIEVED)).encoding == Encoding(SPACE)
    assert isinstance(knowledge_of(SPACE, after([found], 3, BELIEVED)).encoding, Informed)


def test_after_twelve_trials_they_speak_for_themselves() -> None:
    found = results(valley)
    assert isinstance(knowledge_of(SPACE, after([found], 11)).encoding, Informed)
    assert not isinstance(knowledge_of(SPACE, after([found], 12)).encoding, Informed)


def hill(params: Params) -> float:
    return -valley(params)


def test_what_foresees_the_losses_holds_and_its_reverse_does_not() -> None:
    imported = [results(valley, source="valley"), results(hill, source="hill")]
    found, own = fold(History(), imported).earlier, after([], 6, BELIEVED).trials
    assert holding(SPACE, found, own) == {"valley"}
    assert holding(SPACE, found, own[:2]) == set()
    turned = tuple(replace(t, losses=(-t.losses[0],)) for t in own)
    assert holding(SPACE, found, turned) == {"hill"}


def test_equal_losses_are_no_proof_of_anything() -> None:
    found = fold(History(), [results(valley, source="valley"), results(hill, source="hill")])
    same = tuple(replace(t, losses=(3.0,)) for t in after([], 6).trials)
    assert holding(SPACE, found.earlier, same) == set()
    assert knowledge_of(SPACE, replace(found, trials=same)).encoding == Encoding(SPACE)


def test_to_agree_on_what_any_search_expects_is_no_proof() -> None:
    def bowl(around: float) -> Loss:
        return lambda p: sum((float(v) - around) ** 2 for v in p.values())

    imported = [results(bowl(0.35), source="same"), results(bowl(0.5), source="middle")]
    rng, loss = np.random.default_rng(0), bowl(0.35)
    points = [SPACE.sample(rng) for _ in range(9)]
    own = tuple(
        Trial(n, p, state="completed", losses=_losses(loss(p))) for n, p in enumerate(points)
    )
    found = fold(History(), imported).earlier
    assert holding(SPACE, found, own) == {"same"}
    # Although what it expects agrees well: every model expects the bounds to be worse.
    units = Encoding(SPACE).features(Encoding(SPACE).rows(points))
    expected = learned(SPACE, found)["middle"].mean(units)
    assert np.corrcoef(expected, [t.losses[0] for t in own])[0, 1] > 0.7


def partly_failing(params: Params) -> float | None:
    """Returns the valley's loss, but half of the space fails; not where the minimum is."""
    return None if float(params["x"]) > 0.5 else valley(params)


def searched(imported: list[Imported], loss: Loss, seed: int) -> History:
    """Returns the history of 12 trials."""
    history = fold(History(), imported)
    for number in range(12):
        asked = ask_next(make("bayes_opt_search"), SPACE, history, seed=seed, at=0.0)
        assert asked is not None
        losses = _losses(loss(asked.params))
        state: State = "completed" if losses else "failed"
        history = fold(history, [asked, Ended(number, 0, 0.0, state, losses)])
    return history


def framed(params: Params) -> float | None:
    """Returns the valley's loss, but on two sides near the minimum trials fail."""
    return None if float(params["y"]) > 0.8 or float(params["z"]) < 0.15 else valley(params)


def test_where_it_failed_elsewhere_is_tried_less() -> None:
    whole = results(framed)
    told = replace(whole, results=tuple(r for r in whole.results if r[1]))

    def failed(imported: Imported) -> int:
        found = [searched([imported], framed, seed) for seed in range(6)]
        return sum(not t.losses for history in found for t in history.trials)

    assert failed(whole) < failed(told)


def test_failures_elsewhere_that_go_well_here_do_no_harm() -> None:
    misleading = results(lambda p: valley(p) if float(p["x"]) > 0.3 else None)
    found = [searched([misleading], valley, seed) for seed in range(3)]
    alone = [searched([], valley, seed) for seed in range(3)]

    def reached(histories: list[History]) -> float:
        return float(np.mean([min(t.losses[0] for t in h.trials) for h in histories]))

    assert reached(found) < 2 * reached(alone) + 0.01


def test_a_warning_is_refuted_by_a_trial_nearby_that_went_well() -> None:
    whole = results(partly_failing)
    knowledge = knowledge_of(SPACE, searched([whole], partly_failing, 5))
    assert len(knowledge.warnings) == sum(not losses for _, losses in whole.results)
    well = knowledge.history.trials[-1]
    there = replace(knowledge.warnings[0], params=well.params)
    assert not replace(knowledge, failed_elsewhere=(there,)).warnings


def test_a_search_of_noise_is_not_believed_whatever_it_agrees_with() -> None:
    def models(imported: Imported) -> Mapping[str, GaussianProcess]:
        return learned(SPACE, fold(History(), [imported]).earlier)

    rng = np.random.default_rng(5)
    noise = [results(lambda p: rng.normal(), source=f"noise {n}") for n in range(20)]
    assert sum(len(models(n)) for n in noise) <= 3
    assert len(models(results(valley))) == 1
    assert len(models(results(lambda p: valley(p) + 0.2 * rng.normal()))) == 1


def test_what_is_believed_ends_the_first_exploration() -> None:
    def explored(history: History) -> int:
        return sum(t.origin.endswith("/initial") for t in history.trials)

    believed, alone = after([results(valley)], 8, BELIEVED), after([], 8, BELIEVED)
    assert explored(believed) < explored(alone)


@pytest.mark.parametrize("loss", [valley, lambda p: 5.0 + 80.0 * valley(p)])
def test_results_of_the_same_task_lead_to_the_minimum_sooner(loss: Loss) -> None:
    def found(imported: list[Imported]) -> float:
        best = [after(imported, 8, seed).best for seed in range(3)]
        return float(np.mean([math.inf if t is None else t.losses[0] for t in best]))

    assert found([results(loss)]) < 0.7 * found([])


def test_models_are_made_once_and_what_is_asked_does_not_depend_on_it() -> None:
    history = after([results(valley)], 6)
    strategy = make("bayes_opt_search")
    one = strategy.ask(SPACE, history, rng_for(0, 6))
    earlier._learned.cache_clear()
    again = replace(history, earlier=(*history.earlier,))
    assert strategy.ask(SPACE, again, rng_for(0, 6)) == one
    assert strategy.ask(SPACE, again, rng_for(0, 6)) == one
    assert earlier._learned.cache_info().misses == 1


@settings(max_examples=25)
@given(
    space=spaces(max_size=3),
    losses=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=6),
    own=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=5, max_size=7),
)
def test_any_results_may_be_earlier_ones(
    space: Space, losses: list[float], own: list[float]
) -> None:
    rng = np.random.default_rng(0)
    old = tuple((space.sample(rng), (loss,)) for loss in losses)
    trials = tuple(
        Trial(n, space.sample(rng), state="completed", losses=(loss,)) for n, loss in enumerate(own)
    )
    history = replace(fold(History(), [Imported(0.0, "old", old)]), trials=trials)
    suggestion = make("bayes_opt_search").ask(space, history, rng_for(0, len(own)))
    assert suggestion is None or space.contains(suggestion.params)
