"""Every path and switch of a run, in one frozen object.

Put here: what the environment decides. Keep out: facts about a company (companies/<name>/company.yml).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from quality.storage import MEMORY_LIMIT

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """Where a company lives and how its runs behave. Build it with `Settings.from_env()`."""

    company: Path
    home: Path
    data: Path
    as_of: str | None = None  # ISO instant; None: end of the latest arrived day
    memory_limit: str = MEMORY_LIMIT
    threads: int = 2
    state_url: str = ""
    ui_url: str | None = None  # where people open the Dagster UI
    backups: str | None = None  # where job `backup` keeps backups: a folder or a URL fsspec knows
    backups_kept: int | None = None  # how many of them it leaves there; None: all
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str] | None = None, *, company: Path | None = None, home: Path | None = None
    ) -> Settings:
        """Read the settings from environment variables; arguments win.

        Variables:
            C360_COMPANY: company folder, default `companies/demo` of this repository.
            C360_HOME: where the company's data lives, default `.c360/<company>` of the working directory.
            C360_DATA: root of the sources, for `${C360_DATA}` in contracts; default `<home>/sources`.
            C360_AS_OF: the instant journeys are judged at; default: end of the latest arrived day.
            C360_MEMORY_LIMIT, C360_THREADS: DuckDB's share of the machine; default 2.75GB and every core.
            C360_STATE_URL: SQLAlchemy URL of the state database; default SQLite at `<home>/state.db`.
            C360_PII_KEY: key of the masking tokens; default: a key file made on the first run.
            C360_UI_URL: where people open the Dagster UI; alerts then link to the run.
            C360_SOURCE_PATIENCE, C360_SOURCE_TIMEOUT, C360_FILE_SETTLE: how long sources are waited for
                (pipelines/ingest/outage.py), in seconds; default 60, 60, 1.
            C360_BACKUPS: where the jobs `backup` and `restore_drill` keep and find backups: a folder, or a URL.
            C360_BACKUPS_KEPT: how many backups job `backup` leaves there; default: all.
            C360_SMTP_URL: the mail server of alerts, `smtp://user:password@host:587` or `smtps://…`; read on delivery.
        """
        environ = dict(os.environ if environ is None else environ)
        company = Path(company or environ.get("C360_COMPANY") or REPOSITORY / "companies" / "demo").resolve()
        home = Path(home or environ.get("C360_HOME") or Path(".c360") / company.name).resolve()
        data = Path(environ.get("C360_DATA") or home / "sources").resolve()
        return cls(
            company=company,
            home=home,
            data=data,
            as_of=environ.get("C360_AS_OF") or None,
            memory_limit=environ.get("C360_MEMORY_LIMIT", MEMORY_LIMIT),
            threads=int(environ.get("C360_THREADS") or os.cpu_count() or 2),
            state_url=environ.get("C360_STATE_URL") or f"sqlite:///{home / 'state.db'}",
            ui_url=environ.get("C360_UI_URL") or None,
            backups=environ.get("C360_BACKUPS") or None,
            backups_kept=int(environ["C360_BACKUPS_KEPT"]) if environ.get("C360_BACKUPS_KEPT") else None,
            environ={**environ, "C360_DATA": str(data), "C360_HOME": str(home)},
        )

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def quarantine(self) -> Path:
        return self.home / "quarantine"

    @property
    def dbt(self) -> Path:
        return self.home / "dbt"

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse.duckdb"

    @property
    def identity_model(self) -> Path:
        return self.home / "identity_model"

    @property
    def marts(self) -> Path:
        return self.home / "c360_marts.duckdb"

    @property
    def published(self) -> Path:
        return self.home / "published" / "customer360.duckdb"

    @property
    def lineage(self) -> Path:
        return self.home / "lineage"

    @property
    def site(self) -> Path:
        return self.home / "site"

    @property
    def private(self) -> Path:
        return self.home / "private"

    @property
    def released(self) -> Path:
        return self.home / "released"

    @property
    def truth(self) -> Path:
        return self.home / "truth"

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"
