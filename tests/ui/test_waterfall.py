"""The picture of a pair's weights, opened from disk by somebody without a network."""

from __future__ import annotations

from contextlib import closing

from identity.config import load_config
from identity.engine import DuckDBEngine
from identity.explain import explain_pair
from identity.weigh import draw_waterfall
from tests.identity.identity_warehouse import TERMS, Warehouse
from tests.identity.models import round_model

WHO = {"first_name": "Ann", "last_name": "Miller", "birth_date": "1970-01-02"}


def test_the_waterfall_opens_from_disk_without_any_request_and_shows_no_value(browser, tmp_path):
    with closing(Warehouse()) as warehouse:
        warehouse.person("crm:1", street="Lindenweg 7", **WHO)
        warehouse.person("shop:1", **WHO)
        warehouse.resolve()
        told = explain_pair(DuckDBEngine(warehouse.con), "crm:1", "shop:1", round_model(), load_config(None, TERMS))
    picture = tmp_path / "waterfall.html"
    picture.write_text(draw_waterfall(told.weighing), encoding="utf-8")
    requests, faults = [], []
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto(picture.as_uri())
    page.wait_for_selector("canvas, svg")
    drawn = page.evaluate("[...document.querySelectorAll('canvas, svg')].map(e => e.getBoundingClientRect().width)")
    context.close()
    assert max(drawn) > 300 and faults == []
    assert requests == [picture.as_uri()]
    assert not [value for value in ("Miller", "miller", "1970-01-02", "indenweg") if value in picture.read_text()]
