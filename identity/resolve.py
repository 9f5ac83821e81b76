"""Who is who: from the standard tables to customers, in one call.

Put here: the order of the steps, what is published, and the report.
Keep out: the steps themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from identity.accounts import group_accounts
from identity.changes import read_basis
from identity.choose_scope import FULL_FROM, choose_scope
from identity.config import IdentityConfig
from identity.customers import name_customers, name_nodes
from identity.decided import take_decisions
from identity.engine import Engine
from identity.evidence import describe_evidence
from identity.graph import Graph
from identity.history import compare_states, history_statements, read_clock
from identity.households import group_households
from identity.model import MatchModel
from identity.names import describe_people
from identity.nodes import name_sightings, number_nodes
from identity.normalise import normalise_values
from identity.reach import draw_regions, index_queries
from identity.relations import Relations
from identity.scope import find_replaced, take_nothing_outside
from identity.score import score_candidates
from identity.stitch import stitch_devices
from identity.survivorship import choose_survivors
from identity.tables import create_tables, replace_state
from identity.train import train_model


@dataclass
class ResolveReport:
    """Counts of one resolve; no customer's values."""

    records: int = 0
    resolved: int = 0  # records looked at: all of them, or those of the region that changes reach
    decisions: dict[str, int] = field(default_factory=dict)  # by verdict; 'without effect': a subject is not there
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
    cells_opened: int = 0
    cells_closed: int = 0
    seconds: dict[str, float] = field(default_factory=dict)  # by step


def resolve(
    engine: Engine,
    config: IdentityConfig,
    *,
    known_at: datetime,
    run_id: str,
    relations: Relations | None = None,
    decisions: pa.Table | None = None,
    model: MatchModel | None = None,
    keep: Callable[[MatchModel], object] | None = None,
    changed: str | None = None,
    full_from: float = FULL_FROM,
) -> ResolveReport:
    """Resolve records and identifiers, and publish schema `identity` as one change.

    The customers depend on the standard tables, the configuration, the decisions and the model alone; run_id and
    known_at only enter the history. A crash at any moment leaves the last state.

    Where the last state has the same configuration and model, only the region is resolved that changed subjects and
    decisions reach; the result is that of resolving everything.

    Args:
        known_at: when the system came to believe this; UTC. Not before the last time: the later of the two counts.
        run_id: written to id_events.
        relations: where the standard tables are.
        decisions: the stewards' decisions in effect (`identity.decisions.read_effective`).
        model: what `learn` made; None: rules and decisions alone, or what `keep` says.
        keep: where there is no model, train one as `learn` would, and hand it to `keep` before anything is published.
        changed: query of subject_id: all whose rows are new, changed or gone since the last resolve. None: found by
            comparing a digest of every subject's rows.
        full_from: share of changed subjects, 0–1, from which on everything is resolved.
    Returns:
        Counts and seconds per step.
    """
    relations, report = relations or Relations(), ResolveReport()
    try:
        with _timed(report, "scope"):
            create_tables(engine)
            take_decisions(engine, decisions)
            must_learn = keep is not None and model is None
            scope = choose_scope(engine, config, relations, model, changed, 0 if must_learn else full_from)
        with _timed(report, "normalise"):
            normalise_values(engine, config, scope.relations)
        with _timed(report, "nodes"):
            nodes = _number(engine, config, scope.relations)
            graph = Graph(engine, config, nodes)
        with _timed(report, "rules"):
            graph.link_by_rules()
        if model or keep:
            with _timed(report, "evidence"):
                describe_evidence(engine)
            with _timed(report, "score"):
                if model:
                    score_candidates(engine, model, model.review, config.known_once)
                elif model := train_model(engine, config):
                    keep(model)
            with _timed(report, "model"):
                if model:
                    graph.link_by_model(model)
        with _timed(report, "edges"):
            graph.name_edges()
        with _timed(report, "customers"):
            name_customers(engine)
        with _timed(report, "stitch"):
            stitch_devices(engine, config, scope)
            find_replaced(engine, scope, "membership", "golden_cell_history", "customers")
        with _timed(report, "survivorship"):
            choose_survivors(engine, config, scope)
            engine.drop("ir_values", "ir_countries")
        with _timed(report, "groups"):
            group_households(engine, config, scope)
            group_accounts(engine, config, relations)
        with _timed(report, "history"):
            engine.define("ir_everyone", _EVERYONE)
            known_at = read_clock(engine, known_at)
            compare_states(engine, known_at, run_id, scope)
        with _timed(report, "regions"):
            draw_regions(engine, nodes, scope, model)
        with _timed(report, "publish"):
            queries = {**_published(), **index_queries(read_basis(engine, config, model, relations), model, scope)}
            replace_state(engine, queries, history_statements(engine, known_at, scope), scope)
        _count(engine, report)
    finally:
        engine.drop_working()
    return report


