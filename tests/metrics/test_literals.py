import pytest
import regex
from hypothesis import assume, example, given
from hypothesis import strategies as st

from autosearch.metrics.literals import required_literals


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        (r"val_acc: (\d+\.\d+)", ["val_acc: "]),
        (r"val_acc[=: ]+([0-9.]+)", ["val_acc"]),
        (r"(?:val|test)_acc=(.*)", ["test_acc=", "val_acc="]),
        (r"loss(?:es)?: (.*)", ["loss: ", "losses: "]),
        (r"\d+ (?P<value>\d+) steps", [" steps"]),
        (r'{"val_acc": (.*?),', ['{"val_acc": ']),
        (r"(epoch)+ \d", ["epoch"]),
        (r"Verlust: (\S+)é", ["Verlust: "]),
        (r"a{2}bcd", ["bcd"]),
        (r"\x41\u0042c", ["ABc"]),
    ],
)
def test_the_longest_text_that_every_match_contains_is_found(
    pattern: str, texts: list[str]
) -> None:
    found = required_literals(pattern)
    assert found is not None
    assert found.texts == tuple(text.encode() for text in texts)
    assert not found.folded


def test_without_case_the_text_stops_at_letters_that_have_odd_forms() -> None:
    found = required_literals(r"(?i)VAL_LOSS: (.*)")
    assert found is not None
    assert (found.texts, found.folded) == ((b"val_lo",), True)
    ascii_only = required_literals(r"(?ia)VAL_LOSS: (.*)")
    assert ascii_only is not None
    assert ascii_only.texts == (b"val_loss: ",)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(\d+)",
        r"acc|",
        r"(?:acc){e<=1}: (\d)",
        r"(acc)?",
        r"acc*",
        r"(?x) a c c",
        r"(?V1)[[a-z]--[b]]",
        r"(?r)acc",
        r"[[:alpha:]]+",
        r"(?|acc|loss)",
        r"(?<=acc)\d",
    ],
)
def test_nothing_is_claimed_where_nothing_is_sure(pattern: str) -> None:
    found = required_literals(pattern)
    assert found is None or found.texts == (b"ac",)


# Few letters, so that texts often match; with the letters whose case is odd, and the cuts of UTF-8.
ALPHABET = "aAkKsſKiİı_.:é\N{SMILE} 1{}<=,"
ATOMS = st.one_of(
    st.sampled_from(ALPHABET).map(regex.escape),
    st.sampled_from([r"\w", r"\d", r"\s", ".", "[ak_]", "[^k]", "[]a]", r"[\]k]", "[_]", "^", "$"]),
    st.sampled_from([r"\b", r"\x61", "{", "{a", "}", r"\h", r"\B", "(?=a)", "(?<!s)", "(?#k)"]),
)
FLAGS = ("(?i)", "(?ia)", "(?s)", "(?x)", "(?i:", "(?a:", "(?-i:", "(?ai:", "(?e)", "(?V1)", "(?f)")


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map("|".join).map("({})".format),
        inner.map("(?:{})".format),
        inner.map("(?P<value>{})".format),
        inner.map("(?>{})".format),
        st.tuples(st.sampled_from(FLAGS), inner).map(
            lambda pair: "".join(pair) + (")" if pair[0].endswith(":") else "")
        ),
        st.tuples(
            inner,
            st.sampled_from(
                ["*", "+", "?", "*?", "+?", "??", "++", "{2}", "{0,1}", "{1,}", "{,2}"]
            ),
        ).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
        st.tuples(inner, st.sampled_from(["{e<=1}", "{s}", "{e}", "{", "{1<=e<=2}"])).map("".join),
    )


PATTERNS = st.recursive(ATOMS, _grown, max_leaves=12)


@given(PATTERNS, st.lists(st.text(ALPHABET, max_size=12), min_size=1, max_size=8))
@example(r"(?i)(?a:k)", ["K"])
@example(r"(?i)k", ["\N{KELVIN SIGN}"])
@example(r"(?:a){e<=1}", ["k"])
def test_no_line_that_would_match_is_filtered_out(pattern: str, lines: list[str]) -> None:
    try:
        compiled = regex.compile(pattern)
    except regex.error:
        assume(False)
    found = required_literals(pattern)
    for line in lines:
        if found is None or compiled.search(line, timeout=5) is None:
            continue
        data = line.encode().lower() if found.folded else line.encode()
        assert any(text in data for text in found.texts), (pattern, line, found)
