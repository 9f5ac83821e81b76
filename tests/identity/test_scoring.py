"""What is spared in scoring changes no score."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest
from crowd import gather_crowd, learned_from_crowd
from identity_warehouse import TERMS, Warehouse

from identity.comparisons import KINDS
from identity.config import load_config
from identity.describe import describe_records
from identity.engine import DuckDBEngine
from identity.evidence import add_frequencies
from identity.maximise import count_patterns
from identity.score import _score
from identity.tables import create_tables


@pytest.fixture(scope="module")
def engine():
    """The crowd described, every pair of its first records in `ir_all_pairs`."""
    with closing(Warehouse()) as warehouse:
        gather_crowd(warehouse)
        engine = DuckDBEngine(warehouse.con)
        create_tables(engine)
        describe_records(engine, load_config(None, TERMS), "select subject_id from std.std_persons")
        engine.store("ir_labels", "select unique_id as node_id, unique_id as label from ir_evidence")
        engine.store(
            "ir_all_pairs",
            "select l.unique_id as left_id, r.unique_id as right_id "
            "from ir_evidence l join ir_evidence r on l.unique_id < r.unique_id and r.unique_id % 5 = 0",
        )
        yield engine


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.narrowed], ids=lambda kind: kind.name)
def test_looking_at_the_place_first_finds_the_same_levels(engine, kind):
    spared = count_patterns(engine, [kind], "ir_all_pairs")
    whole = count_patterns(engine, [replace(kind, narrowed=())], "ir_all_pairs")
    assert spared.levels[kind.name].tolist() == whole.levels[kind.name].tolist()
    assert spared.pairs.tolist() == whole.pairs.tolist()


@pytest.mark.parametrize("at_least", [0.01, 0.5, 0.99])
def test_no_pair_is_left_out_that_would_reach_the_probability(engine, at_least):
    model = learned_from_crowd()
    add_frequencies(engine, model)
    found = {}
    for name, asked in (("ir_whole", 0.0), ("ir_spared", at_least)):
        _score(engine, model, name, asked, "ir_all_pairs")
        rows = engine.fetch(f"select * from {name} where probability >= {at_least} order by left_id, right_id")
        found[name] = rows.select(["left_id", "right_id", "weight"]).to_pylist()
    assert len(found["ir_whole"]) > 50
    assert found["ir_spared"] == found["ir_whole"]
