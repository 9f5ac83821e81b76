"""The top of every chain of parents, also where the chain runs in a circle.

Put here: integers in, integers out. Keep out: what a parent is (accounts.py).
"""

from __future__ import annotations

import numpy as np


def find_tops(parent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Follow every node to the top of its hierarchy.

    Args:
        parent: the parent of node i is parent[i]; a top is its own parent.
    Returns:
        (top, is_in_cycle) by node. Where parents run in a circle, its smallest node is the top of all that lead there,
        and its members, not what hangs below them, are in the cycle.
    Source: pointer jumping (Wyllie 1979): n steps are walked in log2(n) rounds, so a circle cannot hang.
    """
    nodes = np.arange(len(parent))
    reached, smallest = parent.copy(), np.minimum(nodes, parent)  # after 1, 2, 4 … steps, and the least node on the way
    for _ in range(len(parent).bit_length()):
        smallest = np.minimum(smallest, smallest[reached])
        reached = reached[reached]
    is_last = np.zeros(len(parent), dtype=bool)
    is_last[reached] = True  # whoever is reached after n steps is a top, or in a circle
    return smallest[reached], is_last & (parent != nodes)
