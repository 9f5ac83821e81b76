"""`c360 journey`: journeys for people.

Put here: arguments, and how results are told. Keep out: work.
"""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.settings import Settings
from pipelines.terminal import Company, Home, console, fail

journey = typer.Typer(no_args_is_help=True, help="Journeys as customers walk them.")


@journey.callback()
def _group() -> None:
    """Keeps the commands' names where there is only one."""


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
