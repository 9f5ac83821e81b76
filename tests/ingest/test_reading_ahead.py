"""Files are read side by side and entered one after the other: what is seen of it is what one hand would have done."""

from __future__ import annotations

import duckdb
import pytest
from support.ingest_home import Home, column

from pipelines.ingest.cells import BLANK_ENDS, read_cell
from pipelines.ingest.errors import LandingError

COLUMNS = (column("k", "integer", primaryKey=True, required=True), column("v", "integer"))
DAYS = [f"2024-05-{day:02}" for day in range(1, 9)]
BLANKS = [*" \t\n\r\f\v", "\x85", "\xa0", "\u2003", "\u2029", "\u3000"]


@pytest.fixture(params=["1", "4"], ids=["one thread", "four threads"])
def dated(request, tmp_path) -> Home:
    """Eight daily files, each shorter than the one before: the last of those read at once is ready first."""
    home = Home(tmp_path / "home")
    home.env |= {"C360_THREADS": request.param}
    home.declare(*COLUMNS)
    for place, day in enumerate(DAYS):
        rows = "".join(f"{place}{row:05},{row}\n" for row in range(4000 >> place))
        home.put(f"f_{day}.csv", f"k,v\n{rows}")
    return home


def test_parts_are_numbered_in_the_order_of_their_days(dated):
    dated.land()
    parts = dated.manifest.current("d")
    assert [str(p.arrived_on) for p in parts] == DAYS
    assert [p.part_seq for p in parts] == list(range(1, 9))
    assert set(dated.rows("_part_seq, _arrived_on::varchar")) == set(enumerate(DAYS, 1))


def test_every_part_holds_the_rows_and_the_refused_lines_of_its_own_file(dated):
    for place, day in enumerate(DAYS):
        dated.put(f"f_{day}.csv", f"k,v\n{place},1\n{place}0,x\n" + "torn\n" * place)
    dated.land()
    assert [(p.received, p.landed, p.quarantined, p.cells) for p in dated.manifest.current("d")] == [
        (2 + place, 2, place, 1) for place in range(8)
    ]


def test_a_file_that_cannot_be_read_is_told_in_its_turn_and_keeps_no_other_from_landing(dated):
    for day in (DAYS[1], DAYS[6]):
        dated.put(f"f_{day}.csv", "k,w\n1,1\n")
    with pytest.raises(LandingError) as fault:
        dated.land()
    told = str(fault.value).splitlines()
    assert [day for line in told for day in DAYS if day in line] == [DAYS[1], DAYS[6]]
    landed = [(p.part_seq, str(p.arrived_on)) for p in dated.manifest.current("d")]
    assert landed == list(enumerate([d for d in DAYS if d not in (DAYS[1], DAYS[6])], 1))


def test_one_corrected_file_among_many_replaces_its_part_alone(dated):
    dated.land()
    dated.put(f"f_{DAYS[4]}.csv", "k,v\n7,7\n")
    result = dated.land()
    assert (result.new, result.replaced, result.unchanged) == (0, 1, 7)
    assert [row[1:] for row in dated.rows("_arrived_on::varchar, k, v") if row[0] == DAYS[4]] == [(7, 7)]


def test_no_folder_of_a_bench_is_left_behind(dated):
    dated.land()
    assert not list(dated.landing.glob(".tmp-*"))


def test_text_is_trimmed_as_if_every_cell_were_asked_by_the_regular_expression(home):
    home.declare(column("k"))
    texts = [f"{left}{text}{right}" for text in ("", "a", "é", "~", "a b", "e\u0301") for left in ["", *BLANKS]
             for right in ["", *BLANKS]]  # fmt: skip
    trimmed = read_cell(home.contract.landed[0], "raw").text
    with duckdb.connect() as con:
        con.execute("create table cells as select unnest(?) as raw", [[*texts, None]])
        wrong = f"{trimmed} is distinct from nullif(regexp_replace(raw, {BLANK_ENDS}, '', 'g'), '')"
        assert con.execute(f"select count(*) from cells where {wrong}").fetchone() == (0,)
