"""What a newcomer sees of the demo company in Dagster: the flow as seven boxes, what is in them, who owns it.

Put here: groups, jobs, pages as the UI shows them. Keep out: what the assets do.
"""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.xdist_group("dagster_ui")

FLOW = ["landing", "control", "standard", "identity", "marts", "governance", "published", "operations"]
GROUPS = {
    "landing/online": "landing/web_events",
    "landing/offline": "landing/call_log",
    "landing/records": "landing/crm_customers",
    "control": "control/run",
    "standard/per_source": "base/base_web_events",
    "standard/tables": "std/std_interactions",
    "identity": "identity/customers",
    "marts/prepared": "int/int_journey_visits__numbered",
    "marts/core": "marts/dim_customers",
    "marts/journeys": "marts/fct_journey_stages",
    "governance": "governance/definitions",
    "published": "published/customer360",
    "operations": "operations/backup",
}
REPOSITORY = """{
    repositoriesOrError {
        ... on PythonError { message }
        ... on RepositoryConnection { nodes {
            assetGroups { groupName assetKeys { path } } jobs { name } schedules { name } sensors { name description }
        } }
    }
}"""
ASSETS = "{ assetNodes { assetKey { path } description kinds owners { __typename } } }"
SLOW = 60_000  # milliseconds until a page may be called missing; it is there in a few seconds


def test_the_code_location_loads_with_its_groups_jobs_and_automation(dagster_ui):
    told = dagster_ui.ask(REPOSITORY)
    (repository,) = told["repositoriesOrError"]["nodes"]
    groups = {g["groupName"]: {"/".join(k["path"]) for k in g["assetKeys"]} for g in repository["assetGroups"]}
    assert groups.keys() == GROUPS.keys()
    assert {group: key for group, key in GROUPS.items() if key not in groups[group]} == {}
    assert {job["name"] for job in repository["jobs"]} == {
        *("land", "build", "refresh", "replay_journey", "release_quarantine", "backup", "restore_drill", "__ASSET_JOB")
    }
    assert {s["name"] for s in repository["schedules"]} == {"daily_land", "daily_backup", "weekly_restore_drill"}
    assert {s["name"] for s in repository["sensors"]} == {
        *("new_files", "build_after_land", "build_after_failed_land"),
        *("alerts_after_success", "alerts_after_failure"),
    }
    assert all(s["description"] for s in repository["sensors"])


def test_every_asset_says_what_it_is_who_owns_it_and_what_it_is_made_with(dagster_ui):
    assets = dagster_ui.ask("{ assetNodes { assetKey { path } description kinds owners { __typename } } }")[
        "assetNodes"
    ]
    assert len(assets) > 90
    for part in ("description", "kinds", "owners"):
        assert [a["assetKey"]["path"] for a in assets if not a[part]] == [], f"no {part}"


def test_the_graph_shows_the_flow_and_opens_group_by_group(dagster_ui, browser):
    page = browser.new_page(viewport={"width": 1900, "height": 1200})
    page.goto(f"{dagster_ui.url}/asset-groups")
    for box in FLOW:  # twice each: in the list at the side and in the graph
        page.get_by_text(box, exact=True).locator("visible=true").nth(1).wait_for(timeout=SLOW)
    page.goto(f"{dagster_ui.url}/asset-groups?expanded=global%40global%3Amarts")
    for box in ("core", "prepared", "journeys"):
        page.get_by_text(box, exact=True).locator("visible=true").first.wait_for(timeout=SLOW)
    page.goto(f"{dagster_ui.url}/asset-groups~group%3A%22marts%2Fjourneys%22/marts%2Ffct_journey_stages")
    for asset in ("dim_journeys", "fct_journey_stages", "mart_journey_funnel"):
        page.get_by_text(asset, exact=True).locator("visible=true").first.wait_for(timeout=SLOW)
    page.close()


@pytest.mark.parametrize(
    ("asset", "shown"),
    [
        (
            "landing/web_events",
            ["Page views and clicks of the web site and the customer portal.", "web", "identifier.cookie_id"],
        ),
        ("marts/dim_customers", ["customer-data", "Country of residence (ISO-2)."]),
    ],
)
def test_an_asset_page_shows_description_owner_and_columns(dagster_ui, browser, asset, shown):
    page = browser.new_page(viewport={"width": 1900, "height": 1200})
    page.goto(f"{dagster_ui.url}/assets/{asset}?view=overview")
    for text in shown:
        page.get_by_text(text, exact=True).locator("visible=true").first.wait_for(timeout=SLOW)
    page.close()
