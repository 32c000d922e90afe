"""ModelArts' shapes of a search in ours: its YAML template, and its API's `auto_search`.

What the shapes do not say (the command, limits, the executor …) stands beside them under our own
names, and wins where both say something.
"""

from collections.abc import Mapping
from typing import Any

from autosearch.errors import ExperimentError, Fault
from autosearch.experiment.faults import TOP_LEVEL, Problem, listed, meant, show, unknown_key
from autosearch.experiment.source import Keys, dotted, parse, scalar

# Our names for theirs.
STRATEGIES: Mapping[str, str] = {"grid_search": "grid", "random_search": "random"}
RULES: Mapping[str, str] = {
    "FIFOScheduler": "fifo",
    "MedianStoppingRule": "median",
    "AsyncHyperBandScheduler": "asha",
    "ASHAScheduler": "asha",
    "HyperBandScheduler": "hyperband",
}
_GENERAL = {"instance_per_trial": "nodes", "gpu_per_instance": "gpus", "cpu_per_instance": "cpus"}
_TEMPLATE = ("general", "search_space", "search_algorithm", "scheduler")
_API = ("search_params", "reward_attrs", "algo_configs", "skip_search_params")
_PARAM_TYPES = ("continuous_param", "discrete_param")
_PARAM_KEYS = (
    *("name", "param_type", "lower_bound", "upper_bound"),
    *("discrete_points_num", "discrete_values"),
)
_KINDS = {"Integer": "int", "Float": "float", "Boolean": "bool", "String": "choice"}
MAX_POINTS = 10_000

Moved = dict[Keys, Keys]


def is_template(data: Mapping[str, Any]) -> bool:
    """Return whether `data` has one of ModelArts' shapes."""
    return (
        "search_algorithm" in data
        or isinstance(data.get("search_space"), list)
        or any(key in data for key in _API)
    )


