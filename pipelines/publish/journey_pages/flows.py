"""Who flows where in the diagram of paths: blocks of stages and ends, and how many go from one to the next.

Put here: counting. Keep out: where blocks lie, how they look (sankey.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.publish.journey_pages.figures import GOAL, LOST, OPEN, Path, fate

SMALL = 0.02  # stages that fewer of the instances visit there share a block, and so do such ends of one fate
FATES = (GOAL, OPEN, LOST)  # from top to bottom
STAGE, OTHERS, LATER, END, FATE = "stage", "others", "later", "end", "fate"  # kinds of blocks


@dataclass(frozen=True)
class Node:
    """A block. Its name is that of a stage, of an outcome, or of the fate that small ends share."""

    column: int
    kind: str
    name: str

    @property
    def fate(self) -> str | None:
        """Of those who end here; null for other blocks."""
        return {END: fate(self.name), FATE: self.name}.get(self.kind)

    def rank(self, order: Mapping[str, int]) -> tuple[int, int, str]:
        """From top to bottom of a column: stages in their order, ends below them, the lost last."""
        if self.fate:
            return 3, FATES.index(self.fate), self.name
        return (0, order[self.name], "") if self.kind == STAGE else (1 if self.kind == OTHERS else 2, 0, "")


@dataclass(frozen=True)
class Flow:
    """Instances that go from one block to the next and meet the same fate in the end."""

    start: Node
    end: Node
    fate: str
    instances: int


def find_flows(paths: tuple[Path, ...], small: float = SMALL) -> list[Flow]:
    """Every step of every path, added up; no instance is left out.

    A path that ends in a terminal stage ends in that stage's block; another one in a block of its outcome.
    """
    walks = [(_walk(path), path) for path in paths]
    sizes: dict[Node, int] = defaultdict(int)
    for nodes, path in walks:
        for node in nodes:
            sizes[node] += path.instances
    least = small * sum(path.instances for path in paths)
    counted: dict[tuple[Node, Node, str], int] = defaultdict(int)
    for nodes, path in walks:
        drawn = [node if sizes[node] >= least else _share_block(node) for node in nodes]
        for start, end in zip(drawn, drawn[1:], strict=False):
            counted[start, end, fate(path.outcome)] += path.instances
    return [Flow(start, end, what, n) for (start, end, what), n in counted.items()]


def _walk(path: Path) -> list[Node]:
    nodes = [Node(column, STAGE, stage) for column, stage in enumerate(path.stages)]
    if path.is_longer:
        nodes.append(Node(len(nodes), LATER, LATER))
    if path.is_longer or fate(path.outcome) != GOAL or len(nodes) == 1:
        nodes.append(Node(len(nodes), END, path.outcome))
    return nodes


def _share_block(node: Node) -> Node:
    if node.kind == STAGE:
        return Node(node.column, OTHERS, OTHERS)
    return Node(node.column, FATE, node.fate) if node.fate else node
