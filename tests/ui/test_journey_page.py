"""A journey's page as somebody opens it: from disk, without a network, wide, on a phone, in the dark, on paper.

Put here: what a browser shows. Keep out: what the page is made of (tests/publish/test_journey_pages.py).
"""

from __future__ import annotations

from contextlib import contextmanager

import duckdb
import pytest
from support.walked_journeys import HOSTILE, published_journeys

from pipelines.publish.journey_pages.page import write_pages
from pipelines.publish.journey_pages.words import number, share

pytestmark = pytest.mark.xdist_group("walked_journeys")
DRAWN = "document.querySelectorAll('.plot > svg, .plot svg.marks').length === document.querySelectorAll('.plot').length"
TEXTS = "[...document.querySelectorAll('.plot svg text')].map(text => text.textContent)"
SPILLED = """[...document.querySelectorAll('.plot svg text')]
    .filter(text => text.getBoundingClientRect().right > text.closest('.plot').getBoundingClientRect().right + 1)
    .map(text => text.textContent)"""
CONTRAST = """() => {
    const light = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const probe = document.body.appendChild(document.createElement('i'));
    const colour = name => { probe.style.color = `var(--${name})`; return light(getComputedStyle(probe).color); };
    const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    return ['ink', 'soft', 'main', 'good', 'lost']
        .flatMap(text => ['paper', 'card'].map(ground => [text, ground, ratio(colour(text), colour(ground))]));
}"""


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    return published_journeys(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def site(published, tmp_path_factory):
    site = tmp_path_factory.mktemp("site")
    return {one.journey_id: one for one in write_pages(published, site)}


@contextmanager
def opened(browser, file, **screen):
    """The page in a browser without a network; whatever it asks for or complains of fails the test."""
    context = browser.new_context(offline=True, **screen)
    page, seen = context.new_page(), []
    page.on("console", lambda message: seen.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda fault: seen.append(str(fault)))
    page.on("request", lambda request: seen.append(request.url) if request.url != file.as_uri() else None)
    page.on("dialog", lambda dialog: (seen.append(dialog.message), dialog.dismiss()))
    page.goto(file.as_uri())
    if file.suffix == ".html":
        page.wait_for_function(DRAWN)
    yield page
    context.close()
    assert seen == []


@pytest.mark.parametrize("journey", ["trip", "booking", "unused"])
@pytest.mark.parametrize(
    "screen",
    [
        {"viewport": {"width": 1280, "height": 900}},
        {"viewport": {"width": 360, "height": 740}},
        {"viewport": {"width": 820, "height": 1100}, "color_scheme": "dark"},
    ],
    ids=["wide", "phone", "dark"],
)
def test_a_page_opens_from_disk_without_a_network_and_fits_the_screen(browser, site, journey, screen):
    with opened(browser, site[journey].page, **screen) as page:
        page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= screen["viewport"]["width"]
        assert page.evaluate("[...document.querySelectorAll('svg.map')].filter(map => map.clientWidth).length") == 1
        assert page.evaluate(SPILLED) == []


def test_what_is_drawn_is_what_the_tables_say(browser, site, published):
    with opened(browser, site["booking"].page, viewport={"width": 1280, "height": 900}) as page:
        drawn = page.evaluate(TEXTS)
        tiles = page.locator("dl.tiles div").all_inner_texts()
        on_map = page.locator("figure.wide svg.map text").all_text_contents()
    with duckdb.connect(str(published), read_only=True) as con:
        ask = lambda query: con.execute(query).fetchall()  # noqa: E731
        funnel = ask(
            "select sum(instances), sum(previous_instances) from marts.mart_journey_funnel "
            "where journey_key = 'booking@1' and kind = 'ordered' group by step_no order by step_no"
        )
        [(goal, ended, begun)] = ask(
            "select count(*) filter (outcome = 'converted'), count(*) filter (outcome <> 'in_progress'), count(*) "
            "from marts.fct_journeys where journey_key = 'booking@1'"
        )
        moves = ask("select moves from marts.mart_journey_graph where journey_key = 'booking@1' and kind = 'move'")
        dropped = ask(
            "select sum(dropouts) from marts.mart_journey_dropout_counts where journey_key = 'booking@1' "
            "group by last_stage"
        )
    assert [f"{number(n)} of {number(of)} · {share(n, of)}" for n, of in funnel] == drawn[3:6]
    assert f"{share(goal, ended)}\n{number(goal)} converted of {number(ended)} that ended" in tiles[0]
    assert f"of {number(begun)} begun" in tiles[2]
    assert all(any(text.split(" · ")[0] == number(n) for text in on_map) for (n,) in moves)
    assert all(any(text.startswith(f"✕ {number(n)} lost") for text in on_map) for (n,) in dropped)


def test_a_hostile_name_is_shown_as_it_was_written(browser, site):
    with opened(browser, site["trip"].page, viewport={"width": 1280, "height": 900}) as page:
        assert page.locator("h1").inner_text() == f"Take a trip {HOSTILE}"
        assert page.locator("h1 *").count() == 0
        assert any("<script>" in text for text in page.evaluate(TEXTS))
        page.locator(".plot .mark-rect path").first.hover()
        tooltip = page.locator("#vg-tooltip-element.visible")
        tooltip.wait_for()
        assert HOSTILE in tooltip.inner_text() and tooltip.locator("b, script").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_text_stands_out_from_its_ground(browser, site, scheme):
    with opened(browser, site["booking"].page, color_scheme=scheme) as page:
        assert [found for found in page.evaluate(CONTRAST) if found[2] < 4.5] == []  # WCAG 2.2, level AA


def test_every_picture_has_words_and_every_chart_a_table(browser, site):
    with opened(browser, site["booking"].page) as page:
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map(h => h.tagName)[0]") == "H1"
        assert page.evaluate("[...document.querySelectorAll('svg.map')].every(m => m.querySelector('title, desc'))")
        charts = "[...document.querySelectorAll('.chart')]"
        assert page.evaluate(f"{charts}.length") >= 4
        assert page.evaluate(f"{charts}.every(chart => chart.closest('section').querySelector('table caption'))")
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id).filter(id => id)")
        assert len(ids) == len(set(ids))


def test_a_page_is_printed_on_white_and_no_wider_than_the_paper(browser, site):
    with opened(browser, site["trip"].page, viewport={"width": 1280, "height": 900}, color_scheme="dark") as page:
        page.emulate_media(media="print", color_scheme="dark")
        page.set_viewport_size({"width": 720, "height": 1000})  # A4 less its margins
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("document.documentElement.scrollWidth") <= 720


def test_the_picture_of_a_map_opens_by_itself(browser, site):
    with opened(browser, site["trip"].picture, viewport={"width": 1280, "height": 900}) as page:
        assert page.evaluate("document.documentElement.tagName") == "svg"
        assert page.evaluate("document.querySelectorAll('.stage').length") == 7
