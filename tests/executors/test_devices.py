"""GPUs: which there are, and which attempt has which."""

from pathlib import Path

import pytest

from autosearch.executors.devices import Gpus, visible_gpus


@pytest.mark.parametrize(
    ("value", "names"),
    [("0,2", ("0", "2")), (" 1 , 3 ", ("1", "3")), ("", ()), ("-1", ()), ("0,-1,2", ("0",)),
     ("GPU-8932,MIG-7c1", ("GPU-8932", "MIG-7c1"))],
)  # fmt: skip
def test_the_drivers_own_choice_of_gpus_holds(value: str, names: tuple[str, ...]) -> None:
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": value}) == names


def test_without_a_choice_every_device_of_the_machine_counts(tmp_path: Path) -> None:
    for name in ("nvidia0", "nvidia1", "nvidia10", "nvidiactl", "nvidia-uvm", "tty0"):
        (tmp_path / name).touch()
    assert visible_gpus({}, dev=tmp_path) == ("0", "1", "2")
    assert visible_gpus({}, dev=tmp_path / "none") == ()


def test_whole_gpus_are_given_to_one_attempt_each_and_come_back() -> None:
    gpus = Gpus(["0", "1", "2"])
    assert gpus.take("a", 2) == ("0", "1")
    assert gpus.room_for(2) == 0
    assert gpus.take("b", 1) == ("2",)
    gpus.give_back(("0", "1"), 2)
    assert gpus.room_for(1) == 2


@pytest.mark.parametrize("amount", [0.1, 0.25, 1 / 3, 0.5])
def test_shares_fill_a_gpu_and_make_it_whole_again(amount: float) -> None:
    gpus = Gpus(["0", "1"])
    each = round(1 / amount)
    assert gpus.room_for(amount) == 2 * each
    assert {gpus.take("a", amount) for _ in range(each)} == {("0",)}
    assert gpus.take("a", amount) == ("1",)
    for name in ["0"] * each + ["1"]:
        gpus.give_back([name], amount)
    assert gpus.room_for(2) == 1


def test_who_waits_is_served_first() -> None:
    gpus = Gpus(["0", "1"])
    assert gpus.take("a", 1) == ("0",)
    assert gpus.take("large", 2) == ()
    assert gpus.take("a", 1) == ()  # one is free, but it is being saved up
    gpus.give_back(["0"], 1)
    assert gpus.take("a", 1) == ()
    assert gpus.take("large", 2) == ("0", "1")
    gpus.give_back(["0", "1"], 2)
    assert gpus.take("b", 1) == ()  # behind a
    gpus.withdraw("a")
    assert gpus.take("b", 1) == ("0",)


def test_what_can_never_be_given_is_named() -> None:
    gpus = Gpus(["0", "1"])
    assert gpus.problem(2) == gpus.problem(0.5) == ""
    assert gpus.problem(3) == "each trial asks for 3 GPUs, this machine has 2"
    assert "whole number" in gpus.problem(1.5)
    assert Gpus([]).problem(0.5) == "each trial asks for 0.5 GPUs, this machine has 0"
