"""How good a resolution is, against a truth: three measures, each with precision, recall and F1; and its mistakes.

Put here: pairwise (on links), cluster-pair (on the transitive closure), B-cubed (per record), block recall; which
clusters hold too many or too few. Keep out: thresholds for passing; they belong to tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from identity.engine import Engine


@dataclass(frozen=True)
class Score:
    """Precision, recall and F1, each 0–1; precision is 1 where nothing was claimed, recall where nothing was there."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True)
class Evaluation:
    """Scores over the records that are in both relations, and what they were counted from."""

    pairwise: Score | None  # None where no links were given
    cluster_pairs: Score
    b_cubed: Score
    records: int
    true_pairs: int
    found_pairs: int
    block_recall: float | None = None  # share of true pairs that were compared at all; None where not asked for


def evaluate(
    engine: Engine, predicted: str, truth: str, links: str | None = None, compared: str | None = None
) -> Evaluation:
    """Score a resolution.

    Args:
        predicted: query of (record_id, cluster), one row per record.
        truth: query of (record_id, entity), one row per record; records of only one of the two are left out.
        links: query of (left_id, right_id) between records, for the pairwise score; either order, repeats ignored.
        compared: query of (left_id, right_id), the pairs somebody looked at, for the block recall; likewise.
    Source: Menestrina, Whang, Garcia-Molina 2010 (pairs); Bagga and Baldwin 1998 (B-cubed).
    """
    sizes = engine.fetch(
        f"""
        with cells as ({_cells(predicted, truth)}),
        sized as (
            select n, sum(n) over (partition by cluster) as c, sum(n) over (partition by entity) as e from cells
        )
        select coalesce(sum(n), 0)::bigint as records, coalesce(sum(n * (n - 1) // 2), 0)::bigint as together,
            coalesce(sum(n * (c - 1)) / 2, 0)::bigint as found, coalesce(sum(n * (e - 1)) / 2, 0)::bigint as real,
            coalesce(sum(n * n / c), 0)::double as b_precision, coalesce(sum(n * n / e), 0)::double as b_recall
        from sized
        """
    ).to_pylist()[0]
    records, real = sizes["records"], sizes["real"]
    return Evaluation(
        pairwise=_score_links(engine, truth, links, real) if links else None,
        cluster_pairs=Score(_share(sizes["together"], sizes["found"]), _share(sizes["together"], real)),
        b_cubed=Score(_share(sizes["b_precision"], records), _share(sizes["b_recall"], records)),
        records=records,
        true_pairs=real,
        found_pairs=sizes["found"],
        block_recall=_score_links(engine, truth, compared, real).recall if compared else None,
    )


def list_over_merged(engine: Engine, predicted: str, truth: str, limit: int) -> list[dict[str, Any]]:
    """Clusters that hold records of more than one entity, the most wrong pairs first.

    Returns:
        cluster, records, entities, wrong_pairs.
    """
    return engine.fetch(
        f"""
        with cells as ({_cells(predicted, truth)})
        select cluster, sum(n)::bigint as records, count(*) as entities,
            ((sum(n) * sum(n) - sum(n * n)) // 2)::bigint as wrong_pairs
        from cells group by cluster having count(*) > 1
        order by wrong_pairs desc, cluster limit {limit}
        """
    ).to_pylist()


def list_under_merged(engine: Engine, predicted: str, truth: str, limit: int) -> list[dict[str, Any]]:
    """Entities whose records are in more than one cluster, the most missed pairs first.

    Returns:
        clusters (a list, the one with most of the records first), records, missed_pairs; not the entity: what it is
        called is the truth's own affair.
    """
    return engine.fetch(
        f"""
        with cells as ({_cells(predicted, truth)})
        select list(cluster order by n desc, cluster) as clusters, sum(n)::bigint as records,
            ((sum(n) * sum(n) - sum(n * n)) // 2)::bigint as missed_pairs
        from cells group by entity having count(*) > 1
        order by missed_pairs desc, clusters limit {limit}
        """
    ).to_pylist()


def _cells(predicted: str, truth: str) -> str:
    """Records by cluster and entity."""
    return f"""
        select cluster, entity, count(*) as n from ({predicted}) p join ({truth}) t using (record_id)
        group by cluster, entity
    """


def _score_links(engine: Engine, truth: str, links: str, real: int) -> Score:
    counted = engine.fetch(
        f"""
        with pairs as (
            select distinct least(left_id, right_id) as a, greatest(left_id, right_id) as b
            from ({links}) where left_id <> right_id
        )
        select count(*) as claimed, count(*) filter (x.entity = y.entity) as right_
        from pairs join ({truth}) x on x.record_id = a join ({truth}) y on y.record_id = b
        """
    ).to_pylist()[0]
    return Score(_share(counted["right_"], counted["claimed"]), _share(counted["right_"], real))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 1.0
