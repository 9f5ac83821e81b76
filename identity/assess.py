"""The last build against a truth: its scores, and the customers that are wrong.

Put here: which pairs of records were linked, and which were looked at. Keep out: counting (evaluate.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from identity.blocking import blocking_rules, key_records
from identity.config import IdentityConfig
from identity.describe import describe_records
from identity.engine import Engine
from identity.evaluate import Evaluation, Score, evaluate, list_over_merged, list_under_merged
from identity.model import MatchModel
from identity.relations import Relations

_PREDICTED = """
    select subject_id as record_id, cast(customer_id as varchar) as cluster
    from identity.id_lookup where customer_id is not null
"""


@dataclass(frozen=True)
class Assessment:
    """Scores, and the first of the customers that hold too many people or too few (`identity.evaluate`).

    expected_precision, labels: what the model promised of its matches, and the decisions it knew then, by verdict.
    """

    scores: Evaluation
    over_merged: list[dict[str, Any]]
    under_merged: list[dict[str, Any]]
    expected_precision: float | None = None
    labels: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values; a score has its f1 with it."""
        scores = {
            name: {**asdict(found), "f1": found.f1} if isinstance(found, Score) else found
            for name, found in vars(self.scores).items()
        }
        return {**scores, **{name: value for name, value in vars(self).items() if name != "scores"}}


def assess(
    engine: Engine,
    config: IdentityConfig,
    model: MatchModel | None,
    truth: str,
    limit: int,
    relations: Relations | None = None,
) -> Assessment:
    """Score the last build on the records of a truth.

    Linked are two records with an accepted edge between them, or to one value. Looked at are those with any edge, also
    a refused one, and those which a blocking rule of the model compares; the block recall is their share of the true
    pairs.

    Args:
        truth: query of (record_id, entity), one row per record.
        model: the present one; None: rules alone.
        limit: of each list.
    """
    engine.store("ir_truth", truth)
    compared = _linked("true")
    if model:
        describe_records(engine, config, "select record_id as subject_id from ir_truth", relations)
        key_records(engine, model.blocking)
        compared = f"{compared} union all {_blocked(model)}"
    truth = "select record_id, entity from ir_truth"
    return Assessment(
        evaluate(engine, _PREDICTED, truth, _linked("state = 'accepted'"), compared),
        list_over_merged(engine, _PREDICTED, truth, limit),
        list_under_merged(engine, _PREDICTED, truth, limit),
        model and model.expected_precision,
        model.labels if model else {},
    )


def _linked(condition: str) -> str:
    """Pairs of records of the truth with such an edge between them, or from both to one value."""
    return f"""
        select e.record_id as left_id, e.other as right_id
        from ({_ends(condition)}) e semi join ir_truth t on t.record_id = e.other
        union all
        select l.record_id, r.record_id
        from ({_ends(condition)}) l join ({_ends(condition)}) r on r.other = l.other and r.record_id > l.record_id
        anti join ir_truth t on t.record_id = l.other
    """


def _ends(condition: str) -> str:
    return f"""
        select record_id, other from (
            select left_node as record_id, right_node as other from identity.edges where {condition}
            union all
            select right_node, left_node from identity.edges where {condition}
        ) e semi join ir_truth using (record_id)
    """


def _blocked(model: MatchModel) -> str:
    """Pairs of records of one entity that a blocking rule compares."""
    met = " or ".join(f"({condition})" for _, condition in blocking_rules(model))
    keyed = """
        select k.*, t.record_id, t.entity
        from ir_keys k join ir_records n on n.node_id = k.unique_id join ir_truth t on t.record_id = n.subject_id
    """
    return f"""
        select l.record_id as left_id, r.record_id as right_id
        from ({keyed}) l join ({keyed}) r on r.entity = l.entity and r.unique_id > l.unique_id
        where {met}
    """
