import pytest
from sklearn.base import clone

from benchmarks.sklearn_cv import METHODS, OURS, PAIRS, Run, run, table


@pytest.mark.parametrize("name", PAIRS)
def test_every_space_names_params_of_its_model(name: str) -> None:
    pair = PAIRS[name]
    values = {n: p.from_unit(0.5) for n, p in pair.space.items()}
    set_ = clone(pair.model).set_params(**values).get_params()
    assert {n: set_[n] for n in values} == values


@pytest.mark.slow
@pytest.mark.parametrize("method", [OURS, "HalvingRandomSearchCV"])
def test_a_run_is_judged_on_what_it_chose(method: str) -> None:
    done = run("wine-svc", method, 0)
    assert 0 < done.loss < 0.5
    assert done.fits <= (150 if method == OURS else 165)
    assert done.cpu_s > 0


def test_ratios_are_ours_over_theirs() -> None:
    made = [
        Run("wine-knn", m, s, 0.1 if m == OURS else 0.2, 9, 2.0) for m in METHODS for s in (0, 1)
    ]
    text = table({(r.pair, r.method, r.seed): r for r in made}, ["wine-knn"])
    assert text.count("0.500 (0.500..0.500)") == 2 * (len(METHODS) - 1)
    assert text.count("1.000 (1.000..1.000)") == 2 * (len(METHODS) - 1)
