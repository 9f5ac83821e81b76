"""No value of a simulated person is in the published file, nor in anything else a run leaves for more eyes than a
steward's; the same searches find them where they belong.

Put here: what is searched and what may be found. Keep out: how files are searched (value_search.py), what a mask looks
like (tests/dbt/test_marts_masking.py).
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from value_search import KINDS, Needles, search

NEEDLES = """
    create or replace temp table needles as
    with raw as (
        select unnest([email, phone, first_name || ' ' || last_name, last_name, birth_date::varchar, customer_no, login,
            card_no]) as value from persons
        union all
        select unnest([full_name, first_name || ' ' || last_name, email, phone, street, birth_date::varchar,
            subject_id]) from s.std.std_persons
        union all
        select value from s.identity.identifiers
    )
    select distinct lower(value) as value from raw where length(value) >= 5
"""
DIGEST = "^[0-9a-f-]{32,64}$"  # an id or a token: no value can be read in it, and digits may meet by chance


def columns_with_a_needle(demo, database: str, schemas: tuple[str, ...]) -> set[str]:
    """Text columns, as schema.table.column, in which some value contains a person's value."""
    demo.con.execute(NEEDLES)
    columns = demo.ask(
        "select schema_name, table_name, column_name from duckdb_columns() "
        f"where database_name = '{database}' and schema_name in {schemas} and data_type like '%VARCHAR%'"
    )
    assert columns
    found = set()
    for schema, table, column in columns:
        # A path of lineage is cut into its steps: there are few of them, and 40,000 paths.
        seen = (
            f"""select distinct unnest(string_split(lower("{column}"::varchar), ' < ')) as seen """
            f'from {database}.{schema}."{table}"'
        )
        hits = demo.ask(
            f"select 1 from ({seen}) join needles on contains(seen, value) "
            f"where not regexp_full_match(seen, '{DIGEST}') limit 1"
        )
        found |= {f"{schema}.{table}.{column}"} if hits else set()
    return found


def test_no_value_of_a_person_is_published(demo):
    assert columns_with_a_needle(demo, "p", ("marts", "governance", "run_state")) == set()


def test_the_same_scan_finds_the_values_in_the_stewards_file(demo):
    found = columns_with_a_needle(demo, "s", ("std", "identity"))
    assert {f"std.std_persons.{c}" for c in ("email", "phone", "last_name", "street", "subject_id")} <= found


def test_a_published_digest_is_keyed(demo):
    plain = demo.ask(
        "select count(*) from p.marts.dim_customers where email_token in "
        "(select sha256(lower(email)) from persons union all select sha256(md5(lower(email))) from persons)"
    )
    assert plain == [(0,)]


def test_what_runs_keep_for_themselves_is_not_published_and_names_tables_alone(demo):
    kept = "select table_name from duckdb_tables() where database_name = 'p' and schema_name = 'run_state'"
    assert demo.ask(kept) == []
    with duckdb.connect(str(demo.home / "c360_marts.duckdb"), read_only=True) as marts:
        noted = marts.execute("select name, length(made_of) from run_state.made_of order by all").fetchall()
    assert noted == [("governance.lineage", 64), ("marts.fct_interactions", 64)]


RAW = ("sources", "truth", "landing", "quarantine", "private", "warehouse.duckdb")  # where values belong
READ = (  # one of each kind of place, so that the search cannot pass by looking at nothing
    "run.log",
    "state.db:parts.source_uri",
    "site/index.html",
    "site/style.css",
    "site/quality.html",
    "site/journeys/broadband_purchase.svg",
    "site/data_docs/received/crm_customers_received.html",
    "dagster/history/runs/ID.db:event_logs.event",
    "dagster/history/runs.db:runs.run_body",
    "dagster/history/runs.db:snapshots.snapshot_body",
    "dbt/target/manifest.json",
    "lineage/openlineage.ndjson",
    "released/contracts/crm_customers.odcs.yaml",
    "published/customer360.duckdb:governance.check_results",
    "published/customer360.duckdb:marts.dim_customers",
)
READ_ENDINGS = (".err", ".out", "dim_customers.sql", ".msgpack")


def files_of(home: Path, *, raw: bool) -> list[Path]:
    """What a run left in a home: where values belong, or everything else."""
    files = (f for f in sorted(home.rglob("*")) if f.is_file())
    return [f for f in files if (f.relative_to(home).parts[0] in RAW) == raw]


