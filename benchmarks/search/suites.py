"""Which tasks there are: those that constants were tuned on, and those that nobody tuned to."""

from functools import cache

from benchmarks.search import functions as f
from benchmarks.search.realistic import boosting, kernels, network, optimizers, pipeline
from benchmarks.search.synthetic import branches, continuous, failing, layers, mixed, noisy
from benchmarks.search.task import Task

# What peers that take more than 50 ms a suggestion run on, and HEBO, which takes seconds.
EXPENSIVE_TASKS = (
    *("schwefel-5", "powers-4", "canyon-8"),
    *("mixed-canyon", "network-1"),
    *("branches-4", "optimizers-1", "pipeline-1"),
    *("boosting-1+20%", "network-2+10%"),
    *("svc-digits", "network-digits"),
)
HEBO_TASKS = ("powers-4", "network-1")


@cache
def training() -> tuple[Task, ...]:
    """Return the tasks on which constants may be tuned."""
    smooth = [
        continuous("sphere-4", f.sphere, 4),
        continuous("ellipsoid-6", f.ellipsoid, 6),
        continuous("ellipsoid-3", f.ellipsoid, 3, rotated=False),
        continuous("rosenbrock-3", f.rosenbrock, 3),
        continuous("rosenbrock-6", f.rosenbrock, 6, rotated=False),
        continuous("ackley-5", f.ackley, 5),
        continuous("ackley-10", f.ackley, 10),
        continuous("rastrigin-2", f.rastrigin, 2),
        continuous("griewank-4", f.griewank, 4),
        continuous("plateaus-5", f.plateaus, 5),
        continuous("valley-4", f.valley, 4),
        continuous("corner-8", f.corner, 8),
    ]
    mixtures = [
        mixed("mixed-sphere", f.sphere, "lncb"),
        mixed("mixed-ellipsoid", f.ellipsoid, "flnicb"),
        mixed("mixed-ackley", f.ackley, "fflnccb"),
        mixed("mixed-rosenbrock", f.rosenbrock, "lfnic"),
        mixed("mixed-rastrigin", f.rastrigin, "lfb"),
        mixed("mixed-corner", f.corner, "fflliinncbb"),
    ]
    trees = [
        branches("branches-3", [f.sphere, f.ackley, f.corner], 3),
        branches("branches-2", [f.ellipsoid, f.sphere], 4),
        layers("layers-4", 4),
    ]
    plain = [*smooth, *mixtures, *trees]
    noises = [
        noisy(task, share) for task, share in zip(plain[::2], [0.05, 0.1, 0.2] * 4, strict=False)
    ]
    return (
        *plain,
        *noises,
        *(failing(t, s) for t, s in zip(plain[1::5], [0.3, 0.5] * 2, strict=False)),
    )


@cache
def unseen() -> tuple[Task, ...]:
    """Return the tasks of other families, which are not looked at while constants are tuned."""
    smooth = _smooth()
    mixtures = [
        mixed("mixed-powers", f.powers, "lfncb"),
        mixed("mixed-canyon", f.canyon, "llnicc"),
        mixed("mixed-schwefel", f.schwefel, "flc"),
        mixed("mixed-cigar", f.cigar, "ffllnnicb"),
        mixed("mixed-salomon", f.salomon, "lnibb"),
    ]
    trees = [
        branches("branches-4", [f.powers, f.canyon, f.cigar, f.salomon], 3),
        branches("branches-5", [f.canyon, f.powers], 5),
        layers("layers-6", 6),
    ]
    plain = [*smooth, *mixtures, *trees]
    noises = [
        noisy(task, share) for task, share in zip(plain[::2], [0.1, 0.2, 0.05] * 4, strict=False)
    ]
    return (
        *plain,
        *noises,
        *(failing(t, s) for t, s in zip(plain[1::5], [0.3, 0.5] * 2, strict=False)),
        *_realistic(),
    )


@cache
def instances() -> tuple[Task, ...]:
    """Return the continuous tasks of `unseen`, moved and rotated anew, four times each.

    Peers that do the same whatever the seed would else be judged by one search of each function.
    """
    return tuple(task for mark in "bcde" for task in _smooth(mark))


def _smooth(mark: str = "") -> list[Task]:
    return [
        continuous(f"schwefel-2{mark}", f.schwefel, 2),
        continuous(f"schwefel-5{mark}", f.schwefel, 5, rotated=False),
        continuous(f"powers-4{mark}", f.powers, 4),
        continuous(f"powers-9{mark}", f.powers, 9),
        continuous(f"cigar-5{mark}", f.cigar, 5),
        continuous(f"salomon-3{mark}", f.salomon, 3),
        continuous(f"salomon-7{mark}", f.salomon, 7),
        continuous(f"canyon-4{mark}", f.canyon, 4, rotated=False),
        continuous(f"canyon-8{mark}", f.canyon, 8),
        continuous(f"levy-6{mark}", f.levy, 6),
    ]


def _realistic() -> tuple[Task, ...]:
    plain = [
        *(network(f"network-{i}") for i in (1, 2, 3)),
        *(boosting(f"boosting-{i}") for i in (1, 2)),
        kernels("kernels-1"),
        *(optimizers(f"optimizers-{i}") for i in (1, 2)),
        *(pipeline(f"pipeline-{i}") for i in (1, 2)),
    ]
    shares = [0.1, 0.2, 0.05, 0.1, 0.2, 0.05]
    return (*plain, *(noisy(t, s) for t, s in zip(plain[1::2] + plain[:1], shares, strict=True)))
