"""Components of the graph, and the constrained pass where a component breaks a limit.

Put here: integers in, integers out: connected components, limits, union-find over the few components that need it.
Keep out: what a node or an edge means (edges.py), the order of edges (given by the caller).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components


@dataclass(frozen=True)
class Limits:
    """Nodes that count against a limit: node[i] is one value of class_[i], at most allowed[class] per component."""

    node: np.ndarray
    class_: np.ndarray
    allowed: np.ndarray  # by class


def find_components(nodes: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Label every node 0..nodes-1 with its component."""
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(nodes, nodes))
    return connected_components(graph, directed=False)[1]


def find_broken(labels: np.ndarray, limits: Limits) -> np.ndarray:
    """Labels of components in which some class has more values than allowed, sorted."""
    classes = max(len(limits.allowed), 1)
    keys, counts = np.unique(labels[limits.node].astype(np.int64) * classes + limits.class_, return_counts=True)
    return np.unique(keys[counts > limits.allowed[keys % classes]] // classes)


def refuse_breaking(left: np.ndarray, right: np.ndarray, limits: Limits) -> np.ndarray:
    """Take edges one by one and refuse each that would put too many values of a class into one cluster.

    Args:
        left, right: edges in the order in which they are to be taken.
        limits: of at least the nodes these edges touch.
    Returns:
        Positions of the refused edges, ascending.
    Source: union-find with path halving (Tarjan 1975), each root carrying its count per class.
    """
    parent: dict[int, int] = {}
    held: dict[int, dict[int, int]] = {}
    touched = np.isin(limits.node, np.union1d(left, right))
    for node, class_ in zip(limits.node[touched].tolist(), limits.class_[touched].tolist(), strict=True):
        held[node] = {class_: 1}
    allowed = limits.allowed.tolist()
    refused = []
    for position, (a, b) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        a, b = _root(parent, a), _root(parent, b)
        if a == b:
            continue
        ours, theirs = held.get(a, {}), held.get(b, {})
        if len(ours) < len(theirs):
            a, b, ours, theirs = b, a, theirs, ours
        if any(ours.get(class_, 0) + count > allowed[class_] for class_, count in theirs.items()):
            refused.append(position)
            continue
        parent[b] = a
        if theirs:
            held[a] = {**ours, **{class_: ours.get(class_, 0) + count for class_, count in theirs.items()}}
    return np.array(refused, dtype=np.int64)


def _root(parent: dict[int, int], node: int) -> int:
    while (above := parent.get(node, node)) != node:
        parent[node] = parent.get(above, above)
        node = parent[node]
    return node
