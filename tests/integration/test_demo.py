"""What is planted in the demo company's sources comes back from what is published.

Put here: figures of the marts against the simulator's truth. Keep out: who became one customer
(test_demo_customers.py), the simulator itself (tests/simulator), runs that go wrong (test_failures.py), a second run
(test_homes.py).
"""

from __future__ import annotations

import pytest
from corner_shop_home import COMPANIES, run_c360
from support.batches import find_unbalanced

from pipelines.ingest.manifest import Manifest

CHANNELS_PER_PROGRAMME = {
    "exploration": 3.7,
    "engagement_retention": 3.0,
    "service_efficiency": 3.0,
    "sales_personalisation": 2.6,
    "acquisition": 2.1,
}


@pytest.mark.parametrize("column", ["use_case", "channel", "dataset", "business_model"])
def test_interactions_come_back_in_every_split_exactly(demo, column):
    found = demo.count(f"select {column}, count(*) from p.marts.fct_interactions group by 1")
    assert found == demo.counts["interactions"][column]
    assert sum(found.values()) == demo.counts["planted"]["interactions"] == 32 * demo.people


@pytest.mark.parametrize("column", ["use_case", "channel"])
def test_interactions_have_the_published_shares_of_the_field(demo, column):
    shares = demo.count(
        f"select {column}, count(*) / sum(count(*)) over () from p.marts.fct_interactions group by {column}"
    )
    assert shares == pytest.approx(demo.counts["shares"][column], abs=0.002)


def test_business_customers_have_their_share_of_every_use_case(demo):
    b2b = demo.count("""
        select use_case, count(*) filter (business_model = 'b2b') from p.marts.fct_interactions group by 1
    """)
    assert b2b == demo.counts["interactions"]["b2b_by_use_case"]
    total = demo.ask("select avg((business_model = 'b2b')::int) from p.marts.fct_interactions")[0][0]
    assert total == pytest.approx(2.8 / 7.7, abs=0.002)


def test_enterprises_have_nine_tenths_of_what_business_customers_do(demo):
    sizes = demo.count("""
        select a.size_band, count(*) from p.marts.fct_interactions join p.marts.dim_accounts as a using (account_key)
        group by 1
    """)
    assert sizes == demo.counts["interactions"]["size_band"]
    assert sizes["enterprise"] / sum(sizes.values()) == pytest.approx(0.91, abs=0.002)


def test_programmes_use_as_many_channels_as_planted(demo):
    found = demo.count("""
        select use_case, avg(channels) from (
            select use_case, programme_id, count(distinct channel) as channels
            from p.marts.fct_interactions group by all
        ) group by use_case
    """)
    assert found == pytest.approx(demo.counts["channels_per_programme"])
    assert found == pytest.approx(CHANNELS_PER_PROGRAMME, abs=0.05)


def test_every_touchpoint_is_mapped_although_the_app_renamed_its_events(demo):
    renamed = demo.count(f"""
        select event_type ~ '^[A-Z]', count(*) > 0 from '{demo.home}/sources/app/*.parquet' group by 1
    """)
    assert renamed == {True: True, False: True}
    assert demo.ask("select count(*) from p.marts.fct_interactions where touchpoint = 'unmapped'") == [(0,)]
    assert demo.count("select touchpoint, count(*) from p.marts.fct_interactions group by 1") == demo.count(
        "select touchpoint, count(*) from events group by 1"
    )


def test_rows_received_are_landed_or_quarantined_in_every_dataset(demo):
    written = {name: facts["rows"] for name, facts in demo.counts["datasets"].items()}
    kept = demo.count("""
        select dataset, count(distinct (batch_id, row_no)) from s.quarantine where kind in ('row', 'line') group by 1
    """)
    landed = {
        name: demo.ask(f"select count(*) from '{demo.home}/landing/{name}/*/*.parquet'")[0][0] for name in written
    }
    assert demo.count("select dataset, received from p.governance.contracts") == written
    assert demo.count("select dataset, landed from p.governance.contracts") == landed
    assert demo.count("select dataset, quarantined from p.governance.contracts where quarantined > 0") == kept
    assert {name: landed[name] + kept.get(name, 0) for name in written} == written
    manifest = Manifest(f"sqlite:///{demo.home}/state.db")
    assert find_unbalanced(manifest, demo.home / "landing", demo.home / "quarantine") == []  # batch by batch


def test_events_sent_twice_become_one_interaction(demo):
    landed = demo.count("select dataset, landed from p.governance.contracts")
    interactions = demo.count("select dataset, count(*) from p.marts.fct_interactions group by 1")
    twice = {name: landed[name] - interactions[name] for name in interactions}
    assert twice == {name: demo.counts["datasets"][name].get("copies", 0) for name in interactions}
    assert sum(twice.values()) == demo.counts["planted"]["duplicate_events"]


def test_late_events_keep_the_day_they_happened_and_the_day_they_arrived(demo):
    late = "select count(*) from p.marts.fct_interactions where arrived_on > cast(occurred_at as date)"
    assert demo.ask(late) == [(demo.counts["planted"]["late_interactions"],)]
    times = "select {0}, occurred_at, arrived_on from {1} order by all"
    assert demo.ask(times.format("dataset", "p.marts.fct_interactions")) == demo.ask(times.format("dataset", "events"))


