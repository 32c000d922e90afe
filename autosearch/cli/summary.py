"""What a search came to: the end of `run` and `resume`."""

import contextlib
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autosearch import analysis, formats
from autosearch.cli.front import front_block, front_json, trial_table
from autosearch.cli.tables import pairs, say, say_json
from autosearch.cli.winners import winners_json, winners_text
from autosearch.errors import AutoSearchError
from autosearch.outline import CALLED
from autosearch.result import Result

TOP = 5
# Reasons of failed trials that are told at the end.
SHOWN_FAILURES = 3
SHOWN_REASON = 300
REPORT = "report.html"


def finish(result: Result, folder: Path, again: str, *, as_json: bool) -> int:
    """Write the report, print what the search came to, and return its exit code.

    again: the command that continues the study.
    """
    report = folder / REPORT
    problem = ""
    try:
        result.report(report)
    except AutoSearchError as error:
        # The search's result must not be lost for want of its picture.
        problem = str(error)
    # Whoever closed the output has heard enough; the exit code is still the search's.
    with contextlib.suppress(OSError):
        if as_json:
            say_json(summary_json(result, folder, report, problem))
        else:
            say("\n".join(_blocks(result, folder, again, problem or str(report))))
    return result.outcome.exit_code if result.outcome else 0


def summary_json(result: Result, folder: Path, report: Path, problem: str) -> dict[str, Any]:
    """Return what `run --json` prints."""
    best = result.best
    return {
        "name": result.state.outline.name,
        "study": str(folder),
        "ending": result.outcome.ending if result.outcome else None,
        "text": result.outcome.text if result.outcome else "",
        "trials": len(result.trials),
        "states": analysis.count_states(result.trials),
        "best": result.to_dicts()[best.number] if best else None,
        "command": result.command_of(best) if best else None,
        **winners_json(result),
        **front_json(result),
        "report": None if problem else str(report),
    }


def _blocks(result: Result, folder: Path, again: str, report: str) -> list[str]:
    blocks = [headline(result), ""]
    history = result.state.history
    top = analysis.ranked(history)[:TOP]
    if history.front and result.state.outline.several:
        blocks += [front_block(result), ""]
    elif top:
        blocks += [trial_table(result, top), ""]
    blocks += [f"{line}\n" for line in failure_lines(result, str(folder))]
    if history.valued:
        one = result.best is not None and not result.state.outline.several
        blocks += [best_block(result), *([winners_text(result)] if one else []), ""]
    where = [("Study", formats.clean(str(folder))), ("Report", formats.clean(report))]
    where += _ways_on(result, again)
    return [*blocks, pairs(where)]


def _ways_on(result: Result, again: str) -> list[tuple[str, str]]:
    ending, outline = result.outcome.ending if result.outcome else None, result.state.outline
    if outline.called:
        return [("Go on", CALLED)]
    if ending in ("interrupted", "stopped"):
        return [("Go on", again)]
    if ending == "converged":
        return [("Go on", f"{again} --set search.stop_when=never")]
    return [("More", f"{again} --trials {2 * outline.trials}")] if ending == "complete" else []


def headline(result: Result) -> str:
    """Return how a search ended, and with how many trials, on one line (the reason on others)."""
    states = trial_numbers(analysis.count_states(result.trials))
    spent = formats.duration(result.state.spent_s)
    outcome = result.outcome
    if outcome is None:
        return f"{result.state.outline.name}: {states}"
    told = outcome.ending in ("complete", "exhausted", "converged", "interrupted")
    text = "" if told or not outcome.text else f"\n{formats.clean_lines(outcome.text)}"
    word = outcome.ending.replace("_", " ")
    return f"{result.state.outline.name}: {word} after {spent}: {states}{text}"


def trial_numbers(counts: Mapping[str, int]) -> str:
    """Return how many trials are in which state: `18 completed, 2 failed`."""
    return ", ".join(f"{n} {state.replace('_', ' ')}" for state, n in counts.items()) or "no trials"


def failure_lines(result: Result, folder: str) -> list[str]:
    """Return why trials failed, the commonest reasons first."""
    groups = analysis.failures(result.state.history)
    lines = []
    for group in groups[:SHOWN_FAILURES]:
        numbers = ", ".join(map(str, group.numbers[:5])) + (", …" if len(group.numbers) > 5 else "")
        lines.append(
            f"{formats.plural(len(group.numbers), 'trial')} {group.state.replace('_', ' ')} "
            f"({numbers}): {formats.cut(formats.clean(group.reason), SHOWN_REASON)}\n"
            f"  look: {shlex.join(['autosearch', 'logs', folder, str(group.numbers[0])])}"
        )
    if len(groups) > SHOWN_FAILURES:
        lines.append(f"and {len(groups) - SHOWN_FAILURES} more reasons, in the report")
    return lines


def best_block(result: Result) -> str:
    """Return the best trial: its value, its parameters in full, the command that ran it.

    Where trials have values and none meets its constraints, that is said instead.
    """
    best, outline = result.best, result.state.outline
    if best is None:
        why = analysis.none_feasible(result.state.history, tuple(outline.bounds.values()))
        return f"Best: {formats.clean(why)}"
    which = f"Best by {formats.clean(outline.objective)}" if outline.several else "Best"
    values = [f"{outline.objective} {result.value!r}"]
    values += [f"{name} {best.metrics[name]!r}" for name in outline.columns]
    rows = [(formats.clean(k), formats.clean(str(v))) for k, v in best.params.items()]
    lines = [
        f"{which}: {formats.clean(', '.join(values))} (trial {best.number})",
        pairs(rows, indent="  "),
    ]
    command = result.command_of(best)
    if command:
        lines += ["Reproduce it with", f"  {formats.clean_lines(command)}"]
    return "\n".join(lines)
