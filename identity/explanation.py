"""An explanation as data, as text and as JSON.

Put here: what an explanation consists of and how it is told. Keep out: finding it (explain.py), weights (weigh.py).

Whatever names a node here is what may be shown: the short hash of it, or the node itself where values were asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime

from identity.weigh import UNKNOWN, Weighing

SHOWN = 40  # lines of one section of a text; JSON has them all


@dataclass(frozen=True)
class Node:
    """A record or an identifier; kind: `record`, or the identifier type; dataset: of a record."""

    name: str
    kind: str
    dataset: str | None
    customer_id: str | None

    def __str__(self) -> str:
        if self.name.startswith((f"{self.kind}|", f"{self.dataset}:")):  # a name says it all, a hash does not
            return self.name
        return f"{self.dataset} {self.kind} {self.name}" if self.dataset else f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Member:
    """A node of a customer. state, records: of an identifier, and how many records carry it; valid: of a device."""

    node: Node
    state: str | None
    records: int | None
    valid_from: datetime | None
    valid_to: datetime | None


@dataclass(frozen=True)
class Edge:
    """A link that was considered; reason: why it was refused, None where it holds. weight: 1 for a rule, log2 odds of
    the model."""

    left: Node
    right: Node
    rule: str
    weight: float
    evidence: str
    reason: str | None


@dataclass(frozen=True)
class Decision:
    """A steward's decision in effect."""

    decision_id: str
    left: Node
    right: Node
    verdict: str
    decided_by: str
    decided_at: datetime
    reason: str


@dataclass(frozen=True)
class Cell:
    """A golden value (None unless asked for), the record it is from and the rule that chose it."""

    attribute: str
    value: str | None
    record: Node
    rule: str


@dataclass(frozen=True)
class Guard:
    """What stands between two records, and the rule it keeps from linking them."""

    rule: str
    reason: str


class Explanation:
    """What both kinds have in common."""

    def as_json(self) -> str:
        """All of it, as one JSON object."""
        told = asdict(self)
        (told.get("weighing") or {}).pop("chart", None)
        return json.dumps(told, indent=1, default=_plain)


@dataclass(frozen=True)
class CustomerExplanation(Explanation):
    """Why somebody is one customer."""

    customer_id: str
    knowledge_level: str
    first_arrived_on: date | None
    anchor: Node
    members: tuple[Member, ...]
    edges: tuple[Edge, ...]
    refused: tuple[Edge, ...]
    decisions: tuple[Decision, ...]
    cells: tuple[Cell, ...]

    def as_text(self) -> str:
        """In lines for a terminal."""
        since = f", known since {self.first_arrived_on}" if self.first_arrived_on else ""
        return "\n".join(
            [
                f"customer {self.customer_id}: {self.knowledge_level}{since}; named after {self.anchor}",
                *_section("members", (_tell_member(m) for m in self.members)),
                *_section("held together by", (_tell_edge(e) for e in self.edges)),
                *_section("refused", (_tell_refused(e, self.customer_id) for e in self.refused)),
                *_section("decisions", (_tell_decision(d) for d in self.decisions)),
                *_section("golden values", (_tell_cell(c) for c in self.cells)),
            ]
        )