def test_broken_rows_are_quarantined_by_rule_and_counted(demo):
    found = {
        (d, k): n
        for d, k, n in demo.ask("select dataset, kind, sum(quarantined) from p.governance.quarantine group by all")
    }
    planted = {
        (name, kind): facts[told]
        for name, facts in demo.counts["datasets"].items()
        for kind, told in (("line", "broken_lines"), ("row", "broken_rows"), ("cell", "broken_cells"))
        if facts.get(told)
    }
    assert found == planted


def test_facts_of_every_kind_are_as_many_as_written(demo):
    written = demo.counts["datasets"]
    rows = {
        "fct_orders": sum(demo.counts["interactions"]["dataset"][d] for d in ("shop_orders", "pos_receipts")),
        "fct_cases": written["service_cases"]["rows"],
        "fct_consents": written["consents"]["rows"],
        "bridge_customer_records": demo.counts["planted"]["person_records"],
        "dim_accounts": demo.counts["planted"]["accounts"],
    }
    assert {name: demo.ask(f"select count(*) from p.marts.{name}")[0][0] for name in rows} == rows
    refused = demo.ask("select count(*) from p.marts.fct_consents where not granted")
    assert refused == [(written["consents"]["withdrawals"],)]


def test_journeys_end_as_they_truly_ended(demo):
    found: dict[str, dict[str, int]] = {}
    for journey, outcome, count in demo.ask(
        "select journey_id, outcome, count(*) from p.marts.fct_journeys where is_current group by all"
    ):
        found.setdefault(journey, {})[outcome] = count
    assert found == demo.counts["journeys"]


def test_journeys_are_walked_by_the_right_customer_on_the_right_path(demo):
    walked = """
        select customer_id, journey_id as journey, started_at, ended_at, outcome, path
        from p.marts.fct_journeys where is_current and outcome {open} 'in_progress'
    """
    truth = """
        select customer_id, journey, started_at, ended_at, outcome, path
        from journeys join (select distinct person_id, customer_id from resolved) using (person_id)
        where outcome {open} 'in_progress'
    """
    for open_, columns in (("<>", "*"), ("=", "* exclude (ended_at)")):  # an open journey has not ended
        marts, true = (f"(select {columns} from ({q.format(open=open_)}))" for q in (walked, truth))
        assert demo.ask(f"select count(*) from {true}")[0][0] > 0
        assert demo.ask(f"{marts} except all {true}") == []
        assert demo.ask(f"{true} except all {marts}") == []


def test_no_check_result_carries_a_value_of_a_customer(demo):
    said = """
        select distinct lower(concat_ws(' ', asset, check_name, threshold, observed)) as said
        from p.governance.check_results
    """
    values = "select unnest([email, phone, customer_no, login, card_no]) as value from persons"
    leak = f"select count(*) from ({said}) join ({values}) on contains(said, lower(value)) where length(value) > 5"
    assert demo.ask("select count(*) > 100 from p.governance.check_results") == [(True,)]
    assert demo.ask(leak) == [(0,)]
    control = leak.replace(said, "select 'duplicate: ' || email as said from persons")
    assert demo.ask(control)[0][0] >= demo.people  # the search does find what is there


def test_no_published_column_carries_a_mail_address(demo):
    columns = demo.ask("""
        select schema_name, table_name, column_name from duckdb_columns()
        where database_name = 'p' and data_type = 'VARCHAR' and not internal
    """)
    assert len(columns) > 100
    one = "select '{0}.{1}.{2}' as place from p.{0}.{1} where \"{2}\" like '%@%.example%'"
    leaks = " union all ".join(one.format(*column) for column in columns)
    assert demo.ask(f"select place, count(*) from ({leaks}) group by 1") == []
    assert demo.ask("select count(*) > 0 from s.std.std_persons where email like '%@%.example%'") == [(True,)]


def test_every_blocking_check_passed_and_says_so(demo):
    assert demo.ask("select count(*) from p.governance.check_results where not success and severity = 'block'") == [
        (0,)
    ]


def test_every_check_says_what_was_allowed_what_was_seen_and_how_long_it_took(demo):
    silent = "select asset, check_name from p.governance.check_results where threshold is null or observed is null"
    assert demo.ask(silent) == []
    timed = "select count(*) filter (where seconds is not null) / count(*) from p.governance.check_results"
    assert demo.ask(timed)[0][0] > 0.9  # what lands or traces checks as it goes, and takes no time of its own


def test_status_tells_the_figures_of_the_last_run(demo):
    # Regression: with nothing but a published file to go by, it failed on a reserved word of DuckDB 2.0.
    done = run_c360("status", "--company", COMPANIES / "demo", "--home", demo.home)
    assert done.returncode == 0, done.stdout + done.stderr
    told = {" ".join(words[:-1]): words[-1] for line in done.stdout.splitlines() if (words := line.split())}
    assert told["interactions"] == f"{32 * demo.people:,}"
    last = '(select max_by(run_id, "at") from p.governance.check_results)'
    passed = demo.ask(f"select count(*) from p.governance.check_results where success and run_id = {last}")[0][0]
    assert told["checks passed"] == f"{passed:,}"
