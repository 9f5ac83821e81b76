"""Why somebody is one customer, and why two records are one customer or two.

Put here: what belongs into the explanation of a customer and of a pair.
Keep out: how it is told (explanation.py), reading the graph (neighbourhood.py), comparing two (pair.py, weigh.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from identity.config import IdentityConfig
from identity.describe import describe_records
from identity.engine import Engine
from identity.explanation import Cell, CustomerExplanation, Guard, PairExplanation
from identity.model import MatchModel
from identity.neighbourhood import MEMBERSHIP, Names, Row, ends_of, find_path, read_edges
from identity.pair import find_guards, read_shared
from identity.relations import Relations
from identity.score import HOUSEHOLD
from identity.sql import literals, quote
from identity.weigh import Weighing, weigh_pair


def explain_customer(
    engine: Engine,
    customer_id: str,
    *,
    decisions: Sequence[Row] = (),
    relations: Relations | None = None,
    values: bool = False,
) -> CustomerExplanation:
    """Members, the edges that hold them together, what was refused at them, decisions, and golden values.

    Args:
        customer_id: of a customer there is (`identity.subjects.find_customer`).
        decisions: rows of `identity.decisions.read_decisions`.
        values: name records and identifiers and show golden values: personal data.
    """
    persons, wanted = (relations or Relations()).persons, f"customer_id = {quote(customer_id)}"
    [customer] = engine.fetch(f"select * from identity.customers where {wanted}").to_pylist()
    members = engine.fetch(
        f"""
        select m.subject_id as node, m.valid_from, m.valid_to, i.state, i.records
        from identity.membership m left join identity.identifiers i on i.node = m.subject_id
        where m.{wanted} and m.known_to is null
        order by m.kind <> 'record', m.kind = 'device', i.identifier_type, m.subject_id, m.valid_from
        """
    ).to_pylist()
    own = {member["node"] for member in members}
    edges = read_edges(engine, f"left_node in ({literals(own)}) or right_node in ({literals(own)})")
    decided = [d for d in _in_effect(decisions) if own & {d["left_subject"], d["right_subject"]}]
    cells = engine.fetch(
        f"""
        select c.attribute, c.value, c.rule, coalesce(p.subject_id, c.record_id) as node
        from identity.golden_cells c
        left join (select distinct record_id, subject_id from {persons}) p using (record_id)
        where c.{wanted} order by c.attribute
        """
    ).to_pylist()
    names = Names(
        engine, [*own, *ends_of(edges), *ends_of(decided, "subject"), *(cell["node"] for cell in cells)], values
    )
    return CustomerExplanation(
        customer_id=customer_id,
        knowledge_level=customer["knowledge_level"],
        first_arrived_on=customer["first_arrived_on"],
        anchor=names.node(customer["anchor"]),
        members=tuple(map(names.member, members)),
        edges=tuple(names.edge(edge) for edge in edges if edge["reason"] is None),
        refused=tuple(names.edge(edge) for edge in edges if edge["reason"] is not None),
        decisions=tuple(map(names.decision, decided)),
        cells=tuple(
            Cell(cell["attribute"], cell["value"] if values else None, names.node(cell["node"]), cell["rule"])
            for cell in cells
        ),
    )


def explain_pair(
    engine: Engine,
    left: str,
    right: str,
    model: MatchModel | None,
    config: IdentityConfig,
    *,
    decisions: Sequence[Row] = (),
    relations: Relations | None = None,
    values: bool = False,
) -> PairExplanation:
    """Edges and decisions between two nodes, what connects them, what both carry, guards, and the model's weights.

    Only the two are described anew; the rest is read from the last build. What needs two records (values both carry,
    guards, weights) is left out where one of the two is an identifier.

    Args:
        left, right: two different nodes, named as in `identity.edges` (`identity.subjects.find_subject`).
        model: the present one; None: no weights.
        decisions, values: as for `explain_customer`.
    """
    left, right = sorted((left, right))
    between = read_edges(engine, f"left_node = {quote(left)} and right_node = {quote(right)}")
    path, refused = _connect(engine, left, right)
    decided = [d for d in _in_effect(decisions) if (d["left_subject"], d["right_subject"]) == (left, right)]
    shared, guards, weighing = [], [], None
    describe_records(engine, config, f"select unnest([{literals((left, right))}]) as subject_id", relations)
    if engine.count("ir_records") == 2:
        shared = read_shared(engine)
        guards = find_guards(engine, config, shared)
        weighing = weigh_pair(engine, model, values) if model else None
        if weighing and weighing.is_household:
            guards.append(Guard("model", HOUSEHOLD))
    known = [left, right, *ends_of(between), *ends_of(path), *ends_of(refused), *(row["node"] for row in shared)]
    names = Names(engine, known, values)
    return PairExplanation(
        left=names.node(left),
        right=names.node(right),
        edges=tuple(map(names.edge, between)),
        path=tuple(map(names.edge, path)),
        refused=tuple(map(names.edge, refused)),
        shared=tuple(map(names.member, shared)),
        guards=tuple(guards),
        decisions=tuple(map(names.decision, decided)),
        weighing=weighing,
        notes=tuple(_notes([*between, *path], weighing, config, (left, right))),
    )


def _in_effect(decisions: Sequence[Row]) -> list[Row]:
    return [decision for decision in decisions if decision["state"] == "in effect"]


def _connect(engine: Engine, left: str, right: str) -> tuple[list[Row], list[Row]]:
    """The path between two nodes of one customer; else the edges refused between their two customers."""
    engine.store(
        "ir_theirs",
        f"select * from {MEMBERSHIP} m where customer_id in "
        f"(select customer_id from {MEMBERSHIP} c where node in ({literals((left, right))}))",
    )
    found = engine.fetch("select node, customer_id from ir_theirs")
    customers = dict(zip(found["node"].to_pylist(), found["customer_id"].to_pylist(), strict=True))
    around = read_edges(
        engine, "left_node in (select node from ir_theirs) and right_node in (select node from ir_theirs)"
    )
    if customers.get(left) == customers.get(right) is not None:
        return find_path([edge for edge in around if edge["reason"] is None], left, right), []
    apart = [e for e in around if customers[e["left_node"]] != customers[e["right_node"]]]
    return [], [e for e in apart if (e["left_node"], e["right_node"]) != (left, right)]


def _notes(edges: list[Row], weighing: Weighing | None, config: IdentityConfig, pair: tuple[str, str]) -> list[str]:
    notes = []
    if weighing is None:
        return ["no model has weighed the two"]
    earlier = {e["evidence"] for e in edges if e["rule"] == "model"} - {f"model {weighing.model}"}
    if earlier:
        notes.append("an edge was made by another model than the present one; weights differ until the next build")
    once = sorted({node.partition(":")[0] for node in pair} & set(config.known_once))
    if once:
        notes.append(
            f"{' and '.join(once)} knows each person once: other records as likely lower the probability of this pair"
        )
    return notes
