"""Nothing personal in the marts, and no key in what dbt leaves behind.

Put here: tokens, masks, and the scan for planted values. Keep out: the key itself (tests/publish).
"""

from __future__ import annotations

import hashlib
import hmac
import re

import duckdb
import pytest
from support.small_warehouse import (
    ADA,
    ADA_MAIL,
    ADA_PHONE,
    ADA_STREET,
    CAT,
    KEY,
    REPOSITORY,
    SELECT,
    run_dbt,
    write_root_project,
)

from pipelines.publish.key import hmac_pads

pytestmark = pytest.mark.xdist_group("small_home")

PLANTED = [ADA_MAIL.lower(), "ada.example", ADA_PHONE, "1715550001", "5550002", ADA_STREET.lower(), "byronowa",
           "catison", "53113", "1985-12-10", "x@y.example", "crm:1"]  # fmt: skip


def token(text: str) -> str:
    return hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def values_holding(connection: duckdb.DuckDBPyConnection, needles: list[str]) -> set[tuple[str, str]]:
    """(column, needle) for every needle inside any column of any table, compared as lower-case text."""
    tables = connection.execute(
        "select schema_name, table_name, list(column_name) from duckdb_columns() where not internal group by all"
    ).fetchall()
    found = set()
    for schema, table, columns in tables:
        tested = [(column, needle) for column in columns for needle in needles]
        hits = ", ".join(f'count_if(contains(lower("{column}"::varchar), ?))' for column, _ in tested)
        counts = connection.execute(f'select {hits} from "{schema}"."{table}"', [n for _, n in tested]).fetchall()[0]
        found |= {(f"{schema}.{table}.{c}", n) for (c, n), hit in zip(tested, counts, strict=True) if hit}
    return found


def test_a_profile_is_published_only_masked(rows):
    assert rows(
        "select email_domain, email_token, phone_country, phone_token, birth_year, city from marts.dim_customers "
        f"where customer_id = '{ADA}'"
    ) == [("mail.example", token(ADA_MAIL.lower()), "DE", token("+491715550001"), 1985, "Bonn")]


def test_a_missing_value_has_no_token(rows):
    assert rows(
        f"select email_domain, email_token, phone_country from marts.dim_customers where customer_id = '{CAT}'"
    ) == [(None, None, "DE")]


def test_a_record_is_named_by_its_token(rows):
    assert rows("select subject_token, customer_id::varchar from marts.bridge_customer_records order by 2") == [
        (token("crm:1"), ADA),
        (token("crm:2"), CAT),
    ]


def test_an_address_on_the_web_loses_its_query_and_what_follows_a_mail_address(rows):
    # Regression: `/leave/<mail address>` was published whole.
    assert rows("select url from marts.fct_interactions where url is not null order by 1") == [
        ("https://shop.example/a",),
        ("https://shop.example/leave/",),
    ]


def test_of_an_identity_events_cause_only_the_words_are_published(rows):
    assert rows("select event, cause_rule from governance.id_events order by all") == [
        ("merge", "lost email"),
        ("merge", "model"),
        ("mint", "new known customer"),
        ("split", "decision not_same"),
        ("split", "email"),
    ]


def test_no_planted_value_is_in_any_published_column(home):
    with duckdb.connect(str(home / "c360_marts.duckdb"), read_only=True) as marts:
        assert values_holding(marts, PLANTED) == set()
        # Positive control: the scan sees what is there.
        assert values_holding(marts, ["mail.example"]) == {("marts.dim_customers.email_domain", "mail.example")}
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as warehouse:
        seen = {needle for _, needle in values_holding(warehouse, PLANTED)}
    assert seen == set(PLANTED) - {"1715550001"}  # written with spaces in the source


def test_neither_key_nor_pads_are_in_targets_or_logs(home):
    secrets = [KEY.encode(), KEY.encode().hex().encode()]
    secrets += [
        form for pad in hmac_pads(KEY.encode()) for form in (pad, pad.hex().encode(), pad.hex().upper().encode())
    ]
    files = [f for folder in ("target", "logs") for f in (home / "dbt" / folder).rglob("*") if f.is_file()]
    assert any(b"c360_inner_pad" in f.read_bytes() for f in files)  # positive control: the masking SQL is there
    assert [f.name for f in files for secret in secrets if secret in f.read_bytes()] == []


def test_a_token_without_a_key_fails_instead_of_being_null(home):
    compiled = next(
        (home / "dbt" / "target").rglob("compiled/c360/models/marts/bridge_customer_records.sql")
    ).read_text()
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        connection.execute("set search_path = 'std'")
        with pytest.raises(duckdb.Error, match="c360_outer_pad is not set: add pipelines.publish.key_plugin"):
            connection.execute(compiled).fetchall()


def test_a_build_by_hand_makes_a_key_and_repeats_every_row(tmp_path_factory, home):
    copy = tmp_path_factory.mktemp("again")
    for name in ("warehouse.duckdb", "c360_marts.duckdb"):
        (copy / name).write_bytes((home / name).read_bytes())
    with duckdb.connect(str(copy / "c360_marts.duckdb")) as connection:
        before = dict(connection.execute(FINGERPRINTS).fetchall())
    write_root_project(copy)
    ran = run_dbt(copy, "run", *SELECT, "--exclude", "resource_type:seed", key=None)
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert (copy / "private" / "key").stat().st_mode & 0o777 == 0o600
    assert (copy / "private").stat().st_mode & 0o777 == 0o700
    with duckdb.connect(str(copy / "c360_marts.duckdb")) as connection:
        after = dict(connection.execute(FINGERPRINTS).fetchall())
        keys = connection.execute("select count(*) from duckdb_constraints() where constraint_type = 'PRIMARY KEY'")
        assert keys.fetchall() == [(6,)]
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"dim_customers.tokens"}  # another key, other tokens, nothing else


def _fingerprint(name: str, table: str, columns: str) -> str:
    rows = f"(select {columns} from marts.{table}) as t"
    return f"select '{name}', (select md5(string_agg(t::varchar, '' order by t::varchar)) from {rows})"


FINGERPRINTS = " union all ".join(
    [
        _fingerprint("dim_customers", "dim_customers", "* exclude (email_token, phone_token)"),
        _fingerprint("dim_customers.tokens", "dim_customers", "email_token, phone_token"),
        *(_fingerprint(t, t, "*") for t in ("fct_interactions", "fct_orders", "fct_consents", "fct_survey_responses",
                                            "dim_accounts", "dim_dates")),
    ]
)  # fmt: skip


def test_no_engine_word_stands_in_a_model():
    """DuckDB-only SQL lives in dispatch macros; the list is traps.md's "One SQL for two engines"."""
    words = re.compile(
        r"\b(arg_min|arg_max|list_\w+|string_agg|getvariable|epoch_ms|read_parquet|generate_series|unnest|exclude|"
        r"qualify|sha256|unhex|json_extract\w*|timezone\s*\(|group by all|order by all|::)\b|::",
        re.IGNORECASE,
    )
    models = (REPOSITORY / "dbt_project" / "models").glob("*/*.sql")
    offenders = [
        f"{m.name}: {hit.group()}; use a dispatch macro" for m in models if (hit := words.search(m.read_text()))
    ]
    assert offenders == []
