import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

from benchmarks import sklearn_cv
from benchmarks.sklearn_cv import METHODS, OURS, PAIRS, Key, Run, kept, logs, run, table


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


def made_up(ours: dict[str, list[float]]) -> dict[Key, Run]:
    """Return runs in which every peer lost 0.1, and ours so much, by pair and seed."""
    runs = {}
    for name, losses in ours.items():
        for seed, loss in enumerate(losses):
            for method in METHODS:
                lost = loss if method == OURS else 0.1
                runs[name, method, seed] = Run(name, method, seed, lost, 9, 2.0)
    return runs


def test_over_all_pairs_the_interval_is_that_of_the_seeds_and_who_is_behind_is_named() -> None:
    runs = made_up({"wine-knn": [0.05, 0.1, 0.2, 0.05], "wine-svc": [0.11, 0.11, 0.11, 0.11]})
    del runs["wine-knn", "BayesSearchCV", 3]
    by_pair = logs(runs, "BayesSearchCV", list(PAIRS))
    np.testing.assert_allclose(by_pair["wine-knn"][:, 0], np.log([0.5, 1.0, 2.0]), atol=1e-12)
    halving, bayes = table(runs, list(PAIRS)).strip().split("\n\n")
    over = [line.split() for line in bayes.splitlines() if line.startswith("all 2 pairs")]
    mean, ends = float(over[0][3]), [float(x) for x in over[0][4].strip("()").split("..")]
    assert mean == pytest.approx(np.sqrt(1.1), abs=0.001)
    # Only one of the two pairs differs from seed to seed.
    assert 0.7 < ends[0] < mean < ends[1] < 1.6
    assert bayes.splitlines()[-1].split()[-1] == "wine-svc"
    assert "nowhere" not in halving
    assert table(made_up({"wine-knn": [0.05]}), ["wine-knn"]).count("nowhere") == 2


def test_of_two_runs_of_the_same_the_last_counts(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    both = [Run("wine-knn", OURS, 0, loss, 9, 2.0) for loss in (0.1, 0.2)]
    path.write_text("".join(json.dumps(asdict(r)) + "\n" for r in both))
    assert kept(path) == {("wine-knn", OURS, 0): both[1]}
    assert kept(tmp_path / "none.jsonl") == {}


def test_one_methods_runs_are_made_again_and_the_others_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[Key] = []

    def pretended(name: str, method: str, seed: int) -> Run:
        done.append((name, method, seed))
        return Run(name, method, seed, 0.1, 9, 2.0)

    monkeypatch.setattr(sklearn_cv, "run", pretended)
    arguments = ["--pairs", "wine-knn", "--seeds", "2", "--results", str(tmp_path / "runs.jsonl")]
    every = [("wine-knn", method, seed) for seed in (0, 1) for method in METHODS]
    for more, expected in (
        ([], every),
        ([], []),
        (["--again", OURS], [key for key in every if key[1] == OURS]),
    ):
        done.clear()
        monkeypatch.setattr("sys.argv", ["sklearn_cv", *arguments, *more])
        sklearn_cv.main()
        assert done == expected
        assert capsys.readouterr().out.count("wine-knn") == len(METHODS) - 1


def test_ratios_are_ours_over_theirs() -> None:
    made = [
        Run("wine-knn", m, s, 0.1 if m == OURS else 0.2, 9, 2.0) for m in METHODS for s in (0, 1)
    ]
    text = table({(r.pair, r.method, r.seed): r for r in made}, ["wine-knn"])
    assert text.count("0.500 (0.500..0.500)") == 2 * (len(METHODS) - 1)
    assert text.count("1.000 (1.000..1.000)") == 2 * (len(METHODS) - 1)
