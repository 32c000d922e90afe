"""What a failed program's last lines say about why it failed."""

import re

_OUT_OF_MEMORY = re.compile(
    r"\bMemoryError\b|\bbad_alloc\b|\bOutOfMemoryError\b|Cannot allocate memory|"
    r"CUDA out of memory|CUDA_ERROR_OUT_OF_MEMORY|RESOURCE_EXHAUSTED|\bOOM\b when allocating|"
    r"java heap space",
    re.IGNORECASE,
)
# Longer last lines are cut: a reason is one line of a table.
WORDS = 200


def out_of_memory(tail: str) -> bool:
    """Return whether the end of a log says that memory, of the host or a GPU, ran out."""
    return _OUT_OF_MEMORY.search(tail) is not None


def last_words(tail: str) -> str:
    """Return the last line that says something, cut to `WORDS` characters, else ""."""
    for line in reversed(re.split(r"[\r\n]+", tail)):
        text = "".join(c for c in line if c.isprintable()).strip()
        if text:
            return text if len(text) <= WORDS else text[: WORDS - 1] + "…"
    return ""
