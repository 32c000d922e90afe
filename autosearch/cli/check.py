"""`check`: what a search would do, and what its regexes find, before anything is spent on it."""

import argparse
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autosearch import formats
from autosearch.cli.finding import LOG_BYTES, NOT_FOUND, likely_text, line_at, read_log, shown_line
from autosearch.cli.places import add_json
from autosearch.cli.tables import note, pairs, say, say_json
from autosearch.errors import ExecutorError

if TYPE_CHECKING:
    from autosearch.executors.base import Executor, Exit
    from autosearch.experiment.model import Experiment, Metric
    from autosearch.metrics.extractor import Hit
    from autosearch.metrics.review import LineMatch
    from autosearch.records import Record
    from autosearch.trial import Trial

FIRST_TRIALS = 3
SHOWN_HITS = 3
SHOWN_NEAR = 3
# Near misses are looked for line by line, which takes longer; they show early or never.
REVIEWED_BYTES = 2**20
LAST_LINES = 10
TAIL_BYTES = 16_384
FAILED = 4


def add_check(parser: argparse.ArgumentParser) -> None:
    """Add the options of `check`."""
    parser.add_argument("file", metavar="FILE", help="the YAML file")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--log", metavar="LOGFILE", help="show what the rules find in this log")
    source.add_argument(
        "--run", action="store_true", help="run the first trial once, and show what they find"
    )
    parser.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="change a value of the file"
    )
    add_json(parser)
    parser.epilog = (
        "Ctrl-C ends the trial of --run, and shows what was found so far. Exit code 2: the file is "
        "faulty;\n3: a metric that decides was not found; 4: the program failed."
    )
    parser.set_defaults(do=check)


@dataclass(frozen=True)
class Look:
    """A log that was read.

    hits: per metric, in the order of the log. near: per metric, the first lines with a note. state:
    of the run, if any.
    """

    log: bytes
    hits: "dict[str, list[Hit]]"
    near: "dict[str, list[LineMatch]]"
    state: str = ""
    reason: str = ""


def check(args: argparse.Namespace) -> int:
    """Check a file, and try its rules on a log."""
    from autosearch.experiment import load_file, sources_placed
    from autosearch.warm_start import imports

    experiment = load_file(args.file, args.set, environ=os.environ)
    with sources_placed(args.file, args.set):
        imported = imports(experiment)
    trials = first_trials(experiment, imported)
    commands = [_command(experiment, trial) for trial in trials]
    look = None
    if not args.json:
        _say_experiment(experiment, commands, imported)
    if args.log is not None:
        look = _look(experiment, read_log(args.log))
    elif args.run and trials:
        note(f"\nrunning {commands[0]}")
        look = _run(experiment, trials[0])
    if args.json:
        say_json(_as_json(experiment, trials, commands, look))
    elif look is not None:
        _say_look(experiment, look)
    if look is None:
        return 0
    if look.state in ("failed", "killed", "out_of_memory"):
        return FAILED
    return 0 if all(look.hits[m.name] for m in experiment.needed) else NOT_FOUND


def first_trials(experiment: "Experiment", imported: "Sequence[Record]" = ()) -> "list[Trial]":
    """Return the trials that the search would begin with. imported: what it starts from."""
    from autosearch.api import strategy_of
    from autosearch.asking import ask_next
    from autosearch.records import fold
    from autosearch.trial import History

    search = experiment.search
    strategy = strategy_of(experiment)
    history = fold(History(), imported)
    for _ in range(min(FIRST_TRIALS, search.trials)):
        asked = ask_next(strategy, experiment.space, history, seed=search.seed, at=0.0)
        if asked is None:
            break
        history = fold(history, [asked])
    return list(history.trials)


def _command(experiment: "Experiment", trial: "Trial") -> str:
    from autosearch.api import default_folder
    from autosearch.jobs import make_job

    return make_job(experiment, trial, 1, study="", folder=default_folder(experiment))[1]


def _say_experiment(
    experiment: "Experiment", commands: list[str], imported: "Sequence[Record]"
) -> None:
    from autosearch.records import Said

    search = experiment.search
    names = ", ".join(s.name for s in search.strategies)
    say(
        f"{experiment.name}: {formats.plural(search.trials, 'trial')}, {search.parallel} at once, "
        f"{names}, seed {search.seed}"
    )
    say("\nmetrics")
    say(pairs([(formats.clean(m.name), _rule_text(m)) for m in experiment.metrics], "  "))
    say("\nspace")
    rows = []
    for name, parameter in experiment.space.params.items():
        text = f"{parameter.describe()}{formats.condition(parameter.when)}"
        rows.append((formats.clean(name), formats.clean(text)))
    rows += [("where", formats.clean(text)) for text in experiment.space.constraints]
    say(pairs(rows, "  "))
    sources = [r.text.partition(": ") for r in imported if isinstance(r, Said)]
    if sources:
        say("\nwarm start")
        say(pairs([(formats.clean(name), text) for name, _, text in sources], "  "))
    say("\nfirst commands")
    for command in commands:
        say(f"  {formats.clean_lines(command)}")
    for warning in _warnings(experiment):
        say(f"\nwarning: {formats.clean_lines(warning)}")


def _rule_text(metric: "Metric") -> str:
    found = f"regex {metric.regex}" if metric.regex is not None else "patterns made from its name"
    step = f", steps by {metric.step}" if metric.step else ""
    bounds = f", {metric.bounds}" if metric.bounded else ""
    bounds = f", an objective{bounds}" if metric.objective else bounds
    return formats.clean(f"{metric.mode}, {metric.reduce} value{bounds}, found by {found}{step}")


