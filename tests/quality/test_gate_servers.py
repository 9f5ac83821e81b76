"""Where rows come from, said wrongly: the gate names the place and the remedy, and repeats no secret."""

import shutil
from pathlib import Path

import pytest
import yaml

from quality.gate import check_company

SHOP = Path(__file__).with_name("shop")
API = {"server": "files", "type": "api", "location": "${SHOP_API}/orders", "format": "json"}
OPTIONS = {
    "rows": "$.data",
    "params": {"limit": 500, "key": "${SHOP_KEY}"},
    "headers": {"Authorization": "Bearer ${SHOP_TOKEN}"},
    "pages": {"type": "cursor", "path": "$.next", "param": "after"},
    "days": {"from": "since", "until": "before", "format": "yyyy-MM-dd'T'HH:mm:ss'Z'"},
}


def problems(folder, server, options=None):
    """What the gate says of the shop with this server, as (path below the server, message)."""
    shop = Path(shutil.copytree(SHOP, folder / "shop"))
    file = shop / "contracts/shop_orders.odcs.yaml"
    document = yaml.safe_load(file.read_text())
    read = [{"property": "readOptions", "value": options}] if options else []
    document["servers"] = [{**server, "customProperties": read}]
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    return [(p.path.removeprefix("servers.files."), p.message) for p in check_company(shop)]


def test_an_api_with_everything_said_passes(tmp_path):
    assert problems(tmp_path, API, OPTIONS) == []


@pytest.mark.parametrize(
    ("server", "options", "path", "words"),
    [
        ({"format": "csv"}, {}, "format", "allowed: json"),
        ({"location": "shop/orders"}, {}, "location", "write https://… or ${SHOP_API}"),
        ({}, {"delimiter": ";"}, "readOptions.delimiter", "unknown for an API; allowed: days"),
        ({}, {"rows": "data"}, "readOptions.rows", "write $.data.items"),
        ({}, {"params": ["limit"]}, "readOptions.params", "must be a mapping"),
        (
            {},
            {"headers": {"X-Api-Key": "s3cret"}},
            "readOptions.headers.X-Api-Key",
            "in clear text; write ${SHOP_TOKEN}",
        ),
        ({}, {"pages": {"type": "curser"}}, "readOptions.pages.type", "nearest 'cursor'"),
        ({}, {"pages": {"type": "cursor", "path": "$.n"}}, "readOptions.pages.param", "is missing"),
        ({}, {"pages": {"type": "header", "param": "p"}}, "readOptions.pages.param", "means nothing"),
        ({}, {"days": {"since": "x", "from": "y"}}, "readOptions.days.since", "allowed: format, from, until"),
        ({}, {"days": {"from": "x", "format": "DD.MM"}}, "readOptions.days.format", "write yyyy, MM, dd"),
    ],
)
def test_one_fault_of_an_api_gives_one_problem_with_its_remedy(tmp_path, server, options, path, words):
    found = problems(tmp_path, API | server, options)
    assert [p for p, _ in found] == [path], found
    assert words in found[0][1] and "s3cret" not in found[0][1]


STORE = {"server": "files", "type": "s3", "location": "s3://${BUCKET}/web/{yyyyMMdd}*.csv.gz", "format": "csv"}


def test_an_object_storage_with_everything_said_passes(tmp_path):
    assert problems(tmp_path, STORE | {"endpointUrl": "${S3}", "encoding": "latin-1"}, {"delimiter": ";"}) == []


@pytest.mark.parametrize(
    ("server", "path", "words"),
    [
        ({"location": "/data/web/*.csv"}, "location", "write s3://bucket/path/orders_{yyyyMMdd}.csv"),
        ({"location": "s3://bucket"}, "location", "no pattern of objects"),
        ({"endpointUrl": "minio:9000"}, "endpointUrl", "write https://…, ${S3_ENDPOINT}"),
        ({"format": "delta"}, "format", "allowed: csv, json, jsonl, parquet, xlsx"),
        ({"delimiter": "new_line"}, "delimiter", "write format: jsonl"),
    ],
)
def test_one_fault_of_an_object_storage_gives_one_problem_with_its_remedy(tmp_path, server, path, words):
    found = problems(tmp_path, STORE | server)
    assert [p for p, _ in found] == [path], found
    assert words in found[0][1]
