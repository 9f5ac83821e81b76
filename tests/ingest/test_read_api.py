"""REST APIs: every way to turn a page, days by cursor, and every way an API lets its readers down."""

from __future__ import annotations

import threading
from datetime import date, datetime
from email.utils import format_datetime
from time import monotonic

import pytest
from support.api_server import Reply, run_api
from support.ingest_home import column

from pipelines.ingest.errors import LandingError

COLUMNS = [
    column("k", "integer", physicalName="$.id", primaryKey=True, required=True),
    column("amount", "number", physicalType="decimal(20,2)"),
    column("changed_at", "timestamp", physicalName="$.meta.changed_at", logicalTypeOptions={"timezone": True}),
]
FIVE = [
    {"id": n, "amount": n + 0.5, "meta": {"changed_at": f"2024-05-0{1 + n // 3}T08:00:00Z"}, "seen": "x"}
    for n in range(1, 6)
]


@pytest.fixture
def api():
    with run_api() as api:
        yield api


def declare(home, api, *, cursor=None, **options):
    server = {"type": "api", "location": "${SHOP_API}/orders", "format": "json", "path": None}
    home.declare(*COLUMNS, server=server, custom={"cursor": cursor} if cursor else {}, rows="$.data", **options)
    home.env |= {"SHOP_API": api.url, "SHOP_TOKEN": "t0ken"}


def by_number(_path, params, _headers):
    first = 2 * (int(params["page"]) - 1)
    return Reply({"data": FIVE[first : first + 2]})


def by_offset(_path, params, _headers):
    first = int(params["skip"])
    return Reply({"data": FIVE[first : first + 2]})  # two at most, whatever was asked for


def by_cursor(_path, params, _headers):
    first = int(params.get("after", 0))
    return Reply({"data": FIVE[first : first + 2], "page": {"next": str(first + 2) if first < 4 else None}})


def by_link(path, params, _headers):
    first = int(params.get("at", 0))
    return Reply({"data": FIVE[first : first + 2], "page": {"next": f"{path}?at={first + 2}" if first < 4 else None}})


def by_header(path, params, _headers):
    first = int(params.get("at", 0))
    link = {"Link": f'<{path}?at={first + 2}>; rel="next"'} if first < 4 else {}
    return Reply({"data": FIVE[first : first + 2]}, headers=link)


@pytest.mark.parametrize(
    ("answer", "pages"),
    [
        (lambda *_: Reply({"data": FIVE}), {"type": "none"}),
        (by_number, {"type": "number", "param": "page"}),
        (by_offset, {"type": "offset", "param": "skip"}),
        (by_cursor, {"type": "cursor", "path": "$.page.next", "param": "after"}),
        (by_link, {"type": "link", "path": "$.page.next"}),
        (by_header, {"type": "header"}),
    ],
    ids=["none", "number", "offset", "cursor", "link", "header"],
)
def test_every_page_lands_once_however_pages_are_turned(home, api, answer, pages):
    api.answer = answer
    declare(home, api, pages=pages)
    result = home.land()
    assert (result.new, result.received, result.landed) == (1, 5, 5)
    assert [k for (k,) in home.rows("k")] == [1, 2, 3, 4, 5]
    assert home.manifest.current("d")[0].source_uri == "${SHOP_API}/orders"
    assert home.land().unchanged == 1


def test_rows_are_typed_quarantined_and_released_like_those_of_a_file(home, api):
    rows = '{"data": [{"id": 1, "amount": 1234567890.10}, {"id": null}, 7, {"id": 4, "amount": "much"}]}'
    api.answer = lambda *_: Reply(rows)
    declare(home, api)
    result = home.land()
    assert (result.received, result.landed, result.quarantined, result.cells) == (4, 2, 2, 1)
    assert home.rows("k, amount::varchar") == [(1, "1234567890.10"), (4, None)]
    assert {(kind, rule) for kind, _, rule, _ in home.kept()} == {
        ("row", "k.required"),
        ("line", "row.parse"),
        ("cell", "amount.type"),
    }
    home.declare(
        COLUMNS[0],
        column("amount"),
        COLUMNS[2],
        server={"type": "api", "location": "x", "format": "json"},
        rows="$.data",
    )
    assert home.release().released[0].cells == 1
    assert home.rows("amount") == [("1234567890.1",), ("much",)]


