"""`c360`: the command line. Each command calls one function.

Put here: arguments, and how results are told. Keep out: work.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipelines.as_of_cli import as_of
from pipelines.backup_cli import backup, restore
from pipelines.contracts_cli import contracts
from pipelines.disks import DiskError, advise, telling_disks
from pipelines.journey_cli import journey
from pipelines.matching_cli import identity
from pipelines.quarantine_cli import quarantine
from pipelines.settings import Settings
from pipelines.terminal import Company, Home, NoWait, console, fail, in_turn
from pipelines.turns import HomeBusyError
from quality.contract import ContractError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Customer 360: sources under contract in, resolved customers and journey-stage facts out.\n\n"
    "A company is a folder (contracts/, journeys/, company.yml, touchpoints.yml, identity.yml). Its data lives in a "
    "home folder. Give both with --company and --home, or with C360_COMPANY and C360_HOME.",
)
identity.command("as-of")(as_of)
app.add_typer(identity, name="identity")
app.add_typer(journey, name="journey")
app.add_typer(contracts, name="contracts")
app.add_typer(quarantine, name="quarantine")
app.add_typer(backup, name="backup")
app.command("restore")(restore)


@app.command()
def run(
    company: Company = None,
    home: Home = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Judge journeys at this instant (ISO); default: end of the last day.")
    ] = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Build also where nothing has changed since the last build.")
    ] = False,
    no_wait: NoWait = False,
) -> None:
    """Land what arrived, resolve, model, check and publish.

    One process at a time writes to a home: a second run says whom it waits for, and goes on by itself. Nothing is built
    where nothing has landed, nor anything else changed, since the last build that came to its end.

    Ends with a table of what the run did. Exits 1 if a source could not be landed, a step failed or a blocking check
    failed; the published file then stays as it was.
    """
    settings = Settings.from_env(company=company, home=home)
    _run(replace(settings, as_of=as_of or settings.as_of), no_wait=no_wait, anyway=anyway)


@app.command()
def backfill(
    datasets: Annotated[
        list[str] | None, typer.Argument(metavar="[DATASET]...", help="These alone; default: all.")
    ] = None,
    day: Annotated[
        datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="What arrived on this day (UTC) alone.")
    ] = None,
    no_wait: NoWait = False,
    company: Company = None,
    home: Home = None,
) -> None:
    """Land one day, one dataset, or one day of one dataset, and nothing else; then build as `c360 run` does.

    A day that has landed is read again: what is the same changes nothing, a corrected file replaces its part. Without
    --day a dataset lands whatever has arrived. A build takes up what landed and what it touches.
    """
    from pipelines.arrivals import Arrivals
    from quality.company import load_company

    settings = Settings.from_env(company=company, home=home)
    facts = _or_exit(load_company, settings.company)
    known = sorted(contract.dataset for contract in facts.contracts)
    if not datasets and not day:
        raise fail("backfill: neither a dataset nor --day is given; `c360 run` lands all that has arrived")
    if unknown := sorted(set(datasets or ()) - set(known)):
        raise fail(f"DATASET: no dataset {', '.join(unknown)}; allowed: {', '.join(known)}")
    today = datetime.now(UTC).date()
    if day and not facts.first_day <= day.date() <= today:
        raise fail(f"--day: seen {day:%Y-%m-%d}; allowed: {facts.first_day} (first_day of company.yml) to {today}")
    _run(settings, no_wait=no_wait, arrivals=Arrivals(tuple(datasets or ()), day and day.date()))


@app.command()
def demo(
    home: Home = None,
    people: Annotated[int, typer.Option(min=100, help="How many people to simulate.")] = 5000,
    seed: Annotated[int, typer.Option(help="Same seed, same data.")] = 7,
) -> None:
    """Simulate the demo company's sources (with their truth) and run the pipeline over them."""
    from pipelines.simulator.simulate import simulate

    settings = Settings.from_env({**os.environ, "C360_COMPANY": "", "C360_DATA": ""}, home=home)
    _refuse_another_simulation(settings, people, seed)
    report = simulate(settings.data, settings.truth, people=people, seed=seed)
    console.print(f"Simulated {report.people:,} people, {report.interactions:,} interactions in {settings.data}")
    _run(settings)


@app.command()
def render(company: Company = None, home: Home = None) -> None:
    """Write the company's dbt project to <home>/dbt; then `cd <home>/dbt && dbt build` works by hand."""
    from pipelines.dbt import PACKAGE
    from quality.company import load_company
    from quality.render_project import render_project

    settings = Settings.from_env(company=company, home=home)
    facts = _or_exit(load_company, settings.company)
    settings.home.mkdir(parents=True, exist_ok=True)
    with in_turn(settings, "c360 render", False):
        changed = render_project(facts, settings.home, PACKAGE)
    console.print(f"{len(changed)} files written to {settings.dbt}")


