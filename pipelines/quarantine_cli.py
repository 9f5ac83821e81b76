"""`c360 quarantine`: what was set aside, and what becomes of it.

Put here: arguments, and how results are told. Keep out: work (releases.py).
"""

from __future__ import annotations

import getpass
import json
import os
from enum import StrEnum
from typing import Annotated

import typer

from pipelines.settings import Settings
from pipelines.terminal import Company, Home, NoWait, console, fail, in_turn

quarantine = typer.Typer(
    no_args_is_help=True,
    help="Rows, cells and lines that broke a rule of their contract: see them, release them once the contract is "
    "mended, or drop them on purpose.\n\nEach release, each drop and each look at raw rows leaves an entry in the "
    "audit log.",
)
Dataset = Annotated[str | None, typer.Argument(help="Only this dataset.")]
Batch = Annotated[str | None, typer.Option("--batch", help="Only this batch, by the first digits of its id.")]
Rule = Annotated[str | None, typer.Option("--rule", help="Only this rule, such as `email.pattern`.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; goes to the audit log.")]
By = Annotated[str | None, typer.Option("--by", help="Who does it; default: the user of this computer.")]


class Group(StrEnum):
    reason = "reason"
    dataset = "dataset"
    batch = "batch"


@quarantine.command()
def show(
    dataset: Dataset = None,
    batch: Batch = None,
    rule: Rule = None,
    group: Annotated[Group, typer.Option("--group", help="One line per what.")] = Group.reason,
    rows: Annotated[bool, typer.Option("--rows", help="Row numbers and rules instead of counts.")] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="What the rows say: personal data; needs --reason, and is logged.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why raw rows are looked at.")] = "",
    by: By = None,
    limit: Annotated[int, typer.Option(min=1, help="How many rows to list.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list instead of a table.")] = False,
    company: Company = None,
    home: Home = None,
) -> None:
    """Show what is in quarantine: counts and ages by reason, dataset or batch, or the rows by number.

    Only what waits, is held or was dropped on purpose: a batch that was corrected or withdrawn is history.
    """
    from pipelines import releases
    from pipelines.ingest.quarantine import Choice

    settings, choice = Settings.from_env(company=company, home=home), Choice(dataset, batch, rule)
    if raw and not reason.strip():
        raise fail("--raw: shows personal data; say why with --reason, it goes to the audit log")
    if rows or raw:
        told = releases.show_rows(settings, choice, limit, raw=raw, actor=by or getpass.getuser(), reason=reason)
    else:
        told = releases.show_groups(settings, choice, group.value)
    _tell(told, as_json)


@quarantine.command()
def release(
    reason: Reason,
    dataset: Dataset = None,
    batch: Batch = None,
    rule: Rule = None,
    by: By = None,
    no_wait: NoWait = False,
    company: Company = None,
    home: Home = None,
) -> None:
    """Land batches again under the contract as it is now: what passes lands, the rest stays set aside.

    Needs no source: it lands what was kept of each batch. A batch with a failure of --rule is landed again whole.
    """
    from pipelines import releases
    from pipelines.ingest.errors import LandingError
    from pipelines.ingest.quarantine import Choice
    from quality.contract import ContractError

    os.umask(0o077)
    settings, choice = Settings.from_env(company=company, home=home), Choice(dataset, batch, rule)
    try:
        with in_turn(settings, "c360 quarantine release", no_wait):
            results = releases.release_quarantine(settings, choice, actor=by or getpass.getuser(), reason=reason)
    except (LandingError, ContractError, ValueError) as fault:
        raise fail(fault) from fault
    _tell(
        [
            {
                "dataset": name,
                "batches": len(result.released),
                "rows": sum(r.rows for r in result.released),
                "cells": sum(r.cells for r in result.released),
                "still set aside": sum(r.after.quarantined for r in result.released),
            }
            for name, result in results.items()
        ]
    )
    for result in results.values():
        for message in result.messages:
            console.print(message, markup=False)
    if any(result.released for result in results.values()):
        console.print("The next build (`c360 run`) has them.")


@quarantine.command()
def drop(
    dataset: Annotated[str, typer.Argument(help="Of which dataset.")],
    reason: Reason,
    batch: Batch = None,
    rule: Rule = None,
    by: By = None,
    no_wait: NoWait = False,
    company: Company = None,
    home: Home = None,
) -> None:
    """Say that nothing is to be done about what failed: it leaves the open list and stays counted as quarantined.

    Nothing is deleted. A drop is about failures: if the contract is changed so that a row passes, it lands.
    """
    from pipelines import releases
    from pipelines.ingest.errors import LandingError
    from pipelines.ingest.quarantine import Choice

    settings, choice = Settings.from_env(company=company, home=home), Choice(dataset, batch, rule)
    try:
        with in_turn(settings, "c360 quarantine drop", no_wait):
            dropped = releases.drop_quarantine(settings, choice, actor=by or getpass.getuser(), reason=reason)
    except (LandingError, ValueError) as fault:
        raise fail(fault) from fault
    _tell([{"dataset": d, "batch": b[:12], "rule": r, "dropped": n} for d, b, r, n in dropped])


def _tell(rows: list[dict], as_json: bool = False) -> None:
    from pipelines.identity_cli import print_table

    if as_json:
        return print(json.dumps(rows, indent=1, default=str))
    if not rows:
        return console.print("nothing")
    print_table(tuple(name.replace("_", " ") for name in rows[0]), [list(row.values()) for row in rows])
