"""What is done to the answers before a table shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grafana_foundation_sdk.models import dashboard


def merged() -> dashboard.DataTransformerConfig:
    """Rows of several queries that have the same labels put together."""
    return dashboard.DataTransformerConfig("merge", options={})


def sorted_by(field: str, *, descending: bool = True) -> dashboard.DataTransformerConfig:
    return dashboard.DataTransformerConfig(
        "sortBy", options={"fields": {}, "sort": [{"field": field, "desc": descending}]}
    )


def organized(columns: Mapping[str, str], hidden: Sequence[str] = ()) -> dashboard.DataTransformerConfig:
    """The columns in this order under these names; those `hidden`, and the time, left out."""
    return dashboard.DataTransformerConfig(
        "organize",
        options={
            "excludeByName": dict.fromkeys(("Time", *hidden), True),
            "includeByName": {},
            "indexByName": {name: n for n, name in enumerate(columns)},
            "renameByName": {name: title for name, title in columns.items() if name != title},
        },
    )


def matrix(column: str, row: str, value: str) -> dashboard.DataTransformerConfig:
    """A column for each value of a label, a row for each of another."""
    return dashboard.DataTransformerConfig(
        "groupingToMatrix",
        options={"columnField": column, "rowField": row, "valueField": value, "emptyValue": "null"},
    )
