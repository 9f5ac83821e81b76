"""Clusters of the edges found so far: Arrow out of the database, labels back in.

Put here: `ir_labels` from edge relations, under the limits and the stewards' decisions; which edges they refused.
Keep out: the graph algorithms (cluster.py), how edges come about (edges.py, guard.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from identity.cluster import Limits, find_broken, find_components, refuse_breaking
from identity.config import IdentityConfig
from identity.decided import APART
from identity.defaults import ALWAYS, RECORD
from identity.engine import Engine

BREAKS_LIMIT = "cardinality: the customer would have too many values of one identifier, or records of one dataset"
CHAINED = "chain: the customer would hold two people whom the model, or a steward, tells apart"
_NOTHING_BREAKS = """
    select 0 as left_id, 0 as right_id, '' as rule, 0 as priority, 0.0::double as weight, '' as evidence, '' as reason,
        true as for_review
    where false
"""


def read_limits(engine: Engine, config: IdentityConfig, strangers: str | None = None) -> Limits:
    """What no cluster may hold.

    Strong identifiers whose type and namespace has a cardinality limit; records of a dataset that has one (it knows
    each person once); the pairs of `ir_apart`, and of `strangers` (left_id, right_id,
    strength).
    """
    counted = f"""
        select node_id, identifier_type, namespace from ir_identifiers where strength = 'strong'
        union all
        select node_id, '{RECORD}', dataset from ir_records
    """
    kinds = engine.fetch(f"select distinct identifier_type, namespace from ({counted}) order by all").to_pylist()
    limited = [
        (kind["identifier_type"], kind["namespace"], limit)
        for kind in kinds
        if (limit := config.cardinality_of(kind["identifier_type"], kind["namespace"])) is not None
    ]
    engine.register(
        "ir_limited",
        pa.table(
            {
                "identifier_type": pa.array([k for k, _, _ in limited], pa.string()),
                "namespace": pa.array([n for _, n, _ in limited], pa.string()),
                "class": pa.array(range(len(limited)), pa.int32()),
            }
        ),
    )
    nodes = engine.fetch(f"select node_id, class from ({counted}) join ir_limited using (identifier_type, namespace)")
    apart = engine.fetch(
        f"select left_id, right_id, {ALWAYS} as strength from ir_apart"
        + (f" union all select left_id, right_id, strength from {strangers}" if strangers else "")
    )
    return Limits(
        node=nodes["node_id"].to_numpy(),
        class_=nodes["class"].to_numpy(),
        allowed=np.array([limit for _, _, limit in limited], dtype=np.int64),
        apart=np.column_stack([apart["left_id"].to_numpy(), apart["right_id"].to_numpy()]),
        strength=apart["strength"].to_numpy(),
    )


def label_nodes(engine: Engine, nodes: int, edge_relations: Sequence[str], limits: Limits) -> None:
    """Write the clusters of the edges, and which edges could not be taken.

    ir_labels: node_id, label.
    ir_breaking: the edges refused, with reason and for_review. A limit's are all put up for review. Of those that would
        join a pair a steward keeps apart, the edge between the two themselves is not: it asks what the steward has
        answered. Any other asks whose the node between them is.
    ir_rivals: label, other; pairs of clusters a steward keeps apart, each from both sides.

    Edges are taken in the order: rule priority, weight descending, the smaller (left, right) by name. A steward's
    decision is an edge of priority 0, which no rule has.

    Args:
        edge_relations: working relations of (left_id, right_id, rule, priority, weight, evidence, reason); a row with
            a reason was refused already and takes no part.
    """
    edges = " union all ".join(f"select * from {name} where reason is null" for name in edge_relations)
    table = engine.fetch(f"select left_id, right_id from ({edges})")
    left, right = table["left_id"].to_numpy(), table["right_id"].to_numpy()
    labels = find_components(nodes, left, right)
    _store_labels(engine, labels)
    broken = find_broken(labels, limits)
    if len(broken):
        _refuse(engine, edges, left, right, labels, broken, limits)
    else:
        engine.store("ir_breaking", _NOTHING_BREAKS)
    engine.store(
        "ir_rivals",
        """
        select distinct l.label, r.label as other
        from (select left_id, right_id from ir_apart union all select right_id, left_id from ir_apart) a
        join ir_labels l on l.node_id = a.left_id
        join ir_labels r on r.node_id = a.right_id
        """,
    )


def _refuse(
    engine: Engine,
    edges: str,
    left: np.ndarray,
    right: np.ndarray,
    labels: np.ndarray,
    broken: np.ndarray,
    limits: Limits,
) -> None:
    """Take the edges of the broken components one by one, and write `ir_labels` and `ir_breaking` anew."""
    engine.register("ir_broken", pa.table({"label": pa.array(broken, pa.int32())}))
    engine.store(
        "ir_ordered",
        f"""
        select e.*, row_number() over (
            order by e.priority, e.weight desc, least(a.name, b.name), greatest(a.name, b.name), e.rule, e.evidence
        ) - 1 as position
        from ({edges}) e
        join ir_labels l on l.node_id = e.left_id
        join ir_broken using (label)
        join ir_names a on a.node_id = e.left_id
        join ir_names b on b.node_id = e.right_id
        """,
    )
    ordered = engine.fetch("select left_id, right_id, weight from ir_ordered order by position")
    first, second = ordered["left_id"].to_numpy(), ordered["right_id"].to_numpy()
    joining, crowding = refuse_breaking(first, second, ordered["weight"].to_numpy(), limits)
    refused = np.union1d(joining, crowding)
    kept = np.isin(labels[left], broken, invert=True)
    _store_labels(
        engine,
        find_components(
            len(labels),
            np.concatenate([left[kept], np.delete(first, refused)]),
            np.concatenate([right[kept], np.delete(second, refused)]),
        ),
    )
    engine.register("ir_joining", pa.table({"position": joining}))
    engine.register("ir_crowding", pa.table({"position": crowding}))
    engine.store(
        "ir_breaking",
        f"""
        select o.* exclude (position, reason),
            case when o.rule = 'model' and a.left_id is null then '{CHAINED}' else '{APART}' end as reason,
            a.left_id is null as for_review
        from ir_ordered o semi join ir_joining using (position)
        left join ir_apart a
            on a.left_id = least(o.left_id, o.right_id) and a.right_id = greatest(o.left_id, o.right_id)
        union all
        select * exclude (position, reason), '{BREAKS_LIMIT}', true
        from ir_ordered semi join ir_crowding using (position)
        """,
    )


def _store_labels(engine: Engine, labels: np.ndarray) -> None:
    engine.register("ir_labels_arrow", pa.table({"node_id": np.arange(len(labels), dtype=np.int32), "label": labels}))
    engine.store("ir_labels", "select * from ir_labels_arrow")
    engine.drop("ir_labels_arrow")
