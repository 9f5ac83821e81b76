"""Who is who: from the standard tables to customers, in one call.

Put here: the order of the steps, what is published, and the report.
Keep out: the steps themselves.

A probabilistic model adds one more edge relation with priorities after the rules' own; a steward's decisions add one
of priority 0. Both join `edge_relations` below and nothing else changes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from identity.accounts import group_accounts
from identity.components import label_nodes, read_limits
from identity.config import IdentityConfig
from identity.customers import name_customers, name_nodes
from identity.edges import EDGE_COLUMNS, link_certain
from identity.engine import Engine
from identity.guard import AMBIGUOUS, link_addresses, link_guarded
from identity.history import compare_states, history_statements
from identity.households import group_households
from identity.names import describe_people
from identity.nodes import number_nodes
from identity.normalise import normalise_values
from identity.relations import Relations
from identity.stitch import stitch_devices
from identity.survivorship import choose_survivors
from identity.tables import create_tables, replace_state

BREAKS_LIMIT = "cardinality: the customer would have too many values of one identifier"


@dataclass
class ResolveReport:
    """Counts of one resolve; no customer's values."""

    records: int = 0
    identifiers: dict[str, int] = field(default_factory=dict)  # by state
    edges_accepted: int = 0
    edges_refused: dict[str, int] = field(default_factory=dict)  # by reason
    customers: dict[str, int] = field(default_factory=dict)  # by knowledge level
    clusters: int = 0  # customers with more than one node
    intervals: int = 0
    households: int = 0
    account_groups: int = 0
    events: dict[str, int] = field(default_factory=dict)  # by kind
    membership_opened: int = 0
    membership_closed: int = 0
    seconds: dict[str, float] = field(default_factory=dict)  # by step


def resolve(
    engine: Engine,
    config: IdentityConfig,
    *,
    known_at: datetime,
    run_id: str,
    relations: Relations | None = None,
) -> ResolveReport:
    """Resolve all records and identifiers, and publish schema `identity` as one change.

    The customers depend on the standard tables and the configuration alone; run_id and known_at only enter the
    history. A crash at any moment leaves the last state.

    Args:
        known_at: when the system came to believe this; UTC.
        run_id: written to id_events.
        relations: where the standard tables are.
    Returns:
        Counts and seconds per step.
    """
    relations, report = relations or Relations(), ResolveReport()
    known_at = known_at.astimezone(UTC) if known_at.tzinfo else known_at
    try:
        with _timed(report, "normalise"):
            create_tables(engine)
            normalise_values(engine, config, relations)
        with _timed(report, "nodes"):
            nodes = number_nodes(engine, config, relations)
            name_nodes(engine)
            describe_people(engine, relations)
        _link(engine, config, nodes, report)
        with _timed(report, "customers"):
            name_customers(engine, relations)
        with _timed(report, "stitch"):
            stitch_devices(engine, config, relations)
        with _timed(report, "survivorship"):
            choose_survivors(engine, config, relations)
        with _timed(report, "groups"):
            group_households(engine, config)
            group_accounts(engine, config, relations)
        with _timed(report, "history"):
            engine.store("ir_everyone", _EVERYONE)
            compare_states(engine, known_at, run_id)
        with _timed(report, "publish"):
            replace_state(engine, _published(), history_statements(known_at))
        _count(engine, report)
    finally:
        engine.drop_working()
    return report


def _link(engine: Engine, config: IdentityConfig, nodes: int, report: ResolveReport) -> None:
    """Edges by rule, strongest first; each guarded rule sees the clusters the rules before it made."""
    limits = read_limits(engine, config)
    with _timed(report, "link certain"):
        edge_relations = [link_certain(engine, config)]
        label_nodes(engine, nodes, edge_relations, limits)
    for kind in (kind for kind in config.strong if kind in config.guarded):
        with _timed(report, f"link {kind}"):
            edge_relations.append(link_guarded(engine, config, kind))
            label_nodes(engine, nodes, edge_relations, limits)
    if config.match_address:
        with _timed(report, "link address"):
            edge_relations.append(link_addresses(engine, config))
            label_nodes(engine, nodes, edge_relations, limits)
    else:
        engine.store("ir_addresses", "select null::varchar as address, 0 as records, '' as state where false")
    with _timed(report, "edges"):
        engine.store("ir_edges_named", _named(edge_relations))


