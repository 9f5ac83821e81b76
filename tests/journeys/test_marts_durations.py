"""Stage durations: Kaplan and Meier by hand, and the planted truth where the plain mean misleads."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from planted import DAY, START, chain, interactions, read_chains
from warehouse import JourneyWarehouse

AS_OF = START + timedelta(days=20)
MEAN_DAYS = {"b2b": 12.0, "b2c": 6.0}
# s1 lasts 1, 2 and 4 days; one visit is dropped at its deadline (day 10), one open for 3 days at as_of
BY_HAND = [
    (-1, "hand_s1", 0), (-1, "hand_s2", 1 * DAY), (-2, "hand_s1", 0), (-2, "hand_s2", 2 * DAY),
    (-3, "hand_s1", 0), (-3, "hand_s2", 4 * DAY), (-4, "hand_s1", 0), (-5, "hand_s1", 17 * DAY),
]  # fmt: skip


@pytest.fixture(scope="module", params=[30_000, pytest.param(200_000, marks=pytest.mark.proof)])
def marts(request, warehouse: JourneyWarehouse, tmp_path_factory) -> JourneyWarehouse:
    folder = tmp_path_factory.mktemp("durations")
    journeys = read_chains(folder, [chain(folder, "hand", 3, "10d"), chain(folder, "trip", 2, "30d")])
    rows = [interactions(*zip(*BY_HAND, strict=True)), _trips(np.random.default_rng(7), request.param)]
    warehouse.load(journeys, pa.concat_tables(rows), AS_OF)
    assert warehouse.build("mart_journey_stage_durations") == []
    return warehouse


def _trips(rng: np.random.Generator, customers: int) -> pa.Table:
    """Entries over the 20 days before as_of, stays exponential: many are open, the long ones above all."""
    segment = rng.choice(list(MEAN_DAYS), customers)
    entered = rng.integers(0, 20 * DAY, customers)
    stay = rng.exponential(np.where(segment == "b2b", MEAN_DAYS["b2b"], MEAN_DAYS["b2c"])) * DAY
    return interactions(
        np.tile(np.arange(customers), 2), np.repeat(["trip_s1", "trip_s2"], customers),
        np.concatenate([entered, entered + np.ceil(stay).astype(np.int64)]), business_model=np.tile(segment, 2),
        prefix="trip",
    )  # fmt: skip


def test_durations_count_open_and_dropped_visits_as_far_as_they_are_known(marts):
    # survival: 4/5 after day 1, 3/5 after 2, (open at 3), 3/10 after 4, and so to the deadline on day 10
    area = 1 * 1 + 0.8 * 1 + 0.6 * 2 + 0.3 * 6
    assert marts.read("""
        select visits, advanced, censored, p50_s, p75_s, p90_s, restricted_mean_s, horizon_s, naive_mean_s, wait_share
        from m.marts.mart_journey_stage_durations
        where journey_key = 'hand@1' and stage_id = 's1' and business_model = 'all'""") == [
        (5, 3, 2, 4 * DAY, None, None, round(area * DAY), 10 * DAY, round(7 / 4 * DAY), 1)
    ]


@pytest.mark.parametrize("segment", MEAN_DAYS)
def test_the_planted_median_is_found_where_the_plain_mean_is_far_off(marts, segment):
    median_s, naive_s = marts.read(f"""
        select p50_s, naive_mean_s from m.marts.mart_journey_stage_durations
        where journey_key = 'trip@1' and stage_id = 's1' and business_model = '{segment}'""")[0]

    assert median_s == pytest.approx(MEAN_DAYS[segment] * np.log(2) * DAY, rel=0.02)
    assert abs(naive_s / (MEAN_DAYS[segment] * DAY) - 1) > 0.15
