"""Numbers as Grafana writes them with a unit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from devtools.grafana.dates import DATE_UNITS, write_date
from devtools.grafana.durations import clock, hours_minutes_seconds, seconds_text, spelled
from devtools.grafana.numbers import Text, clean, to_fixed

SHORT: Final = ("", " K", " Mil", " Bil", " Tri", " Quadr", " Quint", " Sext", " Sept")
MONEY: Final = ("", "K", "M", "B", "T")
BINARY: Final = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
DECIMAL: Final = ("", "k", "M", "G", "T", "P", "E", "Z", "Y")
SIGNS: Final = {
    "currencyCNY": "¥", "currencyUSD": "$", "currencyEUR": "€", "currencyGBP": "£", "currencyJPY": "¥",
    "currencyKRW": "₩", "currencyINR": "₹",
}  # fmt: skip
FIXED: Final = {
    "celsius": "°C", "rpm": "rpm", "reqps": "req/s", "ops": "ops/s", "rps": "rd/s", "cps": "c/s", "degree": "°",
}  # fmt: skip

Formatter = Callable[[float, int | None], Text]


@dataclass(frozen=True, slots=True)
class Context:
    """What dates are written with: the time zone's name and the present instant in seconds."""

    zone: str = "Asia/Shanghai"
    now: float = 0.0


def write_number(value: float, unit: str, decimals: int | None, context: Context | None = None) -> Text:
    """The value in its unit; without `decimals` Grafana's own choice of them, and no zeros at the end."""
    if unit in DATE_UNITS or unit.startswith("time:"):
        context = context or Context()
        return Text(write_date(value, unit, context.zone, context.now))
    text = formatter(unit)(value, decimals)
    if decimals is None and not unit.startswith("bool"):
        text = replace(text, number=clean(text.number))
    return text


def formatter(unit: str) -> Formatter:
    """How values of a unit are written; an unknown unit stands behind the number, as in Grafana."""
    if unit in UNITS:
        return UNITS[unit]
    if unit in SIGNS:
        return _money(SIGNS[unit])
    kind, _, rest = unit.partition(":")
    if rest and kind in PREFIXED:
        return PREFIXED[kind](rest)
    return _behind(FIXED.get(unit, unit))


def _behind(name: str) -> Formatter:
    return lambda value, decimals: Text(to_fixed(value, decimals), suffix=f" {name}" if name else "")


def _before(name: str) -> Formatter:
    return lambda value, decimals: Text(to_fixed(value, decimals), prefix=name)


def scaled(factor: float, names: tuple[str, ...], offset: int = 0) -> Formatter:
    """The largest step of `names` that the value reaches; `offset` is the place of the unscaled one."""

    def written(value: float, decimals: int | None) -> Text:
        if math.isnan(value) or math.isinf(value):
            return Text(to_fixed(value, decimals))
        # As JavaScript has it, the logarithm of 0 is minus infinity.
        step = math.floor(math.log10(abs(value)) / math.log10(factor)) if value else -offset
        step = max(-offset, min(step, len(names) - offset - 1))
        return Text(to_fixed(value / factor**step, decimals), suffix=names[offset + step])

    return written


def _money(sign: str) -> Formatter:
    inner = scaled(1000, MONEY)

    def written(value: float, decimals: int | None) -> Text:
        return replace(inner(abs(value), decimals), prefix=f"-{sign}" if value < 0 else sign)

    return written


def _percent(factor: float) -> Formatter:
    return lambda value, decimals: Text(to_fixed(value * factor, decimals), suffix="%")


def _boolean(yes: str, no: str) -> Formatter:
    return lambda value, _: Text(yes if value else no)


def _booleans(words: str) -> Formatter:
    yes, _, no = words.partition("/")
    return _boolean(yes, no or "-")


def _with(unit: str, steps: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f" {step}{unit}" for step in steps)


def _counted(symbol: str) -> Formatter:
    inner = scaled(1000, MONEY)
    return lambda value, decimals: replace(found := inner(value, decimals), suffix=f"{found.suffix} {symbol}")


def _locale(value: float, decimals: int | None) -> Text:
    return Text(f"{round(value, 3 if decimals is None else decimals):,}".removesuffix(".0"))


def _scientific(value: float, decimals: int | None) -> Text:
    return Text(f"{value:.{6 if decimals is None else decimals}e}")


PREFIXED: Final[Mapping[str, Callable[[str], Formatter]]] = {
    "suffix": _behind,
    "prefix": _before,
    "currency": _money,
    "count": _counted,
    "bool": _booleans,
    "si": lambda unit: scaled(1000, _with(unit, DECIMAL)),
}

UNITS: Final[Mapping[str, Formatter]] = {
    "": _behind(""),
    "none": _behind(""),
    "string": _behind(""),
    "short": scaled(1000, SHORT),
    "sishort": scaled(1000, DECIMAL),
    "percent": _percent(1),
    "percentunit": _percent(100),
    "locale": _locale,
    "sci": _scientific,
    "bytes": scaled(1024, _with("B", BINARY)),
    "bits": scaled(1024, _with("b", BINARY)),
    "kbytes": lambda value, decimals: scaled(1024, _with("B", BINARY))(value * 1024, decimals),
    "decbytes": scaled(1000, _with("B", DECIMAL)),
    "decbits": scaled(1000, _with("b", DECIMAL)),
    "Bps": scaled(1000, _with("B/s", DECIMAL)),
    "binBps": scaled(1024, _with("B/s", BINARY)),
    "bps": scaled(1000, _with("b/s", DECIMAL)),
    "hertz": scaled(1000, _with("Hz", DECIMAL)),
    "ns": lambda value, decimals: seconds_text(value / 1e9, decimals),
    "µs": lambda value, decimals: seconds_text(value / 1e6, decimals),
    "ms": lambda value, decimals: seconds_text(value / 1e3, decimals),
    "s": seconds_text,
    "m": lambda value, decimals: seconds_text(value * 60, decimals, least="min"),
    "h": lambda value, decimals: seconds_text(value * 3600, decimals, least="hour"),
    "d": lambda value, decimals: seconds_text(value * 86400, decimals, least="day"),
    "dtdurations": lambda value, decimals: Text(spelled(value, decimals)),
    "dtdurationms": lambda value, decimals: Text(spelled(value / 1000, decimals)),
    "dthms": lambda value, _: Text(hours_minutes_seconds(value)),
    "clocks": lambda value, decimals: Text(clock(value * 1000, decimals)),
    "clockms": lambda value, decimals: Text(clock(value, decimals)),
    "bool": _boolean("True", "False"),
    "bool_yes_no": _boolean("Yes", "No"),
    "bool_on_off": _boolean("On", "Off"),
}
