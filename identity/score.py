"""Scoring: candidate pairs of different clusters, how likely each is one person, and the edges that makes.

Put here: `ir_scored`, `ir_labelled`, `ir_edges_model`, `ir_strangers`; match, review, reject; the guard of households.
Keep out: the model (model.py, train.py), which edges survive (components.py).
"""

from __future__ import annotations

from collections.abc import Iterable

from identity.blocking import pair_up
from identity.comparisons import ONLY_HOUSEHOLD
from identity.defaults import ALWAYS
from identity.engine import Engine
from identity.evidence import COLUMNS
from identity.frequencies import add_frequencies
from identity.levels import tell_once
from identity.match_weight import compared_columns, weight_at, weight_of
from identity.model import MatchModel
from identity.outlook import Outlook
from identity.sql import literals

UNSURE = "unsure: the model puts the pair between review and match"
HOUSEHOLD = "household: one address or contact, but another first name or birth date"
MAX_COMPARED = 60  # records of a component of which every pair is compared; larger ones only hold pairs blocking found
RIVAL = 0.01  # match probability from which on a pair counts against another
REJECT = 0.001  # clusters of one component that are one person with a lower probability are strangers


def score_candidates(engine: Engine, model: MatchModel, at_least: float, once: Iterable[str] = ()) -> None:
    """Write `ir_scored` (left_id, right_id, left_label, right_label, weight, probability, reason).

    One row per candidate pair of two clusters. Reads `ir_evidence` and the clusters so far, `ir_labels`. The reason is
    null, or HOUSEHOLD where the pair must not match however likely it looks.

    Args:
        at_least: match probability, 0–1; pairs below are not kept.
        once: datasets that know each person once. A record can be one of theirs at most, so the odds of the others
            count against each: p = o / (1 + sum of o).
    """
    once = tuple(once)
    alone = min(at_least, RIVAL) if once else at_least
    add_frequencies(engine, model)
    outlook, weight = Outlook(engine, model), weight_at(alone)
    pair_up(
        engine, "ir_candidates", model.blocking, "ir_labels", swapped=True,
        is_worth=lambda left, right: outlook.may_weigh(left, right, weight),
    )  # fmt: skip
    score_pairs(engine, model, "ir_alone", alone, "ir_candidates", "ir_labels")
    engine.drop("ir_candidates")
    _set_against_rivals(engine, "ir_alone", "ir_scored", at_least, once)


def score_decided(engine: Engine, model: MatchModel, once: Iterable[str] = ()) -> None:
    """Write `ir_labelled` (probability, is_same): the pairs of records a steward decided, as the model alone sees them.

    Blocking need not have found them, and decisions have put those that are one into one cluster: they are scored by
    themselves, against the rivals among the candidates (`ir_alone`, of `score_candidates`). Pairs that must not match
    however likely they look are left out.
    """
    engine.store(
        "ir_decided_pairs",
        """
        select left_id, right_id from ir_decisions d
        semi join ir_records l on l.node_id = d.left_id semi join ir_records r on r.node_id = d.right_id
        where d.in_effect
        """,
    )
    score_pairs(engine, model, "ir_decided_alone", 0.0, "ir_decided_pairs")
    engine.store(
        "ir_decided_rivals",
        """
        with ends as (select left_id as node_id from ir_decided_alone union select right_id from ir_decided_alone)
        select * from ir_decided_alone
        union all
        select * from ir_alone a anti join ir_decided_alone d on d.left_id = a.left_id and d.right_id = a.right_id
        where a.left_id in (from ends) or a.right_id in (from ends)
        """,
    )
    _set_against_rivals(engine, "ir_decided_rivals", "ir_decided_scored", 0.0, tuple(once))
    engine.store(
        "ir_labelled",
        """
        select s.probability, d.verdict = 'same' as is_same from ir_decided_scored s
        join ir_decisions d on d.left_id = s.left_id and d.right_id = s.right_id where s.reason is null
        """,
    )


def _set_against_rivals(engine: Engine, source: str, target: str, at_least: float, once: tuple[str, ...]) -> None:
    """Store the pairs of `source` with what others of a dataset that knows each person once leave of them."""
    if not once:
        engine.store(
            target, f"select * exclude (left_source, right_source) from {source} where probability >= {at_least!r}"
        )
        return
    datasets = literals(once)
    engine.store(
        target,
        f"""
        with weighed as (select *, probability / greatest(1 - probability, 1e-15) as odds from {source}),
        rivalled as (
            select *,
                case when right_source in ({datasets})
                    then odds / (1 + sum(odds) over (partition by left_id, right_source)) else 1 end as of_left,
                case when left_source in ({datasets})
                    then odds / (1 + sum(odds) over (partition by right_id, left_source)) else 1 end as of_right
            from weighed where left_source <> right_source or not coalesce(left_source in ({datasets}), false)
        )
        select * exclude (probability, odds, of_left, of_right, left_source, right_source),
            least(probability, of_left, of_right) as probability
        from rivalled where least(probability, of_left, of_right) >= {at_least!r}
        """,
    )