def _named(edge_relations: list[str]) -> str:
    edges = " union all ".join(f"select {EDGE_COLUMNS} from {name}" for name in edge_relations)
    return f"""
        with judged as (
            select e.* exclude (reason),
                coalesce(e.reason, case when b.rule is not null then '{BREAKS_LIMIT}' end) as reason
            from ({edges}) e
            left join ir_breaking b on b.left_id = e.left_id and b.right_id = e.right_id
                and b.rule = e.rule and b.evidence = e.evidence
        )
        select least(l.name, r.name) as left_node, greatest(l.name, r.name) as right_node, e.rule, e.weight,
            e.evidence, case when e.reason is null then 'accepted' else 'refused' end as state, e.reason
        from judged e join ir_names l on l.node_id = e.left_id join ir_names r on r.node_id = e.right_id
    """


_EVERYONE = """
    select customer_id, knowledge_level, anchor, first_arrived_on, records, identifiers from ir_customers
    union all
    select customer_id, 'anonymous', device_key, first_arrived_on, 0, 1 from ir_device_customers
"""


def _published() -> dict[str, str]:
    """Relation -> query of its rows."""
    return {
        "customers": "select * from ir_everyone",
        "id_lookup": "select * from ir_lookup",
        "device_intervals": "select * from ir_intervals",
        "device_customers": "select * from ir_device_customers",
        "golden_cells": "select * from ir_cells",
        "golden_profiles": "select * from ir_profiles",
        "households": "select * from ir_households",
        "account_groups": "select * from ir_account_groups",
        "edges": "select * from ir_edges_named",
        "identifiers": """
            select i.identifier_type, i.namespace, i.value, i.node, i.strength, i.records,
                coalesce(u.state, i.state) as state
            from ir_identifiers i left join ir_unusable u using (node_id)
            union all
            select 'address', '', address, 'address||' || address, 'weak', records, state
            from ir_addresses where state = 'hub'
        """,
        "review_queue": f"""
            select left_node, right_node, split_part(reason, ':', 1) as reason, rule, weight, reason as detail
            from ir_edges_named where reason in ('{BREAKS_LIMIT}', '{AMBIGUOUS}')
        """,
        "id_redirects": "select * from ir_redirects",
        "phone_cache": "select * from ir_phones",
    }


def _count(engine: Engine, report: ResolveReport) -> None:
    def counts(query: str) -> dict[str, int]:
        rows = engine.fetch(f"select name, count(*) as n from ({query}) group by name order by name").to_pylist()
        return {row["name"]: row["n"] for row in rows}

    def count(query: str) -> int:
        return engine.fetch(f"select count(*) as n from {query}")["n"][0].as_py()

    report.records = count("ir_records")
    report.identifiers = counts("select state as name from identity.identifiers")
    report.edges_accepted = count("identity.edges where state = 'accepted'")
    report.edges_refused = counts(
        "select split_part(reason, ':', 1) as name from identity.edges where state = 'refused'"
    )
    report.customers = counts("select knowledge_level as name from identity.customers")
    report.clusters = count("identity.customers where records + identifiers > 1")
    report.intervals = count("identity.device_intervals")
    report.households = count("(select distinct household_id from identity.households)")
    report.account_groups = count("(select distinct account_group_id from identity.account_groups)")
    report.events = counts("select event as name from ir_events")
    report.membership_opened, report.membership_closed = count("ir_opened"), count("ir_closed")


@contextmanager
def _timed(report: ResolveReport, step: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    report.seconds[step] = round(time.perf_counter() - started, 3)
