"""A home to land into, with a contract of the test's own.

Put here: what ingest tests write, land and read back. Keep out: the PostgreSQL server (support/postgres.py).
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import duckdb
import yaml
from support.at_once import AT_ONCE

from pipelines.ingest.land import LandResult, land
from pipelines.ingest.manifest import Manifest
from pipelines.ingest.quarantine import Choice, find_batches
from pipelines.ingest.release import ReleaseResult, release
from quality.company import Company
from quality.contract import Contract
from quality.read_contract import read_contract

FOREVER = (date(2000, 1, 1), date(2100, 1, 1))


def column(name: str, kind: str = "string", **facts) -> dict:
    """One ODCS property."""
    return {"name": name, "logicalType": kind, "classification": "internal", **facts}


class Home:
    """One home and one source folder; `contract` is the dataset `d` of this test."""

    def __init__(self, folder: Path):
        self.folder, self.sources = folder, folder / "sources"
        self.sources.mkdir(parents=True, exist_ok=True)
        self.landing, self.quarantine = folder / "landing", folder / "quarantine"
        self.manifest = Manifest(f"sqlite:///{folder / 'state.db'}")
        self.env = {"C360_DATA": str(self.sources), **AT_ONCE}
        self.contract: Contract | None = None

    @classmethod
    def reopen(cls, folder: Path) -> Home:
        """A home that another process made, with the contract it declared last."""
        home = cls(folder)
        home.contract = read_contract(folder / "d.odcs.yaml")
        return home

    def declare(
        self, *columns: dict, path="*.csv", rules=(), custom=None, error_rate=100, server=None, **options
    ) -> None:
        where = {"server": "s", "type": "local", "path": "${C360_DATA}/" + path, "format": "csv", **(server or {})}
        if options:
            where["customProperties"] = [{"property": "readOptions", "value": options}]
        schema = {"name": "d", "physicalName": "d", "quality": list(rules), "properties": list(columns)}
        schema["customProperties"] = [{"property": k, "value": v} for k, v in (custom or {}).items()]
        document = {
            **{"apiVersion": "v3.2.0", "kind": "DataContract", "id": "d", "name": "d", "version": "1.0.0"},
            **{"status": "active", "servers": [where], "schema": [schema]},
            "slaProperties": [{"property": "errorRate", "value": error_rate, "unit": "percent"}],
        }
        file = self.folder / "d.odcs.yaml"
        file.write_text(yaml.safe_dump(document), encoding="utf-8")
        self.contract = read_contract(file)

    def put(self, name: str, content: str | bytes) -> Path:
        file = self.sources / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    @property
    def company(self) -> Company:
        return Company(self.folder, "c", "C", "DE", "Europe/Berlin", "EUR", FOREVER[0], 5.0, (), (self.contract,), {})

    def land(self, *, now=datetime(2024, 5, 10, 12), days=FOREVER) -> LandResult:
        places = {"landing": self.landing, "quarantine": self.quarantine, "manifest": self.manifest, "env": self.env}
        return land(self.contract, self.company, **places, first_day=days[0], last_day=days[1], now=now)

    def open_batches(self) -> list[str]:
        """The parts with something open or held, as the command finds them."""
        return find_batches(self.manifest, self.quarantine, Choice("d")).get("d", [])

    def release(self, batches: list[str] | None = None, *, now=datetime(2024, 7, 1, 8)) -> ReleaseResult:
        """Release these batches, or all that are open."""
        places = {"landing": self.landing, "quarantine": self.quarantine, "manifest": self.manifest, "env": self.env}
        chosen = self.open_batches() if batches is None else batches
        return release(self.contract, self.company, chosen, **places, now=now, actor="ann", reason="contract mended")

    def rows(self, columns: str = "* exclude (_batch_id, _arrived_on, _part_seq, _landed_at)") -> list[tuple]:
        """Landed rows of the current parts, by record key."""
        seqs = [p.part_seq for p in self.manifest.current("d")]
        files = f"read_parquet('{self.landing}/d/**/*.parquet', hive_partitioning=false, union_by_name=true)"
        query = f"select {columns} from {files} where _part_seq in (select unnest(?)) order by _record_key, _part_seq"
        return duckdb.execute(query, [seqs]).fetchall()

    def kept(self, columns: str = "kind, row_no, rule_id, raw") -> list[tuple]:
        """Everything in quarantine."""
        files = f"read_parquet('{self.quarantine}/d/**/*.parquet', hive_partitioning=false)"
        return duckdb.execute(f"select {columns} from {files} order by row_no, kind, rule_id").fetchall()
