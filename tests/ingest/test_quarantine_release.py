"""Releasing quarantine: what now passes lands, without its source, and as landing the source again would have it."""

from __future__ import annotations

import gzip
import json
import shutil
from datetime import date, datetime

import pyarrow.compute as pc
import pytest
import sqlalchemy as sa
from support.batches import find_unbalanced
from support.ingest_home import Home, column

from pipelines.audit import read_entries
from pipelines.ingest.errors import LandingError
from pipelines.ingest.quarantine import count_open

KEY = column("k", "integer", primaryKey=True, required=True)
LATER = datetime(2024, 7, 1, 8)


def entries(home: Home) -> list[tuple]:
    with home.manifest.engine.connect() as con:
        return [(e["actor"], e["action"], e["object"], e["reason"]) for e in read_entries(con)]


def everything(home: Home) -> tuple:
    """What landed and what is set aside now, whenever that was done."""
    live = [p for p in home.manifest.parts("d") if p.state in ("current", "held")]
    hashes = tuple(p.content_hash for p in live)
    parts = [(p.source_uri, p.content_hash, p.arrived_on, p.state, p.received, p.landed, p.quarantined, p.cells)
             for p in live]  # fmt: skip
    kept = [row[1:] for row in home.kept("batch_id, * exclude (batch_id, quarantined_at)") if row[0] in hashes]
    return sorted(parts), home.rows("* exclude (_part_seq, _landed_at)"), sorted(kept, key=repr)


def test_a_release_lands_exactly_what_now_passes_and_says_who_and_why(home):
    home.declare(KEY, column("code", required=True, logicalTypeOptions={"pattern": "^A"}), column("n", "integer"))
    file = home.put("a.csv", "k,code,n\n1,A1,1\n2,B2,2\n3,C3,x\n4,A4,7.5\n")
    home.land()
    file.unlink()
    home.declare(KEY, column("code", required=True, logicalTypeOptions={"pattern": "^[AB]"}), column("n", "number"))
    (done,) = home.release().released
    assert (done.rows, done.cells) == (1, 1)
    assert home.rows("k, code, n, _row") == [(1, "A1", 1.0, 1), (2, "B2", 2.0, 2), (4, "A4", 7.5, 4)]
    assert everything(home)[2] == [("d", done.after.source_uri, date(2024, 5, 10), 3, "3", "row", *rest)
                                   for rest in (("code", "code.pattern", '{"k":"3","code":"C3","n":"x"}'),
                                                ("n", "n.type", '{"k":"3","code":"C3","n":"x"}'))]  # fmt: skip
    assert done.after.received == done.after.landed + done.after.quarantined == 4
    assert entries(home) == [("ann", "quarantine release", f"d:{done.after.content_hash}", "contract mended")]


def test_a_release_twice_or_without_a_change_does_nothing_and_logs_nothing(home):
    home.declare(KEY, column("n", "integer"))
    home.put("a.csv", "k,n\n1,x\n2,7.5\n")
    home.land()
    assert home.release().released == []
    home.declare(KEY, column("n", "number"))
    assert len(home.release().released) == 1
    before = everything(home), home.manifest.parts("d"), entries(home)
    again = home.release()
    assert again.released == [] and "no rule for its rows has changed" in again.messages[0]
    assert (everything(home), home.manifest.parts("d"), entries(home)) == before


LOOSE = [KEY, column("code"), column("n", "number"), column("at", "timestamp")]
STRICT = [
    KEY,
    column("code", required=True, unique=True, logicalTypeOptions={"pattern": "^[a-z]+$"}),
    column("n", "integer", logicalTypeOptions={"maximum": 9}),
    column("at", "timestamp", logicalTypeOptions={"format": "dd.MM.yyyy"}),
]
ROWS = [("1", "ab", "1", "2024-05-01"), ("2", "AB", "7.5", "01.05.2024"), ("3", "ab", "12", "soon"), ("x", "b", "", "")]
CSV = "k,code,n,at,more\n" + "".join(",".join(row) + ",m\n" for row in ROWS) + "5,torn\n6,c,1,2024-05-01,m\n"
JSONL = "".join(json.dumps(dict(zip(("k", "code", "n", "at"), row, strict=True))) + "\n" for row in ROWS) + "{torn\n"
FILES = {
    "csv": ("*.csv", CSV.encode(), {}, {}),
    "no header": ("*.csv", "".join("+|".join(r) + "&|\n" for r in ROWS).encode() + b"9+|torn\n", {}, {
        "delimiter": "+|", "rowSuffix": "&|", "header": False, "quote": "", "escape": ""}),
    "jsonl": ("*.jsonl.gz", gzip.compress(JSONL.encode()), {"format": "jsonl"}, {}),
    "json": ("*.json", json.dumps([{"k": r[0], "code": r[1], "n": r[2], "at": r[3]} for r in ROWS] + [3]).encode(),
             {"format": "json"}, {}),
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "keyed"), [(kind, True) for kind in FILES] + [("csv", False), ("jsonl", False)], ids=str
)
def test_a_release_is_landing_the_source_again(tmp_path, kind, keyed):
    path, content, server, options = FILES[kind]
    first = KEY if keyed else column("k")
    released, landed = Home(tmp_path / "released"), Home(tmp_path / "landed")
    for home in (released, landed):
        home.declare(first, *STRICT[1:], path=path, server=server, **options)
        home.put(path.replace("*", "a"), content)
        home.land()
        home.declare(first, *LOOSE[1:], path=path, server=server, **options)
    assert everything(released) == everything(landed)
    (released.sources / path.replace("*", "a")).unlink()
    assert released.release().released
    landed.land(now=LATER)
    assert everything(released) == everything(landed)
    assert find_unbalanced(released.manifest, released.landing, released.quarantine) == []
    for home in (released, landed):  # a mistake is taken back the same way
        home.declare(first, *STRICT[1:], path=path, server=server, **options)
    assert released.release().released
    landed.land(now=LATER)
    assert everything(released) == everything(landed)
    assert find_unbalanced(released.manifest, released.landing, released.quarantine) == []


