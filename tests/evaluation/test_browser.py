"""The page in a real browser: it runs without errors, sorts, switches language, fits a phone."""

import html
import json
import re
from pathlib import Path

import numpy as np
import pytest

from evaluation import analyse
from tests.browser import opened
from tests.evaluation.pictures import write
from tests.evaluation.samples import scores, softmax

FLAGS = (
    "--allow-file-access-from-files",
    "--enable-logging=stderr",
    "--virtual-time-budget=8000",
)

SCRIPT = """
<script>
window.addEventListener("load", function () {
  const found = {ready: document.documentElement.dataset.ready};
  const table = document.querySelector("#classes table");
  const column = 5;
  const head = table.tHead.rows[0].cells[column];
  const rows = table.tBodies[0].rows;
  const values = () => Array.from(rows, (r) => Number(r.cells[column].dataset.key));
  head.click(); found.up = values();
  head.click(); found.down = values();
  found.pictures = Array.from(document.querySelectorAll("img[data-thumb]"),
    (image) => image.complete && image.naturalWidth > 0 || image.src.startsWith("data:image/"));
  const visible = (code) => Array.from(document.querySelectorAll(`h2 > [lang=${code}]`),
    (e) => getComputedStyle(e).display !== "none");
  found.before = [visible("en").every(Boolean), visible("zh").some(Boolean)];
  document.getElementById("language").click();
  found.after = [visible("en").some(Boolean), visible("zh").every(Boolean)];
  const mark = document.querySelector("[data-tip]");
  mark.dispatchEvent(new PointerEvent("pointerdown", {bubbles: true, clientX: 5, clientY: 5}));
  found.tip = [document.getElementById("tip").style.display,
    document.getElementById("tip").textContent === mark.dataset.tip];
  const frame = document.createElement("iframe");
  frame.width = 360; frame.height = 800; frame.src = "plain.html";
  frame.onload = function () {
    const inner = frame.contentDocument.documentElement;
    found.phone = [inner.scrollWidth, inner.clientWidth];
    const pre = document.createElement("pre");
    pre.id = "found"; pre.textContent = JSON.stringify(found);
    document.body.replaceChildren(pre);
  };
  document.body.append(frame);
});
</script>
"""


@pytest.mark.slow
def test_the_page_works_in_a_browser(tmp_path: Path) -> None:
    names = write(tmp_path / "images", 60)
    logits, labels = scores(60, 4, 0)
    labels[:4] = (labels[:4] + 1) % 4
    analyse(
        "image_classification",
        softmax(logits * 3),
        labels,
        names,
        label_map_dict={0: "cat", 1: "dog", 2: "a rather long name of a class", 3: "狗"},
        image_root=tmp_path / "images",
        features=logits,
        metadata={"camera": ["a", "b"] * 30},
        save_path=tmp_path,
        report=["html"],
    )
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    (tmp_path / "plain.html").write_text(text, encoding="utf-8")
    probed = text.replace("</body>", SCRIPT + "</body>")
    (tmp_path / "probed.html").write_text(probed, encoding="utf-8")
    run = opened(tmp_path / "probed.html", *FLAGS)
    assert "CONSOLE" not in run.stderr
    match = re.search(r'<pre id="found">(.*?)</pre>', run.stdout, re.DOTALL)
    assert match, run.stdout[-2000:]
    found = json.loads(html.unescape(match.group(1)))
    assert found["ready"] == "true"
    assert found["up"] == sorted(found["up"])
    assert found["down"] == sorted(found["down"], reverse=True)
    assert len(found["pictures"]) > 3
    assert np.all(found["pictures"])
    assert found["before"] == [True, False]
    assert found["after"] == [False, True]
    assert found["tip"] == ["block", True]
    assert found["phone"][0] <= found["phone"][1]
