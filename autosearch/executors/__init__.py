"""Where trials run, by name."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol

from autosearch.errors import InputError
from autosearch.executors.base import Executor

# Imported on use: each takes the number of slots, and its own settings by name.
BUILT_IN: Mapping[str, str] = {
    "local": "autosearch.executors.local:LocalExecutor",
    "ray": "autosearch.executors.ray:RayExecutor",
}


class _Spec(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def settings(self) -> Mapping[str, Any]: ...


def make_executor(spec: _Spec, parallel: int) -> Executor:
    """Return the executor that an experiment names, with `parallel` slots.

    Raises InputError where there is none of that name or a setting is unknown, ExecutorError where
    it cannot be started.
    """
    if spec.name not in BUILT_IN:
        raise InputError(f"executor: there is no {spec.name!r}; there are {', '.join(BUILT_IN)}")
    module, _, name = BUILT_IN[spec.name].partition(":")
    try:
        executor: Executor = getattr(import_module(module), name)(parallel, **spec.settings)
    except TypeError as error:
        raise InputError(f"executor.{spec.name}: {error}") from None
    return executor
