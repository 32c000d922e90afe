"""A log that is looked through for a metric."""

from pathlib import Path

from autosearch import formats
from autosearch.errors import InputError

# The exit code where a metric is not found.
NOT_FOUND = 3
# Of a longer log the beginning is read: what a rule finds there tells enough.
LOG_BYTES = 64 * 2**20
SHOWN_LINE = 160


def read_log(name: str) -> bytes:
    """Return a log, of a very long one the beginning; raises InputError."""
    try:
        with Path(name).open("rb") as file:
            return file.read(LOG_BYTES)
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}") from None


def shown_line(line: str) -> str:
    """Return a line of a log, short enough for a terminal."""
    return formats.cut(formats.clean(line.strip()), SHOWN_LINE)


def line_at(log: bytes, offset: int) -> tuple[int, str]:
    """Return the number, from 1, and the text of the line that holds a byte of a log.

    Lines are counted as `grep -n` counts them: the states of a progress bar, each ended by a
    carriage return, share one number. The text is of the one state.
    """
    start = max(log.rfind(b"\n", 0, offset), log.rfind(b"\r", 0, offset)) + 1
    ends = [at for at in (log.find(b"\n", offset), log.find(b"\r", offset)) if at >= 0]
    end = min(ends, default=len(log))
    return log.count(b"\n", 0, start) + 1, log[start:end].decode("utf-8", "replace")


def likely_text(metric: str, log: bytes) -> str:
    """Return the lines in which a metric that was not found most likely stands."""
    from autosearch.metrics.likely import likely_lines

    likely = likely_lines(log.decode("utf-8", "replace"), metric)
    if not likely:
        return "no line looks like it" if log.strip() else "there is no output at all"
    lines = ["likeliest lines:"]
    lines += [f"  line {line.line_number}: {shown_line(line.line)}" for line in likely]
    if likely[0].regex:
        lines.append(f"this regex finds the first: {formats.clean(likely[0].regex)}")
    return "\n".join(lines)
