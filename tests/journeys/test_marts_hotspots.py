"""Hotspots and drivers of dropping out: first where something is planted, silent where nothing is."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from planted import START, WEEK, chain, interactions, read_chains, walks
from warehouse import SURVEYS, JourneyWarehouse

WEEKS = 10
CUSTOMERS = 6000  # of each journey: 30 to 60 visits in a cell of stage, channel, segment and week


@pytest.fixture(scope="module", params=[5, pytest.param(100, marks=pytest.mark.proof)])
def seeds(request) -> int:
    """How many journeys nothing is planted in; each has random walks of its own."""
    return request.param


@pytest.fixture(scope="module")
def marts(warehouse: JourneyWarehouse, tmp_path_factory, seeds) -> JourneyWarehouse:
    rng, folder = np.random.default_rng(11), tmp_path_factory.mktemp("planted")
    names = [*(f"null{seed}" for seed in range(seeds)), "slow", "caused"]
    journeys = read_chains(folder, [chain(folder, name, 3, "5d") for name in names])
    drawn = [
        walks(
            rng, name, np.arange(CUSTOMERS) + number * CUSTOMERS, WEEKS,
            slow=name == "slow", cause="chat" if name == "caused" else "",
        )
        for number, name in enumerate(names)
    ]  # fmt: skip
    columns = {key: np.concatenate([d[key] for d in drawn]) for key in drawn[0]}
    # as_of right after the last entries: many visits of the last week are open
    warehouse.load(journeys, interactions(**columns), START + timedelta(seconds=WEEKS * WEEK), _answers(rng, columns))
    assert warehouse.build("mart_journey_hotspots", "mart_journey_dropout_drivers") == []
    return warehouse


def test_hundreds_of_cells_are_compared_in_several_measures(marts):
    tests, cells = marts.read("""
        select count(p_value), count(distinct (kind, place, channel, business_model, week))
        from m.marts.mart_journey_hotspots where journey_key = 'null0@1'""")[0]

    assert cells >= 200 and tests >= 500


def test_every_visit_is_in_one_cell_of_its_stage(marts):
    compared = marts.read("""
        select journey_key, place, sum(n) from m.marts.mart_journey_hotspots
        where measure = 'dwell' and kind = 'stage' group by all order by all""")

    assert compared == marts.read("""
        select journey_key, stage_id, count(*) from m.marts.fct_journey_stages
        where stage_id <> 's3' group by all order by all""")


@pytest.mark.parametrize(("mart", "flag"), [("hotspots", "is_hotspot"), ("dropout_drivers", "is_driver")])
def test_null_data_has_none(marts, seeds, record_property, mart, flag):
    alarmed = marts.read(f"""
        select count(distinct journey_key) from m.marts.mart_journey_{mart}
        where {flag} and journey_key like 'null%'""")[0][0]

    record_property("seeds_with_a_false_one", alarmed)
    assert alarmed <= 0.05 * seeds


def test_the_planted_bottleneck_is_the_first_hotspot(marts):
    assert marts.read("""
        select place, channel, business_model, week, measure in ('drop', 'dwell'), customers_lost > 0, value_lost > 0
        from m.marts.mart_journey_hotspots where journey_key = 'slow@1' and hotspot_no = 1""") == [
        ("s1", "call_centre", "b2b", (START + timedelta(weeks=3)).date(), True, True, True)
    ]


def test_the_planted_bottleneck_shows_in_dwell_and_in_drop(marts):
    assert marts.read("""
        select measure, observed > baseline, excess > 0 from m.marts.mart_journey_hotspots
        where journey_key = 'slow@1' and is_hotspot and place = 's1' order by measure""") == [
        ("drop", True, True), ("dwell", True, True),
    ]  # fmt: skip


def test_the_planted_cause_is_the_first_driver(marts):
    assert marts.read("""
        select stage_id, feature, feature_value, lift > 1.5, effect_size > 0.3,
            rate_with_low < rate_with and rate_with < rate_with_high and rate_without < rate_with_low
        from m.marts.mart_journey_dropout_drivers where journey_key = 'caused@1' and driver_no = 1""") == [
        ("s1", "channel", "chat", True, True, True)
    ]


def _answers(rng: np.random.Generator, columns: dict) -> pa.Table:
    """Satisfaction that depends on nothing, told a minute after one interaction in five."""
    asked = np.flatnonzero(rng.random(len(columns["customer"])) < 0.2)
    given = pa.table(
        {
            **{"customer": columns["customer"][asked], "touchpoint": pa.array(columns["touchpoint"][asked])},
            **{"second": columns["second"][asked] + 60, "score": rng.integers(0, 5, len(asked)) / 4},
        }
    )
    with duckdb.connect() as con:
        con.register("given", given)
        return (
            con.sql(f"""
            select md5('c' || customer)::uuid::varchar as customer_id, 'r' || row_number() over () as response_key,
                'csat' as metric, score as score_01, timestamp '{START}' + to_seconds(second) as responded_at,
                null as order_key, null as case_key, touchpoint from given""")
            .to_arrow_table()
            .cast(SURVEYS)
        )
