"""Problems in Chinese: every one that the call database or Prometheus can have is known."""

from __future__ import annotations

import re

import asyncpg
import pytest

from exporter.calldb.connect import explain_query
from exporter.review.problems import LATE, NO_PROMETHEUS, REFUSED, UNREACHED, in_chinese
from exporter.review.words import Words
from exporter.semantic.model import Catalogue

ERRORS = (
    asyncpg.UndefinedTableError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.UndefinedColumnError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.PostgresSyntaxError,
    asyncpg.UndefinedFunctionError,
    asyncpg.DatatypeMismatchError,
    asyncpg.DivisionByZeroError,
    ValueError,
)
# Names of things keep their names.
NAMES = re.compile(
    r"call_analyses|sources|schema|database_schema|SELECT|GRANT|exporter|statement_timeout|check --live|SQLSTATE \w+"
    r"|DivisionByZeroError|ValueError|Prometheus|HTTP"
)


@pytest.mark.parametrize("error", ERRORS)
def test_what_a_source_refuses(error: type[Exception], catalogue: Catalogue) -> None:
    """Nothing is left in English but names; in English it is as the other commands say it."""
    problem = explain_query(error("secret"), "call_analyses")
    text = in_chinese(problem)
    assert text.startswith("call_analyses ")
    assert not re.search("[A-Za-z]", NAMES.sub("", text)), text
    assert Words(catalogue, "zh").problem(problem) == text
    assert Words(catalogue, "en").problem(problem) == problem


@pytest.mark.parametrize("problem", [UNREACHED, LATE, REFUSED.format(503), NO_PROMETHEUS])
def test_what_prometheus_does_not_do(problem: str) -> None:
    """The status is kept."""
    text = in_chinese(problem)
    assert not re.search("[A-Za-z]", NAMES.sub("", text)), text
    assert ("503" in problem) == ("503" in text)


def test_what_is_not_known_is_told_as_it_is() -> None:
    assert in_chinese("the moon is full") == "the moon is full"
