"""The corner shop with its rows behind an API, in a bucket and in a database: the same tables, also after an outage.

Put here: whole runs over such sources. Keep out: every single fault of them (tests/ingest).
"""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from corner_shop_home import CornerShop
from support.api_server import Reply, run_api
from support.postgres import Server, run_server

BUCKET = "shop"
KEYS = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"}
LAST_ROW = "P2026-01-07-C2"  # a read waits before it while the gate is closed


def move(shop: CornerShop, dataset: str, server: dict, cursor: str | None = None) -> None:
    """Let a dataset of the shop come from this server."""
    file = shop.company / "contracts" / f"{dataset}.odcs.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    document["servers"] = [{"server": "files", **server}]
    if cursor:
        document["schema"][0]["customProperties"].append({"property": "cursor", "value": cursor})
        column = next(c for c in document["schema"][0]["properties"] if c["name"] == cursor)
        column["logicalTypeOptions"].pop("format")
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def fill_database(server: Server, parcels: Path) -> None:
    """The shop's parcels as table `parcels`."""
    with sa.create_engine(server.url, poolclass=sa.NullPool).begin() as con, parcels.open(encoding="utf-8") as rows:
        con.exec_driver_sql(
            "create function wait() returns text language plpgsql as "
            "$$ begin perform pg_advisory_lock_shared(1); perform pg_advisory_unlock_shared(1); return ''; end $$"
        )
        con.exec_driver_sql("create table collected (parcel_no text, customer_no text, collected_at text)")
        insert = sa.text("insert into collected values (:parcel_no, :customer_no, :collected_at)")
        con.execute(insert, list(csv.DictReader(rows)))
        con.exec_driver_sql(
            "create view parcels as select parcel_no, customer_no, "
            f"case when parcel_no = '{LAST_ROW}' then wait() || collected_at else collected_at end as collected_at "
            "from collected"
        )


@contextmanager
def stopped_in_mid_read(server: Server) -> Iterator[None]:
    """The database stops without a last word when its next reader is before the last row; it is back afterwards."""
    closed = threading.Event()

    def stop() -> None:
        with sa.create_engine(server.url, poolclass=sa.NullPool).connect() as con:
            con = con.execution_options(isolation_level="AUTOCOMMIT")
            con.exec_driver_sql("select pg_advisory_lock(1)")
            closed.set()
            while not con.exec_driver_sql("select count(*) from pg_locks where not granted").scalar():
                pass
            server.stop(immediately=True)

    stopping = threading.Thread(target=stop, daemon=True)
    stopping.start()
    closed.wait(30)
    yield
    stopping.join(30)
    server.start()


@contextmanager
def run_bucket(file: Path) -> Iterator[str]:
    """An object storage with this file in its bucket; its address."""
    import boto3
    from moto.server import ThreadedMotoServer

    store = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    store.start()
    try:
        address = "http://{}:{}".format(*store.get_host_and_port())
        keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s", "region_name": "us-east-1"}
        client = boto3.client("s3", endpoint_url=address, **keys)
        client.create_bucket(Bucket=BUCKET)
        client.put_object(Bucket=BUCKET, Key=file.name, Body=file.read_bytes())
        yield address
    finally:
        store.stop()


@pytest.mark.proof
@pytest.mark.xdist_group("corner_shop")
def test_a_shop_reads_an_api_a_bucket_and_a_database_and_builds_on_while_they_are_out(tmp_path):
    shop = CornerShop(tmp_path)
    with (shop.sources / "orders_2026-01-06.csv").open(encoding="utf-8") as rows:
        orders = [{**row, "ordered_at": f"{row['ordered_at']}:00"} for row in csv.DictReader(rows)]
    pages = {"property": "readOptions", "value": {"pages": {"type": "number", "param": "page"}}}
    api_server = {"type": "api", "location": "${SHOP_API}/orders", "format": "json", "customProperties": [pages]}
    move(shop, "orders", api_server, cursor="ordered_at")
    location = {"location": f"s3://{BUCKET}/views_*.jsonl.gz", "endpointUrl": "${S3}"}
    move(shop, "page_views", {"type": "s3", **location, "format": "jsonl"})
    move(shop, "parcels", {"type": "custom", "location": "${SHOP_DB}", "format": "sql"})

    def answer(_path, params, _headers):
        return Reply(orders[int(params["page"]) - 1 :][:1])

    with (
        run_server() as database,
        run_bucket(shop.sources / "views_2026-01-05.jsonl.gz") as bucket,
        run_api() as api,
    ):
        fill_database(database, shop.sources / "parcels_2026-01-07.csv")
        api.answer = answer
        environ = {"SHOP_API": api.url, "S3": bucket, "SHOP_DB": database.url, "C360_SOURCE_PATIENCE": "0.5", **KEYS}

        done = shop.run("--as-of", "2026-01-09", **environ)
        assert done.returncode == 0, done.stdout
        assert shop.stale() == [] and shop.outcomes() == {"converted": 2, "in_progress": 4}
        tables = [shop.ask(f"select count(*) from marts.{t}") for t in ("fct_orders", "fct_interactions")]
        assert tables == [[(3,)], [(11,)]]

        api.answer = lambda *_: Reply({}, 503)
        with stopped_in_mid_read(database):
            done = shop.run("--as-of", "2026-01-09", **{**environ, "S3": api.url})
        assert done.returncode == 1
        assert "orders: ${SHOP_API}/orders: page 1: answers 503" in done.stdout
        assert f"page_views: s3://{BUCKET}/views_*.jsonl.gz: cannot be listed: unreachable" in done.stdout
        assert "land_parcels: parcels: ${SHOP_DB}" in done.stdout  # lost, or by the second attempt out of reach
        assert shop.stale() == ["orders", "page_views", "parcels"]
        assert shop.outcomes() == {"converted": 2, "in_progress": 4}

        orders.append({"order_no": "O4", "customer_no": "C4", "ordered_at": "2026-01-08 12:00:00", "amount": "10"})
        api.answer = answer
        done = shop.run("--as-of", "2026-01-09", **environ)
        assert done.returncode == 0, done.stdout
        assert shop.stale() == [] and shop.ask("select count(*) from marts.fct_orders") == [(4,)]
        assert shop.ask("select count(*) from marts.fct_interactions") == [(12,)]