@app.command()
def lint(company: Company = None, home: Home = None) -> None:
    """Check contracts, touchpoints, identity.yml and journeys; every fault with file, path and remedy.

    Journeys are also held to what the home folder, where there is one, has published: a version never changes.
    """
    from pipelines.lint import lint_company, note_retired

    settings = Settings.from_env(company=company, home=home)
    folder = settings.company
    problems = lint_company(folder, settings.released)
    for line in problems or note_retired(folder, settings.released):
        console.print(line, markup=False)
    console.print(f"{folder.name}: {len(problems)} problems" if problems else f"{folder.name}: no problems")
    raise typer.Exit(1 if problems else 0)


@app.command()
def status(company: Company = None, home: Home = None) -> None:
    """What has landed and what is published, from the last run."""
    from pipelines.summary import summarize

    for table in _or_exit(summarize, Settings.from_env(company=company, home=home)):
        console.print(table)


@app.command()
def ui(
    company: Company = None,
    home: Home = None,
    port: Annotated[int, typer.Option(help="Port on localhost.")] = 3000,
) -> None:
    """Open the Dagster UI (web server and daemon) for a company; ends with Ctrl-C."""
    from dagster import DagsterInstance

    from pipelines.run import end_dead_runs, prepare_home
    from pipelines.settings import REPOSITORY

    settings = Settings.from_env(company=company, home=home)
    prepare_home(settings)
    with DagsterInstance.get() as instance:
        end_dead_runs(instance)
    os.chdir(REPOSITORY)
    os.environ |= {
        "C360_COMPANY": str(settings.company),
        "C360_HOME": str(settings.home),
        "C360_DATA": str(settings.data),
    }
    os.execvp(Path(sys.executable).parent / "dg", ["dg", "dev", "--port", str(port)])


@app.command()
def withdraw(
    dataset: Annotated[str, typer.Argument(help="Dataset of the part.")],
    source: Annotated[str, typer.Argument(help="Its source_uri, as `c360 status` and the manifest name it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; goes to the audit log.")],
    no_wait: NoWait = False,
    company: Company = None,
    home: Home = None,
) -> None:
    """Take a landed part back: the next run builds as if it had never arrived."""
    from pipelines.ingest import land
    from pipelines.ingest.errors import LandingError
    from pipelines.ingest.manifest import Manifest

    settings = Settings.from_env(company=company, home=home)
    actor = os.environ.get("USER", "unknown")
    try:
        with in_turn(settings, "c360 withdraw", no_wait):
            land.withdraw(Manifest(settings.state_url), settings.landing, dataset, source, reason=reason, actor=actor)
    except LandingError as fault:
        raise fail(fault) from fault
    console.print(f"{dataset}: {source} withdrawn; run `c360 run` to rebuild without it")


def _refuse_another_simulation(settings: Settings, people: int, seed: int) -> None:
    """Two simulations in one home would be two companies in one warehouse."""
    counts = settings.truth / "counts.json"
    if not counts.is_file():
        return
    known = json.loads(counts.read_text(encoding="utf-8"))
    if (known["planted"]["people"], int(known["setting"]["seed"])) != (people, seed):
        console.print(
            f"{settings.home}: holds a simulation of {known['planted']['people']} people with seed "
            f"{known['setting']['seed']}; choose another --home, or remove this one",
            markup=False,
            style="red",
        )
        raise typer.Exit(1)


def _run(settings: Settings, *, no_wait: bool = False, **options: object) -> None:
    from pipelines.basis import are_files_unchanged

    if are_files_unchanged(settings):
        problems = []  # the last build began with these
    else:
        from pipelines.lint import lint_company

        problems = lint_company(settings.company, settings.released)
    if problems:
        for problem in problems:
            console.print(problem, markup=False, style="red")
        raise typer.Exit(1)
    from pipelines.run import run_pipeline
    from pipelines.summary import summarize

    console.print(f"[bold]{settings.company.name}[/] in {settings.home}")
    run = partial(run_pipeline, wait=not no_wait, **options)
    outcome = _or_exit(telling_disks(settings.home)(run), settings, lambda line: console.print(line, markup=False))
    if outcome.unchanged:
        console.print(f"  nothing new since run {outcome.build_run_id}; what is published stands")
    for table in _or_exit(telling_disks(settings.home)(summarize), settings, run_id=outcome.build_run_id):
        console.print(table)
    advice = None if outcome.ok else advise(outcome.failures, settings.home)
    for failure in (*outcome.failures, *([advice] if advice else [])):
        console.print(failure, markup=False, style="red")
    console.print(f"{'[green]green' if outcome.ok else '[red]failed'}[/] in {outcome.seconds:.0f} s")
    raise typer.Exit(0 if outcome.ok else 1)


def _or_exit(function, *arguments, **options):
    """Call it; a fault in the company's files, or a home that is busy, is told as such, without a traceback."""
    try:
        return function(*arguments, **options)
    except (ContractError, DiskError, HomeBusyError) as fault:
        raise fail(fault) from fault


def main() -> None:
    """Entry point of `c360`."""
    atexit.register(_mute_teardown)
    app()


def _mute_teardown() -> None:
    """Great Expectations keeps DuckDB objects alive to the very end; DuckDB's bindings print a page of warnings about
    them after everything else was said."""
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
