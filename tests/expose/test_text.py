"""The text of gauges: what is escaped comes back, blocks hold exactly the lines that were put."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exporter.expose.text import Block, Family, escape_help, label_text, number_text
from tests.expose.pages import samples

# Surrogates are folded away before (tests/state/test_folding.py).
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=20)
NASTY = st.sampled_from(
    ('"', "\\", "\n", '\\"', "\\n", "\\\n", "a,b", "x}", 'y="z"', "话术 乙", "🙂", "# EOF", " ", "")
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53).map(float)


def page_of(value: str, number: float, help_text: str) -> str:
    """A page of one series."""
    family = Family("outcall_dials", help_text)
    labels = label_text(("window", "script"), ("5m", value))
    family.block("5m").put((value,), f"outcall_dials{labels} {number_text(number)}\n")
    return family.render()


@given(TEXTS | NASTY, NUMBERS)
def test_labels_and_numbers_come_back(value: str, number: float) -> None:
    """Quotes, backslashes, newlines, any script; every bit of a float."""
    key = "outcall_dials", (("script", value), ("window", "5m"))
    assert samples(page_of(value, number, "Dials")) == {key: number}


@given(st.sampled_from(('Dials, "all"', "a\\b", "two\nlines", "每月利息", "a\\nb")))
def test_help_stays_on_its_line(text: str) -> None:
    """Backslashes and newlines are escaped; quotes are not, in neither format."""
    page = page_of("A", 1.0, text)
    assert samples(page)
    assert page.splitlines()[0] == f"# HELP outcall_dials {escape_help(text)}"


def test_without_labels_there_are_no_braces() -> None:
    assert label_text((), ()) == ""
    assert label_text(("a",), ("b",)) == '{a="b"}'


OPERATIONS = st.lists(
    st.tuples(st.sampled_from("abcde"), st.none() | st.sampled_from(("1", "2"))) | st.just(("clear", None)), max_size=20
)


@given(OPERATIONS)
def test_a_block_holds_what_was_put(operations: list[tuple[str, str | None]]) -> None:
    """As a dictionary would, sorted; it is written again exactly when something changed."""
    block, expected = Block(), dict[str, str]()
    for name, value in operations:
        before = dict(expected)
        if name == "clear":
            block.clear()
            expected.clear()
        elif value is None:
            block.put((name,), None)
            expected.pop(name, None)
        else:
            block.put((name,), f"{name} {value}\n")
            expected[name] = f"{name} {value}\n"
        assert block.stale == (expected != before)
        assert block.render() == "".join(sorted(expected.values()))
        assert not block.stale


def test_a_family_without_series_is_not_there() -> None:
    """Neither head nor line; its blocks come in the order in which they were declared."""
    family = Family("outcall_dials", "Dials")
    for window in ("5m", "1h"):
        family.block(window)
    assert (family.render(), family.series()) == ("", 0)
    family.block("1h").put(("x",), 'outcall_dials{window="1h"} 1\n')
    family.block("5m").put(("x",), 'outcall_dials{window="5m"} 2\n')
    assert family.render().splitlines()[2:] == ['outcall_dials{window="5m"} 2', 'outcall_dials{window="1h"} 1']
    assert family.series() == 2
