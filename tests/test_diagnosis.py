import pytest

from autosearch.diagnosis import last_words, out_of_memory


@pytest.mark.parametrize(
    "tail",
    [
        "Traceback…\nMemoryError",
        "numpy._core._exceptions._ArrayMemoryError: Unable\nMemoryError: Unable to allocate 8 GiB",
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
        "terminate called after throwing an instance of 'std::bad_alloc'",
        "fork: Cannot allocate memory",
    ],
)
def test_logs_of_programs_that_ran_out_of_memory_are_recognised(tail: str) -> None:
    assert out_of_memory(tail)


@pytest.mark.parametrize("tail", ["", "ValueError: bad\n", "zoom=3", "MemoryErrors seen: 0"])
def test_other_logs_are_not(tail: str) -> None:
    assert not out_of_memory(tail)


def test_the_last_words_are_the_last_line_that_says_something() -> None:
    assert last_words("a\nValueError: no such file\n\n  \r\n") == "ValueError: no such file"
    assert last_words("") == ""
    assert last_words("\x1b\x00 \n") == ""
    assert len(last_words("x" * 1000)) == 200
