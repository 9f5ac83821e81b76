"""Object storage: what lies in a bucket lands as what lies in a folder, once, and its outages are told."""

from __future__ import annotations

import gzip
import logging
from datetime import date

import pytest
from support.api_server import Reply, run_api
from support.ingest_home import column

from pipelines.ingest.errors import LandingError

COLUMNS = [column("k", "integer", primaryKey=True, required=True), column("v")]
KEYS = {"AWS_ACCESS_KEY_ID": "k3y", "AWS_SECRET_ACCESS_KEY": "s3cret", "AWS_REGION": "eu-central-1"}


@pytest.fixture(scope="module")
def endpoint():
    """An S3 server in this process."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint, tmp_path):
    """A bucket of the test's own: put(key, bytes) and remove(key)."""
    import boto3

    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
    )

    class Bucket:
        name = tmp_path.name.replace("_", "-")[:60].strip("-").lower()

        def put(self, key, content):
            client.put_object(Bucket=self.name, Key=key, Body=content)

        def remove(self, key):
            client.delete_object(Bucket=self.name, Key=key)

    client.create_bucket(Bucket=Bucket.name)
    return Bucket()


def declare(home, endpoint, bucket, pattern, kind="jsonl", **env):
    server = {"type": "s3", "location": "s3://${BUCKET}/" + pattern, "endpointUrl": "${S3}", "format": kind}
    home.declare(*COLUMNS, server={**server, "path": None})
    home.env |= {"BUCKET": bucket, "S3": endpoint, **KEYS, **env}


def test_objects_land_by_the_day_in_their_names(home, endpoint, bucket):
    bucket.put("web/20240501_a.jsonl.gz", gzip.compress(b'{"k": 1, "v": "a"}\n{"k": 2}\n{"k": "x"}\n'))
    bucket.put("web/20240502_b.jsonl.gz", gzip.compress(b'{"k": 3, "v": "c"}\n'))
    bucket.put("web/notes.txt", b"no data")
    bucket.put("web/20240501_a.jsonl", b"no data")
    declare(home, endpoint, bucket.name, "web/{yyyyMMdd}*.jsonl.gz")
    second = date(2024, 5, 2)
    assert home.land(days=(second, second)).days == [second]
    result = home.land()
    assert (result.new, result.unchanged, result.landed, result.quarantined) == (1, 1, 2, 1)
    assert home.rows("k, v, _arrived_on::varchar") == [
        (1, "a", "2024-05-01"),
        (2, None, "2024-05-01"),
        (3, "c", "2024-05-02"),
    ]
    assert [p.source_uri for p in home.manifest.current("d")] == [
        "s3://${BUCKET}/web/20240502_b.jsonl.gz",
        "s3://${BUCKET}/web/20240501_a.jsonl.gz",
    ]


def test_an_object_that_did_not_change_is_not_read_again_and_a_corrected_one_replaces_its_part(
    home, endpoint, bucket, caplog
):
    for day in (1, 2):
        bucket.put(f"{day}/d.csv", f"k,v\n{day},a\n")
    declare(home, endpoint, bucket.name, "**/*.csv", "csv")
    home.land()
    bucket.put("2/d.csv", b"k,v\n2,corrected\n")
    bucket.remove("1/d.csv")
    bucket.put("3/d.csv", b"k,v\n3,c\n")
    assert (home.land().replaced, home.rows("k, v")) == (1, [(1, "a"), (2, "corrected"), (3, "c")])
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="werkzeug"):
        again = home.land()
    asked = [r.getMessage().split('"')[1].split("?")[0] for r in caplog.records if r.name == "werkzeug"]
    assert (again.unchanged, again.new, asked) == (2, 0, [f"GET /{bucket.name}"])  # the listing alone


def test_an_object_that_cannot_be_read_holds_back_only_itself(home, endpoint, bucket):
    bucket.put("20240501.csv.gz", gzip.compress(b"k,v\n" + b"1,a\n" * 9)[:-9])
    bucket.put("20240502.csv.gz", gzip.compress(b"k,v\n2,b\n"))
    declare(home, endpoint, bucket.name, "{yyyyMMdd}.csv.gz", "csv")
    with pytest.raises(LandingError, match=r"^d: s3://\$\{BUCKET\}/20240501.csv.gz: truncated or broken .gz") as fault:
        home.land()
    assert fault.value.result.new == 1 and home.rows("k") == [(2,)]
    assert not list(home.landing.glob(".tmp-*"))


def test_a_bucket_that_is_not_there_fails_at_once(home, endpoint):
    declare(home, endpoint, "nowhere", "*.csv", "csv", C360_SOURCE_PATIENCE="60")
    with pytest.raises(LandingError, match=r"^d: s3://\$\{BUCKET\}/\*\.csv: cannot be listed: no such bucket") as fault:
        home.land()
    assert "asked" not in str(fault.value)


LISTING = """<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>
<IsTruncated>false</IsTruncated><KeyCount>1</KeyCount><Contents><Key>a.csv</Key><Size>8</Size><ETag>"1"</ETag>
<LastModified>2024-05-01T00:00:00.000Z</LastModified></Contents></ListBucketResult>"""


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ([Reply("", 503), Reply("", 500), Reply("", 429)], None),
        ([Reply("k,v\n1,a\n", cut=True)], None),
        ([Reply("", 403)] * 9, r"cannot be \w+( \w+)?: refused \(PermissionError, HTTP 403\); check the AWS_"),
        ([Reply("", 503)] * 99, r"unreachable, or cut off \(OSError, HTTP 503\).*; asked .*allows 0\.5 s"),
    ],
    ids=["out for a while", "cut off in mid-copy", "refused", "out for ever"],
)
def test_a_storage_that_is_out_is_asked_again_and_nothing_lands_by_half(home, faults, message):
    waiting = list(faults)

    def answer(_path, params, _headers):
        if "list-type" in params and not (waiting and waiting[0].status != 200):
            return Reply(LISTING)
        return waiting.pop(0) if waiting else Reply("k,v\n1,a\n", headers={"ETag": '"1"'})

    with run_api() as api:
        api.answer = answer
        declare(home, api.url, "bucket", "*.csv", "csv", C360_SOURCE_PATIENCE="0.5" if message else "12")
        if message is None:
            assert home.land().landed == 1
            return
        with pytest.raises(LandingError, match=message) as fault:
            home.land()
        assert home.manifest.parts() == [] and "s3cret" not in str(fault.value)
