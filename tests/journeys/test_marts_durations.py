"""Stage durations: Kaplan and Meier by hand, and the planted truth where the plain mean misleads."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from planted import DAY, START, chain, interactions, read_chains
from warehouse import JourneyWarehouse


def test_durations_count_open_and_dropped_visits_as_far_as_they_are_known(warehouse: JourneyWarehouse, tmp_path):
    journeys = read_chains(tmp_path, [chain(tmp_path, "trip", 3, "10d")])
    # s1 lasts 1, 2 and 4 days; one visit is dropped at its deadline (10), one open for 3 days at as_of (day 20)
    rows = [
        (1, "trip_s1", 0), (1, "trip_s2", 1 * DAY), (2, "trip_s1", 0), (2, "trip_s2", 2 * DAY),
        (3, "trip_s1", 0), (3, "trip_s2", 4 * DAY), (4, "trip_s1", 0), (5, "trip_s1", 17 * DAY),
    ]  # fmt: skip
    warehouse.load(journeys, interactions(*zip(*rows, strict=True)), START + timedelta(days=20))

    assert warehouse.build() == []

    # survival: 4/5 after day 1, 3/5 after 2, (open at 3), 3/10 after 4, and so to the deadline on day 10
    area = 1 * 1 + 0.8 * 1 + 0.6 * 2 + 0.3 * 6
    assert warehouse.read("""
        select visits, advanced, censored, p50_s, p75_s, p90_s, restricted_mean_s, horizon_s, naive_mean_s, wait_share
        from m.marts.mart_journey_stage_durations where stage_id = 's1' and business_model = 'all'""") == [
        (5, 3, 2, 4 * DAY, None, None, round(area * DAY), 10 * DAY, round(7 / 4 * DAY), 1)
    ]


@pytest.mark.parametrize("customers", [30_000, pytest.param(200_000, marks=pytest.mark.proof)])
def test_the_planted_median_is_found_where_the_plain_mean_is_far_off(warehouse: JourneyWarehouse, tmp_path, customers):
    rng = np.random.default_rng(7)
    journeys = read_chains(tmp_path, [chain(tmp_path, "trip", 2, "30d")])
    segment = rng.choice(["b2b", "b2c"], customers)
    mean_days = np.where(segment == "b2b", 12.0, 6.0)
    entered = rng.integers(0, 20 * DAY, customers)
    left = entered + np.ceil(rng.exponential(mean_days) * DAY).astype(np.int64)
    people = np.arange(customers)
    rows = interactions(
        np.tile(people, 2), np.repeat(["trip_s1", "trip_s2"], customers), np.concatenate([entered, left]),
        business_model=np.tile(segment, 2),
    )  # fmt: skip
    warehouse.load(journeys, rows, START + timedelta(days=20))

    assert warehouse.build() == []

    found = warehouse.read("""
        select business_model, p50_s, naive_mean_s from m.marts.mart_journey_stage_durations
        where stage_id = 's1' and business_model <> 'all' order by business_model""")
    for (_, median_s, naive_s), mean in zip(found, (12.0, 6.0), strict=True):
        assert median_s == pytest.approx(mean * np.log(2) * DAY, rel=0.02)
        assert abs(naive_s / (mean * DAY) - 1) > 0.15
