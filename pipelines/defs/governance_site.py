"""The site governance opens, made last: its pages link the journeys' pages.

Put here: the Dagster side only. Keep out: what is on the site (pipelines/publish/governance_site).
"""

import dagster as dg

from pipelines.keys import GOVERNANCE_SITE, JOURNEY_PAGES, PUBLISHED
from pipelines.meter import Meter
from pipelines.pages_due import are_pages_due
from pipelines.settings import Settings
from quality.company import Company


def build_governance_site_asset(settings: Settings, company: Company) -> dg.AssetsDefinition:
    """It depends on what is published, and nothing depends on it: a page that fails holds nothing back."""

    @dg.asset(
        key=GOVERNANCE_SITE,
        deps=[PUBLISHED, JOURNEY_PAGES],
        group_name="published",
        owners=["team:data-governance"],
        kinds={"html"},
        description="Every dataset in and table out with its contract, meaning, owner, lineage, checks and changes: "
        "<home>/site/index.html. It opens from disk, without a network.",
    )
    def governance_site(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        if not are_pages_due(settings, context.run.tags):
            return dg.MaterializeResult(metadata={"pages": 0})
        from pipelines.publish.governance_site.site import write_site

        meter = Meter()
        pages = write_site(company, settings.published, settings.site)
        return dg.MaterializeResult(
            metadata={"pages": pages, "begin": dg.MetadataValue.path(settings.site / "index.html"), **meter.read()}
        )

    return governance_site