@pytest.fixture(scope="module")
def needles(demo) -> Needles:
    def values(column: str, kind: str = "") -> list[str]:
        queries = [f"select {column} from persons"]
        if kind:
            queries += [f"select {column} from s.std.std_persons"]
            queries += [f"select value from s.identity.identifiers where identifier_type = '{kind}'"]
        return [v for (v,) in demo.ask(" union ".join(queries)) if v]

    names = "select first_name, last_name from {} where first_name is not null and last_name is not null"
    return Needles.of(
        emails=values("email", "email"),
        phones=values("phone", "phone"),
        names=demo.ask(f"{names.format('persons')} union {names.format('s.std.std_persons')}"),
        logins=values("login"),
        cards=values("card_no"),
    )


@pytest.fixture(scope="module")
def left(demo, needles) -> dict[str, set[str]]:
    """Place -> kinds of values found there, of all a run leaves that is not kept for stewards."""
    return search(needles, files_of(demo.home, raw=False), demo.home)


def test_no_value_of_a_person_is_in_a_log_an_event_a_page_or_any_other_file(left):
    assert {place: kinds for place, kinds in left.items() if kinds} == {}


def test_that_search_looks_at_every_kind_of_file_a_run_leaves(left):
    assert [place for place in READ if place not in left] == []
    assert [end for end in READ_ENDINGS if not any(place.endswith(end) for place in left)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_that_search_finds_every_kind_of_value_where_it_belongs(demo, needles, kind):
    folders = ("landing/crm_customers", "landing/shop_accounts", "landing/loyalty_cards")
    files = [f for folder in folders for f in (demo.home / folder).rglob("*.parquet")]
    landed = search(needles, files, demo.home)
    kept = search(needles, [demo.home / "private" / "steward.duckdb"], demo.home)
    assert kind in set().union(*landed.values())
    assert kind in set().union(*kept.values())


def test_that_search_finds_values_in_quarantine(demo, needles):
    found = search(needles, list((demo.home / "quarantine").rglob("*.parquet")), demo.home)
    assert set().union(*found.values())


@pytest.fixture(scope="module")
def planted(demo) -> dict[str, str]:
    """Kind -> a line that holds one person's value as programs write it."""
    email, phone, login, card = demo.ask("select min(email), min(phone), min(login), min(card_no) from persons")[0]
    first, last = demo.ask(
        "select first_name, last_name from persons where length(first_name) > 3 and length(last_name) > 3 limit 1"
    )[0]
    return {
        "email": f"Could not convert string '{email.upper()}' to INT32",
        "phone": f"<td>{phone}</td>",
        "name": json.dumps({"first_name": first, "last_name": last}),
        "login": f"where login='{login}'",
        "card": f"crm:{card}\\n",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_that_search_finds_one_line_in_a_log(demo, needles, planted, tmp_path, kind):
    log = shutil.copy(demo.home / "run.log", tmp_path / "run.log")
    assert search(needles, [log], tmp_path) == {"run.log": set()}
    with log.open("a", encoding="utf-8") as handle:
        handle.write(planted[kind] + "\n")
    assert search(needles, [log], tmp_path) == {"run.log": {kind}}


@pytest.mark.parametrize("kind", KINDS)
def test_that_search_finds_one_event_of_dagster(demo, needles, planted, tmp_path, kind):
    files = [f for f in (demo.home / "dagster/history/runs").glob("*.db") if f.stem != "index"]
    events = max(files, key=lambda f: f.stat().st_size)
    events = shutil.copy(events, tmp_path / "events.db")
    with closing(sqlite3.connect(events)) as con, con:
        changed = con.execute(
            "update event_logs set event = event || ? where id = (select min(id) from event_logs)",
            [json.dumps(planted[kind])],
        )
        assert changed.rowcount == 1
    found = search(needles, [events], tmp_path)
    assert {place: kinds for place, kinds in found.items() if kinds} == {"events.db:event_logs.event": {kind}}


@pytest.mark.parametrize(
    "written", ["{first} {last}", "{last}, {first}", "{first}\\u0020{last}", "<b>{last}</b> {first}"]
)
def test_a_name_is_found_however_it_is_written(written):
    needles = Needles.of([], [], [("Zoë", "Hařa-Łuk")], [], [])
    shown = written.format(first="Zoë", last="Hařa-Łuk")
    assert needles.in_text(shown) == {"name"}
    assert needles.in_text(json.dumps(shown)) == {"name"}
