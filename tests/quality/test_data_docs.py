"""Great Expectations' own pages: of a real run over DuckDB, opened by a real browser without a network.

Put here: what the pages tell, load and leave out. Keep out: what suites check (test_gx_validate.py).
"""

from __future__ import annotations

import re
import stat
from pathlib import Path

import duckdb
import pytest

from quality.suites import Check, Suite
from quality.validate import run_suites

VALUE = "ada@secret.example"


def check(expectation: str, **arguments) -> Check:
    return Check(f"{expectation}_{len(arguments)}", "warn", expectation, arguments, "as asked")


RECEIVED = Suite(
    "people_received",
    "landing/people",
    f"select i, case when i < 3 then '{VALUE}' end as email from range(5) t(i)",
    (
        check("ExpectTableRowCountToBeBetween", min_value=1),
        check("ExpectColumnValuesToNotBeNull", column="email"),
        check("ExpectColumnValuesToBeInSet", column="email", value_set=["a <b>"]),
    ),
)
PUBLISHED = Suite(
    "dim_people_keeps_its_contract",
    "marts/dim_people",
    "select 1 as i",
    (check("ExpectColumnValuesToBeInSet", column="i", value_set=[1]),),
)
BROKEN = Suite(
    "broken_received",
    "landing/broken",
    f"select cast(email as integer) as i from (select '{VALUE}' as email from range(3))",
    (check("ExpectColumnValuesToNotBeNull", column="i"),),
)


def write(docs: Path, *suites: Suite) -> None:
    with duckdb.connect() as con:
        run_suites(con, list(suites), docs)


@pytest.fixture(scope="module")
def docs(tmp_path_factory) -> Path:
    docs = tmp_path_factory.mktemp("site") / "data_docs"
    write(docs, RECEIVED, PUBLISHED, BROKEN)
    return docs


def text(page: Path) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))


def test_what_was_received_and_what_is_published_have_an_index_and_a_page_for_each_suite(docs):
    assert {str(f.relative_to(docs)) for f in docs.rglob("*.*")} == {
        "received/index.html",
        "received/people_received.html",
        "received/broken_received.html",
        "received/style.css",
        "published/index.html",
        "published/dim_people_keeps_its_contract.html",
        "published/style.css",
    }


def test_a_page_tells_every_expectation_and_what_was_seen(docs):
    said = text(docs / "received/people_received.html")
    assert "1 of 3 expectations held" in said
    assert "values must never be null. 2 unexpected values found" in said
    assert "40% unexpected" not in said and "60% not null" in said
    assert "a &lt;b&gt;" in (docs / "received/people_received.html").read_text(encoding="utf-8")


def test_the_index_begins_with_what_did_not_hold(docs):
    said = text(docs / "received/index.html")
    assert "1 of 4 expectations held" in said
    assert said.index("broken received") < said.index("people received")
    assert "✓" not in said


def test_no_page_holds_a_value_even_where_the_database_quotes_it(docs):
    with duckdb.connect() as con, pytest.raises(duckdb.ConversionException, match=VALUE):
        con.execute(BROKEN.query).fetchall()
    assert "the check could not run" in text(docs / "received/broken_received.html")
    assert [f.name for f in docs.rglob("*.*") if VALUE in f.read_text(encoding="utf-8")] == []


def test_no_page_names_another_place(docs):
    named = {f.name: re.findall(r"https?:|//\w|<script|<img", f.read_text(encoding="utf-8")) for f in docs.rglob("*.*")}
    assert {name: found for name, found in named.items() if found} == {}


@pytest.mark.parametrize("page", ["received/index", "received/people_received", "received/broken_received"])
@pytest.mark.parametrize("width", [1280, 360], ids=["wide", "phone"])
def test_a_page_opens_offline_and_fits_the_screen(docs, browser, page, width):
    context = browser.new_context(offline=True, viewport={"width": width, "height": 800})
    shown, seen = context.new_page(), []
    shown.on("console", lambda message: seen.append(message.text))
    shown.on("request", lambda request: seen.append(request.url) if not request.url.startswith("file:") else None)
    shown.goto((docs / f"{page}.html").as_uri())
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    assert shown.evaluate("getComputedStyle(document.querySelector('table')).borderCollapse") == "collapse"
    assert shown.locator("button, summary, [onclick], [data-toggle]").count() == 0  # nothing that does nothing
    context.close()
    assert seen == []


def test_pages_of_a_suite_that_is_gone_go_with_it(tmp_path):
    write(tmp_path / "docs", RECEIVED, PUBLISHED)
    (tmp_path / "docs/.received.draft.1").mkdir()  # of a run that was killed
    write(tmp_path / "docs", BROKEN)
    assert {f.name for f in (tmp_path / "docs/received").iterdir()} == {
        "index.html",
        "broken_received.html",
        "style.css",
    }
    assert {f.name for f in (tmp_path / "docs").iterdir()} == {"received", "published"}


def test_pages_are_for_every_user_of_the_machine(docs):
    assert stat.S_IMODE((docs / "received").stat().st_mode) == 0o755
    assert stat.S_IMODE((docs / "received/index.html").stat().st_mode) == 0o644


def test_pages_that_cannot_be_written_hold_no_check_back(tmp_path, caplog):
    (tmp_path / "docs").write_text("a file stands where the folder should be")
    with duckdb.connect() as con:
        results = run_suites(con, [PUBLISHED], tmp_path / "docs")
    assert [r.success for r in results] == [True]
    assert "Data Docs were not written (FileExistsError); the last ones stand" in caplog.text
