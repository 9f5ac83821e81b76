"""Standard tables keep their rows from build to build, and are after each the same as if they were written anew.

Put here: parts that come, come again and go. Keep out: what a row says (test_render_events.py).
"""

from __future__ import annotations

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from render_support import Landed, column, contract, write_package

VIEWS = contract(
    "web_views",
    column("view_id", key=True),
    column("seen_at", "interaction.occurred_at", type="timestamp"),
    column("page", "interaction.url"),
    column("changed_at", type="timestamp"),
    cursor="changed_at",
    constants={"interaction.touchpoint": "page_viewed"},
)
LINES = contract(
    "order_lines",
    column("line_id", key=True),
    column("order_no", "interaction.key"),
    column("sold_at", "interaction.occurred_at", type="timestamp"),
    column("amount", "interaction.value", type="number"),
    constants={"interaction.touchpoint": "order_placed"},
)
CLIENTS = contract(
    "clients",
    column("client_id", "person.record_id", key=True),
    column("mail", "identifier.email"),
    loadMode="snapshot",
)


def view(key: str, page: str, changed: int = 1) -> dict:
    return {"view_id": key, "seen_at": "2024-05-01 10:00", "page": page, "changed_at": f"2024-05-0{changed} 12:00"}


def line(key: str, order: str, amount: float) -> dict:
    return {"line_id": key, "order_no": order, "sold_at": "2024-05-01 11:00", "amount": amount}


class Built:
    """A company and its warehouse: `build` as dbt does it, from what an earlier build left."""

    TABLES = "std_interactions", "std_persons", "std_identifiers"

    def __init__(self, root, patch):
        self.landed = Landed(root, [VIEWS, LINES, CLIENTS])
        self.landed.render(write_package(root / "package"))
        self.project, self.warehouse = self.landed.home / "dbt", self.landed.home / "warehouse.duckdb"
        for name, value in {"C360_HOME": str(self.landed.home), "C360_PII_KEY": "k" * 64, "C360_FILES": "a"}.items():
            patch.setenv(name, value)

    def build(self) -> list[tuple]:
        """The interactions dbt leaves, sorted, after seeing that tables written anew would have the same rows."""
        with duckdb.connect(str(self.warehouse)) as con:
            self.landed.write_control(con)
        folders = ["--project-dir", str(self.project), "--profiles-dir", str(self.project)]
        result = dbtRunner().invoke(["run", "--quiet", "--select", *(f"+{table}" for table in self.TABLES), *folders])
        DuckDBConnectionManager.close_all_connections()
        assert result.success, result.exception
        with duckdb.connect(str(self.warehouse), read_only=True) as con:
            found = [con.execute(f"select * from std.{table} order by all").fetchall() for table in self.TABLES]
        with self.landed.build() as con:
            assert found == [con.execute(f"select * from {table} order by all").fetchall() for table in self.TABLES]
        return found[0]

    def withdraw(self, part_seq: int) -> None:
        self.landed.parts[part_seq - 1]["state"] = "withdrawn"


@pytest.fixture
def built(tmp_path, monkeypatch):
    return Built(tmp_path, monkeypatch)


def test_after_every_kind_of_arrival_the_table_is_as_if_written_anew(built):
    land = built.landed.land
    land("web_views", "2024-05-01", [view("v1", "/a"), view("v2", "/b")])
    land("order_lines", "2024-05-01", [line("l1", "o1", 5.0), line("l2", "o2", 7.0)])
    assert len(built.build()) == 4

    land("web_views", "2024-05-02", [view("v3", "/c")])  # new rows alone
    assert len(built.build()) == 5
    land("web_views", "2024-05-03", [view("v1", "/corrected", changed=2), view("v4", "/d")])  # a correction
    assert len(built.build()) == 6
    land(
        "web_views", "2024-05-04", [view("v1", "/late", changed=1), view("v1", "/twice", changed=1)]
    )  # an older version
    assert len(built.build()) == 6
    land("order_lines", "2024-05-05", [line("l3", "o1", 11.0)])  # one more row of an interaction that is there
    assert len(built.build()) == 4 + 2
    assert len(built.build()) == 6  # nothing came
    built.withdraw(3)  # what was corrected is as it was
    assert len(built.build()) == 5
    built.withdraw(2)
    land("web_views", "2024-05-05", [])
    assert len(built.build()) == 4


def test_people_come_go_and_change_as_in_tables_written_anew(built):
    def land(day: str, **mails: str) -> None:
        built.landed.land("clients", day, [{"client_id": key, "mail": mail} for key, mail in mails.items()])
        built.build()

    built.landed.land("web_views", "2024-05-01", [view("v1", "/a")])
    land("2024-05-01", a="a@x.de", b="b@x.de")
    land("2024-05-02", a="new@x.de", b="b@x.de", c="c@x.de")
    land("2024-05-03", c="c@x.de")
    land("2024-05-04")
    built.withdraw(3)
    built.build()


def test_rows_nothing_has_happened_to_are_not_written_again(built):
    built.landed.land("web_views", "2024-05-01", [view("v1", "/a"), view("v2", "/b")])
    built.build()
    with duckdb.connect(str(built.warehouse)) as con:
        con.execute("update std.std_interactions set url = '/kept' where url = '/b'")
    built.landed.land("web_views", "2024-05-02", [view("v1", "/corrected", changed=2)])
    with pytest.raises(AssertionError):
        built.build()
    with duckdb.connect(str(built.warehouse), read_only=True) as con:
        found = con.execute("select url from std.std_interactions order by 1").fetchall()
    assert found == [("/corrected",), ("/kept",)]


@pytest.mark.parametrize("files", ["b", ""], ids=["other files", "files nobody told"])
def test_all_is_written_anew_with(built, monkeypatch, files):
    built.landed.land("web_views", "2024-05-01", [view("v1", "/a")])
    built.build()
    with duckdb.connect(str(built.warehouse)) as con:
        con.execute("update std.std_interactions set url = '/another program wrote this'")
    monkeypatch.setenv("C360_FILES", files)
    built.build()
