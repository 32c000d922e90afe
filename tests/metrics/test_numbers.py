import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosearch.metrics.numbers import numbers_in, parse_number, same

READ = {
    "0.93": 0.93,
    "  0.93": 0.93,
    "12": 12.0,
    "-3": -3.0,
    "+0.5": 0.5,
    "−0.5": -0.5,
    ".5": 0.5,
    "-.5": -0.5,
    "5.": 5.0,
    "1e-5": 1e-5,
    "1E+05": 1e5,
    "2.300039e+00": 2.300039,
    "1e−5": 1e-5,
    "0.1234D-03": 1.234e-4,
    "1.5f-3": 1.5e-3,
    "0.5f0": 0.5,
    "93.5%": 93.5,
    "93.5 %": 93.5,
    "7‰": 7.0,
    "1,234.5": 1234.5,
    "1,234,567": 1234567.0,
    "-12,000": -12000.0,
    "1_000": 1000.0,
    "1_000.000_1": 1000.0001,
    "1e400": math.inf,
    "-1e400": -math.inf,
    "1e-400": 0.0,
    "inf": math.inf,
    "-inf": -math.inf,
    "+INF": math.inf,
    "Infinity": math.inf,
    "-infinity": -math.inf,
    "∞": math.inf,
    "1.#INF": math.inf,
    "tensor(0.07, device='cuda:0')": 0.07,
    "tensor([0.07])": 0.07,
    "tensor([[0.07]])": 0.07,
    "tensor(7.5e-02, grad_fn=<NllLossBackward0>)": 7.5e-2,
    "torch.tensor(1)": 1.0,
    "np.float64(0.1)": 0.1,
    "numpy.float32(-0.1)": -0.1,
    "np.int64(3)": 3.0,
    "array(0.3, dtype=float32)": 0.3,
    "array([0.3], dtype=float32)": 0.3,
    "jnp.array(0.25)": 0.25,
    "Array(0.3, dtype=float32)": 0.3,
    "DeviceArray(0.3, dtype=float32)": 0.3,
    "tf.Tensor(0.3, shape=(), dtype=float32)": 0.3,
    "<tf.Tensor: shape=(), dtype=float32, numpy=0.3>": 0.3,
    "Tensor(shape=[1], dtype=float32, place=Place(gpu:0), stop_gradient=False, [0.53])": 0.53,
    "Tensor(shape=[], dtype=Float32, value= 0.3)": 0.3,
    "Decimal('0.3')": 0.3,
    "'0.3'": 0.3,
    '"0.3"': 0.3,
    "[0.3]": 0.3,
    "12.5ms": 12.5,
    "12.5ms/step": 12.5,
    "3.2 GB": 3.2,
    "45.1it/s": 45.1,
    "0.93.": 0.93,
    "0.93, lr: 1e-3": 0.93,
    "0.93;": 0.93,
    "0.93)": 0.93,
    "0.93}": 0.93,
    "0.93|": 0.93,
    "0.93 - val: 2": 0.93,
    "0.93 2024-01-31": 0.93,
    "5/10": 5.0,
    "0.5,0.93": 0.5,
    "12,0.93": 12.0,
    "0.5 (0.6)": 0.5,
}
NAN = ("nan", "NaN", "NAN", "-nan", "-nan(ind)", "nan(snan)", "1.#QNAN", "-1.#IND", "tensor(nan)")
REFUSED = (
    "",
    " ",
    "-",
    ".",
    "e5",
    "abc",
    "None",
    "null",
    "nano",
    "info",
    "infer",
    "0,93",
    "1,23",
    "100,2000",
    "1,2,3",
    "1.2.3",
    "12:30:01",
    "2024-01-31",
    "01/02/2024",
    "0x1F",
    "3rd",
    "1st",
    "5_fold",
    "5-fold",
    "1e5e5",
    "0.93.ckpt",
    "0.93-last",
    "[0.3, 0.4]",
    "[0.3 0.4]",
    "loss(0.3)",
    "٣",
)


@pytest.mark.parametrize(("text", "value"), READ.items())
def test_a_number_is_read_as_printed(text: str, value: float) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize("text", NAN)
def test_nan_is_read_in_every_spelling(text: str) -> None:
    value = parse_number(text)
    assert value is not None
    assert math.isnan(value)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_one_number_is_refused(text: str) -> None:
    assert parse_number(text) is None


@given(
    st.floats(), st.sampled_from(["{!r}", "{:e}", "{:.17g}", "tensor({!r})", "{!r}%", "{:.400f}"])
)
def test_every_float_comes_back(value: float, form: str) -> None:
    text = form.format(value)
    expected = float(text.removeprefix("tensor(").rstrip(")%"))
    read = parse_number(text)
    assert read == expected or (read is not None and math.isnan(read) and math.isnan(expected))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("epoch 3/10 loss=1e-3 (0.5%)", [3, 10, 1e-3, 0.5]),
        ("v2 model_3 1.2.3 x1 1e-31e-3 0.93.ckpt 1.5", [1.5]),
        ("[1] -2 +3 tensor(5)", [1, -2, 3, 5]),
        ("nan info inf", [math.nan, math.inf]),
    ],
)
def test_the_numbers_in_a_text_stand_alone(text: str, values: list[float]) -> None:
    found = numbers_in(text)
    assert all(same(a.value, b) for a, b in zip(found, values, strict=True))
    assert [parse_number(text[n.start : n.stop]) is None for n in found] == [False] * len(found)


@given(st.integers(-(10**15), 10**15))
def test_thousands_come_back(value: int) -> None:
    assert parse_number(f"{value:,}") == parse_number(f"{value:_}") == value


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert isinstance(parse_number(text), float | None)


def test_a_million_digits_are_one_number() -> None:
    assert parse_number("0." + "3" * 1_000_000) == pytest.approx(1 / 3)
