from pathlib import Path

import pytest

from autosearch import ExperimentError, run


def test_a_search_whose_secret_is_not_set_says_so_before_any_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOME_TOKEN", raising=False)
    experiment = {
        "name": "t",
        "command": "echo acc=1",
        "metric": {"name": "acc", "mode": "max"},
        "space": {"flag": {"type": "bool"}},
        "env": {"TOKEN": {"from_env": "SOME_TOKEN"}},
        "search": {"strategy": "random", "trials": 1},
    }
    with pytest.raises(ExperimentError, match=r"env\.TOKEN\.from_env.*SOME_TOKEN is not set"):
        run(experiment, dir=tmp_path / "study")
    assert not (tmp_path / "study").exists()
    monkeypatch.setenv("SOME_TOKEN", "secret-value")
    assert run(experiment, dir=tmp_path / "study").best is not None
    stored = b"".join(p.read_bytes() for p in (tmp_path / "study").rglob("*") if p.is_file())
    assert b"secret-value" not in stored
