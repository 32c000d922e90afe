"""Logs as they should not be: binary, endless lines. Every value is found, memory is bounded."""

import random
import subprocess
import sys

import pytest

from autosearch.metrics.extractor import Extractor
from autosearch.metrics.rules import Rule

RULES = [
    Rule("val_acc"),
    Rule("literal", r"val_acc: (\d\.\d+)"),
    Rule("scanned", r"^\w+: (\d\.\d+)$"),
    Rule("stepped", r"val_acc: (\S+)", r"epoch (\d+)"),
]


@pytest.mark.slow
def test_a_thousand_values_among_16_mb_of_random_bytes_are_all_found() -> None:
    rng = random.Random(5)
    planted = [round(rng.random(), 6) for _ in range(1000)]
    extractor = Extractor(RULES)
    hits = []
    for value in planted:
        hits += extractor.feed(rng.randbytes(16_000) + b"\nval_acc: %f\n" % value)
    for rule in RULES:
        assert [h.value for h in hits if h.metric == rule.metric] == planted
    assert extractor.suspended == {}


ENDLESS_LINE = """
import resource
from autosearch.metrics.extractor import Extractor
from tests.faults.test_odd_logs import RULES

def peak_kib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

piece = (b"y" * 700 + bytes(range(128, 256)) + b" \\x1b[1m") * 300
extractor = Extractor(RULES)
hits = extractor.feed(b"epoch 1\\nval_acc: 0.25\\n" + piece)
before = peak_kib()
while extractor.read_to < 100_000_000:
    hits += extractor.feed(piece)
hits += extractor.feed(b"\\nval_acc: 0.75\\n")
print(peak_kib() - before, *(h.value for h in hits))
"""


@pytest.mark.slow
def test_a_line_of_100_mb_takes_little_memory_and_hides_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDLESS_LINE], check=True, capture_output=True, text=True
    )
    growth_kib, *values = map(float, done.stdout.split())
    assert growth_kib <= 64 * 1024
    assert values == [0.25] * len(RULES) + [0.75] * len(RULES)
