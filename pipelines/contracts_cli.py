"""`c360 contracts`: what the published tables promise.

Put here: arguments, and how results are told. Keep out: work.
"""

from __future__ import annotations

import typer

from pipelines.terminal import console

contracts = typer.Typer(no_args_is_help=True, help="What the published tables promise: quality/contracts.")


@contracts.command()
def check() -> None:
    """Find faults of the output contracts, and where the dbt YAML beside the models differs from them."""
    from pipelines.settings import REPOSITORY
    from quality.gate_output import output_faults
    from quality.output_contract import load_output_contracts
    from quality.render_marts import drift

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
    from quality.output_contract import load_output_contracts
    from quality.render_marts import sync as render

    written = render(load_output_contracts(), REPOSITORY / "dbt_project")
    for path in written:
        console.print(f"dbt_project/{path}", markup=False)
    console.print(f"{len(written)} files written" if written else "nothing to write")