def test_a_held_batch_lands_by_release_once_it_is_within_its_limits(home):
    home.declare(KEY, column("n", "integer"), error_rate=10)
    file = home.put("a.csv", "k,n\n1,1\n")
    home.land()
    file.write_text("k,n\n1,2\n2,x\n3,3\n")
    assert home.land().held
    file.unlink()
    still = home.release()
    assert still.released == [] and "held: 1 of 3 rows" in " ".join(still.messages)
    assert home.rows("k, n") == [(1, 1)]
    home.declare(KEY, column("n", "integer"), error_rate=50)
    (done,) = home.release().released
    assert (done.before.state, done.after.state, done.rows) == ("held", "current", 3)
    assert home.rows("k, n") == [(1, 2), (2, None), (3, 3)]
    assert [p.state for p in home.manifest.parts("d")] == ["replaced", "replaced", "current"]


def test_a_batch_that_would_be_held_now_stays_as_it_landed(home):
    home.declare(KEY, column("n", "integer"), error_rate=40)
    file = home.put("a.csv", "k,n\n1,1\n2,20\n3,x\n")
    home.land()
    before = home.rows()
    file.unlink()
    home.declare(KEY, column("n", "integer", logicalTypeOptions={"maximum": 9}), error_rate=40)
    result = home.release()
    assert result.released == [] and "held: 2 of 3 rows" in " ".join(result.messages)
    assert home.rows() == before and entries(home) == []


def test_a_batch_held_for_its_size_alone_can_be_released(home):
    few = {"id": "enough", "metric": "rowCount", "mustBeGreaterThan": 2, "severity": "error"}
    home.declare(KEY, rules=[few])
    file = home.put("a.csv", "k\n1\n2\n")
    assert home.land().held
    file.unlink()
    home.declare(KEY, rules=[few | {"mustBeGreaterThan": 1}])
    assert [r.rows for r in home.release().released] == [2]


def test_what_a_correction_replaced_is_not_released_and_a_held_correction_goes_first(home):
    home.declare(KEY, column("n", "integer"), error_rate=60)
    file = home.put("a.csv", "k,n\n1,x\n2,2\n")
    home.land()
    file.write_text("k,n\n1,1\n2,2\n")
    home.land()
    home.declare(KEY, column("n"), error_rate=60)
    assert home.open_batches() == []
    home.declare(KEY, column("n", "integer"), error_rate=60)
    file.write_text("k,n\n1,y\n2,z\n")  # held
    home.land()
    home.declare(KEY, column("n"), error_rate=60)
    (done,) = home.release().released
    assert done.before.state == "held"
    assert home.rows("k, n") == [(1, "y"), (2, "z")]


def test_a_released_row_came_when_it_came_and_takes_no_precedence(home):
    home.declare(KEY, column("n", "integer", required=True), path="*_{yyyy-MM-dd}.csv")
    home.put("a_2024-05-01.csv", "k,n\n1,x\n")
    home.put("b_2024-05-01.csv", "k,n\n1,2\n")
    home.put("c_2024-05-02.csv", "k,n\n1,3\n")
    home.land()
    home.declare(KEY, column("n", required=True), path="*_{yyyy-MM-dd}.csv")
    (done,) = home.release().released
    assert (done.after.arrived_on, done.after.part_seq) == (date(2024, 5, 1), 4)
    order = (
        home.manifest.arrow()
        .filter(pc.field("state") == "current")
        .sort_by([("arrived_on", "ascending"), ("arrived_seq", "ascending")])
    )
    assert [uri.rpartition("/")[2][0] for uri in order["source_uri"].to_pylist()] == ["a", "b", "c"]


