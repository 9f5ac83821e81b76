"""What follows publishing: a page and a picture of every journey, for people.

Put here: the Dagster side only. Keep out: what is on a page (pipelines/publish/journey_pages).
"""

import dagster as dg

from pipelines.keys import JOURNEY_PAGES, PUBLISHED
from pipelines.meter import Meter
from pipelines.pages_due import are_pages_due
from pipelines.settings import Settings


def build_journey_pages_asset(settings: Settings) -> dg.AssetsDefinition:
    """It depends on the published file, and nothing depends on it: a page that fails holds nothing back."""

    @dg.asset(
        key=JOURNEY_PAGES,
        deps=[PUBLISHED],
        group_name="published",
        owners=["team:customer-experience"],
        kinds={"html"},
        description="One HTML page and one SVG map per journey, in <home>/site/journeys, made from the published file. "
        "They open from disk, without a network.",
    )
    def journey_pages(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        if not are_pages_due(settings, context.run.tags):
            return dg.MaterializeResult(metadata={"journeys": 0})
        # Altair alone takes a second, which loading the definitions need not wait for.
        from pipelines.publish.journey_pages.page import write_pages

        meter = Meter()
        written = write_pages(settings.published, settings.site)
        folder = dg.MetadataValue.path(settings.site / "journeys")
        return dg.MaterializeResult(metadata={"journeys": len(written), "folder": folder, **meter.read()})

    return journey_pages
