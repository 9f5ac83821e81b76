"""Components of the graph, and the constrained pass where a component holds what it must not hold.

Put here: integers in, integers out: connected components, limits, union-find over the few components that need it.
Keep out: what a node or an edge means (edges.py), the order of edges (given by the caller).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components


@dataclass(frozen=True)
class Limits:
    """What no component may hold: more values of a class than allowed, or both ends of a pair kept apart.

    node[i] is one value of class_[i], at most allowed[class] per component; apart[i] is a pair of nodes.
    An edge of more weight than strength[i] may join that pair all the same.
    """

    node: np.ndarray
    class_: np.ndarray
    allowed: np.ndarray  # by class
    apart: np.ndarray = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))
    strength: np.ndarray = field(default_factory=lambda: np.empty(0))


def find_components(nodes: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Label every node 0..nodes-1 with its component."""
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(nodes, nodes))
    return connected_components(graph, directed=False)[1]


def find_broken(labels: np.ndarray, limits: Limits) -> np.ndarray:
    """Labels of components that hold too many values of a class or a pair kept apart, sorted."""
    classes = max(len(limits.allowed), 1)
    keys, counts = np.unique(labels[limits.node].astype(np.int64) * classes + limits.class_, return_counts=True)
    crowded = keys[counts > limits.allowed[keys % classes]] // classes
    left, right = labels[limits.apart[:, 0]], labels[limits.apart[:, 1]]
    return np.union1d(crowded, left[left == right])


def refuse_breaking(
    left: np.ndarray, right: np.ndarray, weight: np.ndarray, limits: Limits
) -> tuple[np.ndarray, np.ndarray]:
    """Take edges one by one and refuse each that would make a cluster hold what it must not.

    Args:
        left, right, weight: edges in the order in which they are to be taken.
        limits: of at least the nodes these edges touch.
    Returns:
        Positions refused because the edge joins a pair kept apart, and those refused only because a class would have
        too many values; both ascending.
    Source: union-find with path halving (Tarjan 1975), each root carrying its values per class and its foes.
    """
    parent: dict[int, int] = {}
    values, foes = _Values(left, right, limits), _Foes(limits)
    joining, crowding = [], []
    for position, (a, b, of) in enumerate(zip(left.tolist(), right.tolist(), weight.tolist(), strict=True)):
        a, b = _root(parent, a), _root(parent, b)
        if a == b:
            continue
        if foes.refuse(a, b, of):
            joining.append(position)
        elif values.refuse(a, b):
            crowding.append(position)
        else:
            parent[b] = a
            foes.join(a, b)
            values.join(a, b)
    return np.array(joining, dtype=np.int64), np.array(crowding, dtype=np.int64)


class _Values:
    """How many values of each class a root holds."""

    def __init__(self, left: np.ndarray, right: np.ndarray, limits: Limits) -> None:
        touched = np.isin(limits.node, np.union1d(left, right))
        nodes, classes = limits.node[touched].tolist(), limits.class_[touched].tolist()
        self._held = {node: {class_: 1} for node, class_ in zip(nodes, classes, strict=True)}
        self._allowed = limits.allowed.tolist()

    def refuse(self, a: int, b: int) -> bool:
        fewer, more = sorted((self._held.get(a, {}), self._held.get(b, {})), key=len)
        return any(more.get(class_, 0) + count > self._allowed[class_] for class_, count in fewer.items())

    def join(self, a: int, b: int) -> None:
        fewer, more = sorted((self._held.pop(a, {}), self._held.pop(b, {})), key=len)
        for class_, count in fewer.items():
            more[class_] = more.get(class_, 0) + count
        if more:
            self._held[a] = more


class _Foes:
    """The nodes a root holds that are kept apart from others, and how strongly from which."""

    def __init__(self, limits: Limits) -> None:
        self._held: dict[int, set[int]] = {}
        self._foes: dict[int, dict[int, float]] = {}
        for (left, right), strength in zip(limits.apart.tolist(), limits.strength.tolist(), strict=True):
            for node, foe in ((left, right), (right, left)):
                self._held[node] = {node}
                self._foes.setdefault(node, {})[foe] = strength

    def refuse(self, a: int, b: int, weight: float) -> bool:
        foes = self._foes.get(a, {})
        return any(foes[node] >= weight for node in self._held.get(b, ()) if node in foes)

    def join(self, a: int, b: int) -> None:
        held = self._held.pop(a, set()) | self._held.pop(b, set())
        if held:
            self._held[a] = held
            fewer, more = sorted((self._foes.pop(a, {}), self._foes.pop(b, {})), key=len)
            for node, strength in fewer.items():
                more[node] = max(strength, more.get(node, strength))
            self._foes[a] = more


def _root(parent: dict[int, int], node: int) -> int:
    while (above := parent.get(node, node)) != node:
        parent[node] = parent.get(above, above)
        node = parent[node]
    return node
