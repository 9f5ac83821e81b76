"""Two records side by side: what both carry, and what keeps rules from linking them.

Put here: reading the description of the two. Keep out: the description (describe.py), weights (weigh.py).
"""

from __future__ import annotations

from typing import Any

from identity.components import BREAKS_LIMIT
from identity.config import IdentityConfig
from identity.defaults import RECORD
from identity.engine import Engine
from identity.explanation import Guard
from identity.names import contradiction, positive_agreement


def read_shared(engine: Engine) -> list[dict[str, Any]]:
    """Values both records carry, as the last resolve judged them: node, state, records."""
    return engine.fetch(
        """
        with carried as (
            select node from ir_named n
            join ir_identifiers i using (canonical_no)
            where n.record_id is not null group by node having count(distinct n.record_id) = 2
            union all
            select 'address||' || address from ir_people where address is not null
            group by address having count(*) = 2
        )
        select c.node, coalesce(i.state, 'used') as state, i.records, null as valid_from, null as valid_to
        from carried c left join identity.identifiers i using (node) order by c.node
        """
    ).to_pylist()


def find_guards(engine: Engine, config: IdentityConfig, shared: list[dict[str, Any]]) -> list[Guard]:
    """What fires when the two are compared: contradictions for the guarded values both carry, and exceeded limits.

    A resolve compares the best description of whole clusters, so it may know more of each than these two records say.
    """
    kinds = {row["node"].partition("|")[0] for row in shared if row["state"] in ("used", "contested")}
    reasons = {kind: contradiction("a", "b", config, last_name=kind == "phone") for kind in config.guarded}
    if config.match_address:
        agreement = positive_agreement("a", "b", config)
        reasons["address"] = f"case when a.last = b.last then {agreement} else 'family name contradicts' end"
    fired = [
        Guard(kind, found)
        for kind, reason in reasons.items()
        if kind in kinds and (found := _compare(engine, reason)) is not None
    ]
    return fired + [Guard(kind, BREAKS_LIMIT) for kind in _exceeded(engine, config)]


def _compare(engine: Engine, reason: str) -> str | None:
    people = "ir_people a join ir_people b on b.node_id > a.node_id"
    return engine.fetch(f"select {reason} as reason from {people}")["reason"][0].as_py()


def _exceeded(engine: Engine, config: IdentityConfig) -> list[str]:
    """Kinds of which the two together have more than one customer may."""
    held = engine.fetch(
        f"""
        select identifier_type as kind, namespace, count(distinct node_id) as n
        from ir_uses join ir_identifiers using (node_id)
        where record_id is not null and ir_identifiers.strength = 'strong' and state = 'used' group by all
        union all
        select '{RECORD}', dataset, count(*) from ir_records group by dataset
        order by all
        """
    ).to_pylist()
    return [
        row["kind"] for row in held if row["n"] > (config.cardinality_of(row["kind"], row["namespace"]) or row["n"])
    ]
