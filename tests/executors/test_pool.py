"""Slots that several searches share."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from autosearch.executors.local import LocalExecutor
from autosearch.executors.pool import SlotPool
from tests.contract.executors import Jobs, has_ended, poll_until


@given(
    slots=st.integers(1, 4),
    steps=st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=60),
)
def test_no_slot_is_given_twice_and_whoever_has_fewest_comes_first(
    slots: int, steps: list[tuple[str, bool]]
) -> None:
    pool = SlotPool(slots)
    used = dict.fromkeys("abc", 0)
    waiting: list[str] = []
    for member, claims in steps:
        if not claims:
            if used[member]:
                pool.release(member)
                used[member] -= 1
            continue
        ahead = [m for m in waiting if m != member and used[m] < used[member]]
        free = sum(used.values()) < slots
        granted = pool.claim(member)
        assert not granted or (free and not ahead)
        if granted:
            used[member] += 1
            waiting = [m for m in waiting if m != member]
        elif member not in waiting:
            waiting.append(member)
        if free and not granted:
            # Somebody else's turn it is, then.
            assert any(pool.is_turn(m) for m in waiting)
    for member in "abc":
        pool.leave(member)
    assert all(pool.claim(member) for member in "abc"[:slots])


def test_a_claim_that_is_not_used_is_given_back_by_the_next_poll() -> None:
    pool = SlotPool(1)
    first, second = pool.share(LocalExecutor(1)), pool.share(LocalExecutor(1))
    assert (first.free_slots, second.free_slots) == (1, 0)
    assert first.free_slots == 1
    first.poll(0)
    assert (second.free_slots, first.free_slots) == (1, 0)


def test_whoever_waits_is_woken_when_a_job_of_another_ends(tmp_path: Path) -> None:
    pool = SlotPool(1)
    first, second = pool.share(LocalExecutor(1)), pool.share(LocalExecutor(1))
    job = Jobs(tmp_path)("true")
    assert first.free_slots
    first.start(job)
    assert not second.free_slots
    poll_until(first, has_ended(job))
    assert second.poll(1000) == ()
    assert second.free_slots


def test_a_closed_executor_holds_no_slot(tmp_path: Path) -> None:
    pool = SlotPool(1)
    first, second = pool.share(LocalExecutor(1)), pool.share(LocalExecutor(1))
    assert first.free_slots
    first.start(Jobs(tmp_path)("sleep", "1000"))
    first.close()
    assert second.free_slots
    second.close()
    second.close()
