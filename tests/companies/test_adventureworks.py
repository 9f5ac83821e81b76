"""AdventureWorks in full: what a run publishes, against the raw files read again by plain DuckDB.

Put here: a figure of the published tables and the rule that gives it from the files, written a second time.
Keep out: figures of one part of the pipeline (that part's tests), the demo company.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
ZONE = "America/Los_Angeles"

pytestmark = pytest.mark.proof

# name -> (file, delimiter, has header, columns, marker at the end of a line)
RAW = {
    "crm": ("cust_info.csv", ",", True, "no account first_name last_name marital gender created", ""),
    "birthdates": ("CUST_AZ12.csv", ",", True, "code born gender", ""),
    "countries": ("LOC_A101.csv", ",", True, "code country", ""),
    "web": ("web_customers.csv", ",", True, "no p f l born m g email income c e o h", ""),
    "register": ("Customer.csv", "\t", False, "id person store territory account guid modified", ""),
    "emails": ("EmailAddress.csv", "+|", False, "person id email guid modified", "&|"),
    "lines": ("sales_details.csv", ",", True, "order_no product no ordered shipped due sales quantity price", ""),
    "reasons": ("SalesOrderHeaderSalesReason.csv", "\t", False, "order_no reason modified", ""),
    "answers": ("FactSurveyResponse.csv", "|", False, "id day no ci category si subcategory answered", ""),
}
ORDERS = """
    select order_no, min(no) as no, count(*) as lines, sum(quantity::int) as quantity,
        sum(case when price is null then sales::int else quantity::int * abs(price::int) end) as amount,
        min(try_strptime(ordered, '%Y%m%d')) filter (length(ordered) = 8) as ordered,
        min(strptime(shipped, '%Y%m%d')) as shipped
    from lines group by order_no
"""


@pytest.fixture(scope="module")
def raw(real_data):
    """The source files as tables of text, read without the pipeline; `orders` is grouped from `lines`."""
    con = duckdb.connect()
    for table, (file, delimiter, header, names, ending) in RAW.items():
        columns = dict.fromkeys(names.split(), "VARCHAR")
        quote = '"' if header else ""
        source = real_data / "adventureworks" / file
        con.execute(
            f"create table {table} as select * from read_csv('{source}', auto_detect=false, columns={columns}, "
            f"delim='{delimiter}', header={header}, quote='{quote}', escape='{quote}', strict_mode=false)"
        )
        if ending:
            last = names.split()[-1]
            con.execute(f"update {table} set {last} = left({last}, length({last}) - {len(ending)})")
    con.execute(f"create table orders as {ORDERS}")
    yield con
    con.close()


@pytest.fixture(scope="module")
def homes(tmp_path_factory, real_data):
    """(home as the first run left it, home after a second run on the same files)."""
    home = tmp_path_factory.mktemp("adventureworks") / "home"
    _run(home, real_data)
    first = home.parent / "first"
    shutil.copytree(home, first, ignore=shutil.ignore_patterns("dagster", "tmp"))
    _run(home, real_data)
    return first, home


@pytest.fixture(scope="module")
def c360(homes, raw):
    """The raw files, and beside them the published file `p`, the steward's `s`, the warehouse `w`, the manifest."""
    first, _ = homes
    raw.execute(f"attach '{first}/published/customer360.duckdb' as p (read_only)")
    raw.execute(f"attach '{first}/private/steward.duckdb' as s (read_only)")
    raw.execute(f"attach '{first}/warehouse.duckdb' as w (read_only)")
    raw.execute(
        "create table numbers as select i.subject_id, i.value as no, l.customer_id from w.std.std_identifiers i "
        "join w.identity.id_lookup l using (subject_id) "
        "where i.identifier_type = 'customer_id' and i.namespace = 'adventureworks.customer'"
    )
    return raw


