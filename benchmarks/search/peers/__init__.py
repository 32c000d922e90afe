"""Other libraries on the same tasks, each through the interface of its own that users take."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from benchmarks.search.drive import Method
from benchmarks.search.peers.hebo import hebo
from benchmarks.search.peers.hyperopt import hyperopt
from benchmarks.search.peers.nevergrad import nevergrad
from benchmarks.search.peers.optuna import optuna
from benchmarks.search.peers.random import random
from benchmarks.search.peers.skopt import skopt
from benchmarks.search.peers.smac import smac


@dataclass(frozen=True)
class Peer:
    """A method of another library: how it is run, and the modules that it needs."""

    run: Method
    needs: tuple[str, ...] = ()


PEERS: Mapping[str, Peer] = {
    "random": Peer(random),
    "hyperopt anneal": Peer(partial(hyperopt, "anneal"), ("hyperopt",)),
    "hyperopt tpe": Peer(partial(hyperopt, "tpe"), ("hyperopt",)),
    "optuna tpe": Peer(partial(optuna, "tpe"), ("optuna",)),
    "optuna tpe univariate": Peer(partial(optuna, "tpe univariate"), ("optuna",)),
    "optuna cmaes": Peer(partial(optuna, "cmaes"), ("optuna", "cmaes")),
    "optuna gp": Peer(partial(optuna, "gp"), ("optuna", "torch")),
    "nevergrad ngopt": Peer(nevergrad, ("nevergrad",)),
    "skopt gp": Peer(partial(skopt, "GP"), ("skopt",)),
    "skopt forest": Peer(partial(skopt, "RF"), ("skopt",)),
    "smac": Peer(smac, ("smac",)),
    "hebo": Peer(hebo, ("hebo",)),
}
