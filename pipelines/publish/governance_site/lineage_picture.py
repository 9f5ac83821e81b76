"""Where a table comes from and who reads it, as a picture: sources at the left, the table, its readers at the right.

Put here: where boxes and lines stand. Keep out: painting them (templates/lineage.svg.j2), lineage itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BOX, ROW, GAP, COLUMN = 24, 30, 14, 250  # heights and the step of a column, pixels
LETTERS = 30  # of a name that fit into a box


@dataclass(frozen=True)
class Box:
    """One thing of the picture; `link` is where its page is."""

    name: str
    kind: str  # source | origin | table | consumer
    link: str | None
    x: int
    y: int
    width: int = 210
    height: int = BOX

    @property
    def shown(self) -> str:
        return self.name if len(self.name) <= LETTERS else self.name[: LETTERS - 1] + "…"


@dataclass(frozen=True)
class Picture:
    """Boxes, and a curve from the right of one to the left of the next."""

    boxes: tuple[Box, ...]
    lines: tuple[str, ...]
    width: int
    height: int


def draw_lineage(table: str, sources: Sequence[tuple[str, str, str | None]], consumers: Sequence[str]) -> Picture:
    """The picture of one table.

    Args:
        sources: (name, source or origin, link) of everything it comes from.
    """
    height = max(len(sources), len(consumers), 1) * ROW + 2 * GAP
    left = [Box(name, kind, link, 0, _y(n, len(sources), height)) for n, (name, kind, link) in enumerate(sources)]
    middle = Box(table, "table", None, COLUMN, height // 2 - BOX // 2)
    right = [Box(name, "consumer", None, 2 * COLUMN, _y(n, len(consumers), height)) for n, name in enumerate(consumers)]
    lines = [_curve(box, middle) for box in left] + [_curve(middle, box) for box in right]
    return Picture((*left, middle, *right), tuple(lines), 2 * COLUMN + 212, height)


def _y(number: int, count: int, height: int) -> int:
    return int(height / 2 + (number - count / 2) * ROW + (ROW - BOX) / 2)


def _curve(start: Box, end: Box) -> str:
    x1, y1, x2, y2 = start.x + start.width, start.y + BOX // 2, end.x, end.y + BOX // 2
    middle = (x1 + x2) // 2
    return f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"
