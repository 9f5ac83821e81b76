"""The edges in the order in which they count: decisions, rules from the strongest identifier down, the model.

Put here: that order, and the clusters each step sees. Keep out: how edges of one kind come about (decided.py, edges.py,
guard.py, score.py), how clusters keep their limits (components.py).
"""

from __future__ import annotations

from identity.components import label_nodes, read_limits
from identity.config import IdentityConfig
from identity.decided import link_decided
from identity.edges import EDGE_COLUMNS, link_certain
from identity.engine import Engine
from identity.guard import AMBIGUOUS, link_addresses, link_guarded
from identity.model import MatchModel
from identity.score import HOUSEHOLD, UNSURE, find_strangers, link_model
from identity.sql import literals

FOR_REVIEW = (AMBIGUOUS, UNSURE, HOUSEHOLD)  # questions only a steward can answer


class Graph:
    """Edge relations so far and the clusters they make, `ir_labels`."""

    def __init__(self, engine: Engine, config: IdentityConfig, nodes: int) -> None:
        self._engine, self._config, self._nodes = engine, config, nodes
        self._edges = [link_decided(engine)]
        self._limits = read_limits(engine, config)

    def link_by_rules(self) -> None:
        """Each guarded rule sees the clusters of what came before it."""
        config = self._config
        self._edges.append(link_certain(self._engine, config))
        self._label()
        shown = self._engine.fetch("select distinct identifier_type as kind from ir_identifiers")["kind"].to_pylist()
        for kind in (kind for kind in config.strong if kind in config.guarded and kind in shown):
            self._add(link_guarded(self._engine, config, kind))
        if config.match_address:
            self._add(link_addresses(self._engine, config))
        else:
            self._engine.store("ir_addresses", "select null::varchar as address, 0 as records, '' as state where false")

    def link_by_model(self, model: MatchModel) -> None:
        """Pairs the model is sure of join what the rules left apart, unless that brings strangers together.

        Reads the pairs it has scored, `ir_scored`.
        """
        engine = self._engine
        engine.store("ir_rule_labels", "select * from ir_labels")
        self._add(link_model(engine, model, priority=len(self._config.strong) + 2))
        find_strangers(engine, model)
        engine.drop("ir_comparable", "ir_scored", "ir_rule_labels")
        if engine.count("ir_strangers"):
            self._limits = read_limits(engine, self._config, strangers="ir_strangers")
            self._label()

    def name_edges(self) -> None:
        """Write `ir_edges_named`: every edge by the names of its ends, with what became of it; nothing follows."""
        edges = " union all ".join(f"select {EDGE_COLUMNS} from {name}" for name in self._edges)
        self._engine.store(
            "ir_edges_named",
            f"""
            with judged as (
                select e.* exclude (reason), coalesce(e.reason, b.reason) as reason,
                    coalesce(b.for_review, e.reason in ({literals(FOR_REVIEW)}), false) as for_review
                from ({edges}) e
                left join ir_breaking b on b.left_id = e.left_id and b.right_id = e.right_id
                    and b.rule = e.rule and b.evidence = e.evidence
            )
            select least(l.name, r.name) as left_node, greatest(l.name, r.name) as right_node, e.rule, e.weight,
                e.evidence, case when e.reason is null then 'accepted' else 'refused' end as state, e.reason,
                e.for_review
            from judged e join ir_names l on l.node_id = e.left_id join ir_names r on r.node_id = e.right_id
            """,
        )
        self._engine.drop(*self._edges)

    def _add(self, edge_relation: str) -> None:
        """One more relation of edges; without an edge to take, the clusters stay what they are."""
        self._edges.append(edge_relation)
        if self._engine.count(f"{edge_relation} where reason is null"):
            self._label()

    def _label(self) -> None:
        label_nodes(self._engine, self._nodes, self._edges, self._limits)
