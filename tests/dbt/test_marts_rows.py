"""What the marts say about the small warehouse, worked out by hand.

Put here: expected rows of facts and dimensions. Keep out: masking (test_marts_masking.py), dbt's own tests.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from support.small_warehouse import ADA, BOB, CAT, GROUP, HOME, TABLET

pytestmark = pytest.mark.xdist_group("small_home")

ADA_ACCOUNT = "biz:acme"


def test_every_interaction_finds_its_customer_and_account(rows):
    found = rows(
        "select substr(interaction_id::varchar, 36), customer_id::varchar, resolved_by, account_key, business_model "
        "from marts.fct_interactions order by 1"
    )
    assert found == [
        ("1", ADA, "record", ADA_ACCOUNT, "b2b"),
        ("2", BOB, "email", None, "b2c"),  # a strong identifier outweighs the stitched device
        ("3", ADA, "device", ADA_ACCOUNT, "b2b"),  # inside the interval
        ("4", TABLET, "anonymous", None, "b2c"),  # the interval is half open
        ("5", BOB, "order", None, "b2c"),  # the order comes before the case
        ("6", ADA, "case", ADA_ACCOUNT, "b2b"),
        ("7", None, "none", None, "b2c"),
    ]


def test_facts_lie_in_order_of_customer_and_time(rows):
    stored = rows("select interaction_id from marts.fct_interactions order by rowid")
    sorted_ = rows(
        "select interaction_id from marts.fct_interactions order by customer_id, occurred_at, interaction_id"
    )
    assert stored == sorted_


def test_a_day_is_the_companys_day_not_utcs(rows):
    assert rows("select occurred_at, occurred_date from marts.fct_interactions where resolved_by = 'email'") == [
        (datetime(2024, 3, 1, 23, 30), date(2024, 3, 2))  # 00:30 in Berlin
    ]


def test_an_order_without_a_date_stays(rows):
    assert rows(
        "select order_key, customer_id::varchar, ordered_at, ordered_date, amount from marts.fct_orders order by 1"
    ) == [
        ("shop:7", BOB, datetime(2024, 3, 1, 23, 30), date(2024, 3, 2), Decimal("100.00")),
        ("shop:8", ADA, None, None, Decimal("40.00")),
        ("shop:9", ADA, datetime(2024, 3, 4, 10), date(2024, 3, 4), Decimal("999.00")),
    ]


def test_an_answer_belongs_to_the_customer_case_and_touchpoint_of_its_interaction(rows):
    assert rows(
        "select question, customer_id::varchar, resolved_by, touchpoint, case_key, score_01 "
        "from marts.fct_survey_responses order by 1"
    ) == [
        ("q1", ADA, "case", "survey_answered", "call:9", 0.75),
        ("q2", ADA, "case", "survey_answered", "call:9", 1 / 6),
    ]


def test_a_withdrawn_consent_keeps_its_history_and_loses_its_flag(rows):
    assert rows(
        f"select purpose, granted, is_current, part_seq from marts.fct_consents where customer_id = '{ADA}' "
        "order by purpose, occurred_at"
    ) == [("marketing", True, False, 1), ("marketing", False, True, 2), ("service", True, True, 2)]
    assert rows(
        "select has_marketing_consent, granted_purposes, granted_channels from marts.dim_customers "
        f"where customer_id = '{ADA}'"
    ) == [(False, "service", "sms")]


def test_a_refusal_without_a_channel_ends_the_grants_before_it_and_the_future_does_not_count(rows):
    # Regression: somebody who refused all marketing kept the consent once given to one channel.
    assert rows(
        f"select purpose, channel, granted, is_current from marts.fct_consents where customer_id = '{CAT}' "
        "order by purpose, occurred_at"
    ) == [("marketing", "email", True, False), ("marketing", None, False, True), ("service", "sms", True, False)]
    assert rows(
        f"select has_marketing_consent, granted_purposes from marts.dim_customers where customer_id = '{CAT}'"
    ) == [(False, None)]


def test_a_customer_sums_up_orders_in_the_companys_currency_less_refunds(rows):
    found = rows(
        "select customer_id::varchar, knowledge_level, is_b2b, interactions, orders, revenue, value_tier, cases, "
        "records from marts.dim_customers order by 1"
    )
    assert found == [
        (ADA, "known", True, 3, 2, Decimal("40.00"), "low", 1, 1),  # 999 USD are not counted
        (BOB, "identified", False, 2, 1, Decimal("75.00"), "high", 0, 0),  # 100 − 25
        (CAT, "known", False, 0, 0, Decimal("0.00"), "none", 0, 1),
        (TABLET, "anonymous", False, 1, 0, Decimal("0.00"), "none", 0, 0),
    ]


def test_an_account_speaks_in_the_words_of_its_most_trusted_source(rows):
    # Regression: a list of contacts, more trusted than the list of organisations, left these without a name.
    assert rows(
        "select account_key, is_declared, name, industry, size_band, parent_key, dataset, customers, interactions "
        "from marts.dim_accounts order by 1"
    ) == [
        ("biz:acme", True, "Acme", "metal", "enterprise", "biz:holding", "crm", 1, 3),  # the industry only leads state
        ("biz:cats", True, "Cats", None, "smb", None, "leads", 0, 0),
        ("biz:holding", False, None, None, None, None, None, 0, 0),  # named only as a parent
    ]


def test_an_account_knows_its_group_and_the_top_of_its_hierarchy(rows):
    assert rows(
        "select account_key, top_parent_key, account_group_id::varchar, is_in_cycle from marts.dim_accounts order by 1"
    ) == [
        ("biz:acme", "biz:holding", GROUP, False),
        ("biz:cats", "biz:cats", None, False),
        ("biz:holding", "biz:holding", GROUP, False),
    ]


def test_a_household_sums_up_its_members_and_lives_where_its_first_member_does(rows):
    assert rows(
        "select household_id::varchar, members, shares_address, shares_loyalty, country, city, interactions, orders, "
        "revenue from marts.dim_households"
    ) == [(HOME, 2, True, True, "DE", "Bonn", 3, 2, Decimal("40.00"))]
    assert rows(f"select customer_id::varchar from marts.dim_customers where household_id = '{HOME}' order by 1") == [
        (ADA,),
        (CAT,),
    ]


def test_channels_and_touchpoints_include_what_was_only_declared_or_only_seen(rows):
    assert rows("select channel, mode, touchpoints, interactions from marts.dim_channels order by 1") == [
        ("phone", "offline", 1, 1),
        ("store", "offline", 1, 0),
        ("web", "online", 1, 5),
    ]
    assert rows("select touchpoint, is_declared, interactions from marts.dim_touchpoints order by 1") == [
        ("site_visited", True, 5),
        ("store_visited", True, 0),
        ("survey_answered", True, 1),
        ("unmapped", False, 1),
    ]


def test_the_calendar_runs_from_the_first_facts_year_to_the_last_fact(rows):
    assert rows("select min(date_day), max(date_day), count(*) from marts.dim_dates") == [
        (date(2024, 1, 1), date(2024, 3, 6), 31 + 29 + 6)
    ]
    assert rows(
        "select year, quarter, month, month_start, week_start, iso_week, day_of_week, is_weekend "
        "from marts.dim_dates where date_day = date '2024-03-03'"
    ) == [(2024, 1, 3, date(2024, 3, 1), date(2024, 2, 26), 9, 7, True)]
