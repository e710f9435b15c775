"""All laws by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tests.generate.dashboards import laws_boards, laws_links, laws_panels, laws_queries
from tests.generate.dashboards.boards import Board
from tests.generate.dashboards.world import World

Law = Callable[[World, Board], Iterator[str]]
MODULES = (laws_queries, laws_panels, laws_links, laws_boards)
LAWS: Mapping[str, Law] = {law.__name__: law for module in MODULES for law in module.LAWS}


def told(law: str, world: World, board: Board) -> list[str]:
    """What is wrong by a law, each with the board; at most a screenful."""
    return [f"{board.path}, {text}" for text in LAWS[law](world, board)][:20]