def link_model(engine: Engine, model: MatchModel, priority: int) -> str:
    """Write `ir_edges_model` and return its name: the best pair of each two clusters.

    A pair at `model.match` or above is an edge; one at `model.review` or above, or of one household, is put up for
    review: an edge with a reason.
    """
    engine.store(
        "ir_edges_model",
        f"""
        with judged as (
            select *, coalesce(reason, case when probability < {model.match!r} then '{UNSURE}' end) as verdict
            from ir_scored where probability >= {model.review!r}
        )
        select left_id, right_id, 'model' as rule, {priority} as priority, round(weight, 6) as weight,
            'model {model.fingerprint}' as evidence, verdict as reason
        from judged
        qualify row_number() over (
            partition by least(left_label, right_label), greatest(left_label, right_label)
            order by verdict is not null, weight desc, least(left_id, right_id), greatest(left_id, right_id)
        ) = 1
        """,
    )
    return "ir_edges_model"


def bind_from(model: MatchModel, once: Iterable[str]) -> float:
    """Match probability from which on a pair can change what becomes of the two: `ir_alone` holds them."""
    return min(model.review, RIVAL) if tuple(once) else model.review


def score_met(engine: Engine, model: MatchModel, target: str, pairs: str, at_least: float) -> None:
    """Store those of some pairs (left_id, right_id) of `ir_evidence` that are at least so likely one person, whether or
    not they are of one household."""
    add_frequencies(engine, model)
    _weigh_pairs(engine, model, target, at_least, pairs)


def find_strangers(engine: Engine, model: MatchModel) -> None:
    """Write `ir_strangers` (left_id, right_id, strength): pairs of clusters that no chain of weaker links may join.

    Every two clusters by rule (`ir_rule_labels`) which edges of the model have brought into one component (`ir_labels`)
    are compared, whether or not blocking found them. Their best pair speaks for them: strangers are those whose best
    pair is rejected, with the strength of the match weight against it, and those of one household, without limit.
    """
    engine.store(
        "ir_chained",
        f"""
        with joined as (
            select l.label, r.label as rule_label, l.node_id
            from ir_labels l join ir_rule_labels r using (node_id) join ir_records using (node_id)
        ),
        chains as (
            select label from joined group by label
            having count(distinct rule_label) > 2 and count(*) <= {MAX_COMPARED}
        )
        select a.node_id as left_id, b.node_id as right_id
        from joined a join joined b on b.label = a.label and b.rule_label <> a.rule_label and b.node_id > a.node_id
        where a.label in (select label from chains)
        """,
    )
    if not engine.count("ir_chained"):
        engine.store("ir_strangers", "select 0 as left_id, 0 as right_id, 0.0::double as strength where false")
        return
    score_pairs(engine, model, "ir_compared_chains", 0.0, "ir_chained", "ir_rule_labels")
    engine.store(
        "ir_strangers",
        f"""
        with best as (
            select * from ir_compared_chains
            qualify row_number() over (
                partition by least(left_label, right_label), greatest(left_label, right_label)
                order by weight desc, least(left_id, right_id), greatest(left_id, right_id)
            ) = 1
        )
        select left_id, right_id, case when reason is null then -weight else {ALWAYS} end as strength
        from best where probability < {REJECT} or reason is not null
        """,
    )


def score_pairs(
    engine: Engine, model: MatchModel, target: str, at_least: float, pairs: str, labels: str | None = None
) -> None:
    """Store the pairs (left_id, right_id) of two clusters that are at least so likely one person, with their scores.

    Reads `ir_comparable`. The weight is looked at first, the cluster and the household only of what is left: of a
    million records one candidate in twenty.

    Args:
        labels: relation of (node_id, label), the clusters so far; None: each record is one of its own.
    """
    told = (f"{side}.{c} as {c}_{side}" for side in "lr" for c in ("formal", "is_given_name", *COLUMNS))
    clustered = (
        f"select h.*, a.label as left_label, b.label as right_label from ir_hopeful h join {labels} a "
        f"on a.node_id = h.left_id join {labels} b on b.node_id = h.right_id where a.label <> b.label"
        if labels
        else "select *, left_id as left_label, right_id as right_label from ir_hopeful"
    )
    _weigh_pairs(engine, model, "ir_hopeful", at_least, pairs)
    engine.store(
        target,
        f"""
        with paired as (
            select p.left_id, p.right_id, left_label, right_label, p.weight, l.source as left_source,
                r.source as right_source, {", ".join(told)}
            from ({clustered}) p
            join ir_comparable l on l.unique_id = p.left_id
            join ir_comparable r on r.unique_id = p.right_id
        )
        select left_id, right_id, left_label, right_label, weight, 1 / (1 + power(2.0, -weight)) as probability,
            left_source, right_source, case when {ONLY_HOUSEHOLD} then '{HOUSEHOLD}' end as reason
        from paired
        """,
    )
    engine.drop("ir_hopeful")


def _weigh_pairs(engine: Engine, model: MatchModel, target: str, at_least: float, pairs: str) -> None:
    """Store the pairs that are at least so likely one person, as (left_id, right_id, weight)."""
    compared = (f"{side}.{c} as {c}_{side}" for side in "lr" for c in compared_columns(model))
    weight, told = tell_once(weight_of(model))
    enough = f"where weight >= {weight_at(at_least)!r}" if at_least > 0 else ""
    engine.store(
        target,
        f"""
        with paired as (
            select p.left_id, p.right_id, {", ".join(compared)}
            from {pairs} p
            join ir_comparable l on l.unique_id = p.left_id
            join ir_comparable r on r.unique_id = p.right_id
        ),
        told as (select *{told} from paired),
        weighed as materialized (select left_id, right_id, {weight} as weight from told)
        select * from weighed {enough}
        """,
    )