def _run(home: Path, data: Path) -> None:
    command = [Path(sys.executable).parent / "c360", "run", "--company", REPOSITORY / "companies" / "adventureworks"]
    done = subprocess.run(
        [*command, "--home", home], env={**os.environ, "C360_DATA": str(data)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def _one(con, query: str):
    return con.execute(query).fetchall()[0]


def _part(con, dataset: str):
    """(received, landed, quarantined, cells) of a dataset's one part."""
    query = f"select received, landed, quarantined, cells from w.control.parts where dataset = '{dataset}'"
    return _one(con, query)


def test_orders_all_reach_fct_orders_and_two_have_no_date(c360):
    found = _one(
        c360, "select count(*), count(*) - count(ordered_at), count(distinct order_key) from p.marts.fct_orders"
    )
    assert found == (27_659, 2, 27_659)
    undated = "select order_no from orders where ordered is null order by 1"
    assert (
        c360.execute(
            "select split_part(order_key, ':', 2) from p.marts.fct_orders where ordered_at is null order by 1"
        ).fetchall()
        == c360.execute(undated).fetchall()
    )


def test_orders_equal_the_lines_grouped_by_hand(c360):
    published = """
        select split_part(order_key, ':', 2), ordered_date, lines, quantity::int, amount::int from p.marts.fct_orders
    """
    by_hand = "select order_no, ordered::date, lines, quantity, amount from orders"
    assert _one(c360, f"select count(*) from ({published} except {by_hand})") == (0,)
    assert _one(c360, f"select count(*) from ({by_hand} except {published})") == (0,)


def test_order_lines_are_accounted_for_to_the_row(c360):
    assert _part(c360, "order_lines") == (60_398, 60_398, 0, 2)  # the two cells are the dates 32154 and 5489
    assert _one(c360, "select sum(lines)::int, sum(amount)::int from p.marts.fct_orders") == (60_398, 29_356_250)


def test_crm_rows_are_current_superseded_or_quarantined(c360):
    assert _part(c360, "crm_customers")[:3] == (18_494, 18_490, 4)
    current = _one(c360, "select count(*) from p.marts.bridge_customer_records where dataset = 'crm_customers'")
    assert current == (18_484,)
    rules = "select rule_id, quarantined from p.governance.quarantine where dataset = 'crm_customers' and kind = 'row'"
    assert c360.execute(rules).fetchall() == [("customer_no.required", 4)]


def test_crm_keeps_the_newest_of_several_entries(c360):
    newest = "select no, max(created)::date from crm where no is not null group by no having count(*) > 1"
    kept = f"""
        select split_part(record_id, ':', 2), (valid_at at time zone 'UTC' at time zone '{ZONE}')::date
        from w.std.std_persons where dataset = 'crm_customers'
    """
    assert _one(c360, f"select count(*) from ({newest})") == (5,)
    assert _one(c360, f"select count(*) from ({newest} except {kept})") == (0,)


def test_customers_with_orders_are_those_of_the_sales_file(c360):
    found = _one(c360, "select count(distinct customer_id), count(*) - count(customer_id) from p.marts.fct_orders")
    assert found == (18_484, 0)
    wrong = """
        select count(*) from p.marts.fct_orders f
        join orders o on o.order_no = split_part(f.order_key, ':', 2)
        join (select distinct no, customer_id from numbers) n on n.no = o.no
        where n.customer_id <> f.customer_id
    """
    assert _one(c360, wrong) == (0,)


def test_one_customer_number_is_one_customer_in_every_spelling(c360):
    assert _one(c360, "select max(n) from (select count(distinct customer_id) n from numbers group by no)") == (1,)
    assert _one(c360, "select max(n) from (select count(distinct no) n from numbers group by customer_id)") == (1,)
    assert _one(c360, "select count(*) from numbers where customer_id is null") == (0,)
    spelled = """
        select no from crm where no is not null union select ltrim(right(code, 8), '0') from birthdates
        union select ltrim(right(code, 8), '0') from countries union select no from web
        union select ltrim(right(account, 8), '0') from register union select no from lines union select no from answers
    """
    assert _one(c360, f"select count(*) from ({spelled})") == (19_820,)
    assert _one(c360, f"select count(*) from (({spelled}) except select no from numbers)") == (0,)


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
    assert _one(c360, wrong) == (0,)
    assert _one(c360, f"select count(distinct person), count(distinct customer_id) from ({people})") == (19_972, 19_972)


def test_customers_are_numbers_plus_leads_plus_people_without_a_number(c360):
    levels = "select knowledge_level, count(*) from p.marts.dim_customers group by 1 order by 1"
    unnumbered = _one(
        c360, "select count(*) from emails where person not in (select person from register where person is not null)"
    )
    stores = _one(c360, "select count(*) from register where account not in (select account from crm)")
    assert (unnumbered, stores) == ((853,), (1_336,))
    assert c360.execute(levels).fetchall() == [("identified", 853 + 1_336), ("known", 18_484 + 2_059)]


def test_leads_stay_apart_from_customers_and_from_each_other(c360):
    leads = "select customer_id from p.marts.bridge_customer_records where dataset = 'leads'"
    assert _one(c360, f"select count(*), count(distinct customer_id) from ({leads})") == (2_059, 2_059)
    assert _one(c360, f"select count(*) from numbers where customer_id in ({leads})") == (0,)
    others = (
        f"select count(*) from p.marts.bridge_customer_records where dataset <> 'leads' and customer_id in ({leads})"
    )
    assert _one(c360, others) == (0,)


def test_lead_entered_twice_waits_for_a_steward(c360):
    waiting = "select right_node, rule, reason from s.identity.review_queue where rule <> 'model' order by all"
    twice = [("leads:1871", "email", "cardinality"), ("leads:360", "email", "cardinality")]  # Reed Seth is Seth Reed
    assert c360.execute(waiting).fetchall() == twice
    asked = "select distinct reason from s.identity.review_queue where rule = 'model'"
    assert {reason for (reason,) in c360.execute(asked).fetchall()} <= {"unsure", "household", "cardinality", "chain"}


def test_birth_dates_of_the_future_become_null_and_are_kept_as_cells(c360):
    assert _one(c360, "select count(*) from birthdates where born > '2014'") == (16,)
    assert _part(c360, "erp_birthdates") == (18_484, 18_484, 0, 16)


def test_countries_have_one_spelling_each(c360):
    by_hand = """
        select case trim(country) when 'USA' then 'US' when 'United States' then 'US' when 'US' then 'US'
            when 'Germany' then 'DE' when 'DE' then 'DE' when 'Australia' then 'AU' when 'France' then 'FR'
            when 'United Kingdom' then 'GB' when 'Canada' then 'CA' end as country, count(*) from countries group by 1
    """
    found = "select country, count(*) from w.std.std_persons where dataset = 'erp_countries' group by 1"
    assert _one(c360, f"select count(*) from ({by_hand} except {found})") == (0,)
    assert _one(c360, f"select count(*) from ({found})") == (7,)  # six countries and none


def test_interactions_are_one_per_dated_fact(c360):
    found = "select touchpoint, count(*), count(customer_id) from p.marts.fct_interactions group by 1 order by 1"
    assert c360.execute(found).fetchall() == [
        ("interest_stated", 2_727, 2_727),
        ("order_placed", 27_657, 27_657),  # 27,659 orders, two without a date
        ("order_shipped", 27_659, 27_659),
        ("reason_given", 27_647, 27_647),
    ]


def test_reasons_find_their_customer_and_day_through_their_order(c360):
    mismatched = f"""
        select count(*) from p.marts.fct_interactions i
        join p.marts.fct_orders f using (order_key)
        where i.touchpoint = 'reason_given' and (i.customer_id <> f.customer_id
            or f.ordered_date <> (i.occurred_at at time zone 'UTC' at time zone '{ZONE}')::date)
    """
    assert _one(c360, mismatched) == (0,)
    matched = "select count(*) from p.marts.fct_interactions join p.marts.fct_orders using (order_key)"
    assert _one(c360, f"{matched} where touchpoint = 'reason_given' and ordered_date is not null") == (27_645,)


def test_purchases_are_the_orders_placed_since_the_last_shipment(c360):
    """An instance opens with the first order placed after a shipment, and every order ships within 30 days."""
    by_hand = """
        with events as (
            select no, ordered as day, 1 as slot, order_no from orders where ordered is not null
            union all select no, shipped, 2, order_no from orders
        ), numbered as (
            select *, sum((slot = 2)::int) over (
                partition by no order by day, slot, order_no rows between unbounded preceding and current row
            ) - (slot = 2)::int as shipments_before from events
        )
        select count(distinct (no, shipments_before)) from numbered where slot = 1
    """
    found = """
        select count(*), count(*) filter (outcome = 'converted') from p.marts.fct_journeys
        where journey_id = 'buy_online'
    """
    (expected,) = _one(c360, by_hand)
    assert _one(c360, found) == (expected, expected)


def test_interests_lead_to_an_order_within_90_days_or_lapse(c360):
    """An instance opens with an interest after an order, after 90 days of silence, or with nothing before."""
    by_hand = f"""
        with events as (
            select no, ordered at time zone '{ZONE}' as happened, 1 as priority from orders where ordered is not null
            union all select no, answered::timestamp at time zone '{ZONE}', 2 from answers
        ), neighbours as (
            select *, lag(priority) over w as prior, happened - lag(happened) over w as silence,
                lead(priority) over w as next, lead(happened) over w - happened as wait
            from events window w as (partition by no order by happened, priority)
        )
        select count(*) filter (prior is distinct from 2 or silence > interval '90 days'),
            count(*) filter (next = 1 and wait <= interval '90 days')
        from neighbours where priority = 2
    """
    found = """
        select count(*), count(*) filter (outcome = 'converted') from p.marts.fct_journeys
        where journey_id = 'interest_to_order'
    """
    assert _one(c360, found) == _one(c360, by_hand)


def test_second_run_changes_no_id_and_no_row(c360, homes):
    """All published tables but `check_results`, the log of every run's checks."""
    _, second = homes
    c360.execute(f"attach '{second}/published/customer360.duckdb' as again (read_only)")
    audit = {"landed_at", "known_from", "known_to", "run_id", "checked_at", "built_at"}
    tables = c360.execute(
        "select schema_name, table_name, list(column_name order by column_index) from duckdb_columns() "
        "where database_name = 'p' and schema_name in ('marts', 'governance') and table_name <> 'check_results' "
        "group by all"
    ).fetchall()
    assert len(tables) > 15
    changed = {}
    for schema, table, columns in tables:
        kept = ", ".join(f'"{c}"' for c in columns if c not in audit)
        one, two = (f"select {kept} from {database}.{schema}.{table}" for database in ("p", "again"))
        lost = _one(c360, f"select count(*) from ({one} except all {two})")[0]
        gained = _one(c360, f"select count(*) from ({two} except all {one})")[0]
        if lost or gained:
            changed[table] = (lost, gained)
    assert changed == {}
