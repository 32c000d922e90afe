"""`status`, `trials` and `show`: what is known of a study. They disturb nobody who runs it."""

import argparse
import time
from typing import TYPE_CHECKING, Any

from autosearch import formats
from autosearch.cli.places import add_dir, add_json, named_trial, read
from autosearch.cli.tables import pairs, say, say_json
from autosearch.errors import InputError

if TYPE_CHECKING:
    from autosearch.outline import Outline
    from autosearch.result import Result
    from autosearch.trial import Trial

SORTS = ("number", "value", "seconds", "started_at", "state")
SHOWN_NOTICES = 5
_SHOWN_EVENTS = ("notice", "warning", "salvaged", "warm_start")
LAST_LINES = 20


def add_status(parser: argparse.ArgumentParser) -> None:
    """Add the options of `status`."""
    add_dir(parser)
    parser.add_argument(
        "--advice",
        action="store_true",
        help="what a model says too: which trial is recommended, and whether to go on",
    )
    add_json(parser)
    parser.set_defaults(do=status)


def add_trials(parser: argparse.ArgumentParser) -> None:
    """Add the options of `trials`."""
    add_dir(parser)
    parser.add_argument(
        "--sort", choices=SORTS, default="number", help="value: the best first (default: number)"
    )
    parser.add_argument(
        "--state", metavar="STATE", action="append", default=[], help="only trials in this state"
    )
    add_json(parser)
    parser.set_defaults(do=trials)


def add_show(parser: argparse.ArgumentParser) -> None:
    """Add the options of `show`."""
    add_dir(parser)
    parser.add_argument(
        "trial", metavar="N", help="the trial's number, or `best`, or `recommended`"
    )
    add_json(parser)
    parser.set_defaults(do=show)


def status(args: argparse.Namespace) -> int:
    """Print how far a study is."""
    from autosearch.cli.front import front_block
    from autosearch.cli.summary import best_block, failure_lines
    from autosearch.cli.winners import advice_text, confirmed_text, winners_text

    result = read(args.dir)
    if args.json:
        say_json(_status_json(result, advice=args.advice))
        return 0
    _say_state(result)
    if result.pareto and result.state.outline.several:
        say(f"\n{front_block(result)}")
    if result.state.history.valued:
        say(f"\n{best_block(result)}")
    if result.best is not None and not result.state.outline.several:
        # The model's words take a second of computing, which nobody who only looks should wait for.
        say(winners_text(result) if args.advice else confirmed_text(result))
    elif args.advice:
        say(f"\n{advice_text(result)}")
    for line in failure_lines(result, str(result.folder)):
        say(f"\n{line}")
    notices = [s for s in result.state.said if s.event in _SHOWN_EVENTS]
    for said in notices[-SHOWN_NOTICES:]:
        whose = "" if said.number is None else f"trial {said.number}: "
        say(f"\n{formats.moment(said.at)}  {whose}{formats.clean_lines(said.text)}")
    return 0


def _say_state(result: "Result") -> None:
    outline = result.state.outline
    rows = [
        ("study", f"{formats.clean(str(result.folder))} ({result.state.study})"),
        ("state", _state_text(result)),
        ("trials", f"{_numbers(result)}; {_planned(outline)}"),
        ("worked", formats.duration(result.state.spent_s)),
    ]
    left = _time_left(result)
    if left is not None:
        rows.append(("left", f"about {formats.duration(left)}"))
    say(f"{outline.name}: {outline.aim}")
    say(pairs(rows, indent="  "))
    if result.state.owner is not None:
        from autosearch.cli.progress import running_line

        for trial in result.state.history.pending:
            if trial.state == "running":
                say(f"  {running_line(trial, outline, time.time())}")


def _planned(outline: "Outline") -> str:
    runs = f", then up to {outline.confirming} to confirm" if outline.confirming else ""
    return f"{outline.trials} in all{runs}"


