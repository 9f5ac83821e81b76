"""A tiny company on disk: contracts, landed parts as the ingest writes them, and its rendered models built.

Put here: what the render tests share. Keep out: expectations.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

from quality.company import Company, load_company
from quality.contract import Contract
from quality.render_base import column_type
from quality.render_project import render_project

REPOSITORY = Path(__file__).resolve().parents[2]
TOUCHPOINTS = {
    "order_placed": {"channel": "web", "use_case": "acquisition", "unit_cost": 0.5, "attributes": ["plan"]},
    "order_cancelled": {"channel": "web"},
    "page_viewed": {"channel": "web", "is_online": True, "initiator": "customer", "attributes": ["plan", "device"]},
    "store_visited": {"channel": "store", "is_online": False, "assisted": True, "initiator": "customer"},
}


def column(name: str, *terms: str, type: str = "string", key: bool = False, **more: Any) -> dict[str, Any]:
    """One property; `more` are ODCS keys, or namespace, valueMapping, constants (custom properties)."""
    custom = [{"property": k, "value": more.pop(k)} for k in ("namespace", "valueMapping", "constants") if k in more]
    links = [{"type": "term", "url": f"definitions/{t}"} for t in terms]
    found = {"name": name, "logicalType": type, "authoritativeDefinitions": links, "customProperties": custom, **more}
    return {**found, "primaryKey": True} if key else found


def contract(dataset: str, *columns: dict[str, Any], **custom: Any) -> dict[str, Any]:
    """One ODCS document; `custom` are loadMode, cursor, priority, constants."""
    return {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": dataset,
        "name": dataset,
        "version": "1.0.0",
        "status": "active",
        "domain": "sales",
        "description": {"purpose": "For the tests."},
        "team": {"name": "shop-team", "members": [{"username": "shop-owner", "role": "owner"}]},
        "servers": [{"server": "files", "type": "local", "path": f"{dataset}.csv", "format": "csv"}],
        "schema": [
            {
                "name": dataset,
                "properties": list(columns),
                "customProperties": [{"property": k, "value": v} for k, v in custom.items()],
            }
        ],
    }


def write_package(folder: Path) -> Path:
    """A dbt package that has, of what every company shares, only how tables are made and how they keep their rows."""
    (folder / "macros").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text("name: c360\nversion: '1.0.0'\n")
    for name in ("parts_table", "replace", "resolved_table", "journeys/customer_table", "engine/journeys"):
        shutil.copy(REPOSITORY / "dbt_project" / "macros" / f"{name}.sql", folder / "macros")
    return folder


@dataclass
class Landed:
    """A company folder and home under `root`, filled part by part."""

    root: Path
    documents: list[dict[str, Any] | str]
    parts: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.root / "company" / "contracts").mkdir(parents=True, exist_ok=True)
        for document in self.documents:
            text = document if isinstance(document, str) else yaml.safe_dump(document, sort_keys=False)
            name = yaml.safe_load(text)["id"]
            (self.root / "company" / "contracts" / f"{name}.odcs.yaml").write_text(text)
        facts = {"company": "tiny", "name": "Tiny", "country": "DE", "timezone": "Europe/Berlin", "currency": "EUR"}
        (self.root / "company" / "company.yml").write_text(yaml.safe_dump({**facts, "first_day": "2024-01-01"}))
        (self.root / "company" / "touchpoints.yml").write_text(yaml.safe_dump({"touchpoints": TOUCHPOINTS}))
        self.prepare()

    def prepare(self) -> None:
        """What lets an empty dataset be read: no rows, the contract's types."""
        for each in self.company.contracts:
            self._write(each, f"{each.dataset}/schema.parquet", [])

    @property
    def company(self) -> Company:
        return load_company(self.root / "company")

    @property
    def home(self) -> Path:
        return self.root / "home"

    def land(self, dataset: str, arrived: str, rows: list[dict[str, Any]], state: str = "current") -> None:
        """One landed part; its number, batch and file follow from how many there are already."""
        part = {"part_seq": len(self.parts) + 1, "dataset": dataset, "arrived_on": arrived, "state": state}
        self.parts.append(part)
        each = self.company.by_dataset[dataset]
        keys = [c.name for c in each.key]
        landed = [
            {
                **{c.name: row.get(c.name) for c in each.landed},
                "_record_key": "|".join(str(row[k]) for k in keys) or row["_record_key"],
                "_row": n,
                "_batch_id": f"batch{part['part_seq']}",
                "_arrived_on": arrived,
                "_part_seq": part["part_seq"],
                "_landed_at": "2024-06-01",
            }
            for n, row in enumerate(rows, start=1)
        ]
        self._write(each, f"{dataset}/arrived={arrived}/{part['part_seq']}.parquet", landed)

    def _write(self, each: Contract, path: str, rows: list[dict[str, Any]]) -> None:
        types = {c.name: column_type(c) for c in each.landed}
        types |= {"_record_key": "varchar", "_row": "bigint", "_batch_id": "varchar", "_arrived_on": "date"}
        types |= {"_part_seq": "bigint", "_landed_at": "timestamp"}
        file = self.home / "landing" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as con:
            columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
            con.execute(f"create table part ({columns})")
            if rows:
                con.executemany(
                    f"insert into part values ({', '.join('?' * len(types))})", [[*r.values()] for r in rows]
                )
            con.execute(f"copy part to '{file}' (format parquet)")

    def render(self, package: Path) -> list[Path]:
        """The company's dbt project, importing `package`."""
        return render_project(self.company, self.home, package)

    def write_control(self, con: duckdb.DuckDBPyConnection) -> None:
        """control.parts and control.touchpoints, as Python writes them before dbt starts."""
        con.execute("create schema if not exists control")
        con.execute(
            "create or replace table control.parts "
            "(part_seq bigint, arrived_seq bigint, dataset varchar, arrived_on date, state varchar)"
        )
        for part in self.parts:
            con.execute("insert into control.parts values ($part_seq, $part_seq, $dataset, $arrived_on, $state)", part)
        con.execute(
            "create or replace table control.touchpoints (touchpoint varchar, name varchar, channel varchar, is_online "
            "boolean, assisted boolean, initiator varchar, use_case varchar, unit_cost decimal(18,2), "
            "attributes varchar)"
        )
        con.executemany(
            "insert into control.touchpoints values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                [t.touchpoint, t.name, t.channel, t.is_online, t.assisted, t.initiator, t.use_case, t.unit_cost,
                 ",".join(t.attributes)]
                for t in self.company.touchpoints.values()
            ],
        )  # fmt: skip

    def build(self) -> duckdb.DuckDBPyConnection:
        """The rendered models as views of an in-memory database, without the seconds dbt takes."""
        self.render(REPOSITORY / "dbt_project")
        con = duckdb.connect()
        con.execute("set TimeZone = 'UTC'")
        self.write_control(con)
        models = self.home / "dbt" / "models"
        files = sorted((models / "base").glob("*__versions.sql"))
        files += sorted(f for f in (models / "base").glob("*.sql") if f not in files)
        files += sorted((models / "std").glob("*.sql"), key=lambda f: ("__" not in f.name, f.name))
        for file in files:
            con.execute(f"create view {file.stem} as {self._plain(file.read_text())}")
        return con

    def _plain(self, text: str) -> str:
        landing = f"read_parquet('{self.home}/landing/\\1/**/*.parquet', union_by_name=true, hive_partitioning=false)"
        text = re.sub(r"\{\{ source\('landing', '(\w+)'\) \}\}", landing, text)
        text = re.sub(r"\{\{ source\('landing_control', '(\w+)'\) \}\}", r"control.\1", text)
        return re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", text)