def test_each_cursor_day_is_a_part_and_only_days_from_the_last_one_on_are_asked_for(home, api):
    rows = [
        *FIVE,
        {"id": 9, "amount": 1, "meta": {"changed_at": "2024-05-02T01:00:00+02:00"}},
    ]  # still the first, in UTC
    api.answer = lambda _path, params, _headers: Reply({"data": rows})
    declare(home, api, cursor="changed_at", days={"from": "since", "until": "before"})
    first = (date(2024, 5, 1), date(2024, 5, 10))
    assert home.land(days=first).days == [date(2024, 5, 1), date(2024, 5, 2)]
    assert home.rows("k, _arrived_on::varchar")[-1] == (9, "2024-05-01")
    rows.append({"id": 6, "amount": 1, "meta": {"changed_at": "2024-05-03T00:00:00Z"}})
    result = home.land(days=first)
    assert (result.new, result.unchanged, result.replaced) == (1, 1, 0)
    assert [params for _, params in api.asked] == [
        {"since": "2024-05-01", "before": "2024-05-11"},
        {"since": "2024-05-02", "before": "2024-05-11"},
    ]
    assert [p.source_uri for p in home.manifest.current("d")] == [
        f"${{SHOP_API}}/orders@2024-05-0{n}" for n in (1, 2, 3)
    ]


def test_rows_of_other_days_than_those_asked_for_do_not_make_half_a_part(home, api):
    api.answer = lambda *_: Reply({"data": FIVE})
    declare(home, api, cursor="changed_at", days={"from": "since", "format": "yyyy-MM-dd'T'HH:mm:ss'Z'"})
    day = date(2024, 5, 1)
    assert home.land(days=(day, day)).days == [day]
    assert api.asked[0][1] == {"since": "2024-05-01T00:00:00Z"}


def test_secrets_are_sent_and_never_told(home, api):
    def answer(_path, params, headers):
        known = (headers["Authorization"], params["key"], params["limit"]) == ("Bearer t0ken", "t0ken", "2")
        return Reply({"data": FIVE}) if known else Reply(status=401)

    api.answer = answer
    options = {"headers": {"Authorization": "Bearer ${SHOP_TOKEN}"}, "params": {"key": "${SHOP_TOKEN}", "limit": 2}}
    declare(home, api, **options)
    assert home.land().landed == 5
    home.env["SHOP_TOKEN"] = "wr0ng"
    home.env["C360_SOURCE_PATIENCE"] = "60"
    with pytest.raises(LandingError, match=r"^d: \$\{SHOP_API\}/orders: page 1: refused with 401; check") as fault:
        home.land()
    assert "wr0ng" not in str(fault.value) and api.url not in str(fault.value) and len(api.asked) == 2
    assert home.rows("k")[0] == (1,)


def test_an_answer_that_is_its_rows_and_an_address_with_user_and_password_need_nothing_more(home, api):
    api.answer = lambda _path, _params, headers: (
        Reply(FIVE) if headers.get("Authorization") == "Basic YW5uOnQwa2Vu" else Reply(status=401)
    )
    home.declare(*COLUMNS, server={"type": "api", "location": "${SHOP}/orders", "format": "json", "path": None})
    home.env |= {"SHOP": api.url.replace("//", "//ann:t0ken@")}
    assert home.land().landed == 5


