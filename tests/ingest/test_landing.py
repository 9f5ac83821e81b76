"""Arrival, replay, replacement, holding and withdrawal of parts; nothing landed is ever lost to a bad source."""

from __future__ import annotations

import bz2
import gzip
from datetime import date, datetime

import pyarrow as pa
import pytest
import sqlalchemy as sa
from support.ingest_home import column

from pipelines.audit import read_entries
from pipelines.ingest.errors import LandingError
from pipelines.ingest.land import withdraw

KEY = column("k", "integer", primaryKey=True, required=True)
PLAIN = [KEY, column("v")]


def states(home):
    return [(p.part_seq, p.source_uri.removeprefix("${C360_DATA}/"), p.state) for p in home.manifest.parts("d")]


@pytest.mark.parametrize(
    ("pattern", "name", "day"),
    [
        ("d_{yyyyMMdd}.csv", "d_20240501.csv", date(2024, 5, 1)),
        ("{yyyy}/{MM}/{dd}/d.csv", "2024/05/01/d.csv", date(2024, 5, 1)),
        ("*.csv", "d_2024-05-01.csv", date(2024, 5, 1)),
        ("**/*.csv", "arrived=2024-05-01/a.csv", date(2024, 5, 1)),
        ("d_*.csv", "d_20240501_v2.csv", date(2024, 5, 1)),
        ("d_*.csv", "d_20241399.csv", date(2024, 5, 10)),
        ("d_20200101.csv", "d_20200101.csv", date(2024, 5, 10)),
    ],
)
def test_arrival_is_the_date_in_the_pattern_else_the_day_first_seen(home, pattern, name, day):
    home.declare(*PLAIN, path=pattern)
    home.put(name, "k,v\n1,a\n")
    assert home.land().days == [day]
    part = home.manifest.current("d")[0]
    assert (part.source_uri, part.arrived_on) == ("${C360_DATA}/" + name, day)
    assert (home.landing / "d" / f"arrived={day}" / f"{part.content_hash}.parquet").is_file()


def test_only_parts_that_arrived_in_the_days_asked_for_land(home):
    home.declare(*PLAIN, path="d_{yyyy-MM-dd}.csv")
    for day in (1, 2, 3):
        home.put(f"d_2024-05-0{day}.csv", f"k,v\n{day},a\n")
    home.put("d_notes.csv", "no data\n")
    assert home.land(days=(date(2024, 5, 2), date(2024, 5, 2))).days == [date(2024, 5, 2)]
    assert home.rows("k") == [(2,)]


def test_landing_again_changes_nothing_and_a_corrected_file_replaces_its_part(home):
    home.declare(*PLAIN)
    file = home.put("a.csv", "k,v\n1,a\n")
    home.put("b.csv", "k,v\n2,b\n")
    assert home.land().new == 2
    before = sorted(home.landing.rglob("*.parquet"))
    again = home.land(now=datetime(2024, 6, 1))
    assert (again.new, again.replaced, again.unchanged, again.received) == (0, 0, 2, 0)
    assert sorted(home.landing.rglob("*.parquet")) == before
    file.write_text("k,v\n1,corrected\n")
    corrected = home.land(now=datetime(2024, 6, 1))
    assert (corrected.replaced, corrected.unchanged, corrected.days) == (1, 1, [date(2024, 5, 10)])
    assert states(home) == [(1, "a.csv", "replaced"), (2, "b.csv", "current"), (3, "a.csv", "current")]
    assert home.rows("k, v, _part_seq") == [(1, "corrected", 3), (2, "b", 2)]
    assert len(list(home.landing.glob("d/arrived=*/*.parquet"))) == 2


def test_a_changed_type_lands_anew_and_a_changed_mapping_does_not(home):
    home.declare(KEY, column("v"))
    home.put("a.csv", "k,v\n1,7\n")
    home.land()
    home.declare(
        KEY, column("v", description="other", customProperties=[{"property": "valueMapping", "value": {"7": "x"}}])
    )
    assert home.land().unchanged == 1
    home.declare(KEY, column("v", "integer"))
    assert home.land().replaced == 1
    assert home.rows("v") == [(7,)]


def test_a_file_with_a_header_and_no_rows_is_an_empty_part(home):
    # Regression: counts over no rows were null.
    home.declare(*PLAIN)
    home.put("a.csv", "k,v\n")
    result = home.land()
    assert (result.new, result.received, result.landed) == (1, 0, 0)
    assert home.rows() == []


def test_a_file_that_vanished_stays_landed(home):
    home.declare(*PLAIN)
    home.put("a.csv", "k,v\n1,a\n")
    home.put("b.csv", "k,v\n2,b\n")
    home.land()
    (home.sources / "a.csv").unlink()
    home.land()
    assert home.rows("k") == [(1,), (2,)]


