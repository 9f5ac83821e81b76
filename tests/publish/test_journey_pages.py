"""A journey's page and map: every instance is drawn, nothing a company wrote becomes HTML, nobody can be told from it.

Put here: what is drawn and written. Keep out: how a browser shows it (tests/ui/test_journey_page.py).
"""

from __future__ import annotations

import json
import re
import shutil
from collections import defaultdict
from dataclasses import replace
from xml.etree import ElementTree

import dagster as dg
import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.walked_journeys import HOSTILE, published_journeys
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.defs.journey_pages import build_journey_pages_asset
from pipelines.keys import PUBLISHED
from pipelines.publish.journey_pages.figures import Move
from pipelines.publish.journey_pages.figures import Path as Walk
from pipelines.publish.journey_pages.flows import END, FATE, OTHERS, STAGE, find_flows
from pipelines.publish.journey_pages.journey_map import draw_map
from pipelines.publish.journey_pages.page import render_map, render_page, write_pages
from pipelines.publish.journey_pages.read import read_journeys
from pipelines.publish.journey_pages.words import duration, mean, share, wrap
from pipelines.publish.publish import PublishError
from pipelines.settings import Settings
from pipelines.terminal import console

pytestmark = pytest.mark.xdist_group("walked_journeys")
SVG = "{http://www.w3.org/2000/svg}"
PATHS = st.lists(
    st.builds(
        Walk,
        st.lists(st.sampled_from("abcd"), min_size=1, max_size=5).map(tuple),
        st.booleans(),
        st.sampled_from(["converted", "dropped", "exited", "in_progress"]),
        st.integers(1, 500),
    ),
    min_size=1,
    max_size=12,
)
TIMES = st.integers(0, 10**7)


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    return published_journeys(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def trip(published):
    [figures] = read_journeys(published, "trip")
    return figures


@given(PATHS, st.sampled_from([0.0, 0.02, 0.2]))
def test_the_diagram_of_paths_loses_no_instance(paths, small):
    coming, going = defaultdict(int), defaultdict(int)
    for flow in find_flows(paths, small):
        assert flow.end.column == flow.start.column + 1
        going[flow.start] += flow.instances
        coming[flow.end] += flow.instances
    assert sum(n for node, n in going.items() if node.column == 0) == sum(p.instances for p in paths)
    ended = {node: n - going[node] for node, n in coming.items() if n != going[node]}
    assert sum(ended.values()) == sum(p.instances for p in paths)
    assert {node.kind for node in ended} <= {END, FATE, STAGE, OTHERS}
    assert all(going[node] <= coming[node] for node in going if node.column > 0)


def test_the_map_draws_every_stage_and_every_move_with_its_count(trip, published):
    with duckdb.connect(str(published), read_only=True) as con:
        walked = con.execute(
            "select count(*) from marts.fct_journey_transitions where journey_key = 'trip@1'"
        ).fetchall()[0][0]
    for wide in (True, False):
        drawing = draw_map(trip, wide=wide)
        assert [card.stage.stage_id for card in drawing.cards] == [stage.stage_id for stage in trip.stages]
        assert sum(line.move.moves for line in drawing.lines) + drawing.left_out_moves == walked


@given(st.data(), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_two_cards_or_labels_of_a_map_lie_over_each_other(trip, data, wide):
    pairs = [(a.stage_id, b.stage_id) for a in trip.stages for b in trip.stages if a != b]
    chosen = data.draw(st.lists(st.sampled_from(pairs), max_size=20, unique=True))
    moves = tuple(Move(a, b, data.draw(st.integers(0, 10**7)), False, data.draw(st.none() | TIMES)) for a, b in chosen)
    drawing = draw_map(replace(trip, moves=moves), wide=wide)
    boxes = [(card.x, card.y, card.width, card.height) for card in drawing.cards]
    boxes += [(n.label_x - n.plate / 2, n.label_y - 10, n.plate, 20) for n in drawing.lines if n.plate]
    for place, (x, y, width, height) in enumerate(boxes):
        assert drawing.left <= x and x + width <= drawing.left + drawing.width
        assert drawing.top <= y and y + height <= drawing.top + drawing.height
        for left, top, across, down in boxes[place + 1 :]:
            assert x + width <= left or left + across <= x or y + height <= top or top + down <= y


def test_the_picture_is_a_file_of_its_own_that_says_what_it_shows(trip):
    picture = ElementTree.fromstring(render_map(trip))
    assert picture.find(f"{SVG}title").text == f"Map of the journey “{trip.name}”"
    assert f"{trip.instances} journeys through 7 stages" in picture.find(f"{SVG}desc").text
    assert {child.tag for child in picture.iter()}.isdisjoint({f"{SVG}script", f"{SVG}image", f"{SVG}foreignObject"})


def test_a_name_that_looks_like_html_stays_a_name(trip):
    page = render_page(trip)
    assert HOSTILE not in page and "<b>Co" not in page
    assert "&lt;script&gt;alert(" in page and "&lt;/script&gt; &amp; &lt;b&gt;Co&lt;/b&gt;" in page
    specs = re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    assert len(specs) >= 4
    assert any(HOSTILE in text for spec in specs for text in _texts(json.loads(spec)))  # whole again for the chart


def test_a_page_names_no_customer_and_no_instance(trip, published):
    with duckdb.connect(str(published), read_only=True) as con:
        ids = con.execute("select distinct unnest([customer_id, instance_id])::varchar from marts.fct_journeys")
        page = render_page(trip)
        assert [found for (found,) in ids.fetchall() if found in page] == []


def test_a_page_asks_for_nothing_from_outside(trip):
    page = re.sub(r"<script>.*?</script>", "", render_page(trip), flags=re.DOTALL)  # Vega's own text names web sites
    assert set(re.findall(r"https?://[^\"'\s<]+", page)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(link|img|iframe)\b|@import|src=", page)


def test_a_void_instance_is_not_counted(published, tmp_path):
    copy = tmp_path / "customer360.duckdb"
    shutil.copyfile(published, copy)
    with duckdb.connect(str(copy)) as con:
        con.execute("update marts.fct_journeys set outcome = 'void' where journey_key = 'booking@1'")
    [figures] = read_journeys(copy, "booking")
    assert (figures.instances, figures.customers, figures.paths, figures.variants) == (0, 0, (), ())


def test_a_journey_nobody_walked_has_a_page_that_says_so(published):
    [unused] = read_journeys(published, "unused")
    page = render_page(unused)
    assert "0 journeys" in page and "Paths really taken" not in page
    assert "From launch to land: 0 moves" in render_map(unused)


def test_pages_are_written_for_everybody_and_replaced_whole(published, tmp_path):
    for _ in range(2):
        written = write_pages(published, tmp_path / "site", "booking")
    [one] = written
    assert [file.name for file in sorted((tmp_path / "site" / "journeys").iterdir())] == ["booking.html", "booking.svg"]
    assert {oct(file.stat().st_mode & 0o777) for file in (one.page, one.picture)} == {"0o644"}


def test_a_run_writes_every_page_after_publishing(published, tmp_path):
    settings = Settings.from_env({}, home=tmp_path)
    settings.published.parent.mkdir()
    shutil.copyfile(published, settings.published)
    pages = build_journey_pages_asset(settings)
    assert pages.dependency_keys == {PUBLISHED}
    with dg.DagsterInstance.ephemeral() as instance:
        [done] = dg.materialize([pages], instance=instance).asset_materializations_for_node("published__journey_pages")
    assert done.metadata["journeys"].value == 3
    assert len(list((tmp_path / "site" / "journeys").iterdir())) == 6


def test_a_journey_nobody_published_is_refused_with_those_there_are(published, tmp_path):
    with pytest.raises(PublishError, match="^flight: no such journey is published; there are booking, trip, unused$"):
        write_pages(published, tmp_path, "flight")
    with console.capture() as shown:
        done = CliRunner().invoke(app, ["journey", "page", "--home", str(tmp_path)])
    assert done.exit_code == 1 and "nothing is published yet" in done.stdout + shown.get()


def test_the_current_version_is_shown_and_every_version_compared(published):
    booking, trip, _ = read_journeys(published)
    assert (booking.shown.version, [v.version for v in booking.versions]) == (1, [1, 2])
    assert booking.versions[1].instances > booking.versions[0].instances  # its silence ends an instance sooner
    assert (trip.journey_id, trip.shown.is_current) == ("trip", True)


def test_a_mean_of_few_answers_is_not_told(published):
    assert (mean(4.5, 4), mean(4.46, 5), mean(None, 0)) == ("too few answers (n 4)", "4.5 (n 5)", "no answers")
    [booking] = read_journeys(published, "booking")
    answers = {stage.stage_id: stage.csat_answers for stage in booking.stages}
    assert 0 < answers["pay"] < 5 <= answers["choose"]
    drawn = {card.stage.stage_id: [row.text for row in card.rows] for card in draw_map(booking, wide=True).cards}
    assert f"CSAT – (n {answers['pay']})" in drawn["pay"]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(None, "–"), (0, "0 s"), (59, "59 s"), (60, "1 min"), (3_661, "1 h 1 min"), (86_400, "1 d"), (200_000, "2 d 7 h")],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds, told):
    assert duration(seconds) == told


def test_a_share_of_nothing_is_none_and_a_long_name_is_cut():
    assert (share(1, 3), share(0, 0)) == ("33.3 %", "–")
    assert wrap("Take advice in a store nearby", 12) == ["Take advice", "in a store …"]


def _texts(node: object) -> list[str]:
    if isinstance(node, dict):
        node = list(node.values())
    return [t for child in node for t in _texts(child)] if isinstance(node, list) else [node] * isinstance(node, str)
