"""Which facts changed rows of another source (or neighbours of their own) concern."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exporter.calldb import query
from exporter.calldb.connect import Connection
from exporter.calldb.statements import StatementFailure, Statements
from exporter.semantic.model import Anchor, Dataset


async def touching(
    statements: Statements,
    connection: Connection,
    source: str,
    changed: str,
    arguments: Sequence[object],
    datasets: Iterable[Dataset],
) -> dict[str, set[int]]:
    """Per dataset, the minutes of facts that hang on changed rows of `source`.

    One statement for all, so that the changed rows are found once. Should it fail, one for each dataset tells whose
    fault it is: raises its StatementFailure.
    """
    hanging = [dataset for dataset in datasets if any(touch.source == source for touch in dataset.touches)]
    if not hanging:
        return {}
    try:
        async with connection.transaction():
            return await _ask(statements, connection, source, changed, arguments, hanging)
    except StatementFailure:
        found: dict[str, set[int]] = {}
        for dataset in hanging:
            found |= await _ask(statements, connection, source, changed, arguments, [dataset])
        return found


async def _ask(
    statements: Statements,
    connection: Connection,
    source: str,
    changed: str,
    arguments: Sequence[object],
    datasets: Sequence[Dataset],
) -> dict[str, set[int]]:
    places: dict[str, dict[Anchor, list[str]]] = {}
    for dataset in datasets:
        for touch in dataset.touches:
            if touch.source == source:
                places.setdefault(touch.from_clause, {}).setdefault(dataset.anchor, []).append(dataset.name)
    sql = query.touch_sql(changed, {clause: list(anchors) for clause, anchors in places.items()})
    found: dict[str, set[int]] = {dataset.name: set() for dataset in datasets}
    names = [names for anchors in places.values() for names in anchors.values()]
    for place, bucket, _ in await statements.run(connection, source, found, sql, *arguments):
        for name in names[place]:
            found[name].add(bucket)
    return found
