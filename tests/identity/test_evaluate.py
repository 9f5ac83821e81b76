"""Scores against figures worked out by hand."""

from __future__ import annotations

import pytest

from identity.engine import DuckDBEngine
from identity.evaluate import Score, evaluate, list_over_merged, list_under_merged

TRUTH = "select * from (values ('a', 1), ('b', 1), ('c', 1), ('d', 2), ('e', 2)) t(record_id, entity)"


def test_evaluate_counts_pairs_and_b_cubed_of_a_split_and_a_wrong_merge(warehouse):
    predicted = "select * from (values ('a', 7), ('b', 7), ('c', 8), ('d', 8), ('e', 9)) t(record_id, cluster)"
    links = "select * from (values ('a', 'b'), ('b', 'a'), ('c', 'd')) t(left_id, right_id)"
    found = evaluate(DuckDBEngine(warehouse.con), predicted, TRUTH, links)
    # found pairs ab, cd; real pairs ab, ac, bc, de; right: ab
    assert (found.records, found.found_pairs, found.true_pairs) == (5, 2, 4)
    assert found.cluster_pairs == Score(1 / 2, 1 / 4)
    assert found.pairwise == Score(1 / 2, 1 / 4)
    # per record: precision a 1, b 1, c 1/2, d 1/2, e 1; recall a 2/3, b 2/3, c 1/3, d 1/2, e 1/2
    assert found.b_cubed.precision == pytest.approx(4 / 5)
    assert found.b_cubed.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 / 2 + 1 / 2) / 5)


def test_evaluate_gives_full_marks_to_the_truth_itself(warehouse):
    found = evaluate(DuckDBEngine(warehouse.con), TRUTH.replace("entity", "cluster"), TRUTH)
    assert (found.cluster_pairs, found.b_cubed, found.pairwise) == (Score(1, 1), Score(1, 1), None)
    assert found.cluster_pairs.f1 == 1


def test_evaluate_says_which_share_of_the_true_pairs_was_compared_at_all(warehouse):
    predicted = TRUTH.replace("entity", "cluster")
    compared = "select * from (values ('b', 'a'), ('a', 'b'), ('c', 'd'), ('d', 'e')) t(left_id, right_id)"
    found = evaluate(DuckDBEngine(warehouse.con), predicted, TRUTH, compared=compared)
    assert found.block_recall == 2 / 4  # of ab, ac, bc, de: ab and de


def test_over_and_under_merged_are_listed_by_how_many_pairs_are_wrong(warehouse):
    predicted = "select * from (values ('a', 7), ('b', 7), ('c', 8), ('d', 8), ('e', 9)) t(record_id, cluster)"
    engine = DuckDBEngine(warehouse.con)
    assert list_over_merged(engine, predicted, TRUTH, 9) == [
        {"cluster": 8, "records": 2, "entities": 2, "wrong_pairs": 1}
    ]
    assert list_under_merged(engine, predicted, TRUTH, 9) == [
        {"clusters": [7, 8], "records": 3, "missed_pairs": 2},
        {"clusters": [8, 9], "records": 2, "missed_pairs": 1},
    ]
    assert len(list_under_merged(engine, predicted, TRUTH, 1)) == 1
    assert list_over_merged(engine, TRUTH.replace("entity", "cluster"), TRUTH, 9) == []