def test_an_api_that_says_when_to_come_back_is_left_alone_until_then(home, api):
    busy = [Reply({}, 429, {"Retry-After": "1"})]
    api.answer = lambda *_: busy.pop() if busy else Reply({"data": FIVE})
    declare(home, api)
    home.env["C360_SOURCE_PATIENCE"] = "6"  # without its word, it would be asked again after a tenth of a second or two
    started = monotonic()
    assert home.land().landed == 5 and monotonic() - started >= 1


@pytest.mark.parametrize(
    "faults",
    [
        [Reply({}, 500), Reply({}, 500)],
        [Reply({}, 429, {"Retry-After": "0"})],
        [Reply({}, 503, {"Retry-After": format_datetime(datetime(2020, 1, 1))})],
        [Reply({"data": FIVE}, cut=True)],
        [Reply('{"data": [{"id": 1}, {"i')],
    ],
    ids=["500 twice", "429", "503 until a date", "hang-up", "half a document"],
)
def test_a_page_that_fails_for_a_while_is_asked_for_again_alone(home, api, faults):
    waiting = list(faults)

    def answer(path, params, headers):
        return waiting.pop(0) if params["page"] == "2" and waiting else by_number(path, params, headers)

    api.answer = answer
    declare(home, api, pages={"type": "number", "param": "page"})
    home.env["C360_SOURCE_PATIENCE"] = "6"
    assert home.land().landed == 5
    assert [params["page"] for _, params in api.asked] == ["1", *["2"] * (1 + len(faults)), "3", "4"]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Reply({}, 500), r"page 2: answers 500 \(Internal Server Error\); ask its owner; asked "),
        (
            Reply({}, 429, {"Retry-After": "3600"}),
            r"answers 429 .*; asked once, it wants 3600 s of rest, .*allows 0\.3 s",
        ),
        (Reply({"data": FIVE}, cut=True), r"unreachable, or cut off \(ChunkedEncodingError\)"),
        (Reply({}, 404), "answers 404 .*, allowed: 200; correct `location`"),
        (Reply({}, 302, {"Location": "http://127.0.0.1:1/"}), "answers 302"),
        (Reply({"error": "sorry"}), r"no rows at \$\.data: seen nothing there, allowed: an array of objects"),
        (Reply("<html>", headers={"Content-Type": "text/html"}), "not JSON, or cut off, 6 bytes"),
    ],
    ids=["500 for ever", "429 for an hour", "hang-up", "404", "elsewhere", "no rows", "html"],
)
def test_a_page_that_goes_on_failing_fails_clearly_and_leaves_nothing_half_landed(home, api, fault, message):
    api.answer = by_number
    declare(home, api, pages={"type": "number", "param": "page"})
    home.land()
    api.answer = lambda path, params, headers: (
        fault if params["page"] == "2" else Reply({"data": [{"id": 1, "amount": 9}]})
    )
    home.env["C360_SOURCE_PATIENCE"] = "0.3"
    started = monotonic()
    with pytest.raises(LandingError, match=message):
        home.land()
    assert monotonic() - started < 5
    assert [k for (k,) in home.rows("k")] == [1, 2, 3, 4, 5] and len(home.manifest.parts()) == 1


def test_an_api_that_does_not_answer_is_not_waited_for_for_ever(home, api):
    enough = threading.Event()
    api.answer = lambda *_: Reply({"data": []}) if enough.wait(30) else Reply()
    declare(home, api)
    home.env["C360_SOURCE_TIMEOUT"] = "0.2"
    with pytest.raises(LandingError, match=r"no answer within 0\.2 s"):
        home.land()
    enough.set()


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ({"data": FIVE, "next": "/orders"}, "page 2 is one that was asked for before"),
        ({"data": FIVE, "next": "http://127.0.0.1:1/orders"}, "the next page lies on another host"),
    ],
)
def test_an_api_cannot_send_its_reader_in_circles_or_elsewhere(home, api, page, message):
    api.answer = lambda *_: Reply(page)
    declare(home, api, pages={"type": "link", "path": "$.next"})
    with pytest.raises(LandingError, match=message):
        home.land()
    assert home.manifest.parts() == []
