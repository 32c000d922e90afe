import numpy as np
import pytest

from autosearch.discarding import is_hopeless

OTHERS = [[0.90, 0.93, 0.88, 0.91], [0.89, 0.94, 0.87, 0.90]]
BEST = [0.91, 0.95, 0.90, 0.92]


def test_a_configuration_far_behind_on_every_fold_is_hopeless() -> None:
    assert is_hopeless([0.5, 0.6], BEST, OTHERS)


@pytest.mark.parametrize(
    ("scores", "others"),
    [
        ([0.5], OTHERS),
        ([0.5, 0.6], OTHERS[:1]),
        ([0.5, 0.6], []),
        ([0.5, 0.6, 0.5, 0.6], OTHERS),
    ],
    ids=["one fold", "one other", "no other", "all folds"],
)
def test_too_little_is_known_or_nothing_is_left_to_save(
    scores: list[float], others: list[list[float]]
) -> None:
    assert not is_hopeless(scores, BEST, others)


def test_two_equal_lags_are_no_certainty() -> None:
    # Their own spread is zero; that of the others says how far differences go.
    others = [[0.80, 0.99, 0.85, 0.97], [0.95, 0.85, 0.99, 0.82]]
    assert not is_hopeless([0.89, 0.93], BEST, others)


def test_what_is_level_or_ahead_is_never_hopeless() -> None:
    assert not is_hopeless(BEST[:2], BEST, [BEST, BEST])
    assert not is_hopeless([0.99, 0.99], BEST, OTHERS)


def test_the_comparison_is_paired_by_fold() -> None:
    # The folds differ far more than the configurations do.
    best, others = [0.9, 0.5, 0.7, 0.6], [[0.89, 0.49, 0.70, 0.60], [0.90, 0.49, 0.69, 0.59]]
    assert is_hopeless([0.80, 0.40], best, others)


def _search(rng: np.random.Generator, quality: float, folds: int) -> tuple[bool, float]:
    """Return whether the best of 30 configurations was discarded, and the share of fits made."""
    scores = rng.normal(0.0, 0.03, folds) + rng.normal(0.0, 0.01, (30, folds))
    scores += rng.normal(0.0, quality, (30, 1))
    finished: list[int] = []
    fits = 0
    for number in range(30):
        ranked = sorted(finished, key=lambda i: scores[i].mean())
        for done in range(1, folds + 1):
            fits += 1
            if ranked and is_hopeless(
                list(scores[number, :done]), list(scores[ranked[-1]]), scores[ranked[:-1]]
            ):
                break
        else:
            finished.append(number)
    return int(scores.mean(axis=1).argmax()) not in finished, fits / (30 * folds)


@pytest.mark.statistical
@pytest.mark.slow
@pytest.mark.parametrize(("folds", "quality"), [(5, 0.0), (5, 0.03), (10, 0.0)])
def test_the_winner_is_hardly_ever_discarded(folds: int, quality: float) -> None:
    rng = np.random.default_rng(7)
    searches = [_search(rng, quality, folds) for _ in range(200)]
    lost, fits = np.mean(searches, axis=0)
    assert lost <= 0.03
    assert fits < 0.95
    if quality:
        assert fits < 0.7