def learn(
    engine: Engine, config: IdentityConfig, relations: Relations | None = None, decisions: pa.Table | None = None
) -> MatchModel | None:
    """Train a model on all records as they are now. Nothing is stored in the database: it may be read only.

    Returns:
        The model; None where there are too few records to learn from, or nobody has a name.
    """
    relations = relations or Relations()
    try:
        take_nothing_outside(engine)
        normalise_values(engine, config, relations)
        take_decisions(engine, decisions)
        Graph(engine, config, _number(engine, config, relations)).link_by_rules()
        describe_evidence(engine)
        return train_model(engine, config)
    finally:
        engine.drop_working()


def _number(engine: Engine, config: IdentityConfig, relations: Relations) -> int:
    name_sightings(engine, config, relations)
    nodes = number_nodes(engine, config)
    name_nodes(engine)
    describe_people(engine, relations)
    return nodes


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
        "review_queue": """
            select left_node, right_node, split_part(reason, ':', 1) as reason, rule, weight, reason as detail
            from ir_edges_named where for_review
        """,
        "decisions": """
            select d.decision_id, d.verdict, l.name as left_node, r.name as right_node
            from ir_decisions d join ir_names l on l.node_id = d.left_id join ir_names r on r.node_id = d.right_id
            where d.in_effect
        """,
        "id_redirects": "select * from ir_redirects",
        "phone_cache": "select * from ir_phones",
    }


def _count(engine: Engine, report: ResolveReport) -> None:
    def counts(query: str) -> dict[str, int]:
        rows = engine.fetch(f"select name, count(*) as n from ({query}) group by name order by name").to_pylist()
        return {row["name"]: row["n"] for row in rows}

    report.records = engine.count("identity.id_lookup where resolved_by = 'record'")
    report.resolved = engine.count("ir_records")
    report.decisions = counts(
        "select coalesce(o.verdict, 'without effect') as name "
        "from ir_decided_on left join identity.decisions o using (decision_id)"
    )
    report.identifiers = counts("select state as name from identity.identifiers")
    report.edges_accepted = engine.count("identity.edges where state = 'accepted'")
    report.edges_refused = counts(
        "select split_part(reason, ':', 1) as name from identity.edges where state = 'refused'"
    )
    report.customers = counts("select knowledge_level as name from identity.customers")
    report.clusters = engine.count("identity.customers where records + identifiers > 1")
    report.intervals = engine.count("identity.device_intervals")
    report.households = engine.count("(select distinct household_id from identity.households)")
    report.account_groups = engine.count("(select distinct account_group_id from identity.account_groups)")
    report.events = counts("select event as name from ir_events")
    written = {row["relation"]: row for row in engine.fetch("select * from ir_written").to_pylist()}
    members, cells = written["membership"], written["golden_cell_history"]
    report.membership_opened, report.membership_closed = members["opened"], members["closed"]
    report.cells_opened, report.cells_closed = cells["opened"], cells["closed"]


@contextmanager
def _timed(report: ResolveReport, step: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    report.seconds[step] = round(time.perf_counter() - started, 3)
