"""No pair that weighs enough is passed over because it looks hopeless."""

from __future__ import annotations

from contextlib import closing
from itertools import product

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from models import round_model

from identity.comparisons import KINDS, UNKNOWN, kinds_of, level_of
from identity.engine import DuckDBEngine
from identity.evidence import COLUMNS
from identity.frequencies import add_frequencies
from identity.outlook import Outlook
from identity.score import score_pairs
from identity.spelling import may_be_alike, spell

RECORDS = 400
# Values near each other in every way a comparison knows of; half of all cells are null or the first value.
VALUES = {
    "first_name": "ann anna ana a bob robert anita miller smith zann ben",
    "last_name": "anna anita anita miller milller ller smith smith-jones jones ann bob o",
    "middle_initial": "a b",
    "birth_date": "1980-01-02 1980-02-01 1980-01-03 1981-01-02 1980-11-02 1970-05-06 1980-01-25 10980-01-02",
    "gender": "f m",
    "street_number": "1 2 12",
    "street_name": "elm_street elm_str oak_road oak_rd",
    "postcode": "10115 10117",
    "city": "berlin bonn",
    "email": "ann@a.de ann@b.de anne@a.de bob@a.de",
    "phone": "+4930123456 +4930123457 +4930999999",
    "government_id": "123456 123457 999999",
}


@pytest.fixture(params=[(), ("family",), ("family", "first_name", "last_name")], ids=lambda out: f"without {out}")
def model(request):
    names = [kind.name for kind in KINDS if kind.name not in request.param]
    chance = np.random.default_rng(len(names))
    levels = {kind.name: len(kind.levels) + 1 for kind in KINDS}
    drawn = {name: chance.dirichlet(np.full(levels[name], 0.5)) + 1e-6 for name in names}
    return round_model(
        m={kind.name: kind.expected for kind in KINDS if kind.name in names},
        u={name: tuple(of / of.sum()) for name, of in drawn.items()},
    )


@pytest.fixture
def engine():
    chance = np.random.default_rng(7)
    columns = {}
    for name, words in VALUES.items():
        values = np.array([None, *(word.replace("_", " ").replace("-jones", " jones") for word in words.split())])
        often = np.r_[0.25, 0.25, np.full(len(values) - 2, 0.5 / (len(values) - 2))]
        columns[name] = pa.array(chance.choice(values, RECORDS, p=often), pa.string())
    with closing(duckdb.connect()) as connection:
        engine = DuckDBEngine(connection)
        engine.register("drawn", pa.table({"unique_id": np.arange(RECORDS, dtype=np.int32), **columns}))
        engine.store(
            "ir_evidence",
            f"""
            select unique_id, 'crm' as source, case when first_name in ('bob', 'robert') then ['robert']
                when first_name is not null then [first_name] end as formal,
                first_name in ('ann', 'bob', 'robert') as is_given_name, {", ".join(set(COLUMNS) - {"address"})},
                street_number || ' ' || street_name as address,
                last_name || ' ' || street_number || ' ' || street_name as home
            from drawn order by hash(unique_id)
            """,
        )
        engine.store(
            "ir_pairs",
            "select l.unique_id as left_id, r.unique_id as right_id "
            "from ir_evidence l join ir_evidence r on l.unique_id < r.unique_id",
        )
        yield engine


def test_a_pair_may_weigh_what_it_weighs(engine, model):
    add_frequencies(engine, model)
    score_pairs(engine, model, "ir_scored", 0.0, "ir_pairs")
    pairs = engine.fetch("select left_id, right_id, weight from ir_scored")
    left, right, weight = (pairs[name].to_numpy() for name in pairs.column_names)
    outlook = Outlook(engine, model)
    for at_least in np.linspace(weight.min(), weight.max(), 20):
        hopeful = outlook.may_weigh(left, right, at_least)
        assert hopeful[weight >= at_least].all()
        assert at_least < 0 or not hopeful.all()


def test_a_pair_can_come_to_the_level_it_is_at(engine, model):
    add_frequencies(engine, model)
    kinds = kinds_of(model.m)
    columns = {column for kind in kinds for column in kind.columns}
    sides = ", ".join(f"{side}.{column} as {column}_{side}" for side in "lr" for column in columns)
    found = engine.fetch(
        f"""
        select left_id, right_id, {", ".join(f"{level_of(kind)} as {kind.name}" for kind in kinds)}
        from (
            select p.*, {sides} from ir_pairs p
            join ir_comparable l on l.unique_id = p.left_id join ir_comparable r on r.unique_id = p.right_id
        )
        """
    )
    possible = Outlook(engine, model).find_possible(found["left_id"].to_numpy(), found["right_id"].to_numpy())
    for kind in kinds:
        level = found[kind.name].to_numpy()
        assert set(level.tolist()) == {UNKNOWN, *range(len(kind.labels))}, kind.name
        assert np.choose(level - UNKNOWN, possible[kind.name]).all()


def test_names_that_are_similar_may_be_alike(engine):
    names = [
        *("".join(letters) for n in range(1, 5) for letters in product("abm", repeat=n)),
        "müller",
        "muller",
        "li w",
    ]
    names += [
        "martha",
        "marhta",
        "dixon",
        "dicksonx",
        "jones",
        "johnson",
        "schmidt",
        "schmitt",
        "abcdefgh",
        "abcdefxyz",
    ]
    spelled = spell(pa.chunked_array([names]))
    left, right = (of.ravel() for of in np.meshgrid(np.arange(len(names)), np.arange(len(names))))
    engine.register("ir_words", pa.table({"l": pa.array(names).take(left), "r": pa.array(names).take(right)}))
    similar = engine.fetch(
        "select jaro_winkler_similarity(l, r) >= 0.85 or damerau_levenshtein(l, r) <= 1 as is_similar from ir_words"
    )["is_similar"].to_numpy()
    alike = may_be_alike(spelled[left], spelled[right])
    assert alike[similar].all()
    assert not alike.all()


def test_no_names_at_all_can_be_spelled():
    assert spell(pa.chunked_array([pa.array([], pa.string())])).tolist() == []
    assert spell(pa.chunked_array([pa.array([None], pa.string())])).tolist() == [0]
