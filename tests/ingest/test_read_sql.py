"""SQL sources: SQLite embedded and a real PostgreSQL, by cursor day and whole."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime

import pytest
import sqlalchemy as sa
from support.ingest_home import column

from pipelines.ingest.errors import LandingError
from pipelines.ingest.glance import glance
from pipelines.ingest.manifest import Manifest

COLUMNS = [
    column("k", "integer", physicalName="Id", primaryKey=True, required=True),
    column("amount", "number", physicalType="decimal(9,2)"),
    column("changed_at", "timestamp", required=True),
]
ROWS = [(1, "10.50", "2024-05-01 08:00:00"), (2, "7", "2024-05-01T23:59:59"), (3, None, "2024-05-02")]


def declare_table(home, url, *columns, **custom):
    server = {"type": "custom", "location": "${SHOP_URL}", "format": "sql"}
    home.declare(*(columns or COLUMNS), server={**server, "path": None}, custom=custom)
    home.env |= {"SHOP_URL": url}


@pytest.fixture
def shop(home):
    """A SQLite shop with table d of three rows on two days."""
    file = home.sources / "shop.db"
    con = sqlite3.connect(file)
    con.execute("create table d (Id integer, amount numeric, changed_at text, other text)")
    con.executemany("insert into d values (?, ?, ?, 'x')", ROWS)
    con.commit()
    declare_table(home, f"sqlite:///{file}", cursor="changed_at")
    yield con
    con.close()


def parts(home):
    return [(str(p.arrived_on), p.state, p.landed) for p in home.manifest.parts("d")]


def test_each_cursor_day_of_a_table_is_a_part(home, shop):
    result = home.land()
    assert (result.new, result.days) == (2, [date(2024, 5, 1), date(2024, 5, 2)])
    assert home.rows("k, amount::varchar, changed_at::varchar, _arrived_on::varchar, _row") == [
        (1, "10.50", "2024-05-01 08:00:00", "2024-05-01", 1),
        (2, "7.00", "2024-05-01 23:59:59", "2024-05-01", 2),
        (3, None, "2024-05-02 00:00:00", "2024-05-02", 1),
    ]
    assert [p.source_uri for p in home.manifest.current("d")] == [
        "${SHOP_URL}#d@2024-05-01",
        "${SHOP_URL}#d@2024-05-02",
    ]


def test_the_last_day_is_read_again_and_replaced_when_it_changed(home, shop):
    home.land()
    assert (home.land().unchanged, len(home.manifest.parts())) == (1, 2)  # only the last day was read
    shop.execute("insert into d values (4, 1, '2024-05-02 12:00:00', 'x'), (5, 1, '2024-05-03', 'x')")
    shop.commit()
    result = home.land()
    assert (result.new, result.replaced, result.unchanged) == (1, 1, 0)
    assert parts(home) == [
        ("2024-05-01", "current", 2),
        ("2024-05-02", "replaced", 1),
        ("2024-05-02", "current", 2),
        ("2024-05-03", "current", 1),
    ]


def test_a_day_asked_for_alone_is_read_whatever_was_read_before(home, shop):
    second, first = date(2024, 5, 2), date(2024, 5, 1)
    assert home.land(days=(second, second)).days == [second]
    assert home.land(days=(first, first)).days == [first]
    home.land()
    shop.execute("update d set amount = 99 where Id = 1")
    shop.commit()
    assert home.land().unchanged == 1  # below the high-water mark
    assert home.land(days=(first, first)).replaced == 1


def test_another_order_of_the_rows_is_the_same_content(home, shop):
    home.land()
    shop.execute("delete from d")
    shop.executemany("insert into d values (?, ?, ?, 'y')", reversed(ROWS))
    shop.commit()
    assert home.land(days=(date(2024, 5, 1), date(2024, 5, 1))).unchanged == 1


def test_rows_without_a_cursor_are_accounted_for(home, shop):
    shop.execute("insert into d values (4, 1, null, 'x')")
    shop.commit()
    result = home.land()
    assert (result.received, result.landed, result.quarantined) == (4, 3, 1)
    assert home.kept("kind, rule_id, record_key") == [("row", "changed_at.required", "4")]


def test_a_changed_contract_reads_every_day_again(home, shop):
    home.land()
    declare_table(home, home.env["SHOP_URL"], COLUMNS[0], column("amount"), COLUMNS[2], cursor="changed_at")
    assert home.land().replaced == 2
    assert home.rows("amount") == [("10.5",), ("7",), (None,)]


def test_a_table_without_a_cursor_is_one_part_that_arrived_when_it_was_read(home, shop):
    declare_table(home, home.env["SHOP_URL"])
    assert home.land(now=datetime(2024, 6, 1)).days == [date(2024, 6, 1)]
    assert home.land(now=datetime(2024, 6, 2)).unchanged == 1
    shop.execute("delete from d where Id = 2")
    shop.commit()
    assert home.land(now=datetime(2024, 6, 3)).replaced == 1
    assert home.rows("k, _arrived_on::varchar") == [(1, "2024-06-03"), (3, "2024-06-03")]


def test_a_snapshot_table_keeps_a_part_a_day_it_changed(home, shop):
    declare_table(home, home.env["SHOP_URL"], loadMode="snapshot")
    home.land(now=datetime(2024, 6, 1))
    home.land(now=datetime(2024, 6, 2))
    shop.execute("delete from d where Id = 2")
    shop.commit()
    home.land(now=datetime(2024, 6, 3))
    assert parts(home) == [("2024-06-01", "current", 3), ("2024-06-03", "current", 2)]


@pytest.mark.parametrize(
    ("ruin", "message"),
    [
        ("drop table d", r"\$\{SHOP_URL\}#d: no such table; seen 0: none; correct physicalName"),
        ("alter table d drop column amount", r"#d: wrong columns: 1 missing \(amount\)"),
    ],
)
def test_a_ruined_table_gives_a_clear_error_and_loses_nothing(home, shop, ruin, message):
    home.land()
    shop.execute(ruin)
    shop.commit()
    with pytest.raises(LandingError, match=message):
        home.land()
    assert home.rows("k") == [(1,), (2,), (3,)]


@pytest.mark.parametrize(
    "url",
    ["sqlite:////nowhere/shop.db", "postgresql+psycopg://ann:pa55word@127.0.0.1:1/shop", "nodb://ann:pa55word@host/x"],
)
def test_an_unreachable_database_gives_a_clear_error_without_its_password(home, shop, url):
    home.land()
    home.env["SHOP_URL"] = url
    with pytest.raises(LandingError, match=r"^d: \$\{SHOP_URL\}#d: database unreachable") as fault:
        home.land()
    assert "pa55word" not in str(fault.value)
    assert home.rows("k") == [(1,), (2,), (3,)]


def test_postgresql_lands_by_cursor_with_its_own_types(home, postgres_url):
    engine = sa.create_engine(postgres_url, poolclass=sa.NullPool)
    with engine.begin() as con:
        con.exec_driver_sql("create schema shop")
        con.exec_driver_sql(
            'create table shop.d ("Id" bigint, amount numeric(9,2), changed_at timestamptz, ok boolean, '
            "tags jsonb, born date)"
        )
        con.exec_driver_sql(
            "insert into shop.d values (1, 10.50, '2024-05-01 23:30+00', true, '{\"a\": 1}', '1980-02-03'), "
            "(2, null, '2024-05-02 01:30+02', false, null, null), (3, 1, '2024-05-02 00:00+00', null, '{}', null)"
        )
    columns = [COLUMNS[0], COLUMNS[1], column("changed_at", "timestamp", logicalTypeOptions={"timezone": True})]
    columns += [column("ok", "boolean"), column("tags", "object"), column("born", "date")]
    declare_table(home, postgres_url, *columns, cursor="changed_at")
    home.contract = home.contract.__class__(**{**home.contract.__dict__, "table": "shop.d"})
    result = home.land()
    assert (result.new, result.received, result.quarantined, result.cells) == (2, 3, 0, 0)
    assert home.rows("k, amount::varchar, changed_at::varchar, ok, tags, born::varchar, _arrived_on::varchar") == [
        (1, "10.50", "2024-05-01 23:30:00", True, '{"a": 1}', "1980-02-03", "2024-05-01"),
        (2, None, "2024-05-01 23:30:00", False, None, None, "2024-05-01"),
        (3, "1.00", "2024-05-02 00:00:00", None, "{}", None, "2024-05-02"),
    ]
    assert home.land().unchanged == 1


def test_the_manifest_works_in_postgresql_too(home, postgres_url):
    home.manifest = Manifest(postgres_url)
    home.declare(column("k", "integer", primaryKey=True))
    file = home.put("a.csv", "k\n1\n")
    home.land()
    file.write_text("k\n2\n")
    home.land()
    home.manifest.withdraw("d", "${C360_DATA}/a.csv", reason="r", actor="a")
    assert home.manifest.arrow().select(["part_seq", "state"]).to_pylist() == [
        {"part_seq": 1, "state": "replaced"},
        {"part_seq": 2, "state": "withdrawn"},
    ]


@pytest.mark.parametrize("cursor", ["changed_at", None])
def test_a_new_row_is_seen_without_reading_the_table(home, shop, cursor):
    declare_table(home, home.env["SHOP_URL"], **({"cursor": cursor} if cursor else {}))
    before = glance(home.contract, home.env)
    assert before == glance(home.contract, home.env)
    shop.execute("insert into d values (4, 1, '2024-05-03', 'x')")
    shop.commit()
    assert glance(home.contract, home.env) not in (before, None)


def test_a_database_that_cannot_be_reached_is_not_news(home, shop):
    home.env = {"SHOP_URL": f"sqlite:///{home.sources / 'away.db'}"}
    assert glance(home.contract, home.env) is None
