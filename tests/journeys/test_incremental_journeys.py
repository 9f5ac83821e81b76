"""Journeys built batch by batch, in any order of arrival, are row for row what one build of everything makes.

Interactions and survey answers arrive in random batches, whenever they happened; some are corrected, some withdrawn;
customers are merged and split; the instant of judgement moves on, so deadlines pass without anything arriving.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from interpreted_rows import uuid_of
from random_documents import TOUCHPOINTS
from random_journeys import START, draw_interactions, draw_journey
from warehouse import SURVEYS, JourneyWarehouse

SPAN = timedelta(days=30)  # from the first interaction to the last build


class _World:
    """All that ever arrives, and what is known of it after each batch."""

    def __init__(self, rng: np.random.Generator, customers: int, batches: int):
        self.interactions = _with_few_accounts(draw_interactions(rng, customers))
        self.surveys = _draw_surveys(rng, customers)
        self.batches, self.customers = batches, customers
        rows, answers = len(self.interactions), len(self.surveys)
        self.arrives, self.answered = rng.integers(1, batches + 1, rows), rng.integers(1, batches + 1, answers)
        # never, or by which batch; a few of each are enough to touch few customers
        self.corrected = np.where(rng.random(rows) < 0.01, rng.integers(1, batches + 1, rows), batches + 1)
        self.withdrawn = np.where(rng.random(rows) < 0.01, rng.integers(2, batches + 1, rows), batches + 1)

    def known_after(self, batch: int) -> tuple[pa.Table, pa.Table]:
        """Interactions and answers; a merge at the second batch is undone by the last but one."""
        interactions = self._corrected(batch).filter(pa.array((self.arrives <= batch) & (self.withdrawn > batch)))
        surveys = self.surveys.filter(pa.array(self.answered <= batch))
        if 2 <= batch < self.batches:
            return self._merged(interactions), self._merged(surveys)
        return interactions, surveys

    def _corrected(self, batch: int) -> pa.Table:
        is_corrected = pa.array(self.corrected <= batch)
        value = pc.if_else(is_corrected, pa.scalar(None, pa.decimal128(18, 2)), self.interactions["value"])
        place = self.interactions.column_names.index("value")
        return self.interactions.set_column(place, self.interactions.field("value"), value)

    def _merged(self, table: pa.Table) -> pa.Table:
        merged = {uuid_of(f"c{c}"): uuid_of(f"c{c + 1}") for c in range(0, self.customers - 1, 40)}
        place = table.column_names.index("customer_id")
        ids = [merged.get(c, c) for c in table["customer_id"].to_pylist()]
        return table.set_column(place, table.field("customer_id"), pa.array(ids, pa.string()))


def _with_few_accounts(interactions: pa.Table) -> pa.Table:
    """One account in ten keeps its people: those of an account that walks are rewritten by every build."""
    keys = interactions["account_key"].to_pylist()
    kept = [key if key and int(key.removeprefix("crm:")) % 10 == 0 else None for key in keys]
    place = interactions.column_names.index("account_key")
    return interactions.set_column(place, interactions.field("account_key"), pa.array(kept, pa.string()))


def _draw_surveys(rng: np.random.Generator, customers: int) -> pa.Table:
    rows = customers
    return pa.table(
        {
            "customer_id": [uuid_of(f"c{c}") for c in rng.integers(0, customers, rows)],
            "response_key": [f"r{n}" for n in range(rows)],
            "metric": rng.choice(["csat", "ces"], rows),
            "score_01": rng.integers(0, 5, rows) / 4,
            "responded_at": [START + timedelta(minutes=int(m)) for m in rng.integers(0, 20_000, rows)],
            "order_key": rng.choice(["shop:1", "shop:2", None], rows),
            "case_key": rng.choice(["desk:1", None, None], rows),
            "touchpoint": rng.choice(list(TOUCHPOINTS), rows),
        }
    ).cast(SURVEYS)


@pytest.mark.parametrize(
    ("seed", "customers", "journeys", "batches"),
    [
        (1, 150, 18, 4),
        *(pytest.param(s, 2_000, 18, 6, marks=pytest.mark.proof, id=f"{s}-2000-18-6") for s in (2, 3)),
    ],
)
def test_batches_in_any_order_equal_one_build_of_everything(
    tmp_path: Path, seed: int, customers: int, journeys: int, batches: int
):
    rng = np.random.default_rng(seed)
    drawn = [draw_journey(rng, number, tmp_path) for number in range(journeys)]
    world = _World(rng, customers, batches)
    by_batch = JourneyWarehouse(tmp_path / "by_batch", interactions_per_range=1000, rewrite_all_above=2)
    planned = []
    for batch in range(1, batches + 1):
        interactions, surveys = world.known_after(batch)
        by_batch.load(drawn, interactions, START + SPAN * batch / batches, surveys, is_next=batch > 1)
        _build_facts(by_batch)
        planned += by_batch.read("select is_whole from int.int_journey_build__planned")
    assert by_batch.build(command="run") == []  # of what changed since the last build, that is nobody; and the marts
    at_once = JourneyWarehouse(tmp_path / "at_once", interactions_per_range=1000)
    at_once.load(drawn, interactions, START + SPAN, surveys)
    assert at_once.build(command="run") == []

    assert planned == [(True,), *[(False,)] * (batches - 1)]
    assert _differing(by_batch, at_once) == {}


def test_a_build_rewrites_only_those_who_have_changed(tmp_path: Path):
    rng = np.random.default_rng(7)
    drawn = [draw_journey(rng, number, tmp_path) for number in (0, 2)]
    interactions = _without_accounts(draw_interactions(rng, 100))
    warehouse = JourneyWarehouse(tmp_path / "root")
    last = max(interactions["occurred_at"].to_pylist())
    latest = pc.equal(interactions["occurred_at"], pa.scalar(last, pa.timestamp("us")))
    owners = set(interactions.filter(latest)["customer_id"].to_pylist()) - {None}

    warehouse.load(drawn, interactions.filter(pc.invert(latest)), last + SPAN * 4)
    _build_facts(warehouse)
    warehouse.load(drawn, interactions, last + SPAN * 4, is_next=True)
    _build_facts(warehouse)

    touched = warehouse.read("select cast(entity_id as varchar) from int.int_journey_entities__touched")
    assert {entity for (entity,) in touched} == owners
    assert warehouse.read("select touched, is_whole from int.int_journey_build__planned") == [(len(owners), False)]


def test_a_changed_journey_is_built_anew_for_everybody(tmp_path: Path):
    rng = np.random.default_rng(8)
    drawn = [draw_journey(rng, number, tmp_path) for number in range(3)]
    interactions = draw_interactions(rng, 20)
    warehouse = JourneyWarehouse(tmp_path / "root", rewrite_all_above=2)

    walked = []
    for journeys in (drawn[:2], drawn[:2], drawn):
        warehouse.load(journeys, interactions, START + SPAN, is_next=bool(walked))
        _build_facts(warehouse)
        walked += warehouse.read("select is_whole from int.int_journey_build__planned")

    assert walked == [(True,), (False,), (True,)]
    assert warehouse.read("select count(distinct journey_no) from int.int_journey_spans__walked") == [(3,)]


def _build_facts(warehouse: JourneyWarehouse) -> None:
    """All that is rewritten in part, and what it is made from."""
    assert warehouse.build("int_journey_entities__built", command="run") == []


def _without_accounts(interactions: pa.Table) -> pa.Table:
    place = interactions.column_names.index("account_key")
    return interactions.set_column(place, interactions.field("account_key"), pa.nulls(len(interactions), pa.string()))


def _differing(one: JourneyWarehouse, other: JourneyWarehouse) -> dict[str, int]:
    """Rows that only one of them has, by table; tables without a difference are left out."""
    with duckdb.connect() as con:
        for name, warehouse in (("one", one), ("other", other)):
            con.execute(f"attach '{warehouse.marts}' as {name} (read_only)")
        tables = con.execute(
            "select table_name from duckdb_tables() where database_name = 'one' and schema_name = 'marts'"
        )
        found = {}
        for (table,) in tables.fetchall():
            left, right = f"one.marts.{table}", f"other.marts.{table}"
            only_one = con.execute(f"select count(*) from (from {left} except all from {right})").fetchall()[0][0]
            only_other = con.execute(f"select count(*) from (from {right} except all from {left})").fetchall()[0][0]
            if only_one + only_other:
                found[table] = only_one + only_other
        assert con.execute("select count(*) from one.marts.fct_journey_stages").fetchall()[0][0] > 100
        return found