def from_modelarts(
    data: Mapping[str, Any], types: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the same search in our shape, ready for `from_dict`.

    data: the API's `auto_search` (numbers as text), or a YAML template. types: hyperparameter →
    `Integer`, `Float`, `Boolean` or `String`, as the algorithm declares them; without it a range is
    one of floats. Raises ExperimentError with every fault.
    """
    found: list[Problem] = []
    plain, _ = from_template(data, "search", found, types)
    if found:
        raise ExperimentError([Fault(dotted(problem.path), problem.message) for problem in found])
    return plain


def from_template(
    data: Mapping[str, Any],
    name: str,
    found: list[Problem],
    types: Mapping[str, str] | None = None,
) -> tuple[dict[str, Any], Moved]:
    """Return `data` in our shape, and where each part of it was written.

    name: the experiment's, where `data` has none.
    """
    for key in data:
        if key not in (*_TEMPLATE, *_API, *TOP_LEVEL):
            found.append(unknown_key((key,), (*_TEMPLATE, *_API)))
    translator = _Translator(found, types or {})
    translator.template(data)
    translator.api(data)
    plain = {"name": name, **translator.plain}
    for key in TOP_LEVEL:
        if data.get(key) is None:
            continue
        merged = isinstance(data[key], Mapping) and isinstance(plain.get(key), Mapping)
        plain[key] = {**plain[key], **data[key]} if merged else data[key]
    return plain, translator.moved


class _Translator:
    """Collects our sections, their origins, and what cannot be translated."""

    def __init__(self, found: list[Problem], types: Mapping[str, str]) -> None:
        self.found = found
        self.types = types
        self.plain: dict[str, Any] = {}
        self.moved: Moved = {}

    def template(self, data: Mapping[str, Any]) -> None:
        general = self.mapping(data, "general", _GENERAL)
        if general:
            self.plain["resources"] = {}
            self.copy(general, _GENERAL, ("general",), ("resources",))
        for i, group in enumerate(self.items(data, ("search_space",))):
            path: Keys = ("search_space", i)
            if isinstance(group, Mapping) and set(group) == {"params"}:
                for j, entry in enumerate(self.items(group, path, "params")):
                    self.template_parameter(entry, (*path, "params", j))
            else:
                self.report(path, f"expected {{params: [...]}}, found {show(group)}")
        if isinstance(data.get("search_algorithm"), Mapping):
            self.algorithm(data["search_algorithm"])
        elif "search_algorithm" in data:
            self.report(("search_algorithm",), f"found {show(data['search_algorithm'])}")
        scheduler = data.get("scheduler")
        if isinstance(scheduler, Mapping):
            type_ = scheduler.get("type", "FIFOScheduler")
            settings = {k: v for k, v in scheduler.items() if k != "type"}
            self.plain["stop"] = {"rule": RULES.get(str(type_), type_), **settings}
            self.moved[("stop",)] = ("scheduler",)
            self.moved[("stop", "rule")] = ("scheduler", "type")
        elif scheduler is not None:
            self.report(("scheduler",), f"expected {{type: …}}, found {show(scheduler)}")

    def template_parameter(self, entry: Any, path: Keys) -> None:
        if not isinstance(entry, Mapping):
            self.report(path, f"expected {{type: …, name: …}}, found {show(entry)}")
            return
        kind = entry.get("type")
        if kind not in _PARAM_TYPES:
            message = f"expected {listed(_PARAM_TYPES)}, found {show(kind)}"
            self.report((*path, "type"), message + meant(kind, _PARAM_TYPES))
            return
        wanted = ("start", "stop") if kind == "continuous_param" else ("values",)
        self.known(entry, ("type", "name", *wanted), path)
        if kind == "discrete_param":
            own, names = self.discrete(entry.get("values"), entry.get("name")), {"values": "values"}
        else:
            own = {"type": "float", "scale": "auto"}
            own |= {"low": _number(entry.get("start")), "high": _number(entry.get("stop"))}
            names = {"low": "start", "high": "stop"}
        self.parameter(entry.get("name"), own, names, path)

    def algorithm(self, data: Mapping[str, Any]) -> None:
        path: Keys = ("search_algorithm",)
        settings = dict(data)
        metric: dict[str, Any] = {"name": settings.pop("reward_attr", None)}
        metric["mode"] = settings.pop("mode", None)
        # What a trial writes stays in its folder anyway.
        settings.pop("save_model_count", None)
        others: list[dict[str, Any]] = []
        regex_at = path
        for i, entry in enumerate(self.items(settings, path, "report_keys")):
            where = (*path, "report_keys", i)
            if not isinstance(entry, Mapping):
                self.report(where, f"expected {{name: …, regex: …}}, found {show(entry)}")
            elif self.known(entry, ("name", "regex"), where):
                if entry.get("name") == metric["name"]:
                    metric["regex"] = entry.get("regex")
                    regex_at = (*where, "regex")
                else:
                    others.append(dict(entry))
                    self.moved[("metric", len(others))] = where
        settings.pop("report_keys", None)
        self.plain["metric"] = [metric, *others] if others else metric
        first: Keys = ("metric", 0) if others else ("metric",)
        self.moved[first] = path
        self.moved[(*first, "name")] = (*path, "reward_attr")
        self.moved[(*first, "regex")] = regex_at
        name = settings.pop("type", None)
        search: dict[str, Any] = {"strategy": STRATEGIES.get(str(name), name)}
        self.moved[("search",)] = path
        self.moved[("search", "strategy")] = (*path, "type")
        for theirs, ours in (("max_concurrent", "parallel"), ("num_samples", "trials")):
            if theirs in settings:
                search[ours] = settings.pop(theirs)
                self.moved[("search", ours)] = (*path, theirs)
        self.plain["search"] = search | settings

    def api(self, data: Mapping[str, Any]) -> None:
        for i, entry in enumerate(self.items(data, ("search_params",))):
            self.api_parameter(entry, ("search_params", i))
        metrics: list[dict[str, Any]] = []
        for i, entry in enumerate(self.items(data, ("reward_attrs",))):
            if self.known(entry, ("name", "mode", "regex"), ("reward_attrs", i)):
                self.moved[("metric", len(metrics))] = ("reward_attrs", i)
                metrics.append({k: v or None for k, v in entry.items()})
        if metrics:
            self.plain["metric"] = metrics
        strategies: list[dict[str, Any]] = []
        for i, entry in enumerate(self.items(data, ("algo_configs",))):
            if self.known(entry, ("name", "params"), ("algo_configs", i)):
                strategies.append(self.strategy(entry, i, len(strategies)))
        if strategies:
            self.plain.setdefault("search", {})["strategy"] = strategies
        self.skipped(data.get("skip_search_params"))

    def api_parameter(self, entry: Any, path: Keys) -> None:
        if not self.known(entry, _PARAM_KEYS, path):
            return
        given = {k: v for k, v in entry.items() if v not in (None, "", [])}
        name = given.get("name")
        kind = given.get("param_type", "discrete" if "discrete_values" in given else "continuous")
        if kind not in ("continuous", "discrete"):
            message = f"expected continuous or discrete, found {show(kind)}"
            self.report((*path, "param_type"), message + meant(kind, ("continuous", "discrete")))
            return
        names = {"low": "lower_bound", "high": "upper_bound", "values": "discrete_values"}
        if "discrete_values" in given:
            own = self.discrete(given["discrete_values"], name)
        elif kind == "discrete" and "discrete_points_num" not in given:
            message = "is missing; a discrete parameter has these, or discrete_points_num"
            self.report((*path, "discrete_values"), message)
            return
        else:
            own = self.range(given, name, path)
        self.parameter(name, own, names, path)

    def range(self, given: Mapping[str, Any], name: Any, path: Keys) -> dict[str, Any]:
        low, high = _number(given.get("lower_bound")), _number(given.get("upper_bound"))
        kind = _KINDS.get(self.types.get(str(name), "Float"), "float")
        if kind == "bool":
            return {"type": "bool"}
        kind = "int" if kind == "int" else "float"
        own = {"type": kind, "low": low, "high": high}
        if "discrete_points_num" not in given:
            return own | {"scale": "auto"}
        points = scalar(str(given["discrete_points_num"]))
        if not isinstance(points, int) or not 1 <= points <= MAX_POINTS:
            message = f"expected a whole number from 1 to {MAX_POINTS}, found {show(points)}"
            self.report((*path, "discrete_points_num"), message)
            return own
        if not isinstance(low, int | float) or not isinstance(high, int | float):
            return own
        ticks = [low + (high - low) * i / max(points - 1, 1) for i in range(points)]
        values = {round(t) for t in ticks} if kind == "int" else {float(f"{t:.12g}") for t in ticks}
        return {"type": kind, "values": sorted(values)}

    def discrete(self, raw: Any, name: Any) -> dict[str, Any]:
        """Return a parameter of listed values: numbers keep their order, all else is a choice."""
        kind = _KINDS.get(self.types.get(str(name), ""))
        if kind == "bool":
            return {"type": "bool"}
        if not isinstance(raw, list):
            return {"type": "choice", "values": raw}
        if kind == "choice":
            return {"type": "choice", "values": [str(value) for value in raw]}
        values = [scalar(value) if isinstance(value, str) else value for value in raw]
        numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
        if not numeric or not values:
            return {"type": "choice", "values": values}
        whole = all(isinstance(v, int) for v in values)
        return {"type": "int" if whole else "float", "values": values}

    def strategy(self, entry: Mapping[str, Any], i: int, j: int) -> dict[str, Any]:
        name = entry.get("name")
        own: dict[str, Any] = {"name": STRATEGIES.get(str(name), name)}
        self.moved[("search", "strategy", j)] = ("algo_configs", i)
        for k, param in enumerate(self.items(entry, ("algo_configs", i), "params")):
            path: Keys = ("algo_configs", i, "params", k)
            if not self.known(param, ("key", "value", "type"), path):
                continue
            key, value = str(param.get("key")), param.get("value")
            value = value if param.get("type") == "String" else _number(value)
            if key == "seed":
                self.plain.setdefault("search", {}).setdefault("seed", value)
                self.moved[("search", "seed")] = (*path, "value")
            else:
                own[key] = value
                self.moved[("search", "strategy", j, key)] = (*path, "value")
        return own

    def skipped(self, raw: Any) -> None:
        """Take over combinations to skip: a list of mappings, or JSON or YAML text of one."""
        if raw in (None, "", []):
            return
        if isinstance(raw, str):
            try:
                raw = parse(raw, "").data
            except ExperimentError as error:
                self.report(("skip_search_params",), error.faults[0].message)
                return
        entries = [raw] if isinstance(raw, Mapping) else raw
        if not isinstance(entries, list) or not all(isinstance(e, Mapping) for e in entries):
            message = f"expected a list of {{name: value}}, found {show(raw)}"
            self.report(("skip_search_params",), message)
            return
        self.plain["skip"] = [{k: _number(v) for k, v in entry.items()} for entry in entries]
        self.moved[("skip",)] = ("skip_search_params",)

    def parameter(
        self, name: Any, own: Mapping[str, Any], names: Mapping[str, str], path: Keys
    ) -> None:
        if not isinstance(name, str) or not name:
            self.report((*path, "name"), f"expected the parameter's name, found {show(name)}")
            return
        space = self.plain.setdefault("space", {})
        if name in space:
            self.report((*path, "name"), f"{show(name)} is given twice")
        space[name] = own
        self.moved[("space", name)] = path
        for ours, theirs in names.items():
            self.moved[("space", name, ours)] = (*path, theirs)

    def mapping(
        self, data: Mapping[str, Any], key: str, known: Mapping[str, str]
    ) -> Mapping[str, Any]:
        raw = data.get(key)
        return raw if raw is not None and self.known(raw, tuple(known), (key,)) else {}

    def copy(self, data: Mapping[str, Any], names: Mapping[str, str], path: Keys, to: Keys) -> None:
        for theirs, ours in names.items():
            if theirs in data:
                self.plain[str(to[0])][ours] = data[theirs]
                self.moved[(*to, ours)] = (*path, theirs)

    def items(self, data: Mapping[str, Any], path: Keys, key: str = "") -> list[Any]:
        """Return a list in `data`, reporting what is none; path ends with the key, or lacks it."""
        where = (*path, key) if key else path
        raw = data.get(str(where[-1]))
        if raw is None:
            return []
        if not isinstance(raw, list):
            self.report(where, f"expected a list, found {show(raw)}")
            return []
        return raw

    def known(self, entry: Any, keys: tuple[str, ...], path: Keys) -> bool:
        """Return whether `entry` is a mapping, and report the keys that are not known."""
        if not isinstance(entry, Mapping):
            self.report(path, f"expected a mapping of {listed(keys)}, found {show(entry)}")
            return False
        for key in entry:
            if key not in keys:
                self.found.append(unknown_key((*path, key), keys))
        return True

    def report(self, path: Keys, message: str) -> None:
        self.found.append(Problem(path, message))


def _number(value: Any) -> Any:
    """Return the number or boolean that a text stands for; anything else as it is."""
    return scalar(value.strip()) if isinstance(value, str) else value
