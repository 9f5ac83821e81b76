"""What goes with dropping out: the planted cause first, nothing where there is none."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from planted import START, WEEK, chain, interactions, read_chains, walks
from warehouse import JourneyWarehouse


@pytest.mark.parametrize(
    ("seeds", "customers"), [(4, 3000), pytest.param(100, 3000, marks=pytest.mark.proof, id="100-3000")]
)
def test_the_planted_cause_is_the_first_driver_and_null_data_has_none(
    warehouse: JourneyWarehouse, tmp_path, record_property, seeds, customers
):
    rng = np.random.default_rng(5)
    names = [f"null{seed}" for seed in range(seeds)] + ["caused"]
    journeys = read_chains(tmp_path, [chain(tmp_path, name, 3, "5d") for name in names])
    drawn = [
        walks(rng, name, np.arange(customers) + number * customers, 10, cause="chat" if name == "caused" else "")
        for number, name in enumerate(names)
    ]
    columns = {key: np.concatenate([d[key] for d in drawn]) for key in drawn[0]}
    warehouse.load(journeys, interactions(**columns), START + timedelta(seconds=10 * WEEK))

    assert warehouse.build() == []

    alarmed = warehouse.read("""
        select count(distinct journey_key) from m.marts.mart_journey_dropout_drivers
        where is_driver and journey_key like 'null%'""")[0][0]
    record_property("false_driver_seeds", alarmed)
    assert alarmed <= 0.05 * seeds
    drivers = warehouse.read("""
        select stage_id, feature, feature_value, lift > 1.5, effect_size > 0.3,
            rate_with_low < rate_with and rate_with < rate_with_high and rate_without < rate_with_low
        from m.marts.mart_journey_dropout_drivers where journey_key = 'caused@1' and driver_no = 1""")
    assert drivers == [("s1", "channel", "chat", True, True, True)]
