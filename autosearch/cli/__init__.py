"""The command line: it reads options, calls the Python API, and prints what comes back.

Results go to stdout, progress and problems to stderr. Each command's module is imported when the
command is used, and imports what it needs inside its functions: `--help` has to answer at once.
"""

import io
import logging
import os
import sys
from collections.abc import Sequence

from autosearch.cli.commands import parse
from autosearch.errors import AutoSearchError, ExperimentError

UNEXPECTED = 1
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; argv without the program's name."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A path or a parameter may hold what the terminal's encoding does not.
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(words)
    except BrokenPipeError:
        # Whoever read it has enough.
        code = 0
    try:
        # Here and not at the interpreter's exit, where a closed pipe could not be caught.
        _flush()
    except OSError:
        _discard_output()
    return code


def _run(words: list[str]) -> int:
    verbose = False
    try:
        args = parse(words)
        verbose = args.verbose
        logging.basicConfig(
            level=logging.DEBUG if verbose else logging.WARNING,
            format="autosearch: %(levelname)s: %(message)s",
        )
        code: int = args.do(args)
        return code
    except ExperimentError as error:
        # Without a word before it: "file:line:column" is what editors and terminals link.
        _say(str(error))
        return error.exit_code
    except AutoSearchError as error:
        _say(f"autosearch: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        _say("autosearch: interrupted")
        return INTERRUPTED
    except SystemExit as end:
        # argparse has printed its help or its complaint.
        return end.code if isinstance(end.code, int) else UNEXPECTED
    except BrokenPipeError:
        raise
    except Exception as error:
        if verbose:
            raise
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        _say(f"autosearch: {what}\nThis is unexpected: `autosearch -v …` shows where it happened.")
        return UNEXPECTED


def _say(text: str) -> None:
    try:
        print(text, file=sys.stderr)  # noqa: T201
    except OSError:
        _discard_output()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _discard_output() -> None:
    """Let the interpreter's own last flush find something to write to."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())


__all__ = ["main"]