@dataclass(frozen=True)
class PairExplanation(Explanation):
    """Why two nodes are one customer, or two.

    edges: between the two themselves; path: the fewest accepted edges from left to right; refused: between their two
    customers; shared: values both carry; guards: what keeps rules from linking the two; weighing: None without a model
    or where one of them is no record; notes: what else to know.
    """

    left: Node
    right: Node
    edges: tuple[Edge, ...]
    path: tuple[Edge, ...]
    refused: tuple[Edge, ...]
    shared: tuple[Member, ...]
    guards: tuple[Guard, ...]
    decisions: tuple[Decision, ...]
    weighing: Weighing | None
    notes: tuple[str, ...]

    @property
    def is_one(self) -> bool:
        """Whether both are in one customer."""
        return self.left.customer_id is not None and self.left.customer_id == self.right.customer_id

    def as_text(self) -> str:
        """In lines for a terminal."""
        who = f"customer {self.left.customer_id}" if self.is_one else "two customers"
        return "\n".join(
            [
                f"{self.left} and {self.right}: {who}",
                *([] if self.is_one else [f"  {n}: customer {n.customer_id or '-'}" for n in (self.left, self.right)]),
                *_section("edges between the two", (_tell_edge(e) for e in self.edges)),
                *_section("connected through", (_tell_edge(e) for e in self.path)),
                *_section("refused between their customers", (_tell_edge(e) for e in self.refused)),
                *_section("both carry", (_tell_member(m) for m in self.shared)),
                *_section("guards", (f"{g.rule}: {g.reason}" for g in self.guards)),
                *_section("decisions", (_tell_decision(d) for d in self.decisions)),
                *(_tell_weighing(self.weighing) if self.weighing else []),
                *_section("note", self.notes),
            ]
        )


def _section(title: str, lines: Iterable[str]) -> list[str]:
    lines = list(lines)
    if not lines:
        return []
    more = [f"  … and {len(lines) - SHOWN} more: all of them as JSON"] if len(lines) > SHOWN else []
    return ["", f"{title} ({len(lines)})", *(f"  {line}" for line in lines[:SHOWN]), *more]


def _tell_member(member: Member) -> str:
    told = [str(member.node)]
    if member.state:
        noun = "record" if member.records == 1 else "records"
        told.append(member.state if member.records is None else f"{member.state}, carried by {member.records} {noun}")
    if member.valid_from:
        told.append(f"from {member.valid_from} to {member.valid_to}")
    return ": ".join(told)


def _tell_edge(edge: Edge) -> str:
    why = f"refused: {edge.reason}" if edge.reason else edge.evidence
    weight = f" {edge.weight:+.2f}" if edge.rule == "model" else ""
    return f"{edge.rule}{weight}: {edge.left} — {edge.right}: {why}"


def _tell_refused(edge: Edge, customer_id: str) -> str:
    others = [node.customer_id for node in (edge.left, edge.right) if node.customer_id not in (customer_id, None)]
    return _tell_edge(edge) + "".join(f" (customer {other})" for other in others)


def _tell_decision(decision: Decision) -> str:
    when = decision.decided_at.isoformat(sep=" ", timespec="minutes")
    said = decision.verdict.replace("_", "-")
    return (
        f"{said}: {decision.left} — {decision.right}: by {decision.decided_by} at {when}: {decision.reason} "
        f"({decision.decision_id})"
    )


def _tell_cell(cell: Cell) -> str:
    value = "" if cell.value is None else f" = {cell.value}"
    return f"{cell.attribute}{value}: {cell.record}, {cell.rule}"


def _tell_weighing(weighing: Weighing) -> list[str]:
    rows: list[tuple[str, str, float]] = [("two records at random", "", weighing.prior)]
    for comparison in weighing.comparisons:
        if comparison.level == UNKNOWN:
            continue
        values = f" ({comparison.left} | {comparison.right})" if comparison.left or comparison.right else ""
        rows.append((comparison.name, comparison.level + values, comparison.weight))
        if comparison.rarity:
            rows.append(("", "rare value" if comparison.rarity > 0 else "common value", comparison.rarity))
    rows.append(("sum", "", weighing.weight))
    unknown = ", ".join(comparison.name for comparison in weighing.comparisons if comparison.level == UNKNOWN)
    household = "; one household: no match however heavy" if weighing.is_household else ""
    asked = "; ".join(weighing.blocked_by) or "nothing: the model is not asked about this pair"
    return [
        "",
        f"model {weighing.model}: probability {weighing.probability:.6f}: {weighing.verdict} "
        f"(match from {weighing.match:.6g}, review from {weighing.review:.6g}){household}",
        *(f"  {weight:+9.3f}  {name:<22}{level}".rstrip() for name, level, weight in rows),
        *([f"  not known of both: {unknown}"] if unknown else []),
        f"  compared because of: {asked}",
    ]


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)
