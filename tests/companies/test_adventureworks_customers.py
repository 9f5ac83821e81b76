"""The people of AdventureWorks: what a run publishes, against the raw files read again by plain DuckDB.

Put here: a figure of records, customers and their attributes, and the rule that gives it from the files.
Keep out: orders, interactions and journeys (test_adventureworks.py).
"""

from __future__ import annotations

import pytest
from adventureworks_files import ZONE, one, part

# All files about these runs are one group, so that one worker runs them.
pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("adventureworks")]


def test_crm_rows_are_current_superseded_or_quarantined(c360):
    assert part(c360, "crm_customers")[:3] == (18_494, 18_490, 4)
    current = one(c360, "select count(*) from p.marts.bridge_customer_records where dataset = 'crm_customers'")
    assert current == (18_484,)
    rules = "select rule_id, quarantined from p.governance.quarantine where dataset = 'crm_customers' and kind = 'row'"
    assert c360.execute(rules).fetchall() == [("customer_no.required", 4)]


def test_crm_keeps_the_newest_of_several_entries(c360):
    newest = "select no, max(created)::date from crm where no is not null group by no having count(*) > 1"
    kept = f"""
        select split_part(record_id, ':', 2), (valid_at at time zone 'UTC' at time zone '{ZONE}')::date
        from w.std.std_persons where dataset = 'crm_customers'
    """
    assert one(c360, f"select count(*) from ({newest})") == (5,)
    assert one(c360, f"select count(*) from ({newest} except {kept})") == (0,)


def test_customers_with_orders_are_those_of_the_sales_file(c360):
    found = one(c360, "select count(distinct customer_id), count(*) - count(customer_id) from p.marts.fct_orders")
    assert found == (18_484, 0)
    wrong = """
        select count(*) from p.marts.fct_orders f
        join orders o on o.order_no = split_part(f.order_key, ':', 2)
        join (select distinct no, customer_id from numbers) n on n.no = o.no
        where n.customer_id <> f.customer_id
    """
    assert one(c360, wrong) == (0,)


def test_one_customer_number_is_one_customer_in_every_spelling(c360):
    assert one(c360, "select max(n) from (select count(distinct customer_id) n from numbers group by no)") == (1,)
    assert one(c360, "select max(n) from (select count(distinct no) n from numbers group by customer_id)") == (1,)
    assert one(c360, "select count(*) from numbers where customer_id is null") == (0,)
    spelled = """
        select no from crm where no is not null union select ltrim(right(code, 8), '0') from birthdates
        union select ltrim(right(code, 8), '0') from countries union select no from web
        union select ltrim(right(account, 8), '0') from register union select no from lines union select no from answers
    """
    assert one(c360, f"select count(*) from ({spelled})") == (19_820,)
    assert one(c360, f"select count(*) from (({spelled}) except select no from numbers)") == (0,)


def test_person_numbers_lead_to_the_customer_number_the_register_names(c360):
    people = """
        select i.value as person, l.customer_id from w.std.std_identifiers i
        join w.identity.id_lookup l using (subject_id)
        where i.identifier_type = 'person_id' and i.namespace = 'adventureworks.person'
    """
    wrong = f"""
        select count(*) from ({people}) p join register r on r.person = p.person
        join (select distinct no, customer_id from numbers) n on n.no = ltrim(right(r.account, 8), '0')
        where n.customer_id <> p.customer_id
    """
    assert one(c360, wrong) == (0,)
    assert one(c360, f"select count(distinct person), count(distinct customer_id) from ({people})") == (19_972, 19_972)


def test_customers_are_numbers_plus_leads_plus_people_without_a_number(c360):
    levels = "select knowledge_level, count(*) from p.marts.dim_customers group by 1 order by 1"
    unnumbered = one(
        c360, "select count(*) from emails where person not in (select person from register where person is not null)"
    )
    stores = one(c360, "select count(*) from register where account not in (select account from crm)")
    assert (unnumbered, stores) == ((853,), (1_336,))
    assert c360.execute(levels).fetchall() == [("identified", 853 + 1_336), ("known", 18_484 + 2_059)]


def test_leads_stay_apart_from_customers_and_from_each_other(c360):
    leads = "select customer_id from p.marts.bridge_customer_records where dataset = 'leads'"
    assert one(c360, f"select count(*), count(distinct customer_id) from ({leads})") == (2_059, 2_059)
    assert one(c360, f"select count(*) from numbers where customer_id in ({leads})") == (0,)
    others = (
        f"select count(*) from p.marts.bridge_customer_records where dataset <> 'leads' and customer_id in ({leads})"
    )
    assert one(c360, others) == (0,)


def test_lead_entered_twice_waits_for_a_steward(c360):
    waiting = "select right_node, rule, reason from s.identity.review_queue where rule <> 'model' order by all"
    twice = [("leads:1871", "email", "cardinality"), ("leads:360", "email", "cardinality")]  # Reed Seth is Seth Reed
    assert c360.execute(waiting).fetchall() == twice
    asked = "select distinct reason from s.identity.review_queue where rule = 'model'"
    assert {reason for (reason,) in c360.execute(asked).fetchall()} <= {"unsure", "household", "cardinality", "chain"}


def test_birth_dates_of_the_future_become_null_and_are_kept_as_cells(c360):
    assert one(c360, "select count(*) from birthdates where born > '2014'") == (16,)
    assert part(c360, "erp_birthdates") == (18_484, 18_484, 0, 16)


def test_countries_have_one_spelling_each(c360):
    by_hand = """
        select case trim(country) when 'USA' then 'US' when 'United States' then 'US' when 'US' then 'US'
            when 'Germany' then 'DE' when 'DE' then 'DE' when 'Australia' then 'AU' when 'France' then 'FR'
            when 'United Kingdom' then 'GB' when 'Canada' then 'CA' end as country, count(*) from countries group by 1
    """
    found = "select country, count(*) from w.std.std_persons where dataset = 'erp_countries' group by 1"
    assert one(c360, f"select count(*) from ({by_hand} except {found})") == (0,)
    assert one(c360, f"select count(*) from ({found})") == (7,)  # six countries and none
