"""The site's pages, rendered and put in place.

Put here: which pages there are. Keep out: what they tell (catalogue.py), how it looks (templates).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

from pipelines.publish.governance_site.catalogue import Catalogue, TablePage, is_value, read_catalogue
from pipelines.publish.governance_site.lineage_picture import Picture, draw_lineage
from pipelines.publish.governance_site.runs import RunsPage, read_runs
from pipelines.publish.look import put_page, shared_style, style, templates_of
from quality.company import Company

PAGES = ("index", "glossary", "quality", "runs", "journeys", "changes")
DATA_DOCS = {"received": "What was received", "published": "What is published"}
WORDS = {
    "kept": "kept",
    "warned": "warned",
    "broken": "broken",
    "stale": "stale",
    "unknown": "not checked",
}


def write_site(company: Company, published: Path, site: Path) -> int:
    """Write the whole site from the published file and the contracts; pages of what is gone are removed.

    Args:
        site: folder of what is written for people; `site/index.html` is where to begin.
    Returns:
        Pages written.
    Raises:
        PublishError: nothing is published yet.
    """
    catalogue = read_catalogue(company, published, datetime.now(UTC).replace(tzinfo=None))
    runs = read_runs(published)
    pages = render_site(catalogue, runs, has_journeys=(site / "journeys").is_dir(), data_docs=_data_docs(site))
    for name, text in pages.items():
        put_page(site / name, text)
    for folder in ("tables", "datasets"):
        for file in (site / folder).glob("*.html"):
            if f"{folder}/{file.name}" not in pages:
                file.unlink()
    return len([name for name in pages if name.endswith(".html")])


def render_site(
    catalogue: Catalogue, runs: RunsPage, *, has_journeys: bool = False, data_docs: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Every file of the site by its path: HTML pages and one style sheet.

    Args:
        data_docs: sets of Great Expectations' own pages: folder of `data_docs` beside the pages -> what it tells.
    """
    about = {
        "catalogue": catalogue,
        "runs": runs,
        "words": WORDS,
        "has_journeys": has_journeys,
        "data_docs": data_docs or {},
    }
    files = {f"{page}.html": _render(f"{page}.html.j2", root="", page=page, **about) for page in PAGES}
    for table in catalogue.tables:
        files[f"tables/{table.contract.table}.html"] = _render(
            "table.html.j2", root="../", page="table", table=table, picture=_picture(table), **about
        )
    for dataset in catalogue.datasets:
        files[f"datasets/{dataset.contract.dataset}.html"] = _render(
            "dataset.html.j2", root="../", page="dataset", dataset=dataset, **about
        )
    files["style.css"] = "".join(
        [shared_style("colours.css"), shared_style("page.css"), style(Path(__file__).parent / "templates" / "site.css")]
    )
    return files


def _data_docs(site: Path) -> dict[str, str]:
    return {name: said for name, said in DATA_DOCS.items() if (site / "data_docs" / name / "index.html").is_file()}


def _picture(table: TablePage) -> Picture:
    sources = [(name, "source", f"../datasets/{name}.html") for name in table.sources("dataset")]
    sources += [(name, "origin", None) for name in table.sources("origin")]
    return draw_lineage(table.contract.table, sources, [c.name for c in table.consumers])


def _render(template: str, **about: Any) -> str:
    return _templates().get_template(template).render(**about)


@cache
def _templates() -> Environment:
    environment = templates_of(__package__)
    environment.filters |= {"number": _number, "day": _day, "minute": _minute, "breakable": _breakable}
    environment.filters |= {"took": _took, "size": _size, "signed": lambda value: f"{value:+,}" if value else "0"}
    environment.tests["value"] = is_value
    environment.globals |= {"search": style(Path(__file__).parent / "templates" / "search.js")}
    return environment


def _number(value: Any) -> str:
    return "–" if value is None else f"{value:,}"


def _day(value: Any) -> Markup | str:
    return "–" if value is None else Markup("<time>{}</time>").format(f"{value:%-d %b %Y}")


def _minute(value: datetime) -> Markup:
    return Markup("<time>{}</time>").format(f"{value:%-d %b %Y %H:%M}")


def _took(seconds: float) -> str:
    """A length of time in its two largest units, below a minute with one decimal."""
    if abs(seconds) < 60:
        return f"{seconds:.1f} s"
    units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")]
    at = next(i for i, (length, _) in enumerate(units) if abs(seconds) >= length)
    (large, unit), (small, below) = units[at : at + 2]
    whole, rest = divmod(round(abs(seconds)), large)
    return f"{'-' if seconds < 0 else ''}{whole:,} {unit}" + (f" {rest // small} {below}" if rest // small else "")


def _size(value: int | None) -> str:
    if value is None:
        return "–"
    return f"{value / 2**20:,.1f} MB" if value >= 100_000 else f"{value / 2**10:,.1f} KB"


def _breakable(name: str) -> Markup:
    """A long name may go to the next line after its joints."""
    return Markup(re.sub(r"([_./])", r"\1<wbr>", str(escape(name))))
