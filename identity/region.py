"""The region that changes reach: everything whose customer could be another one now, and nothing beyond.

Put here: `ir_region`, `ir_touched`, `ir_reached`, `ir_outside`, from the changes and what the last resolve left behind.
Keep out: what has changed (changes.py), resolving (resolve.py), how regions are drawn (reach.py).

A resolve depends on a subject only through what binds it to others: a strong value that is no hub, an address with a
family name, a pair the model does not rule out, a decision. Subjects and values bound together, directly or through
others, are one region; no customer, edge or refusal reaches beyond it. So changes concern the old regions of the
changed subjects, of whatever they are bound to now, and, where a value becomes a hub or ceases to be one, of all who
show it.
"""

from __future__ import annotations

from identity.blocking import blocks_of
from identity.config import IdentityConfig
from identity.engine import Engine
from identity.evidence import describe_evidence, retell_evidence
from identity.model import MatchModel
from identity.names import describe_people
from identity.nodes import fan_out_of, name_sightings, number_nodes
from identity.normalise import normalise_values
from identity.reach import reach_of
from identity.relations import Relations, restrict
from identity.score import bind_from, score_met
from identity.sql import FAMILY, key_of


def find_region(engine: Engine, config: IdentityConfig, relations: Relations, model: MatchModel | None) -> None:
    """Write the working relations of a region (see `Scope`) around `ir_changed` and `ir_redecided`."""
    _describe_changed(engine, config, relations, model)
    if _add_flipped(engine, config):
        _describe_changed(engine, config, relations, model)  # whose evidence a hub hid, or hides now
    engine.store(
        "ir_seeds",
        f"""
        select subject_key as key from ir_changed
        union select node_key from ir_reached_now
        union select node_key from ir_reached_before
        union select {key_of(FAMILY)} from ir_people where address is not null and last is not null
        union select left_key from ir_redecided union select right_key from ir_redecided
        """,
    )
    engine.store("ir_seeds", f"select key from ir_seeds union {_decided_with('ir_seeds')}")
    _touch(engine)
    if model:
        _add_neighbours(engine, config, model)
        _touch(engine)
    engine.store(
        "ir_region",
        "select key from identity_index.regions semi join ir_touched using (region) union select key from ir_seeds",
    )
    engine.store(
        "ir_reached",
        """
        select key as node_key from ir_region
        union select node_key from ir_reached_now
        union select node_key from identity_index.reach where subject_key in (select key from ir_region)
        """,
    )
    look_outside(engine, "ir_reached", "ir_region", "key")


def look_outside(engine: Engine, nodes: str, subjects: str, key: str) -> None:
    """Write `ir_outside`: rows of `identity_index.reach` of these nodes (node_key) and of other subjects than these."""
    engine.store(
        "ir_outside",
        f"""
        with outside as (
            select * from identity_index.reach
            where node_key in (select node_key from {nodes}) and subject_key not in (select {key} from {subjects})
        )
        select o.*, i.value, case when i.state in ('junk', 'hub') then i.state else 'used' end as state
        from outside o
        left join (
            select value, state, {key_of("node")} as node_key from identity.identifiers
            where {key_of("node")} in (select node_key from outside)
        ) i using (node_key)
        """,
    )


def _describe_changed(engine: Engine, config: IdentityConfig, relations: Relations, model: MatchModel | None) -> None:
    """The changed subjects as they are now: `ir_people`, `ir_evidence`; what they show now and showed (rows as of
    `reach`), `ir_reached_now` and `ir_reached_before`; in `ir_outside` who else shows any of it."""
    now = restrict(engine, relations, "ir_changed", "subject_key")
    normalise_values(engine, config, now)
    name_sightings(engine, config, now)
    describe_people(engine, now)
    engine.store("ir_reached_now", reach_of())
    engine.store(
        "ir_reached_before",
        "select * from identity_index.reach where subject_key in (select subject_key from ir_changed)",
    )
    engine.store("ir_shown", "select node_key from ir_reached_now union select node_key from ir_reached_before")
    look_outside(engine, "ir_shown", "ir_changed", "subject_key")
    number_nodes(engine, config)
    if model:
        describe_evidence(engine)


def _add_flipped(engine: Engine, config: IdentityConfig) -> bool:
    """Add to `ir_changed` whoever shows a value that becomes a hub, or ceases to be one; whether there is anybody."""
    engine.store(
        "ir_flipped",
        f"""
        with shown as (
            select node_key, subject_key, identifier_type, namespace, true as is_before, true as is_now
            from ir_outside where is_record
            union all
            select node_key, subject_key, identifier_type, namespace, true, false from ir_reached_before where is_record
            union all
            select node_key, subject_key, identifier_type, namespace, false, true from ir_reached_now where is_record
        ),
        counted as (
            select node_key, {fan_out_of(config)} as fan_out,
                count(distinct case when is_before then subject_key end) as before,
                count(distinct case when is_now then subject_key end) as now
            from shown group by node_key, fan_out
        )
        select distinct o.subject_key
        from ir_outside o join counted c using (node_key)
        where (before > fan_out) <> (now > fan_out)
        """,
    )
    if not engine.count("ir_flipped"):
        return False
    engine.store("ir_changed", "select subject_key from ir_changed union all select subject_key from ir_flipped")
    return True


def _touch(engine: Engine) -> None:
    engine.store("ir_touched", "select distinct region from identity_index.regions semi join ir_seeds using (key)")


def _decided_with(seeds: str) -> str:
    """Both ends of every decision one end of which is among the seeds: a subject that is back brings it into effect."""
    left, right = key_of("left_subject"), key_of("right_subject")
    return f"""
        select unnest([{left}, {right}]) from ir_decided_on
        where {left} in (select key from {seeds}) or {right} in (select key from {seeds})
    """


def _add_neighbours(engine: Engine, config: IdentityConfig, model: MatchModel) -> None:
    """Add to `ir_seeds` the records outside that the model does not rule out to be one of the changed."""
    straight, swapped = (blocks_of("ir_evidence", "unique_id", model, swapped=s) for s in (False, True))
    engine.store("ir_changed_blocks", f"{straight} union {swapped}")
    engine.store(
        "ir_met",
        """
        select distinct unique_id as left_id, subject_key
        from identity_index.blocks join ir_changed_blocks using (block)
        where subject_key not in (
            select key from identity_index.regions semi join ir_touched using (region)
            union all select key from ir_seeds)
        """,
    )
    [first] = engine.fetch("select coalesce(max(unique_id), -1) + 1 as n from ir_evidence")["n"].to_pylist()
    engine.store(
        "ir_neighbours",
        f"""
        select cast({first} + row_number() over (order by subject_key) - 1 as integer) as right_id, subject_key
        from (select distinct subject_key from ir_met)
        """,
    )
    kept = engine.few("identity_index.evidence", "subject_key in (select subject_key from ir_neighbours)")
    engine.store(
        "ir_evidence",
        "select * from ir_evidence where unique_id in (select left_id from ir_met) union all by name "
        f"select right_id as unique_id, subject_key, {retell_evidence()} "
        f"from ({kept}) join ir_neighbours using (subject_key)",
    )
    engine.store("ir_candidates", "select left_id, right_id from ir_met join ir_neighbours using (subject_key)")
    score_met(engine, model, "ir_near", "ir_candidates", bind_from(model, config.known_once))
    engine.store(
        "ir_seeds",
        "select key from ir_seeds union "
        "select subject_key from ir_neighbours where right_id in (select right_id from ir_near)",
    )
