"""Tables and JSON on stdout."""

import shutil
import sys
from collections.abc import Sequence
from typing import Any

from autosearch.formats import clean, cut

GAP = "  "


def say(text: str = "") -> None:
    """Print a line of a command's result."""
    print(text)  # noqa: T201


def say_json(value: Any) -> None:
    """Print a value as strict JSON."""
    from autosearch.strict_json import dumps

    say(dumps(value))


def note(text: str) -> None:
    """Print a line that is not part of the result: to stderr."""
    print(text, file=sys.stderr)  # noqa: T201


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Return aligned columns under their names; `right`: the columns that hold numbers.

    On a terminal each line is cut to its width; elsewhere nothing is lost.

    >>> print(table(["n", "state"], [["1", "failed"], ["10", "done"]], right=[0]))
     n  state
     1  failed
    10  done
    """
    cells = [[clean(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = [
        GAP.join(
            cell.rjust(widths[i]) if i in right else cell.ljust(widths[i])
            for i, cell in enumerate(row)
        ).rstrip()
        for row in cells
    ]
    if sys.stdout is not None and sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        lines = [cut(line, width) for line in lines]
    return "\n".join(lines)


def pairs(rows: Sequence[tuple[str, str]], indent: str = "") -> str:
    """Return names and values in two columns; a value may have several lines."""
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(
        f"{indent}{name:{width}}{GAP}" + f"\n{indent}{' ' * width}{GAP}".join(value.split("\n"))
        for name, value in rows
    )
