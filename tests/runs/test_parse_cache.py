"""A parse of dbt serves other homes of the same company: equal projects share it, others do not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.parse_cache import KEPT, ParseCache
from quality.company import load_company
from quality.render_project import render_project

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "dbt_project"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The cache of the demo company rendered to a home; another home with a model more is another project."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    company = load_company(REPOSITORY / "companies" / "demo")

    def open_cache(home: str, model: str = "") -> ParseCache:
        render_project(company, tmp_path / home, PACKAGE)
        if model:
            (tmp_path / home / "dbt" / "models" / "more.sql").write_text(model)
        return ParseCache(tmp_path / home / "dbt", PACKAGE)

    return open_cache


def taken(cache: ParseCache, folder: Path) -> str | None:
    target = folder / "taken"
    target.unlink(missing_ok=True)
    cache.take(target)
    return target.read_text() if target.exists() else None


def test_another_home_takes_the_parse_of_an_equal_project_alone(cache, tmp_path):
    parsed = tmp_path / "parsed"
    parsed.write_text("as dbt made it")
    first = cache("first")
    assert taken(first, tmp_path) is None
    first.keep(parsed)
    assert taken(cache("second"), tmp_path) == "as dbt made it"
    assert taken(cache("third", "select 1 as n"), tmp_path) is None


def test_what_nobody_has_taken_for_longest_is_forgotten(cache, tmp_path):
    parsed, folder = tmp_path / "parsed", tmp_path / "cache" / "c360" / "parsed"
    parsed.write_text("as dbt made it")
    homes = [cache(f"home{n}", f"select {n} as n") for n in range(KEPT + 1)]
    for age, home in enumerate(homes[:-1]):
        home.keep(parsed)
        (file,) = [f for f in folder.iterdir() if f.stat().st_mtime > 1_000]
        os.utime(file, (KEPT - age, KEPT - age))  # the first is the youngest
    homes[-1].keep(parsed)
    assert len(list(folder.iterdir())) == KEPT
    assert [taken(home, tmp_path) is None for home in homes] == [False] * (KEPT - 1) + [True, False]


def test_where_the_cache_cannot_be_written_there_is_none(cache, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    first = cache("first")
    first.keep(tmp_path / "file")
    assert taken(first, tmp_path) is None
