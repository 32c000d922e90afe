"""Experiments to start from: one in our own shape, and ModelArts' templates."""

from collections.abc import Mapping
from importlib.resources import files

from autosearch import strategies
from autosearch.errors import InputError
from autosearch.experiment.modelarts import STRATEGIES
from autosearch.spelling import did_you_mean

# ModelArts' name of a template → the name of its algorithm there.
_MODELARTS: Mapping[str, str] = {
    "Anneal": "anneal_search",
    "Bayes": "bayes_opt_search",
    "GridSearch": "grid_search",
    "TPE": "tpe_search",
}
_OWN = "search"
_SAMPLES = 20


def template_names() -> tuple[str, ...]:
    """Return the names of all templates."""
    return (_OWN, *_MODELARTS)


def template_text(name: str) -> str:
    """Return a template's YAML; raises InputError where there is none of that name."""
    if name == _OWN:
        return (files("autosearch.experiment") / "templates" / "search.yaml").read_text("utf-8")
    if name not in _MODELARTS:
        known = ", ".join(template_names())
        hint = did_you_mean(name, template_names())
        raise InputError(f"there is no template {name!r}{hint}; there are {known}")
    return _modelarts(_MODELARTS[name])


def _modelarts(algorithm: str) -> str:
    own = strategies.describe(STRATEGIES.get(algorithm, algorithm))
    settings = [
        f"  {info.name}: {info.default}  # {info.help}"
        for info in own.settings
        if info.default is not None
    ]
    return "\n".join(
        [
            "# In ModelArts' shape; `command` names the program to tune.",
            "command: python train.py",
            "general:",
            "  instance_per_trial: 1",
            "  gpu_per_instance: 0",
            "  cpu_per_instance: 1",
            "search_space:",
            "  - params:",
            "      - {type: continuous_param, name: lr, start: 0.0001, stop: 0.1}",
            "      - {type: discrete_param, name: batch_size, values: [16, 32, 64]}",
            "search_algorithm:",
            f"  type: {algorithm}",
            "  max_concurrent: 2",
            "  reward_attr: acc",
            "  mode: max",
            f"  num_samples: {_SAMPLES}",
            *settings,
            "scheduler:",
            "  type: FIFOScheduler",
            "",
        ]
    )
