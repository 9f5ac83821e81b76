"""What is spared in scoring changes no score: it is the one Splink gives."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from itertools import product

import pyarrow as pa
import pytest
from crowd import gather_crowd, learned_from_crowd
from identity_warehouse import TERMS, Warehouse
from splink import Linker

from identity.comparisons import KINDS
from identity.config import load_config
from identity.describe import describe_records
from identity.engine import DuckDBEngine
from identity.frequencies import add_frequencies
from identity.maximise import count_patterns
from identity.score import score_pairs
from identity.splink_model import splink_settings
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


def test_one_letter_is_found_as_the_distance_itself_finds_it(engine):
    [condition] = [sql for kind in KINDS if kind.name == "phone" for label, sql in kind.levels if label == "one digit"]
    words = ["".join(letters) for length in range(1, 6) for letters in product("abé", repeat=length)]
    engine.register("ir_words", pa.table({"phone": words}))
    pairs = "(select l.phone as phone_l, r.phone as phone_r from ir_words l, ir_words r)"
    assert engine.count(f"{pairs} where ({condition}) <> (damerau_levenshtein(phone_l, phone_r) <= 1)") == 0


@pytest.mark.parametrize("at_least", [0.0, 0.5])
def test_every_pair_has_the_weight_and_probability_splink_gives_it(engine, at_least):
    model = learned_from_crowd()
    add_frequencies(engine, model)
    score_pairs(engine, model, "ir_ours", at_least, "ir_all_pairs")
    engine.store("ir_pairs", "select '0' as match_key, left_id as join_key_l, right_id as join_key_r from ir_all_pairs")
    with engine.matching() as api:
        linker = Linker(api.register("ir_comparable"), splink_settings(model), log_level="ERROR")
        linker.table_management.register_blocked_pairs_for_predict(api.register("ir_pairs"))
        theirs = linker.inference.predict(threshold_match_probability=at_least)
        apart = engine.fetch(
            f"""
            select count(*) as pairs, count(*) filter (
                o.weight is null or t.match_weight is null or abs(o.weight - t.match_weight) > 1e-9
                or abs(o.probability - t.match_probability) > 1e-12) as differing
            from {theirs.physical_name} t
            full join ir_ours o on o.left_id = t.unique_id_l and o.right_id = t.unique_id_r
            """
        ).to_pylist()[0]
    assert apart["differing"] == 0
    assert apart["pairs"] > (50_000 if at_least == 0 else 50)
