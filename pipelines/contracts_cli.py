"""`c360 contracts`: what the published tables promise.

Put here: arguments, and how results are told. Keep out: work.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from pipelines.settings import Settings
from pipelines.terminal import Company, Home, console, fail

contracts = typer.Typer(no_args_is_help=True, help="What the published tables promise: quality/contracts.")


@contracts.command()
def check() -> None:
    """Find faults of the output contracts, and where the dbt YAML beside the models differs from them."""
    from pipelines.settings import REPOSITORY
    from quality.promises.gate_output import output_faults
    from quality.promises.output_contract import load_output_contracts
    from quality.promises.render_marts import drift

    promised = load_output_contracts()
    faults = output_faults(promised) or drift(promised, REPOSITORY / "dbt_project")
    for fault in faults:
        console.print(fault, markup=False)
    console.print(f"{len(promised)} output contracts: {len(faults) or 'no'} problems")
    raise typer.Exit(1 if faults else 0)


@contracts.command()
def sync() -> None:
    """Render the dbt YAML beside the models from the output contracts."""
    from pipelines.settings import REPOSITORY
    from quality.promises.output_contract import load_output_contracts
    from quality.promises.render_marts import sync as render

    written = render(load_output_contracts(), REPOSITORY / "dbt_project")
    for path in written:
        console.print(f"dbt_project/{path}", markup=False)
    console.print(f"{len(written)} files written" if written else "nothing to write")


@contracts.command()
def diff(
    against: Annotated[
        str | None, typer.Option("--against", metavar="GITREF", help="A commit; default: what the home published last.")
    ] = None,
    company: Company = None,
    home: Home = None,
) -> None:
    """Show what has changed in the promises, whom it breaks, and which version it needs.

    Exits 1 where a change may not go ahead: a breaking one without a new major version and the old one served beside
    it, an additive one without a new minor version.
    """
    from quality.contract import ContractError
    from quality.promises.change_control import RELEASED, judge, promises_at, promises_in, promises_now
    from quality.promises.compatibility import WORDING
    from quality.promises.consumers import load_consumers

    settings = Settings.from_env(company=company, home=home)
    try:
        before = promises_at(against) if against else promises_in(settings.released / RELEASED)
        if before is None:
            none = f"{against}: promised nothing" if against else f"{settings.released}: nothing is published yet"
            console.print(f"{none}; there is nothing to compare with", markup=False)
            raise typer.Exit(0)
        verdict = judge(before, promises_now(), load_consumers(settings.company), date.today())
    except ContractError as fault:
        raise fail(fault) from fault
    for change in sorted(verdict.changes, key=lambda c: c.level):
        console.print(f"{change.level}: {change}", markup=False)
    for move in (m for m in verdict.moves if m.level != WORDING):
        console.print(f"to the next version: {move.level}: {move}", markup=False)
    for fault in verdict.faults:
        console.print(fault, markup=False, style="red")
    console.print(f"{len(verdict.changes)} changes, {len(verdict.faults) or 'none'} of them stopped")
    raise typer.Exit(1 if verdict.faults else 0)
