"""A bank's card enquiry is one YAML file: a look, a pushed offer, an agent's call, the card; interactions by hand."""

from __future__ import annotations

import pytest
from example_company import build_example, make_id, read_instances
from warehouse import JourneyWarehouse

CARD, LOAN = {"product": "card"}, {"product": "loan"}
ENQUIRIES = [
    # Eva looks in the app, gets a push at once, a call the next morning, applies on the web and gets the card by mail.
    ("eva", 0, "product_viewed", CARD),
    ("eva", 0.5, "offer_pushed", CARD),
    ("eva", 24.5, "agent_called"),
    ("eva", 30, "application_sent", CARD),
    ("eva", 100, "card_issued"),
    # Fred asks about a loan, which is no card; his card offer is stale after a week.
    ("fred", 0, "product_asked_about", LOAN),
    ("fred", 1, "product_viewed", CARD),
    ("fred", 2, "offer_pushed", LOAN),
    ("fred", 3, "offer_pushed", CARD),
    ("fred", 200, "agent_called"),
    # Gil reports a fraud, Hal is declined; Ina wants no offers, looks again too soon, and once more much later.
    ("gil", 0, "product_asked_about", CARD),
    ("gil", 5, "fraud_reported"),
    ("hal", 0, "product_viewed", CARD),
    ("hal", 9, "application_sent", CARD),
    ("hal", 50, "application_declined"),
    ("ina", 0, "product_viewed", CARD),
    ("ina", 4, "offers_refused"),
    ("ina", 24 * 20, "product_viewed", CARD),
    ("ina", 24 * 90, "branch_visited"),
    ("ina", 24 * 91, "product_viewed", CARD),
]


@pytest.fixture(scope="module")
def bank(warehouse: JourneyWarehouse) -> JourneyWarehouse:
    return build_example(warehouse, "bank", ENQUIRIES)


def test_a_card_enquiry_is_followed_from_the_app_to_the_letter(bank):
    assert read_instances(bank, "eva", "fred", "gil", "hal", "ina") == {
        "eva": [("enquire>offer>advise>apply>issue", "converted", "call_center,mail,mobile_app,web", True)],
        "fred": [("enquire>offer", "dropped", "mobile_app", False)],
        "gil": [("enquire", "void", "chat", False)],
        "hal": [("enquire>apply>decline", "declined", "mail,mobile_app,web", True)],
        "ina": [("enquire", "exited", "mobile_app", False), ("enquire", "in_progress", "mobile_app", False)],
    }


def test_the_hand_over_from_the_pushed_offer_to_the_agent_is_measured(bank):
    assert bank.read(f"""
        select v.stage_id, v.duration_s / 3600, v.sla_breached, t.to_stage, t.is_declared
        from m.marts.fct_journey_stages as v
        join m.marts.fct_journey_transitions as t using (instance_id, visit_seq)
        where v.customer_id = '{make_id("eva")}' and v.stage_id = 'offer'""") == [("offer", 24, True, "advise", True)]


def test_what_comes_too_soon_or_too_late_is_counted_outside(bank):
    # fred's call after his offer was stale, ina's look within 30 days of the refusal, and her visit with nothing open
    assert bank.read("select interactions, outside_interactions from m.marts.mart_journey_outside") == [(16, 3)]
