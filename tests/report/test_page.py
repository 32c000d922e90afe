import copy
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from autosearch.errors import InputError
from autosearch.report import render, write_report
from autosearch.report.charts import MOST_POINTS
from autosearch.trial import History
from tests.report.studies import MARKUP, study

VOID = {"meta", "input"}


class Reader(HTMLParser):
    """Collects tags and text, and fails where a tag is not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def count(self, tag: str, **attributes: str) -> int:
        wanted = {k.rstrip("_"): v for k, v in attributes.items()}
        return sum(t == tag and wanted.items() <= a.items() for t, a in self.tags)


def test_the_answer_comes_first() -> None:
    state = study()
    best = state.history.best
    assert best is not None
    text = " ".join(Reader(render(state)).text)
    assert text.index(f"{best.losses[0]:.8g}") < text.index("Progress")
    assert text.index(f"python train.py m --n={best.params['n']}") < text.index("Progress")


def test_no_text_of_a_study_becomes_markup() -> None:
    plain, hostile = Reader(render(study(text="m"))), Reader(render(study(text=MARKUP)))
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    allowed = {
        "aria-label", "aria-sort", "class", "content", "data-sort", "http-equiv", "id", "lang",
        "name", "placeholder", "role", "scope", "type", "charset",
        "viewbox", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "d", "opacity", "transform",
    }  # fmt: skip
    assert {name for _, attributes in hostile.tags for name in attributes} <= allowed


def test_the_page_needs_nothing_from_outside() -> None:
    page = render(study(text=MARKUP))
    assert not re.search(r"https?:|//[a-z]|url\(|@import|\bsrc=|\bhref=", page)
    assert "default-src 'none'" in page


def test_every_trial_is_a_point_a_cross_and_a_row() -> None:
    state = study(trials=40)
    reader = Reader(render(state))
    valued = len(state.history.valued)
    # Two charts of progress, for wide and narrow screens, and one a parameter.
    per_parameter = sum(len(t.params) for t in state.history.valued)
    assert (
        reader.count("circle", class_="point") + reader.count("circle", class_="point beyond")
        == 2 * valued + per_parameter
    )
    assert reader.count("path", class_="cross") == 2 * (40 - valued)
    assert reader.count("tr", class_="best") == 1
    assert reader.count("button") == 1 + 1 + 6 + 1 + 3


def test_failures_are_shown_with_the_end_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "trials" / "0003" / "attempt-1" / "output.log"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"epoch 1\n\xff\x1b[31m<b>RuntimeError</b>: no data\n")
    text = "".join(Reader(render(study(), tmp_path)).text)
    assert "<b>RuntimeError</b>: no data" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("mode", ["min", "max"])
def test_the_value_has_the_users_direction(mode: str) -> None:
    state = study(mode=mode)
    best = state.history.best
    assert best is not None
    value = -best.losses[0] if mode == "max" else best.losses[0]
    assert f"<strong>{value:.8g}</strong>" in render(state)


@pytest.mark.parametrize("trials", [0, 1, 2])
def test_a_study_of_hardly_any_trials_is_a_page_too(trials: int) -> None:
    Reader(render(study(trials=trials)))


def test_a_study_without_any_value_says_so() -> None:
    from autosearch.records import Said
    from autosearch.snapshot import take_snapshot

    state = study(trials=0)
    ended = Said(2e9, "finished", "trial 0: no value of loss", details={"ending": "no_metric"})
    text = " ".join(Reader(render(take_snapshot([state.described, ended]))).text)
    assert "trial 0: no value of loss" in text
    assert "No trial has a value yet" in text


def test_a_large_study_draws_what_can_be_seen_and_lists_everything() -> None:
    page = render(study(trials=4000, fails=False))
    assert page.count('class="point') < 8 * 1.2 * MOST_POINTS
    assert page.count("<tr") > 4000


def test_the_page_replaces_an_older_one_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    write_report(study(), path)
    assert path.read_text().startswith("<!doctype html>")
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_a_page_that_cannot_be_written_is_wrong_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_report(study(), tmp_path / "missing" / "report.html")


def test_trials_that_break_a_constraint_are_marked_and_explained() -> None:
    state = study(fails=False)
    trials = list(state.history.trials)
    least = min(trials, key=lambda t: t.losses)
    broken = replace(least, constraints=(0.5,), reason="other 3 is above 2")
    trials[least.number] = broken
    page = Reader(render(replace(state, history=History(tuple(trials)))))
    marked = [a for t, a in page.tags if t == "circle" and "broken" in (a["class"] or "")]
    assert len(marked) >= 1
    assert page.count("tr", class_="broken") == 1
    assert page.count("tr", class_="best") == 1
    text = " ".join(page.text)
    assert "breaks a constraint" in text
    assert f"trial {least.number}" not in text[: text.index("Progress")]


@pytest.mark.parametrize("objectives", [2, 3])
def test_the_front_is_drawn_and_listed(objectives: int) -> None:
    state = study(fails=False, mode="max")
    experiment = copy.deepcopy(dict(state.described.experiment))
    names = [metric["name"] for metric in experiment["metric"]] + ["third"]
    modes = ["max", "min", "min"]
    experiment["metric"] = [
        {"name": n, "mode": m, "reduce": "last", "objective": True}
        for n, m in zip(names[:objectives], modes, strict=False)
    ]
    trials = tuple(
        replace(t, losses=(t.losses[0], (t.number * 7) % 11, (t.number * 5) % 13)[:objectives])
        for t in state.history.trials
    )
    described = replace(state.described, experiment=experiment)
    state = replace(state, described=described, history=History(trials))
    page = Reader(render(state))
    charts = 1 if objectives == 2 else 3
    marked = [a for t, a in page.tags if t == "circle" and a["class"] == "point front"]
    assert len(marked) == charts * len(state.history.front)
    assert len(state.history.front) > 2
    text = " ".join(page.text)
    assert f"{len(state.history.front)} trials that no other trial dominates" in text
    assert "Best by" in text
    assert "Recommended" not in text
