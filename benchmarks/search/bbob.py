"""The 24 functions of BBOB (Hansen et al., 2009) in 2 to 10 dimensions, as the package `ioh` has
them.
"""

from functools import cache

from autosearch.space import Float, Space
from autosearch.space.values import Params
from benchmarks.search.task import Task

DIMENSIONS = (2, 3, 5, 7, 10)


@cache
def bbob() -> tuple[Task, ...]:
    """Return one instance of each function, on [-5, 5]^d.

    Raises ModuleNotFoundError where `ioh` is not installed.
    """
    return tuple(_task(number) for number in range(1, 25))


def _task(number: int) -> Task:
    import ioh

    d = DIMENSIONS[number % len(DIMENSIONS)]
    problem = ioh.get_problem(
        number, instance=1 + number % 3, dimension=d, problem_class=ioh.ProblemClass.BBOB
    )
    space = Space({f"x{i}": Float(-5.0, 5.0) for i in range(d)})

    def loss(params: Params) -> float:
        return float(problem([params[name] for name in space.names]))

    optimum = tuple((x + 5.0) / 10.0 for x in problem.optimum.x)
    return Task(
        f"bbob-{number:02d}-d{d}", "bbob", space, loss, best=problem.optimum.y, optimum=optimum
    )
