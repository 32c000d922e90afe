"""The environment that a trial's processes see."""

from pathlib import Path

from autosearch.executors.environment import trial_environment


def environment(base: dict[str, str], own: dict[str, str]) -> dict[str, str]:
    return trial_environment(base, own, marker="s/7/2", number=7, folder=Path("/t"), seed=5)


def test_a_trial_knows_itself() -> None:
    env = environment({}, {})
    assert env == {
        "PYTHONUNBUFFERED": "1",
        "AUTOSEARCH_TRIAL": "s/7/2",
        "AUTOSEARCH_TRIAL_DIR": "/t",
        "AUTOSEARCH_TRIAL_NUMBER": "7",
        "AUTOSEARCH_SEED": "5",
    }


def test_what_would_lead_a_trial_astray_is_left_out_unless_the_user_sets_it() -> None:
    base = {"HOME": "/root", "RAY_ADDRESS": "a", "RAY_JOB_ID": "b", "PYTHONBREAKPOINT": "c"}
    env = environment(base, {"RAY_ADDRESS": "mine"})
    assert env["HOME"] == "/root"
    assert env["RAY_ADDRESS"] == "mine"
    assert "RAY_JOB_ID" not in env
    assert "PYTHONBREAKPOINT" not in env


def test_the_users_own_variables_win_but_never_over_the_marker() -> None:
    own = {"LANG": "C", "PYTHONUNBUFFERED": "", "AUTOSEARCH_TRIAL": "forged"}
    env = environment({"LANG": "de"}, own)
    assert (env["LANG"], env["PYTHONUNBUFFERED"], env["AUTOSEARCH_TRIAL"]) == ("C", "", "s/7/2")