def test_each_new_content_of_an_undated_snapshot_is_a_part_of_its_own(home):
    home.declare(*PLAIN, custom={"loadMode": "snapshot"})
    file = home.put("a.csv", "k,v\n1,a\n2,b\n")
    home.land(now=datetime(2024, 5, 10))
    home.land(now=datetime(2024, 5, 11))
    file.write_text("k,v\n1,a\n")
    home.land(now=datetime(2024, 5, 12))
    assert [(p.source_uri[-10:], str(p.arrived_on)) for p in home.manifest.current("d")] == [
        ("2024-05-10", "2024-05-10"),
        ("2024-05-12", "2024-05-12"),
    ]


def test_a_batch_over_its_error_rate_is_held_and_the_last_good_part_stands(home):
    home.declare(*PLAIN, error_rate=30)
    file = home.put("a.csv", "k,v\n1,a\n2,b\n")
    home.land()
    file.write_text("k,v\n1,new\nx,b\n")
    for _ in range(2):
        result = home.land()
        assert (result.held, result.replaced, result.received) == (True, 0, 0)
        assert "held: 1 of 2 rows" in result.messages[0]
    assert states(home) == [(1, "a.csv", "current"), (2, "a.csv", "held")]
    assert home.rows("k, v") == [(1, "a"), (2, "b")]
    assert home.kept("kind, row_no, rule_id, raw") == [("row", 2, "k.type", '{"k":"x","v":"b"}')]
    home.declare(*PLAIN, error_rate=60)
    assert home.land().replaced == 1
    assert [s for *_, s in states(home)] == ["replaced", "replaced", "current"]


def test_a_withdrawn_part_stays_out_until_it_is_corrected(home):
    home.declare(*PLAIN)
    file = home.put("a.csv", "k,v\n1,a\n")
    home.put("b.csv", "k,v\n2,b\n")
    home.land()
    uri = "${C360_DATA}/a.csv"
    withdraw(home.manifest, home.landing, "d", uri, reason="sent by mistake", actor="ann")
    home.land()
    assert home.rows("k") == [(2,)]
    with home.manifest.engine.connect() as con:
        entry = read_entries(con, action="withdraw")[0]
    assert (entry["actor"], entry["object"], entry["reason"]) == ("ann", f"d:{uri}", "sent by mistake")
    file.write_text("k,v\n1,corrected\n")
    home.land()
    assert home.rows("k, v") == [(1, "corrected"), (2, "b")]


def test_withdrawing_what_is_not_landed_names_what_is(home):
    home.declare(*PLAIN)
    home.put("a.csv", "k,v\n1,a\n")
    home.land()
    with pytest.raises(
        LandingError, match=r"d: no current part of 'b.csv' to withdraw; 1 current parts, such as .*a.csv"
    ):
        home.manifest.withdraw("d", "b.csv", reason="r", actor="a")
    with pytest.raises(ValueError, match="reason is empty"):
        home.manifest.withdraw("d", "${C360_DATA}/a.csv", reason=" ", actor="a")
    assert home.rows("k") == [(1,)]


def test_the_audit_log_cannot_be_changed(home):
    home.declare(*PLAIN)
    home.put("a.csv", "k,v\n1,a\n")
    home.land()
    home.manifest.withdraw("d", "${C360_DATA}/a.csv", reason="r", actor="a")
    for change in ("delete from audit_log", "update audit_log set actor = 'b'"):
        with pytest.raises(sa.exc.IntegrityError, match="append-only"), home.manifest.engine.begin() as con:
            con.execute(sa.text(change))


FAULTS = {
    "empty": (b"", "empty file, 0 bytes"),
    "missing column": (b"k,w\n2,b\n", r"wrong columns: 1 missing \(v\); seen 2"),
    "doubled column": (b"k,v,v\n2,b,c\n", r"wrong columns: 1 doubled \(v\)"),
    "unclosed quote": (b'k,v\n2,"b\n3,c\n', "line 2: a quote is opened and never closed"),
    "mixed line ends": (b"k,v\r\n2,b\n3,c\r\n", "mixed line ends"),
    "no line fits": (b"k,v\n2\n3\n", "none of its 2 lines has the 2 columns"),
    "other encoding": ("k,v\n2,b\n".encode("utf-16"), "begins like utf-16"),
}