def _warnings(experiment: "Experiment") -> list[str]:
    from autosearch.experiment import warnings_of

    return warnings_of(experiment)


def _look(experiment: "Experiment", log: bytes, state: str = "", reason: str = "") -> Look:
    from autosearch.metrics.extractor import Extractor

    extractor = Extractor([metric.rule for metric in experiment.metrics])
    hits: dict[str, list[Hit]] = {metric.name: [] for metric in experiment.metrics}
    for hit in [*extractor.feed(log), *extractor.finish()]:
        hits[hit.metric].append(hit)
    for name, why in extractor.suspended.items():
        note(f"{name}: {why}")
    return Look(log, hits, _near(experiment, log), state, reason)


def _near(experiment: "Experiment", log: bytes) -> "dict[str, list[LineMatch]]":
    """Return for each metric the first lines that its rule misses or reads only a part of."""
    from autosearch.metrics.review import show_matches

    near: dict[str, list[LineMatch]] = {metric.name: [] for metric in experiment.metrics}
    for match in show_matches([metric.rule for metric in experiment.metrics], log[:REVIEWED_BYTES]):
        if match.note and len(near[match.metric]) < SHOWN_NEAR:
            near[match.metric].append(match)
        if all(len(found) == SHOWN_NEAR for found in near.values()):
            break
    return near


def _run(experiment: "Experiment", trial: "Trial") -> Look:
    """Run one trial in a folder of its own that is deleted afterwards."""
    import uuid

    from autosearch.executors.local import LocalExecutor
    from autosearch.experiment.startable import with_interpreter
    from autosearch.jobs import make_job
    from autosearch.verdict import verdict

    with tempfile.TemporaryDirectory(prefix="autosearch-check-") as scratch:
        study = uuid.uuid4().hex[:12]
        job, _ = make_job(experiment, trial, 1, study=study, folder=Path(scratch))
        executor = LocalExecutor(1)
        hindrance = executor.check(job.resources)
        if hindrance:
            raise ExecutorError(hindrance)
        try:
            executor.start(job)
            end = _wait_for_exit(executor)
            log = executor.read_log(job.number, job.attempt, 0, LOG_BYTES)
        finally:
            executor.close()
    if end is None:
        return _look(experiment, log, "lost", "its supervisor was killed")
    judged = verdict(end, (), experiment.metrics, log[-TAIL_BYTES:].decode("utf-8", "replace"))
    if judged.state == "no_metric":
        return _look(experiment, log, "completed")
    reason = with_interpreter(judged.reason, experiment, os.environ)
    return _look(experiment, log, judged.state, reason)


def _wait_for_exit(executor: "Executor") -> "Exit | None":
    """Return how the only job ended, None where its supervisor vanished."""
    from autosearch.executors.base import Exit, Lost

    while True:
        try:
            events = executor.poll(0.5)
        except KeyboardInterrupt:
            executor.stop(0, 1, "stopped by Ctrl-C")
            continue
        for event in events:
            if isinstance(event, Exit):
                return event
            if isinstance(event, Lost):
                return None


def _say_look(experiment: "Experiment", look: Look) -> None:
    if look.state:
        why = f": {formats.clean(look.reason)}" if look.reason else ""
        say(f"\nthe trial {look.state.replace('_', ' ')}{why}")
    for metric in experiment.metrics:
        _say_metric(metric, look)
    if look.state not in ("", "completed"):
        say("\nlast lines of its output")
        for line in look.log[-TAIL_BYTES:].splitlines()[-LAST_LINES:]:
            say(f"  {shown_line(line.decode('utf-8', 'replace'))}")


def _say_metric(metric: "Metric", look: Look) -> None:
    from autosearch.metrics.reduce import reduce_values

    hits = look.hits[metric.name]
    name = formats.clean(metric.name)
    if hits:
        value = reduce_values([h.value for h in hits], metric.reduce, metric.mode)
        say(
            f"\n{name}: {formats.plural(len(hits), 'value')}, counts as "
            f"{formats.number(value, 10)} ({metric.reduce})"
        )
        middle = ["  …"] if len(hits) > SHOWN_HITS + 1 else []
        shown = [_hit_line(look.log, hit) for hit in hits]
        say("\n".join([*shown[:SHOWN_HITS], *middle, *shown[SHOWN_HITS:][-1:]]))
    else:
        say(f"\n{name}: no value found; {likely_text(metric.name, look.log)}")
    if look.near[metric.name]:
        say("  look at these lines too:")
    for near in look.near[metric.name]:
        note_text = formats.clean(near.note)
        say(f"  line {near.line_number}: {note_text}  in  {shown_line(near.line)}")


def _hit_line(log: bytes, hit: "Hit") -> str:
    number, line = line_at(log, hit.offset)
    value = formats.number(hit.value, 10)
    return f"  line {number}, step {hit.step}: {value}  in  {shown_line(line)}"


def _as_json(
    experiment: "Experiment", trials: "list[Trial]", commands: list[str], look: Look | None
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": experiment.name,
        "experiment": experiment.to_dict(),
        "warnings": _warnings(experiment),
        "trials": [
            {"params": dict(t.params), "command": c} for t, c in zip(trials, commands, strict=True)
        ],
    }
    if look is None:
        return found
    found["run"] = {"state": look.state, "reason": look.reason} if look.state else None
    found["metrics"] = {
        name: [
            {"value": h.value, "step": h.step, "line": line_at(look.log, h.offset)[0]} for h in hits
        ]
        for name, hits in look.hits.items()
    }
    found["near_misses"] = {
        name: [
            {"line": m.line_number, "value": m.value, "note": m.note, "text": m.line} for m in near
        ]
        for name, near in look.near.items()
    }
    return found
