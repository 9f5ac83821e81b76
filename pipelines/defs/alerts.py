"""Alerts after a run: the sensors that send them, and the same for runs of the command line.

Put here: the Dagster side only. Keep out: what is told, to whom, how (pipelines/alerts).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from pipelines.alerts.route import LANDED, Graph
from pipelines.check_log import check_rows
from pipelines.keys import CONTROL, identity_key
from pipelines.settings import Settings
from quality.company import Company

STEP_FAILURE, STEP_SUCCESS = dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.STEP_SUCCESS
WAITED_FOR = {CONTROL, identity_key("customers")}  # everything waits for these two: no sign that it reads them


def build_alert_sensors(
    settings: Settings, company: Company, assets: Sequence[dg.AssetsDefinition]
) -> list[dg.SensorDefinition]:
    """One sensor per way a run may end."""
    specs = [spec for asset in assets for spec in asset.specs]
    return [
        _sensor("alerts_after_success", dg.DagsterRunStatus.SUCCESS, settings, company, specs),
        _sensor("alerts_after_failure", dg.DagsterRunStatus.FAILURE, settings, company, specs),
    ]


def _sensor(
    name: str, status: dg.DagsterRunStatus, settings: Settings, company: Company, specs: list[dg.AssetSpec]
) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=name,
        run_status=status,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells the owners which checks failed, once, and which hold again.",
    )
    def alert(context: dg.RunStatusSensorContext) -> dg.SkipReason:
        lines = alert_on_runs(context.instance, settings, company, specs, [context.dagster_run.run_id])
        return dg.SkipReason("; ".join(lines) or "Nothing to tell.")

    return alert


def alert_on_runs(
    instance: dg.DagsterInstance,
    settings: Settings,
    company: Company,
    specs: Iterable[dg.AssetSpec],
    run_ids: Sequence[str],
    still: str | None = None,
) -> list[str]:
    """Tell what the checks of these runs said, in the name of the last; one line per channel for the log.

    Args:
        still: an earlier build of which nothing has changed since: its checks would say the same now.
    """
    from pipelines.alerts.tell import tell

    rows = _evaluations(instance, company, run_ids, still)
    return tell(settings, company, describe_graph(specs), rows, run_ids[-1])


def is_alert_due(
    instance: dg.DagsterInstance, settings: Settings, company: Company, run_ids: Sequence[str], still: str
) -> bool:
    """Whether `alert_on_runs` would tell anybody anything: it needs all assets, which take seconds to load."""
    from pipelines.alerts.tell import is_due

    return is_due(settings, company, _evaluations(instance, company, run_ids, still))


def _evaluations(
    instance: dg.DagsterInstance, company: Company, run_ids: Sequence[str], still: str | None
) -> list[dict[str, Any]]:
    rows = [row for run_id in run_ids for row in (*check_rows(instance, run_id), *_landings(instance, company, run_id))]
    now = datetime.now(UTC).replace(tzinfo=None)
    return rows + [{**row, "at": now} for row in (check_rows(instance, still) if still else ())]


def _landings(instance: dg.DagsterInstance, company: Company, run_id: str) -> Iterator[dict[str, Any]]:
    """Whether each dataset of a run could be landed, in the shape of a check: a source that never came has no other."""
    assets = {f"land_{dataset}": f"landing/{dataset}" for dataset in company.by_dataset}
    for record in instance.get_records_for_run(run_id, of_type={STEP_FAILURE, STEP_SUCCESS}).records:
        entry = record.event_log_entry
        if entry.step_key in assets:
            yield {
                "run_id": run_id,
                "asset": assets[entry.step_key],
                "check_name": LANDED,
                "severity": "block",
                "success": entry.dagster_event.event_type == STEP_SUCCESS,
                **dict.fromkeys(("failing_rows", "threshold", "observed")),
                "at": datetime.fromtimestamp(entry.timestamp, UTC).replace(tzinfo=None),
            }


def describe_graph(specs: Iterable[dg.AssetSpec]) -> Graph:
    """The assets by name, without Dagster's types."""
    reads = {
        spec.key.to_user_string(): frozenset(
            dep.asset_key.to_user_string() for dep in spec.deps if dep.asset_key not in WAITED_FOR
        )
        for spec in specs
    }
    owners = {spec.key.to_user_string(): spec.owners[0].removeprefix("team:") for spec in specs if spec.owners}
    return Graph(reads, owners)
