"""No value of a simulated person is in the published file, and the same scan finds them in the steward's.

Put here: the scan of everything published. Keep out: what a mask looks like (tests/dbt/test_marts_masking.py).
"""

from __future__ import annotations

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
        seen = f'select distinct lower("{column}"::varchar) as seen from {database}.{schema}."{table}"'
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


def test_what_runs_keep_for_themselves_holds_no_table(demo):
    kept = "select table_name from duckdb_tables() where database_name = 'p' and schema_name = 'run_state'"
    assert demo.ask(kept) == []