def _numbers(result: "Result") -> str:
    from autosearch import analysis
    from autosearch.cli.summary import trial_numbers

    counts: dict[str, int] = analysis.count_states(result.trials)
    if result.state.owner is None:
        # What the records call running is not: it will begin again with the search.
        waiting = counts.pop("pending", 0) + counts.pop("running", 0)
        counts |= {"to be started again": waiting} if waiting else {}
    return trial_numbers(counts)


def _state_word(result: "Result") -> str:
    """Return "running", the ending of a search that ended, else "interrupted"; or "open": of a
    function's trials there may be more at any time.
    """
    if result.state.owner is not None:
        return "running"
    return result.outcome.ending if result.outcome else result.state.outline.unended


def _state_text(result: "Result") -> str:
    from autosearch.cli.search import way_on

    word = _state_word(result)
    if result.state.owner is not None:
        return f"running, by {result.state.owner}"
    if word == "open":
        return f"open: {way_on(result)}"
    text = (
        formats.clean_lines(result.outcome.text) if result.outcome else "whoever ran it was killed"
    )
    if word == "complete":
        return word
    if word in ("interrupted", "stopped"):
        return f"{word}: {text}; go on: {way_on(result)}"
    return f"{word.replace('_', ' ')}: {text}" if text else word


def _time_left(result: "Result") -> float | None:
    from autosearch import analysis

    if result.state.owner is None:
        return None
    outline = result.state.outline
    return analysis.time_left(
        result.state.history, outline.trials, outline.parallel, time.time(), outline.confirming
    )


def _status_json(result: "Result", *, advice: bool) -> dict[str, Any]:
    from dataclasses import asdict

    from autosearch import analysis
    from autosearch.cli.front import front_json
    from autosearch.cli.winners import confirmed_json, winners_json

    outline, best, owner = result.state.outline, result.best, result.state.owner
    rows = result.to_dicts()
    return {
        "name": outline.name,
        "study": result.state.study,
        "dir": str(result.folder),
        "state": _state_word(result),
        "text": result.outcome.text if result.outcome else "",
        "owner": asdict(owner) if owner else None,
        "metric": {"name": outline.objective, "mode": outline.mode},
        "constraints": list(outline.bounds.values()),
        "trials": outline.trials,
        "states": analysis.count_states(result.trials),
        "best": rows[best.number] if best else None,
        **(winners_json(result) if advice else confirmed_json(result)),
        **front_json(result),
        "running": [
            {**rows[t.number], "values": analysis.curve(t, outline.objective)}
            for t in result.state.history.pending
            if t.state == "running" and owner is not None
        ],
        "seconds": result.state.spent_s,
        "seconds_left": _time_left(result),
        "notices": [
            {"at": s.at, "event": s.event, "text": s.text, "trial": s.number}
            for s in result.state.said
            if s.event not in ("opened", "finished")
        ],
    }


def trials(args: argparse.Namespace) -> int:
    """Print the trials."""
    from autosearch.cli.front import trial_table

    result = read(args.dir)
    chosen = _sorted(_in_states(result.trials, args.state), args.sort)
    if args.json:
        rows = result.to_dicts()
        say_json([rows[trial.number] for trial in chosen])
    elif chosen:
        say(trial_table(result, chosen))
    else:
        say("no trials")
    return 0


def _in_states(found: "tuple[Trial, ...]", states: list[str]) -> "list[Trial]":
    from autosearch.spelling import did_you_mean
    from autosearch.trial import STATES

    for state in states:
        if state not in STATES:
            hint = did_you_mean(state, STATES)
            raise InputError(f"--state: there is no {state!r}{hint}; there are {', '.join(STATES)}")
    return [t for t in found if not states or t.state in states]


def _sorted(found: "list[Trial]", key: str) -> "list[Trial]":
    """Return trials in the order that is asked for, those without the key last."""
    from autosearch import analysis
    from autosearch.trial import History

    if key == "value":
        ranks = {t.number: i for i, t in enumerate(analysis.ranked(History(tuple(found))))}
        return sorted(found, key=lambda t: ranks.get(t.number, len(ranks)))
    if key == "state":
        return sorted(found, key=lambda t: t.state)
    return sorted(found, key=lambda t: (getattr(t, key) is None, getattr(t, key) or 0))


