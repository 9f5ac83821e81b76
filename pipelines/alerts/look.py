"""What an alert adds to a failed check: where its rows are, what hangs on it.

Put here: what is read from the home and the company for that. Keep out: the words (message.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from pipelines.alerts.message import Alert
from pipelines.alerts.route import LANDED, LANDING, Graph, contract_of, journeys_fed_by
from pipelines.ingest.manifest import Manifest, Part
from pipelines.journeys.model import Journey, JourneyError
from pipelines.journeys.spec import load_journeys
from pipelines.settings import Settings
from quality.company import Company
from quality.contract import ContractError
from quality.promises.consumers import Consumer, load_consumers

HELD = "batch_within_error_rate"  # a batch of this dataset does not count
PUBLISHED = ("marts", "governance")


class Facts:
    """What is known of a company and its home at the end of a run. Make it outside of a transaction."""

    def __init__(self, settings: Settings, company: Company, graph: Graph) -> None:
        self._settings, self._company, self._graph = settings, company, graph
        manifest = Manifest(settings.state_url)  # now: while alerts are written nobody else may ask
        self._held = [part for part in manifest.parts() if part.state == "held"]
        manifest.engine.dispose()

    @cached_property
    def _journeys(self) -> list[Journey]:
        try:
            return load_journeys(self._company.journeys_dir, self._company.touchpoints)
        except JourneyError:  # lint and the build tell it; an alert is sent without them
            return []

    @cached_property
    def _consumers(self) -> list[Consumer]:
        try:
            return load_consumers(self._company.folder)
        except ContractError:  # lint tells it
            return []

    def correct(self, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The rows, but a batch that is still held is no recovery where a run landed other days alone."""
        return [{**r, "success": r["success"] and not self._batches(r["asset"], r["check_name"])} for r in rows]

    def describe(self, row: Mapping[str, Any], event: str, since: datetime | None) -> Alert:
        """The alert of one evaluation."""
        asset, check = row["asset"], row["check_name"]
        contract, held = contract_of(self._company, asset), self._batches(asset, check)
        failing, observed, ui = row["failing_rows"], row["observed"], self._settings.ui_url
        if held:
            failing = sum(p.quarantined for p in held)
            observed = f"{failing:,} of {sum(p.received for p in held):,} rows quarantined; held batches: {len(held)}"
        tables = [n.partition("/")[2] for n in self._graph.downstream(asset, PUBLISHED)]
        hit = {asset.partition("/")[2], *tables}
        return Alert(
            run_id=row["run_id"],
            asset=asset,
            check=check,
            event=event,
            severity=row["severity"],
            failing_rows=failing,
            threshold=row["threshold"],
            observed=observed,
            since=since,
            run_url=ui and f"{ui.rstrip('/')}/runs/{row['run_id']}",
            look=self._look(row, held),
            downstream=tuple(tables),
            consumers=tuple(c.name for c in self._consumers if hit & {read.table for read in c.reads}),
            journeys=tuple(journeys_fed_by(contract, self._journeys)) if contract else (),
        )

    def _batches(self, asset: str, check: str) -> list[Part]:
        return [p for p in self._held if check == HELD and asset == f"{LANDING}/{p.dataset}"]

    def _look(self, row: Mapping[str, Any], held: list[Part]) -> str:
        contract = contract_of(self._company, row["asset"])
        if contract:
            if row["check_name"] == LANDED:
                return f"the message of step land_{contract.dataset} in Dagster run {row['run_id']}"
            batch = f" --batch {held[0].content_hash}" if len(held) == 1 else ""
            return f"c360 quarantine show {contract.dataset}{batch}"
        home, name = self._settings.home, f"{row['check_name']}.sql"
        queries = sorted(self._settings.dbt.glob(f"target/**/compiled/**/{name}"), key=lambda f: f.stat().st_mtime)
        if queries:
            return f"{queries[-1].relative_to(home)} in the home folder picks the rows"
        return f"check {row['check_name']} of {row['asset']} in Dagster run {row['run_id']}"