@pytest.mark.parametrize(("content", "message"), FAULTS.values(), ids=FAULTS)
def test_a_bad_file_gives_a_clear_error_and_everything_else_stays_and_lands(home, content, message):
    home.declare(*PLAIN)
    bad = home.put("bad.csv", "k,v\n2,good\n")
    home.land()
    bad.write_bytes(content)
    home.put("new.csv", "k,v\n9,n\n")
    with pytest.raises(LandingError, match=message) as fault:
        home.land()
    assert str(fault.value).startswith("d: ${C360_DATA}/bad.csv: ")
    assert fault.value.result.new == 1
    assert home.rows("k, v") == [(2, "good"), (9, "n")]


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".bz2"])
def test_a_truncated_archive_gives_a_clear_error_and_loses_nothing(home, suffix):
    text = b"k,v\n" + b"".join(b"%d,%d\n" % (i, i * 7919) for i in range(20000))
    pack = {".gz": gzip.compress, ".bz2": bz2.compress, ".zst": lambda t: pa.compress(t, codec="zstd", asbytes=True)}
    whole = pack[suffix](text)
    home.declare(*PLAIN, path="*.csv" + suffix)
    file = home.put("a.csv" + suffix, whole)
    assert home.land().landed == 20000
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(
        LandingError, match=rf"a.csv{suffix}: truncated or broken {suffix} file, {len(whole) // 2} bytes"
    ):
        home.land()
    assert len(home.rows("k")) == 20000


@pytest.mark.parametrize(
    ("kind", "message"), [("parquet", "not a Parquet file"), ("xlsx", "not an Excel workbook"), ("json", "not a JSON")]
)
def test_a_broken_document_gives_a_clear_error(home, kind, message):
    home.declare(*PLAIN, path=f"*.{kind}", server={"format": kind})
    home.put(f"a.{kind}", b'[{"k": 1')
    with pytest.raises(LandingError, match=message):
        home.land()


def test_no_file_is_an_error_only_where_none_ever_landed(home):
    # Regression: an inbox that was emptied after landing failed every later run.
    home.declare(*PLAIN)
    with pytest.raises(LandingError, match=r"d: no file matches '\$\{C360_DATA\}/\*.csv'; put one there"):
        home.land()
    file = home.put("a.csv", "k,v\n1,a\n")
    home.land()
    file.unlink()
    result = home.land()
    assert (result.new, result.held) == (0, False)
    assert "1 parts landed before stay" in " ".join(result.messages)
    assert home.rows("k") == [(1,)]


def test_an_unset_variable_is_named(home):
    home.declare(*PLAIN)
    home.env = {}
    with pytest.raises(LandingError, match="environment variable C360_DATA is not set"):
        home.land()


def test_a_dataset_without_parts_can_be_read(home):
    home.declare(*PLAIN)
    with pytest.raises(LandingError):
        home.land()
    assert (home.rows(), home.kept()) == ([], [])


def test_no_error_tells_a_customers_value(home):
    home.declare(*PLAIN, error_rate=0)
    home.put("a.csv", 'k,v\nsecret-1,"secret-2\n')
    home.put("b.csv", "k,v\nsecret-3,secret-4\n")
    with pytest.raises(LandingError) as fault:
        home.land()
    assert "secret" not in str(fault.value) + " ".join(fault.value.result.messages)


def test_a_landing_the_disk_stops_leaves_nothing_the_manifest_knows(home):
    home.declare(*PLAIN, path="d_{yyyyMMdd}.csv")
    home.put("d_20240501.csv", "k,v\n1,a\n")
    home.land()
    home.put("d_20240502.csv", "k,v\n2,b\n")
    obstacle = home.landing / "d" / "arrived=2024-05-02"
    obstacle.write_text("in the way")
    with pytest.raises(OSError, match="arrived=2024-05-02"):
        home.land()
    assert states(home) == [(1, "d_20240501.csv", "current")]
    assert not list(home.landing.glob(".tmp-*"))
    obstacle.unlink()
    assert home.land().new == 1
    assert states(home)[-1] == (2, "d_20240502.csv", "current")


def test_a_dataset_counts_as_failed_until_the_days_that_failed_have_landed(home):
    # Regression: a dataset whose newest file could not be read was not flagged stale.
    home.declare(*PLAIN, path="a_*.csv")
    home.put("a_2024-05-01.csv", "k,v\n1,a\n")
    bad = home.put("a_2024-05-02.csv", "")
    with pytest.raises(LandingError, match="empty file"):
        home.land()
    assert home.manifest.failed_datasets() == {"d"}
    home.land(days=(date(2024, 5, 1), date(2024, 5, 1)))  # says nothing about the second of May
    assert home.manifest.failed_datasets() == {"d"}
    bad.write_text("k,v\n2,b\n", encoding="utf-8")
    home.land()
    assert home.manifest.failed_datasets() == set()
