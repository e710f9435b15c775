"""Numbers as Grafana writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.grafana.units import Context, write_number

NOW = 1_750_003_200.0


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "wanted"),
    [
        (0.1234, "percentunit", None, "12.3%"),
        (0.1234, "percentunit", 2, "12.34%"),
        (0.5, "percentunit", None, "50%"),
        (0.5, "percentunit", 1, "50.0%"),
        (1, "percentunit", 1, "100.0%"),
        (0.0034, "percentunit", None, "0.340%"),
        (12.3456, "percent", 1, "12.3%"),
        (0, "s", None, "0 s"),
        (1.234, "s", 2, "1.23 s"),
        (0.0123, "s", None, "12.3 ms"),
        (0.0000123, "s", None, "12.3 µs"),
        (900, "s", None, "15 mins"),
        (3600, "s", None, "1 hour"),
        (90000, "s", None, "1.04 days"),
        (172800, "s", 0, "2 days"),
        (1500, "ms", None, "1.50 s"),
        (1288490188.8, "bytes", None, "1.20 GiB"),
        (1536, "bytes", None, "1.50 KiB"),
        (0, "bytes", None, "0 B"),
        (1500, "decbytes", None, "1.50 kB"),
        (12345, "short", None, "12.3 K"),
        (1_234_567, "short", 1, "1.2 Mil"),
        (999, "short", None, "999"),
        (0.25, "short", None, "0.250"),
        (12345, "currencyCNY", None, "¥12.3K"),
        (-12345, "currencyCNY", 1, "-¥12.3K"),
        (0.123, "currency:¥", 2, "¥0.12"),
        (12.5, "suffix:dials", None, "12.5 dials"),
        (3, "none", None, "3"),
        (3.14159, "none", None, "3.14"),
        (3.5, "", 0, "4"),
        (1, "bool", None, "True"),
        (0, "bool_yes_no", None, "No"),
        (1, "bool:开/关", None, "开"),
        (3661, "dthms", None, "01:01:01"),
        (3661, "dtdurations", 1, "1 hour, 1 minute"),
        (3661, "clocks", 1, "01h:01m"),
        (5, "dials/min", None, "5 dials/min"),
        ((NOW - 7200) * 1000, "dateTimeFromNow", None, "2 hours ago"),
        ((NOW + 30) * 1000, "dateTimeFromNow", None, "in a few seconds"),
        (NOW * 1000, "dateTimeAsIso", None, "2025-06-16 00:00:00"),
        (NOW * 1000, "dateTimeAsIsoNoDateIfToday", None, "00:00:00"),
        (NOW * 1000, "time:YYYY/MM/DD HH:mm", None, "2025/06/16 00:00"),
    ],
)
def test_examples(value: float, unit: str, decimals: int | None, wanted: str) -> None:
    # Grafana drops zeros at the end where it chose the decimals itself.
    number = wanted if decimals is not None else _cleaned(wanted)
    assert str(write_number(value, unit, decimals, Context("Asia/Shanghai", NOW))) == number


def _cleaned(wanted: str) -> str:
    for zeros, less in (("0.340", "0.34"), ("0.250", "0.25"), (".50 ", ".5 "), (".20 ", ".2 ")):
        wanted = wanted.replace(zeros, less)
    return wanted


@given(st.floats(-1e12, 1e12), st.sampled_from(["percentunit", "s", "bytes", "short", "none", "currencyCNY"]))
def test_own_decimals_keep_three_digits_or_so(value: float, unit: str) -> None:
    text = write_number(value, unit, None)
    assert sum(each.isdigit() for each in text.number.split("e")[0].lstrip("-0.")) <= 16
    assert not text.number.endswith(".")


@given(st.floats(0.001, 1e9), st.integers(0, 4))
def test_decimals_are_kept(value: float, decimals: int) -> None:
    number = write_number(value, "short", decimals).number
    assert len(number.partition(".")[2]) == decimals
