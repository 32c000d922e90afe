from pathlib import Path

from autosearch.requests import FOLDER, StopRequest, send, take


def test_a_request_is_taken_once(tmp_path: Path) -> None:
    send(tmp_path, StopRequest(3, "by hand"))
    send(tmp_path, StopRequest(None, "enough"))
    taken = take(tmp_path)
    assert sorted(r.why for r in taken) == ["by hand", "enough"]
    assert take(tmp_path) == []


def test_what_is_no_request_is_removed(tmp_path: Path) -> None:
    assert take(tmp_path) == []
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "x.json").write_text("{not json")
    (tmp_path / FOLDER / "y.json").write_text('{"other": 1}')
    assert take(tmp_path) == []
    assert list((tmp_path / FOLDER).iterdir()) == []
