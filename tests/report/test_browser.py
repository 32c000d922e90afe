"""The page in a real browser, with a script that uses it and writes down what it saw."""

import base64
import hashlib
import json
import re
from html import unescape
from pathlib import Path

import pytest

from autosearch.report import render
from tests.browser import opened
from tests.report.studies import MARKUP, study

USE = """
const column = (i) => [...document.querySelectorAll("#trials tbody tr:not([hidden])")]
  .map((row) => row.cells[i].textContent);
const head = (i) => document.querySelectorAll("#trials thead button")[i].click();
const seen = {};
head(1); seen.up = column(1);
head(1); seen.down = column(1);
const filter = document.getElementById("filter");
filter.value = "FAILED"; filter.dispatchEvent(new Event("input"));
seen.states = column(9); seen.count = document.getElementById("count").textContent;
seen.title = document.title;
seen.width = document.documentElement.scrollWidth - document.documentElement.clientWidth;
const shown = document.createElement("pre");
shown.id = "seen"; shown.textContent = JSON.stringify(seen); document.body.append(shown);
"""

pytestmark = pytest.mark.slow


def used(page: str, folder: Path, *flags: str) -> dict[str, object]:
    """Return what the script above saw; it is let in beside the page's own script."""
    digest = base64.b64encode(hashlib.sha256(USE.encode()).digest()).decode()
    page = page.replace("script-src ", f"script-src 'sha256-{digest}' ", 1)
    page = page.replace("</body>", f"<script>{USE}</script></body>")
    (folder / "page.html").write_text(page)
    ran = opened(folder / "page.html", *flags)
    found = re.search(r'<pre id="seen">(.*?)</pre>', ran.stdout, re.DOTALL)
    assert found is not None, ran.stdout[-2000:]
    seen: dict[str, object] = json.loads(unescape(found[1]))
    return seen


def test_the_table_is_sorted_and_filtered_and_nothing_is_smuggled_in(tmp_path: Path) -> None:
    state = study(trials=30, text=MARKUP)
    seen = used(render(state), tmp_path, "--window-size=390,800")
    ordered = [f"{t.losses[0]:.6g}" for t in sorted(state.history.valued, key=lambda t: t.losses)]
    missing = [""] * (30 - len(ordered))
    assert seen["up"] == ordered + missing
    assert seen["down"] == ordered[::-1] + missing
    assert seen["states"] == ["failed"] * len(missing)
    assert seen["count"] == f"{len(missing)} of 30"
    assert seen["title"] == f"example: min loss{MARKUP}"
    # Nothing is wider than a phone's screen.
    assert seen["width"] == 0
