"""The site of the demo company, as a governance team opens it: from disk, without a network.

Put here: that everything is told, and that a browser shows it. Keep out: what a change or a check is.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from quality.company import load_company
from quality.definitions import load_definitions
from quality.promises.output_contract import load_output_contracts

COMPANY = load_company(Path(__file__).parents[2] / "companies/demo")
SHOWN = "[...document.querySelectorAll('[data-words]')].filter(row => !row.hidden).map(row => row.cells[0].innerText)"


class Links(HTMLParser):
    """What a page links to or loads, and the ids it has."""

    def __init__(self, file: Path):
        super().__init__()
        self.file, self.targets, self.loaded, self.ids = file, set(), set(), set()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.ids |= {told["id"]} if told.get("id") else set()
        if tag == "a" and told.get("href"):
            self.targets.add(told["href"])
        elif told.get("src") or (tag == "link" and told.get("href")):
            self.loaded.add(told.get("src") or told["href"])


def our_pages(demo) -> dict[Path, Links]:
    site = demo.home / "site"
    folders = ("", "tables/", "datasets/", "data_docs/*/")
    files = [file for folder in folders for file in site.glob(f"{folder}*.html")]
    return {file: Links(file) for file in files}


@contextmanager
def opened(browser, file: Path, **screen):
    """The page in a browser without a network; whatever it complains of, or asks of anybody but this disk, fails."""
    context = browser.new_context(offline=True, **screen)
    page, seen = context.new_page(), []
    page.on("console", lambda message: seen.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda fault: seen.append(str(fault)))
    page.on("request", lambda request: None if request.url.startswith(("file:", "data:")) else seen.append(request.url))
    page.goto(file.as_uri())
    yield page
    context.close()
    assert seen == []


def test_every_table_and_every_dataset_has_a_page(demo):
    site = demo.home / "site"
    assert {f.stem for f in site.glob("tables/*.html")} == load_output_contracts().keys()
    assert {f.stem for f in site.glob("datasets/*.html")} == COMPANY.by_dataset.keys()


def test_every_link_leads_somewhere_and_nothing_is_loaded_from_elsewhere(demo):
    pages = our_pages(demo)
    dead = []
    for file, links in pages.items():
        for target in links.targets | links.loaded:
            asked = urlsplit(target)
            if asked.scheme == "data":
                continue
            assert not asked.scheme and not asked.netloc, (file.name, target)
            there = (file.parent / unquote(asked.path)).resolve() if asked.path else file
            if not there.is_file() or (asked.fragment and there in pages and asked.fragment not in pages[there].ids):
                dead.append((file.name, target))
    assert dead == []


def test_every_published_column_has_a_meaning_a_term_a_classification_and_a_source(demo):
    bare = []
    for table, contract in load_output_contracts().items():
        page = (demo.home / "site" / "tables" / f"{table}.html").read_text(encoding="utf-8")
        rows = dict(re.findall(r'<tr id="(\w+)">(.*?)</tr>', page, re.S))
        assert list(rows) == [c.name for c in contract.columns]
        for name, row in rows.items():
            cells = dict(re.findall(r'<td data-of="([^"]+)">(.*?)</td>', row, re.S))
            wanted = ("Meaning", "Term", "Classification", "Comes from")
            bare += [(table, name, w) for w in wanted if not re.sub(r"<[^>]+>|\s", "", cells[w])]
    assert bare == []


def test_quality_leads_to_the_pages_of_great_expectations_and_they_lead_back(demo):
    pages = our_pages(demo)
    for name in ("received", "published"):
        assert f"data_docs/{name}/index.html" in pages[demo.home / "site" / "quality.html"].targets
        shown = {file: links for file, links in pages.items() if file.parent == demo.home / "site" / "data_docs" / name}
        assert len(shown) > 10
        assert all("../../quality.html" in links.targets for links in shown.values())


def test_every_term_is_in_the_glossary(demo):
    assert load_definitions().terms.keys() <= Links(demo.home / "site" / "glossary.html").ids


@pytest.mark.parametrize(
    "page",
    ["index", "quality", "runs", "changes", "journeys", "tables/fct_journeys", "datasets/shop_orders"]
    + ["data_docs/received/index", "data_docs/received/crm_customers_received", "data_docs/published/index"],
)
@pytest.mark.parametrize("width", [1280, 360], ids=["wide", "phone"])
def test_a_page_opens_offline_and_fits_the_screen(demo, browser, page, width):
    file = demo.home / "site" / f"{page}.html"
    with opened(browser, file, viewport={"width": width, "height": 800}) as shown:
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        assert shown.locator("h1").count() == 1
        assert shown.locator("img, svg[role=img]").evaluate_all(
            "all => all.every(one => one.getAttribute('alt') || one.querySelector('title') || one.ariaLabel)"
        )


def test_a_column_is_found_by_keyboard_alone(demo, browser):
    with opened(browser, demo.home / "site" / "index.html") as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "To the content"
        while page.evaluate("document.activeElement.id") != "search":
            page.keyboard.press("Tab")
        page.keyboard.type("shipping")
        assert page.evaluate(SHOWN) == ["fct_orders"]
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/tables/fct_orders.html")
        assert page.locator("h1").inner_text() == "fct_orders"
