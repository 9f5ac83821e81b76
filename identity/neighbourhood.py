"""What lies around a few nodes in the published graph, in the form an explanation shows.

Put here: edges, decisions and names of nodes as they may be shown. Keep out: which nodes are asked about (explain.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order

from identity.engine import Engine
from identity.explanation import Decision, Edge, Member, Node
from identity.subjects import shorten

Row = Mapping[str, Any]
MEMBERSHIP = """(
    select distinct subject_id as node, cast(customer_id as varchar) as customer_id
    from identity.membership where known_to is null and kind <> 'device'
)"""
_SAYS_NO_VALUE = re.compile(r"carried by the record|seen together|decision( .*)?|model .*")  # other evidence is a node


def read_edges(engine: Engine, condition: str) -> list[Row]:
    """Edges that were considered, the accepted ones first, the strongest rule and the heaviest edge first."""
    return engine.fetch(
        f"""
        select * from identity.edges where {condition}
        order by state, rule = 'model', rule <> 'decision', weight desc, rule, left_node, right_node, evidence
        """
    ).to_pylist()


def find_path(edges: Sequence[Row], left: str, right: str) -> list[Row]:
    """The fewest edges that lead from left to right, in that order; none where nothing does.

    Source: breadth first search (scipy); of several edges between two nodes the first given stands for all.
    """
    names = sorted({node for edge in edges for node in (edge["left_node"], edge["right_node"])} | {left, right})
    number = {name: i for i, name in enumerate(names)}
    ends = np.array([[number[edge["left_node"]], number[edge["right_node"]]] for edge in edges]).reshape(-1, 2)
    graph = coo_matrix((np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), shape=(len(names),) * 2)
    _, before = breadth_first_order(graph.tocsr(), number[left], directed=False)
    by_ends: dict[frozenset[str], Row] = {}
    for edge in edges:
        by_ends.setdefault(frozenset((edge["left_node"], edge["right_node"])), edge)
    path, at = [], number[right]
    while before[at] >= 0:
        path.append(by_ends[frozenset((names[at], names[before[at]]))])
        at = before[at]
    return path[::-1]


def ends_of(rows: Iterable[Row], suffix: str = "node") -> list[str]:
    """Both ends of edges (`node`) or of decisions (`subject`)."""
    return [row[f"{side}_{suffix}"] for row in rows for side in ("left", "right")]


class Names:
    """Nodes by what may be shown of them: their short hash, or their name where values were asked for."""

    def __init__(self, engine: Engine, nodes: Iterable[str], values: bool) -> None:
        self._values = values
        engine.register("ir_named_nodes", pa.table({"node": pa.array(sorted(set(nodes)), pa.string())}))
        found = engine.fetch(f"select node, customer_id from {MEMBERSHIP} m semi join ir_named_nodes using (node)")
        self._customers = dict(zip(found["node"].to_pylist(), found["customer_id"].to_pylist(), strict=True))

    def customer_of(self, name: str) -> str | None:
        return self._customers.get(name)

    def node(self, name: str) -> Node:
        """A record is `<dataset>:<key>`, an identifier `<type>|<namespace>|<value>`."""
        kind = re.match(r"(\w+)\|", name)
        return Node(
            name=name if self._values else shorten(name),
            kind=kind[1] if kind else "record",
            dataset=None if kind else name.partition(":")[0],
            customer_id=self.customer_of(name),
        )

    def member(self, row: Row) -> Member:
        return Member(self.node(row["node"]), row["state"], row["records"], row["valid_from"], row["valid_to"])

    def edge(self, row: Row) -> Edge:
        evidence = row["evidence"]
        if not _SAYS_NO_VALUE.fullmatch(evidence):
            evidence = f"both carry {self.node(evidence)}"
        left, right = self.node(row["left_node"]), self.node(row["right_node"])
        return Edge(left, right, row["rule"], row["weight"], evidence, row["reason"])

    def decision(self, row: Row) -> Decision:
        left, right = self.node(row["left_subject"]), self.node(row["right_subject"])
        kept = ("verdict", "decided_by", "decided_at", "reason")
        return Decision(row["decision_id"], left, right, *(row[name] for name in kept))
