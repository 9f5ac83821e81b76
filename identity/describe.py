"""A few records described as a whole resolve describes them: names, evidence, usable identifiers.

Put here: the restriction to those records, and what only the last resolve knows about their values.
Keep out: the description itself (normalise.py, nodes.py, names.py, evidence.py).
"""

from __future__ import annotations

from identity.config import IdentityConfig
from identity.engine import Engine
from identity.evidence import describe_evidence
from identity.names import describe_people
from identity.nodes import fan_out_of, name_sightings, number_nodes
from identity.normalise import normalise_values
from identity.relations import Relations, restrict
from identity.scope import take_nothing_outside
from identity.sql import key_of


def describe_records(engine: Engine, config: IdentityConfig, records: str, relations: Relations | None = None) -> None:
    """Write `ir_records`, `ir_identifiers`, `ir_uses`, `ir_people` and `ir_evidence` of some person records.

    Each row is what a resolve of all records would write, but for the numbers of the nodes, which keep their order.
    Whether a value is a hub cannot be seen from a few records: how many carry it comes from `identity.identifiers`.

    Args:
        records: query of subject_id.
    """
    relations = relations or Relations()
    engine.store("ir_some", f"select distinct {key_of('subject_id')} as key from ({records})")
    some = restrict(engine, relations, "ir_some", "key")
    take_nothing_outside(engine)
    normalise_values(engine, config, some)
    name_sightings(engine, config, some)
    number_nodes(engine, config)
    engine.store(
        "ir_identifiers",
        f"""
        select * replace (
            case when state = 'used' and records > {fan_out_of(config)} then 'hub' else state end as state)
        from (
            select s.* replace (coalesce(i.records, s.records) as records)
            from ir_identifiers s left join identity.identifiers i using (node)
        )
        """,
    )
    describe_people(engine, some)
    describe_evidence(engine)
