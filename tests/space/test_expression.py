import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosearch.errors import SpaceError
from autosearch.space import Expression


@pytest.mark.parametrize(
    ("text", "params", "expected"),
    [
        ("batch * accum <= 512", {"batch": 64, "accum": 8}, True),
        ("batch * accum <= 512", {"batch": 64, "accum": 9}, False),
        ("1 < a < b", {"a": 2, "b": 3}, True),
        ("opt == 'sgd' or lr < 0.1", {"opt": "adam", "lr": 0.2}, False),
        ("opt in ['sgd', 'adam']", {"opt": "adam"}, True),
        ("not amp", {"amp": False}, True),
        ("amp == true", {"amp": True}, True),
        ("(a if c else b) > 1", {"a": 0, "b": 2, "c": False}, True),
        ("max(a, b) ** 2 >= 9 and log2(b) == 1", {"a": 3, "b": 2}, True),
        ("{batch-size} % 8 == 0", {"batch-size": 16}, True),
        ("optim.lr < 1", {"optim.lr": 0.5}, True),
        ("1 / a > 0", {"a": 0}, False),
        ("9 ** 9 ** 9 ** a > 0", {"a": 9}, False),
    ],
)
def test_an_expression_means_what_python_means(
    text: str, params: dict[str, object], expected: bool
) -> None:
    assert Expression(text).holds(params) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "a.__class__.__bases__()",
        "(lambda: 1)()",
        "[x for x in a]",
        "a := 1",
        "f'{a}'",
        "a[0]",
        "open('x')",
        "a is b",
        "a @ b",
        "~a",
        "max(a, key=b)",
        "a <",
        "",
        "b'x' == a",
        "a" * 1001,
    ],
)
def test_anything_beyond_the_language_is_refused(text: str) -> None:
    with pytest.raises(SpaceError):
        Expression(text)


@given(st.text(max_size=60))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    try:
        Expression(text)
    except SpaceError:
        return


def test_arithmetic_on_text_says_so() -> None:
    with pytest.raises(SpaceError, match="found text"):
        Expression("a * 3 > 1").holds({"a": "x"})


def test_it_can_be_sent_to_another_process() -> None:
    expression = pickle.loads(pickle.dumps(Expression("a < 1")))
    assert expression.holds({"a": 0})
