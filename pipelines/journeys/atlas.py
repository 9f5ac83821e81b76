"""How journeys nest: phases of a life cycle, journeys in them, journeys in journeys.

Put here: the nodes, who is above whom, and what is wrong with it. Keep out: what happens in a journey.
A parent is a journey id, or else a path of phases like `lifecycle.buy`. Of several versions of a journey the one in
force decides: the highest approved, else the highest.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pipelines.journeys.model import Journey


class Link(NamedTuple):
    """An ancestor and a descendant, or a node and itself (depth 0); fields as in `control.journey_atlas`."""

    ancestor_id: str
    ancestor_kind: str  # phase | journey
    ancestor_name: str
    descendant_id: str
    descendant_kind: str
    descendant_name: str
    depth: int  # steps from ancestor to descendant
    level: int  # steps from the root to the descendant
    path: str  # ids from the root to the descendant, joined by " > "
    is_leaf: bool  # nothing is below the descendant


def choose_in_force(journeys: Iterable[Journey]) -> dict[str, Journey]:
    """journey_id -> the highest approved version, else the highest; sorted by id."""
    ordered = sorted(journeys, key=lambda j: (j.journey_id, j.status == "approved", j.version))
    return {journey.journey_id: journey for journey in ordered}


def list_parent_faults(journeys: Iterable[Journey]) -> list[str]:
    """Journeys above themselves, and phases below a journey; one line per fault."""
    known = choose_in_force(journeys)
    problems, told = [], set()
    for journey_id, journey in known.items():
        first, dot, _ = (journey.parent or "").partition(".")
        if dot and first in known:
            problems.append(
                f"{journey.file}: parent: seen {journey.parent!r}, but {first!r} is a journey and has no phases; "
                f"allowed: {first}, or a path of phases that begins otherwise"
            )
        chain = [journey_id]
        while (above := known[chain[-1]].parent) in known and above not in chain:
            chain.append(above)
        if above == journey_id and len(chain) > 1 and not told & set(chain):
            told |= set(chain)
            problems.append(
                f"{journey.file}: parent: {' > '.join([*chain, journey_id])}: {journey_id!r} is above itself; "
                "change the parent of one of them"
            )
    return problems


def list_links(journeys: Iterable[Journey]) -> list[Link]:
    """The closure: every node with itself and with everything above it, sorted; parents are without fault."""
    known = choose_in_force(journeys)
    lines = {line[-1]: line for journey_id in known for line in _lines_above(journey_id, known)}
    parents = {line[-2] for line in lines.values() if len(line) > 1}
    return sorted(
        Link(
            *(line[place], *_describe(line[place], known)),
            *(node, *_describe(node, known)),
            depth=len(line) - 1 - place,
            level=len(line) - 1,
            path=" > ".join(line),
            is_leaf=node not in parents,
        )
        for node, line in lines.items()
        for place in range(len(line))
    )


def _lines_above(journey_id: str, known: dict[str, Journey]) -> list[list[str]]:
    """The lines root … node, of a journey and of everything above it."""
    line, parent = [journey_id], known[journey_id].parent
    while parent in known:
        line.append(parent)
        parent = known[parent].parent
    phases = parent.split(".") if parent else []
    line += [".".join(phases[:length]) for length in range(len(phases), 0, -1)]
    line.reverse()
    return [line[:length] for length in range(1, len(line) + 1)]


def _describe(node: str, known: dict[str, Journey]) -> tuple[str, str]:
    if node in known:
        return "journey", known[node].name
    return "phase", node.rpartition(".")[2].replace("_", " ")
