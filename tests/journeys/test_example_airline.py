"""An airline's trip is one YAML file: book, check in, fly, connect, hotel, over a few interactions by hand."""

from __future__ import annotations

import pytest
from example_company import build_example, make_id, read_instances
from warehouse import JourneyWarehouse

FIRST, ONWARD = {"leg": "first"}, {"leg": "onward"}
TRIPS = [
    # Ann books Rome by phone and Oslo on the web. Rome, with a change: late, but she arrives.
    ("ann", 0, "trip_booked_by_phone", "rome"),
    ("ann", 1, "trip_booked", "oslo"),
    ("ann", 2, "need_told"),  # names no booking, and two are open: belongs to neither
    ("ann", 30, "seat_chosen", "rome"),
    ("ann", 40, "flight_withdrawn", "oslo"),  # before the first leg: the trip to Oslo counts for nothing
    ("ann", 47, "need_told"),  # names no booking, but only Rome is open
    ("ann", 500, "checked_in", "rome"),
    ("ann", 520, "delay_notified", "rome", FIRST),
    ("ann", 522, "boarded", "rome", FIRST),
    ("ann", 527, "boarded", "rome", ONWARD),
    ("ann", 534, "hotel_reached", "rome"),
    # Ben checks in at the desk and never boards; Cleo cancels.
    ("ben", 0, "trip_booked", "paris"),
    ("ben", 300, "checked_in_at_desk", "paris"),
    ("cleo", 0, "trip_booked", "bonn"),
    ("cleo", 24, "trip_cancelled", "bonn"),
]


@pytest.fixture(scope="module")
def airline(warehouse: JourneyWarehouse) -> JourneyWarehouse:
    return build_example(warehouse, "airline", TRIPS)


def test_a_trip_is_followed_booking_by_booking_across_channels(airline):
    assert read_instances(airline, "ann", "ben", "cleo") == {
        "ann": [
            ("book>check_in>fly>connect>hotel", "converted", "airport,call_center,hotel,mobile_app,sms", True),
            ("book", "void", "web", False),
        ],
        "ben": [("book>check_in", "dropped", "airport,web", True)],
        "cleo": [("book", "exited", "web", False)],
    }


def test_each_stage_of_a_trip_says_how_long_it_took_and_why_it_ended(airline):
    assert airline.read(f"""
        select stage_id, interactions, exit_reason, duration_s / 3600, sla_breached
        from m.marts.fct_journey_stages where customer_id = '{make_id("ann")}' order by entered_at, stage_id""") == [
        ("book", 3, "next_stage", 500, None),
        ("book", 1, "excluded", 39, None),
        ("check_in", 1, "next_stage", 20, None),
        ("fly", 2, "next_stage", 7, None),
        ("connect", 1, "next_stage", 7, True),
        ("hotel", 1, "terminal", 0, None),
    ]  # fmt: skip
    assert airline.read(f"""
        select stage_id, exit_reason from m.marts.fct_journey_stages
        where customer_id = '{make_id("ben")}' order by visit_seq""") == [
        ("book", "next_stage"),
        ("check_in", "max_wait"),
    ]


def test_what_names_no_booking_is_counted_outside(airline):
    assert airline.read("select interactions, outside_interactions from m.marts.mart_journey_outside") == [(13, 1)]
