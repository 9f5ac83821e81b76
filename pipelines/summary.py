"""The small tables that end a run: what landed, what was made of it.

Put here: figures read back from the manifest and the published file. Keep out: computing them.
"""

from __future__ import annotations

import duckdb
from rich import box
from rich.table import Table

from pipelines.ingest.manifest import Manifest
from pipelines.settings import Settings

FIGURES = {
    "records": "select count(*) from marts.bridge_customer_records",
    "customers": "select count(*) from marts.dim_customers",
    "interactions": "select count(*) from marts.fct_interactions",
    "journeys": "select count(*) from marts.fct_journeys",
    "stage visits": "select count(*) from marts.fct_journey_stages",
    "checks passed": "select count(*) from governance.check_results where success and {run}",
    "checks failed": "select count(*) from governance.check_results where not success and {run}",
}
LAST = 'run_id = (select arg_max(run_id, "at") from governance.check_results)'  # at is a reserved word


def summarize(settings: Settings, run_id: str | None = None) -> list[Table]:
    """Two tables: rows per dataset from the manifest; figures of the published file.

    Args:
        run_id: the build run the checks are counted for; None for the last one published.
    """
    return [_landed(settings), _published(settings, run_id)]


def _landed(settings: Settings) -> Table:
    table = _table("landed", "dataset", "parts", "received", "landed", "quarantined", "cells", "last arrived")
    parts = Manifest(settings.state_url).arrow()
    rows = duckdb.sql(
        """select dataset, count(*), sum(received), sum(landed), sum(quarantined), sum(cells), max(arrived_on)
           from parts where state = 'current' group by all order by 1"""
    ).fetchall()
    for dataset, *numbers, day in rows:
        table.add_row(dataset, *(f"{int(n):,}" for n in numbers), str(day))
    held = parts.filter([s == "held" for s in parts.column("state").to_pylist()])
    for dataset in sorted(set(held.column("dataset").to_pylist())):
        table.add_row(f"{dataset} (held batch)", style="red")
    return table


def _published(settings: Settings, run_id: str | None) -> Table:
    table = _table("published", "figure", "value")
    if not settings.published.exists():
        table.add_row("nothing published yet", "")
        return table
    with duckdb.connect(str(settings.published), read_only=True) as connection:
        known = connection.execute(
            "select count(*) from governance.check_results where run_id = ?", [run_id]
        ).fetchall()
        if run_id and not known[0][0]:
            table.title = "published earlier"
        run = f"run_id = '{run_id}'" if known[0][0] else LAST
        for figure, query in FIGURES.items():
            table.add_row(figure, f"{connection.execute(query.format(run=run)).fetchone()[0]:,}")
    return table


def _table(title: str, first: str, *numbers: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table