def show(args: argparse.Namespace) -> int:
    """Print everything about one trial."""
    from autosearch import analysis

    result = read(args.dir, measurements=True)
    trial = named_trial(result, args.trial)
    metrics = result.state.outline.metrics
    curves = {name: analysis.curve(trial, name) for name in metrics}
    if args.json:
        row = result.to_dicts()[trial.number]
        say_json(
            row
            | {
                "command": result.command_of(trial),
                "interruptions": result.state.interruptions.get(trial.number, {}),
                "notes": trial.notes,
                "folder": str(_folder(result, trial)),
                "values": curves,
            }
        )
        return 0
    say(pairs(_facts(result, trial)))
    say("\nparams")
    say(pairs([(formats.clean(k), formats.clean(str(v))) for k, v in trial.params.items()], "  "))
    say("\nmetrics")
    for name in metrics:
        say(_curve_line(name, trial.metrics.get(name), curves[name]))
    command = result.command_of(trial)
    if command:
        say(f"\ncommand\n  {formats.clean_lines(command)}")
    if trial.ended and not trial.losses and trial.state != "stopped":
        _say_log_end(result, trial)
    return 0


def _facts(result: "Result", trial: "Trial") -> list[tuple[str, str]]:
    interrupted = result.state.interruptions.get(trial.number, {})
    is_best = result.best is not None and result.best.number == trial.number
    causes = {"failed": "failed and tried again", "lost": "lost its worker", "driver": "cut short"}
    earlier = ", ".join(f"{n}x {causes[cause]}" for cause, n in interrupted.items())
    exit_ = trial.signal or ("" if trial.exit_code is None else str(trial.exit_code))
    rows = [
        ("trial", f"{trial.number}{' (the best)' if is_best else ''}"),
        ("state", f"{trial.state}{f': {formats.clean(trial.reason)}' if trial.reason else ''}"),
        (
            formats.clean(result.state.outline.objective),
            formats.number(result.value_of(trial), 10),
        ),
        ("started", formats.moment(trial.started_at)),
        ("time", formats.duration(trial.seconds)),
        ("attempts", f"{trial.attempt}{f' ({earlier})' if earlier else ''}"),
        ("exit", exit_),
        ("memory", formats.size(trial.peak_memory)),
        ("chosen by", formats.clean(trial.origin)),
        ("repeats", "" if trial.repeat_of is None else f"trial {trial.repeat_of}"),
        ("seed", str(trial.seed)),
        ("folder", formats.clean(str(_folder(result, trial)))),
    ]
    return [(name, value) for name, value in rows if value not in ("", "-")]


def _curve_line(name: str, value: float | None, points: tuple[tuple[int, float], ...]) -> str:
    text = f"  {formats.clean(name)}  {formats.number(value, 10)}"
    if points:
        last_step, last = points[-1]
        text += (
            f"  {formats.sparkline([v for _, v in points])}  "
            f"{formats.plural(len(points), 'value')}, {formats.number(last)} at step {last_step}"
        )
    return text


def _folder(result: "Result", trial: "Trial") -> Any:
    from autosearch.folders import trial_folder

    assert result.folder is not None
    return trial_folder(result.folder, trial.number)


def _say_log_end(result: "Result", trial: "Trial") -> None:
    from autosearch.cli.logs import last_lines
    from autosearch.folders import log_path

    assert result.folder is not None
    path = log_path(result.folder, trial.number, trial.attempt)
    lines = last_lines(path, LAST_LINES) if path.exists() else []
    say(f"\nlast lines of {formats.clean(str(path))}")
    for line in lines:
        say(f"  {formats.clean(line.decode('utf-8', 'replace'))}")
    if not lines:
        say("  (nothing was printed)")
