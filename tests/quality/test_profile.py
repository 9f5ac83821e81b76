"""Profiles of parts: what is kept of them, once, and nothing of a customer."""

from datetime import date, datetime

import duckdb
import pytest
from support.ingest_home import Home, column

from quality.company import Company
from quality.watch.profile import list_measures, update_profiles

TYPES = {"authoritativeDefinitions": [{"type": "term", "url": "definitions/interaction.touchpoint"}]}
MAPPED = TYPES | {
    "customProperties": [{"property": "valueMapping", "value": {"AppOpened": "opened", "opened": "opened"}}]
}


@pytest.fixture
def watched(tmp_path):
    """A dataset of three columns, and a connection that profiles it."""
    home = Home(tmp_path / "home")
    home.declare(
        column("id", primaryKey=True, required=True), column("kind", **MAPPED), column("amount", "number"),
        path="d_*.csv",
    )  # fmt: skip
    company = Company(
        home.folder, "c", "C", "DE", "Europe/Berlin", "EUR", date(2024, 1, 1), 5.0, (), (home.contract,), {}
    )
    with duckdb.connect() as con:
        con.execute("create schema control")

        def profile() -> int:
            home.land(now=datetime(2024, 5, 10))
            con.register("parts", home.manifest.arrow())
            con.execute("create or replace table control.parts as from parts")
            return update_profiles(con, company, home.landing)

        yield home, con, profile


def figures(con, measure: str) -> list[tuple]:
    query = "select arrived_on, column_name, sum(n) from control.profiles where measure = ? group by all order by all"
    return [(day.day, column, n) for day, column, n in con.execute(query, [measure]).fetchall()]


def test_a_part_is_profiled_once_and_forgotten_when_it_is_replaced(watched):
    home, con, profile = watched
    home.put("d_2024-05-01.csv", "id,kind,amount\n1,opened,5\n2,opened,\n")
    home.put("d_2024-05-02.csv", "id,kind,amount\n3,opened,5\n")
    assert [profile(), profile()] == [2, 0]
    assert figures(con, "filled")[:3] == [(1, "amount", 1), (1, "id", 2), (1, "kind", 2)]
    home.put("d_2024-05-02.csv", "id,kind,amount\n3,opened,5\n3,opened,5\n4,opened,5\n")
    assert profile() == 1
    assert figures(con, "keys") == [(1, None, 2), (2, None, 2)]


def test_a_renamed_value_the_contract_maps_to_the_same_is_the_same(watched):
    home, con, profile = watched
    home.put("d_2024-05-01.csv", "id,kind,amount\n1,AppOpened,1\n2,opened ,1\n3,closed,1\n")
    profile()
    bins = con.execute("select n from control.profiles where measure = 'value' order by n").fetchall()
    assert bins == [(1,), (2,)]


def test_no_value_of_a_row_is_kept(watched):
    home, con, profile = watched
    home.put("d_2024-05-01.csv", "id,kind,amount\nada@secret.example,Lovelace,424242.42\n")
    profile()
    kept = str(con.execute("from control.profiles").fetchall() + con.execute("from control.seen_rows").fetchall())
    assert "amount" in kept
    assert [v for v in ("ada", "secret", "Lovelace", "424242.42") if v in kept] == []


def test_a_key_has_a_shape_but_no_list_of_values(watched):
    home, _, _ = watched
    company = Company(home.folder, "c", "C", "DE", "UTC", "EUR", date(2024, 1, 1), 5.0, (), (), {})
    measures = {(c, m) for c, m, _ in list_measures(home.contract, company)}
    assert ("id", "shape") in measures and ("id", "value") not in measures
    assert ("kind", "value") in measures and ("kind", "shape") not in measures
