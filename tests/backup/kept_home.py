"""A home with parts, a history of customers and something published, made in a second without a pipeline run.

Put here: that home. Keep out: what is expected of its backups (the tests).
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

import duckdb
from identity_warehouse import Warehouse
from support.ingest_home import Home, column

from pipelines.backup.restore import restore
from pipelines.backup.take import Taken, take_backup
from pipelines.publish.key import find_key
from pipelines.publish.publish import prepare_marts, publish
from pipelines.settings import Settings

MAIL = "ada@shop.example"


class KeptHome:
    """One company and its home; `parts` lands files into it, `target` is where its backups go."""

    def __init__(self, folder: Path, **environ: str):
        self.folder, self.target = folder, folder / "kept"
        company = folder / "shop"
        self.settings = Settings.from_env(environ, company=company, home=folder / "home")
        if company.exists():
            self.parts = Home.reopen(self.settings.home)
            return
        company.mkdir(parents=True)
        (company / "company.yml").write_text("country: DE\n", encoding="utf-8")
        self.parts = Home(self.settings.home)
        self.parts.declare(column("k", "integer", primaryKey=True, required=True), column("v", "integer"))
        self.parts.put("a_2024-05-01.csv", "k,v\n1,10\n2,x\n")
        self.parts.put("b_2024-05-02.csv", "k,v\n3,30\n")
        self.parts.land()

    def build(self, *people: str, at: str) -> None:
        """Resolve person records that share one mailbox, beside those of builds before, and publish."""
        with closing(Warehouse(self.settings.warehouse)) as warehouse:
            for number in people:
                warehouse.person(f"crm:{number}", first_name="Ada", email=MAIL, ids={"email": MAIL})
            warehouse.resolve(at=at)
        prepare_marts(self.settings.marts)
        with duckdb.connect(str(self.settings.marts)) as marts:
            marts.execute("create or replace table marts.fct_parts as select 1 as k union all select 3")
        find_key(self.settings.home, self.settings.environ)
        home = self.settings
        publish(home.warehouse, home.marts, home.published.parent, home.private, home.released)

    def back_up(self, **choices) -> Taken:
        return take_backup(self.settings, str(self.target), by="sue", reason="test", **choices)

    def restore(self, folder: str = "new", environ: dict[str, str] | None = None, **choices) -> Settings:
        """Into a home of its own."""
        made = Settings.from_env(environ or {}, company=self.settings.company, home=self.folder / folder)
        restore(made, str(self.target), by="sue", reason="test", **choices)
        return made

    def object_of(self, taken: Taken, path: str) -> Path:
        """Where the content of a file lies at the target."""
        sha256 = taken.backup.files[path].sha256
        return self.target / "objects" / sha256[:2] / sha256

    def objects(self) -> set[str]:
        return {file.name for file in self.target.glob("objects/*/*")}


def hash_parts(home: Path) -> dict[str, str]:
    """Path -> SHA-256 of every landed and quarantined file."""
    files = (f for folder in ("landing", "quarantine") for f in (home / folder).rglob("*") if f.is_file())
    return {str(f.relative_to(home)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}
