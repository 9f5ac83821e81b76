"""What is in quarantine, what was dropped of it, and how it is told and counted."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest
from support.ingest_home import Home, column

from pipelines.audit import read_entries
from pipelines.ingest.errors import LandingError
from pipelines.ingest.land import withdraw
from pipelines.ingest.quarantine import Choice, count_open, drop, find_batches, open_quarantine
from pipelines.ingest.quarantine_report import group_failures, list_failures
from pipelines.publish.quarantine_counts import write_quarantine_counts

KEY = column("k", "integer", primaryKey=True, required=True)
COLUMNS = [KEY, column("n", "integer"), column("code", required=True, logicalTypeOptions={"pattern": "^A"})]
TODAY = date(2024, 5, 20)
# one row with two failures, one with one, one line, and a landed row with a nulled cell
FIRST = "k,n,code\n1,x,secret\n2,2,secret\n3,x,A\n4\n5,5,A\n"
SECOND = "k,n,code\n6,6,secret\n7,7,A\n"


@pytest.fixture
def full(home: Home) -> Home:
    home.declare(*COLUMNS, path="*_{yyyy-MM-dd}.csv")
    home.put("a_2024-05-01.csv", FIRST)
    home.put("b_2024-05-11.csv", SECOND)
    home.land()
    return home


def groups(home: Home, by: str, choice: Choice = Choice()) -> list[tuple]:  # noqa: B008
    with open_quarantine(home.manifest, home.quarantine, choice.dataset) as con:
        return [tuple(row.values()) for row in group_failures(con, by, choice, TODAY)]


def drop_from(home: Home, **choice: str) -> int:
    told = drop(home.manifest, home.quarantine, Choice("d", **choice), actor="ann", reason="known at the source")
    return sum(count for *_, count in told)


def balance(home: Home) -> list[tuple]:
    """(received, landed, quarantined, dropped) of each batch."""
    return [(row[4], row[5], row[6], row[7]) for row in groups(home, "batch")]


def test_quarantine_is_told_by_reason_by_dataset_and_by_batch_with_its_age(full):
    assert groups(full, "reason") == [
        ("d", "code.pattern", "row", 3, 0, 0, 0, 2, date(2024, 5, 1), 19),
        ("d", "n.type", "row", 1, 0, 0, 0, 1, date(2024, 5, 1), 19),
        ("d", "row.parse", "line", 1, 0, 0, 0, 1, date(2024, 5, 1), 19),
        ("d", "n.type", "cell", 0, 1, 0, 0, 1, date(2024, 5, 1), 19),
    ]
    assert groups(full, "dataset") == [("d", 4, 1, 0, 0, 2, date(2024, 5, 1), 19)]
    assert [row[2:] for row in groups(full, "batch")] == [
        ("current", date(2024, 5, 1), 5, 2, 3, 0, 1, 1, 19),
        ("current", date(2024, 5, 11), 2, 1, 1, 0, 0, 0, 9),
    ]
    assert groups(full, "reason", Choice("d", rule="row.parse"))[0][3:] == (1, 0, 0, 0, 1, date(2024, 5, 1), 19)


def test_rows_are_told_by_number_and_rule_and_never_by_what_they_say(full):
    with open_quarantine(full.manifest, full.quarantine) as con:
        told = list_failures(con, Choice("d"), 10)
        (raw,) = list_failures(con, Choice("d", rule="row.parse"), 10, raw=True)
    assert [(row["row"], row["kind"], row["rule"]) for row in told] == [
        (1, "row", "code.pattern"), (1, "row", "n.type"), (2, "row", "code.pattern"), (3, "cell", "n.type"),
        (5, "line", "row.parse"), (1, "row", "code.pattern"),
    ]  # fmt: skip
    assert "secret" not in repr(told)
    assert raw["raw"] == "4"


def test_a_dropped_row_leaves_the_open_list_and_stays_counted(full):
    assert balance(full) == [(5, 2, 3, 0), (2, 1, 1, 0)]
    assert drop_from(full, rule="code.pattern") == 3
    # the first row failed another rule, too: it still waits
    assert balance(full) == [(5, 2, 3, 1), (2, 1, 1, 1)]
    assert count_open(full.manifest, full.quarantine, "d") == {"open_rows": 2, "open_cells": 1, "held_batches": 0}
    assert drop_from(full) == 3
    assert balance(full) == [(5, 2, 3, 3), (2, 1, 1, 1)]
    assert count_open(full.manifest, full.quarantine, "d") == {"open_rows": 0, "open_cells": 0, "held_batches": 0}
    assert find_batches(full.manifest, full.quarantine, Choice("d")) == {}
    assert len(full.kept("raw")) == 6, "nothing is deleted"


def test_every_drop_is_logged_once_with_its_batch_and_rules(full):
    batch = full.manifest.current("d")[0].content_hash
    assert [drop_from(full, batch=batch[:8]) for _ in range(2)] == [5, 0]
    with full.manifest.engine.connect() as con:
        (entry,) = read_entries(con)
    assert (entry["actor"], entry["action"], entry["reason"]) == ("ann", "quarantine drop", "known at the source")
    assert entry["object"] == f"d:{batch} code.pattern, n.type, row.parse"
    with pytest.raises(ValueError, match="reason is empty"):
        drop(full.manifest, full.quarantine, Choice("d"), actor="ann", reason=" ")
    assert count_open(full.manifest, full.quarantine, "d")["open_rows"] == 1, (
        "a deed and its entry stand or fall together"
    )


def test_a_drop_is_about_the_failure_so_what_passes_later_lands_and_what_fails_still_stays_dropped(full):
    drop_from(full, rule="code.pattern")
    full.declare(KEY, column("n"), column("code", required=True, logicalTypeOptions={"pattern": "^A"}),
                 path="*_{yyyy-MM-dd}.csv")  # fmt: skip
    full.land()
    assert balance(full) == [(5, 2, 3, 2), (2, 1, 1, 1)]
    full.declare(KEY, column("n"), column("code", required=True), path="*_{yyyy-MM-dd}.csv")
    full.land()
    assert balance(full) == [(5, 4, 1, 0)]


def test_a_held_batch_is_told_and_waits_as_a_whole(full):
    full.declare(*COLUMNS, path="*_{yyyy-MM-dd}.csv", error_rate=10)
    full.put("c_2024-05-12.csv", SECOND)
    full.land()
    assert [row[2] for row in groups(full, "batch")] == ["current", "current", "held"]
    assert count_open(full.manifest, full.quarantine, "d") == {"open_rows": 5, "open_cells": 1, "held_batches": 1}
    held = full.manifest.parts("d")[-1].content_hash
    with pytest.raises(LandingError, match="d: 1 batches chosen are held: nothing of them landed"):
        drop_from(full, batch=held)


def test_what_was_corrected_or_withdrawn_is_no_longer_in_quarantine(full):
    full.put("a_2024-05-01.csv", "k,n,code\n1,1,A\n")
    full.land()
    withdraw(full.manifest, full.landing, "d", "${C360_DATA}/b_2024-05-11.csv", reason="r", actor="a")
    assert groups(full, "reason") == groups(full, "batch") == []


def test_a_home_without_quarantine_has_nothing_to_tell(home):
    assert groups(home, "reason") == groups(home, "batch") == []


def test_what_governance_reads_has_counts_and_no_raw_text(full):
    drop_from(full, rule="row.parse")
    with duckdb.connect() as connection:
        assert write_quarantine_counts(connection, full.manifest, full.quarantine) == 5
        columns = "kind, rule_id, quarantined, state, arrived_on"
        assert connection.execute(f"select {columns} from control.quarantine order by all").fetchall() == [
            ("cell", "n.type", 1, "open", date(2024, 5, 1)),
            ("line", "row.parse", 1, "dropped", date(2024, 5, 1)),
            ("row", "code.pattern", 1, "open", date(2024, 5, 11)),
            ("row", "code.pattern", 2, "open", date(2024, 5, 1)),
            ("row", "n.type", 1, "open", date(2024, 5, 1)),
        ]
        assert "secret" not in repr(connection.execute("from control.quarantine").fetchall())