def test_a_content_that_comes_back_after_another_is_a_new_arrival(home):
    home.declare(KEY)
    file = home.put("a.csv", "k\n1\n")
    home.land()
    for text in ("k\n2\n", "k\n1\n"):
        file.write_text(text)
        home.land()
    home.declare(column("k", "number", primaryKey=True, required=True))
    home.land()
    assert home.manifest.arrow()["arrived_seq"].to_pylist() == [1, 2, 3, 3]


def test_rows_are_judged_by_the_day_they_came_whenever_they_land(home):
    term = {"type": "term", "url": "definitions/interaction.occurred_at"}
    when = column("at", "timestamp", authoritativeDefinitions=[term])
    home.declare(KEY, when, column("n", "integer", required=True))
    home.put("a.csv", "k,at,n\n1,2024-05-11,x\n2,2024-06-01,x\n")
    home.land(now=datetime(2024, 5, 10))
    home.declare(KEY, when, column("n", required=True))
    twin = Home(home.folder.parent / "twin")
    shutil.copytree(home.folder, twin.folder, dirs_exist_ok=True)
    twin.contract = home.contract
    home.release()
    twin.land(now=LATER)
    assert home.rows("k") == twin.rows("k") == [(1,)]
    assert everything(home) == everything(twin)


def test_what_cannot_be_landed_from_what_is_kept_is_left_and_told(home):
    home.declare(KEY, column("n", "integer"))
    home.put("a.csv", "k,n\n1,x\n")
    home.land()
    before = everything(home)
    for change, told in (
        (lambda: home.declare(KEY, column("n"), delimiter=";"), "how its source is read has changed"),
        (lambda: home.declare(KEY, column("n"), column("new")), r"1 missing (new)"),
        (lambda: next(home.quarantine.rglob("*.raw")).unlink() or home.declare(KEY, column("n")), "nothing is kept"),
    ):
        change()
        result = home.release()
        assert result.released == [] and told in result.messages[0]
        assert "`c360 run`" in result.messages[0]
    assert everything(home) == before and entries(home) == []


def test_a_part_that_came_meanwhile_is_never_put_back(home):
    home.declare(KEY, column("n", "integer"))
    file = home.put("a.csv", "k,n\n1,x\n")
    home.land()
    (old,) = home.manifest.current("d")
    file.write_text("k,n\n1,corrected\n")
    home.land()
    facts = {name: value for name, value in old.__dict__.items() if name != "part_seq"}
    with pytest.raises(LandingError, match="a.csv: landed or withdrawn meanwhile"):
        home.manifest.add(**facts, supersedes=old)
    assert [p.state for p in home.manifest.parts("d")] == ["replaced", "current"]


def test_raw_text_is_kept_only_while_there_is_something_to_release(home):
    home.declare(KEY, column("n", "integer"))
    home.put("clean.csv", "k,n\n1,1\n")
    home.put("a.csv", "k,n\n2,x\n")
    home.land()
    assert len([*home.quarantine.rglob("*.raw")]) == 1
    home.declare(KEY, column("n"))
    home.release()
    home.land()
    assert [*home.quarantine.rglob("*.raw")] == []
    assert count_open(home.manifest, home.quarantine, "d") == {"open_rows": 0, "open_cells": 0, "held_batches": 0}


def test_a_day_of_a_table_is_released_from_what_was_read_of_it(home):
    url = f"sqlite:///{home.folder / 'shop.db'}"
    engine = sa.create_engine(url)
    with engine.begin() as con:
        con.execute(sa.text("create table d (k integer, n text, at text)"))
        rows = "(1, 'x', '2024-05-01'), (2, '2', '2024-05-01'), (3, '3', '2024-05-02')"
        con.execute(sa.text(f"insert into d values {rows}"))
    home.env["SHOP"] = url
    server = {"type": "custom", "location": "${SHOP}", "format": "sql", "path": None}
    facts = {"server": server, "custom": {"cursor": "at"}}
    at = column("at", "timestamp", required=True)
    home.declare(KEY, column("n", "integer", required=True), at, **facts)
    home.land(days=(date(2024, 5, 1), date(2024, 5, 3)))
    with engine.begin() as con:
        con.execute(sa.text("update d set at = '2024-05-03'"))  # the rows of the first of May are there no more
    home.declare(KEY, column("n", required=True), at, **facts)
    (done,) = home.release().released
    assert done.after.arrived_on == date(2024, 5, 1)
    assert home.rows("k, n") == [(1, "x"), (2, "2"), (3, "3")]
