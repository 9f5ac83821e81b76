"""What a steward does about quarantine in a home: look at raw rows, release, drop; each with its audit entry.

Put here: what joins settings, the company's contracts, the state database and the quarantine folder.
Keep out: arguments and terminals (quarantine_cli.py), what a release is (ingest/release.py).
"""

from __future__ import annotations

from datetime import UTC, datetime

from pipelines import audit
from pipelines.ingest.errors import LandingError
from pipelines.ingest.manifest import Manifest
from pipelines.ingest.quarantine import Choice, drop, find_batches, open_quarantine
from pipelines.ingest.quarantine_report import group_failures, list_failures
from pipelines.ingest.release import ReleaseResult, release
from pipelines.settings import Settings
from pipelines.state import write_state
from quality.company import load_company


def show_groups(settings: Settings, choice: Choice, by: str) -> list[dict]:
    """Quarantine in groups (`group_failures`)."""
    with open_quarantine(Manifest(settings.state_url), settings.quarantine, choice.dataset) as con:
        return group_failures(con, by, choice, datetime.now(UTC).date())


def show_rows(
    settings: Settings, choice: Choice, limit: int, *, raw: bool = False, actor: str = "", reason: str = ""
) -> list[dict]:
    """Failures one by one; looking at what the rows say is logged before anything is shown, whatever comes of it.

    Raises:
        ValueError: `raw` without actor and reason.
    """
    manifest = Manifest(settings.state_url)
    if raw:
        with write_state(manifest.engine) as state:
            audit.record(state, actor=actor, action="quarantine look", object=name_choice(choice), reason=reason)
    with open_quarantine(manifest, settings.quarantine, choice.dataset) as con:
        return list_failures(con, choice, limit, raw=raw)


def release_quarantine(
    settings: Settings, choice: Choice, *, actor: str, reason: str, now: datetime | None = None
) -> dict[str, ReleaseResult]:
    """Land what is chosen again, dataset by dataset, under the company's contracts of now.

    Raises:
        ContractError: a file of the company is faulty.
        LandingError: nothing chosen is open or held.
        ValueError: the reason is empty.
    """
    audit.refuse_empty(actor=actor, reason=reason)
    company, manifest = load_company(settings.company), Manifest(settings.state_url)
    chosen = find_batches(manifest, settings.quarantine, choice)
    if not chosen:
        raise LandingError(f"{name_choice(choice)}: nothing of it is open or held; see `c360 quarantine show`")
    return {
        dataset: release(
            company.by_dataset[dataset],
            company,
            batches,
            landing=settings.landing,
            quarantine=settings.quarantine,
            manifest=manifest,
            env=settings.environ,
            now=now or datetime.now(UTC),
            actor=actor,
            reason=reason,
        )
        if dataset in company.by_dataset
        else ReleaseResult([], [f"{dataset}: has no contract in {settings.company.name} any more; it stays as it is"])
        for dataset, batches in chosen.items()
    }


def drop_quarantine(settings: Settings, choice: Choice, *, actor: str, reason: str) -> list[tuple[str, str, str, int]]:
    """Drop the open failures that are chosen (`pipelines.ingest.quarantine.drop`).

    Raises:
        LandingError: what is chosen is held, or nothing of it is open.
        ValueError: the reason is empty.
    """
    dropped = drop(Manifest(settings.state_url), settings.quarantine, choice, actor=actor, reason=reason)
    if not dropped:
        raise LandingError(f"{name_choice(choice)}: nothing of it is open; see `c360 quarantine show`")
    return dropped


def name_choice(choice: Choice) -> str:
    """What is chosen, as the audit log names it: `dataset:batch rule`."""
    return " ".join(filter(None, [":".join(filter(None, [choice.dataset or "all", choice.batch])), choice.rule]))
