"""`c360 journey`: journeys for people.

Put here: arguments, and how results are told. Keep out: work.
"""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from pipelines.settings import Settings
from pipelines.terminal import Company, Home, NoWait, console, fail

journey = typer.Typer(no_args_is_help=True, help="Journeys as customers walk them.")


@journey.command()
def page(
    journey_id: Annotated[str | None, typer.Argument(metavar="[JOURNEY]", help="Its id; default: all.")] = None,
    company: Company = None,
    home: Home = None,
) -> None:
    """Write the HTML page and the SVG map of a journey from the published file, to <home>/site/journeys.

    A run does it after publishing. A page opens from disk, without a network, and can be sent by mail.
    """
    from pipelines.publish.journey_pages.page import write_pages
    from pipelines.publish.publish import PublishError

    settings = Settings.from_env(company=company, home=home)
    try:
        written = write_pages(settings.published, settings.site, journey_id)
    except PublishError as fault:
        raise fail(fault) from fault
    for one in written:
        console.print(f"{one.journey_id}: {one.page} and {one.picture.name}", markup=False)


@journey.command()
def discover(
    journey_id: Annotated[str, typer.Argument(metavar="JOURNEY", help="Its id, a lower-case name.")],
    entry: Annotated[list[str] | None, typer.Option("--entry", help="A touchpoint it begins with; repeatable.")] = None,
    use_case: Annotated[
        str | None, typer.Option("--use-case", help="Only interactions of it; default: that of the entries, else all.")
    ] = None,
    min_support: Annotated[float, typer.Option(min=0, max=1, help="Share of cases a stage is in.")] = 0.05,
    min_confidence: Annotated[float, typer.Option(min=0, max=1, help="Share of what follows that a move is.")] = 0.05,
    max_stages: Annotated[int, typer.Option(min=2, max=60, help="The most used ones.")] = 12,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A new file; default: printed.")] = None,
    company: Company = None,
    home: Home = None,
) -> None:
    """Propose a journey file from what customers did, with the support of every stage and move.

    It is found in the published file and ready to edit: touchpoints that come by the way and rare moves are left out.
    """
    from pipelines.journeys.discover import Bounds, DiscoveryError
    from pipelines.journeys.discover import discover as find
    from pipelines.journeys.draft import describe_draft
    from pipelines.journeys.problems import IDENTIFIER, nearest
    from pipelines.journeys.spec import USE_CASES
    from pipelines.last_build import open_published
    from pipelines.publish.publish import PublishError
    from quality.company import load_company
    from quality.contract import ContractError

    settings = Settings.from_env(company=company, home=home)
    if not IDENTIFIER.fullmatch(journey_id):
        raise fail(f"JOURNEY: seen {journey_id!r}; allowed: a lower-case name like buy_plan")
    if use_case is not None and use_case not in USE_CASES:
        raise fail(f"--use-case: seen {use_case!r}; allowed: {', '.join(USE_CASES)}{nearest(use_case, USE_CASES)}")
    if output is not None and output.exists():
        raise fail(f"{output}: is already there; name another file")
    try:
        touchpoints = load_company(settings.company).touchpoints
        for name in entry or []:
            if name not in touchpoints:
                raise fail(f"--entry: unknown touchpoint {name!r}; declare it in touchpoints.yml"
                           f"{nearest(name, touchpoints)}")  # fmt: skip
        with open_published(settings) as connection:
            draft = find(
                connection, "marts.fct_interactions", touchpoints, entry=entry or (), use_case=use_case,
                bounds=Bounds(min_support, min_confidence, max_stages),
            )  # fmt: skip
    except (ContractError, DiscoveryError, PublishError) as fault:
        raise fail(fault) from fault
    text = describe_draft(draft, journey_id, touchpoints)
    if output is None:
        return print(text, end="")
    output.write_text(text, encoding="utf-8")
    console.print(f"{output}: {len(draft.stages)} stages, {len(draft.moves)} moves from {draft.cases:,} cases")


@journey.command()
def export(
    journey_id: Annotated[str, typer.Argument(metavar="JOURNEY", help="id (its current version) or id@version.")],
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    xes: Annotated[bool, typer.Option("--xes", help="As an XES event log.")] = False,
    company: Company = None,
    home: Home = None,
) -> None:
    """Write the instances of a journey for other tools: a case is an instance, an event a stage visit."""
    from pipelines.journeys.xes import write_xes
    from pipelines.last_build import open_published
    from pipelines.publish.publish import PublishError

    if not xes:
        raise fail("export: no format given; allowed: --xes")
    try:
        with open_published(Settings.from_env(company=company, home=home)) as connection:
            known = connection.execute("select journey_key, journey_id, is_current from marts.dim_journeys").fetchall()
            keys = [key for key, name, is_current in known if key == journey_id or (name == journey_id and is_current)]
            if not keys:
                raise fail(
                    f"JOURNEY: no journey {journey_id!r}; allowed: {', '.join(sorted(key for key, _, _ in known))}"
                )
            traces = write_xes(connection, keys[0], file)
    except (PublishError, OSError) as fault:
        raise fail(fault) from fault
    console.print(f"{file}: {traces:,} instances of {keys[0]}", markup=False)


@journey.command()
def replay(
    version: Annotated[str, typer.Argument(metavar="JOURNEY@VERSION", help="Such as buy_plan@1.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; goes to the audit log.")],
    by: Annotated[str | None, typer.Option("--by", help="Who does it; default: the user of this computer.")] = None,
    no_wait: NoWait = False,
    company: Company = None,
    home: Home = None,
) -> None:
    """Make the facts of one version of a journey anew from the interactions of the last build, check and publish.

    Nothing lands, nobody is resolved, and facts of other versions stay as they are. Exits 1, and publishes nothing, if
    a step or a blocking check failed; the next `c360 run` then builds what the replay left undone.
    """
    from dagster import DagsterInstance

    from pipelines.keys import REPLAY
    from pipelines.last_build import open_published
    from pipelines.publish.publish import PublishError
    from pipelines.replay import read_replay
    from pipelines.run import run_job
    from pipelines.turns import HomeBusyError

    settings = Settings.from_env(company=company, home=home)
    asked = {"version": version, "actor": by or getpass.getuser(), "reason": reason}
    try:
        with open_published(settings) as connection:
            known = [key for (key,) in connection.execute("select journey_key from marts.dim_journeys").fetchall()]
        # Told at once: what `find_fault` of pipelines/replay.py asks of the warehouse waits its turn first.
        if version not in known or not reason.strip():
            raise fail(f"JOURNEY@VERSION and --reason: seen {version!r}, {len(reason.strip())} letters; allowed: "
                       f"{', '.join(sorted(known))}, and some words")  # fmt: skip
        outcome = run_job(
            settings, lambda line: console.print(line, markup=False), REPLAY,
            what="c360 journey replay", wait=not no_wait, replay=asked,
        )  # fmt: skip
    except (HomeBusyError, PublishError) as fault:
        raise fail(fault) from fault
    with DagsterInstance.get() as instance:
        for one in read_replay(instance, outcome.build_run_id):
            told = f"{one.before:,} rows before, {one.after:,} after, {one.changed:,} changed"
            console.print(f"{version} {one.table}: {told}", markup=False)
    for failure in outcome.failures:
        console.print(failure, markup=False, style="red")
    console.print(f"{'[green]green' if outcome.ok else '[red]failed'}[/] in {outcome.seconds:.0f} s")
    raise typer.Exit(0 if outcome.ok else 1)
