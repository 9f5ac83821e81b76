"""What starts by itself: which runs a build follows, and what the schedule and the inbox sensor ask for.

Put here: decisions of schedules and sensors. Keep out: the runs (tests/integration).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from support.api_server import Reply, run_api

from pipelines.basis import Basis, note_basis
from pipelines.defs.automation import BUILD, LAND, build_schedule, build_sensors, lands_all
from pipelines.keys import CONTROL, REFRESH, RELEASE
from pipelines.settings import REPOSITORY, Settings
from quality.company import Company, load_company

START, STARTING = dg.DagsterEventType.RUN_START, dg.DagsterEventType.RUN_STARTING
SUCCESS, FAILURE = dg.DagsterEventType.RUN_SUCCESS, dg.DagsterEventType.RUN_FAILURE
WEB = frozenset({dg.AssetKey(["landing", "web_events"])})
STORE = dg.AssetKey(["landing", "store_visits"])


@pytest.fixture(scope="module")
def demo() -> Company:
    return load_company(REPOSITORY / "companies" / "demo")


def sensor(company: Company, name: str, data: object) -> dg.SensorDefinition:
    settings = Settings.from_env({"C360_DATA": str(data)}, company=company.folder, home=data)
    jobs = [dg.define_asset_job(BUILD)]
    return next(s for s in build_sensors(settings, company, jobs, [control]) if s.name == name)


@dg.asset(key=CONTROL, check_specs=[dg.AssetCheckSpec("holds", asset=CONTROL)])
def control():
    """What a build begins with, in the place of all of it."""


def report(instance: dg.DagsterInstance, run: dg.DagsterRun, *events: dg.DagsterEventType) -> dg.DagsterEvent:
    """Let a run live through the events; returns the last."""
    instance.add_run(run)
    for event in events:
        last = dg.DagsterEvent(event.value, run.job_name)
        instance.report_dagster_event(last, run.run_id)
    return last


@pytest.mark.parametrize(
    ("ended", "follows"),
    [
        ({"job_name": LAND}, True),
        ({"job_name": RELEASE}, True),
        ({"job_name": "__ASSET_JOB", "asset_selection": WEB}, True),  # Regression: a backfill from the graph
        ({"job_name": BUILD}, False),
        ({"job_name": "__ASSET_JOB", "asset_selection": frozenset({dg.AssetKey(["std", "std_orders"])})}, False),
    ],
)
def test_a_build_follows_whatever_landed(demo, tmp_path, ended, follows):
    run = dg.DagsterRun(**ended)
    with dg.DagsterInstance.ephemeral() as instance:
        event = report(instance, run, START, SUCCESS)
        context = dg.build_run_status_sensor_context("build_after_land", event, instance, run)
        asked = sensor(demo, "build_after_land", tmp_path)(context)
    assert isinstance(asked, dg.RunRequest) == follows
    assert not follows or asked.run_key == run.run_id


@pytest.mark.parametrize(
    ("selection", "ended", "began_to_build", "follows"),
    [
        (WEB | {CONTROL}, SUCCESS, True, False),
        (None, SUCCESS, True, False),
        (WEB, SUCCESS, False, True),
        (WEB | {CONTROL}, FAILURE, False, True),  # a source failed: what else landed is built all the same
        (WEB | {CONTROL}, FAILURE, True, False),  # a check blocks: another build would meet the same
    ],
)
def test_a_build_follows_a_refresh_only_where_it_did_not_come_to_build(
    demo, tmp_path, selection, ended, began_to_build, follows
):
    run = dg.DagsterRun(job_name=REFRESH, asset_selection=selection)
    if began_to_build:
        note_basis(tmp_path, Basis(run.run_id, "files", "state"))
    name = {SUCCESS: "build_after_land", FAILURE: "build_after_failed_land"}[ended]
    with dg.DagsterInstance.ephemeral() as instance:
        event = report(instance, run, START, ended)
        context = dg.build_run_status_sensor_context(name, event, instance, run)
        asked = sensor(demo, name, tmp_path)(context)
    assert isinstance(asked, dg.RunRequest) == follows


@pytest.mark.parametrize(
    ("began", "events", "follows"),
    [
        ("before", [START, SUCCESS], True),
        ("before", [START], True),  # it may have read the manifest already
        ("after", [START], False),
        ("after", [START, SUCCESS], False),
        ("after", [START, FAILURE], True),
        ("after", [STARTING], False),
    ],
)
@pytest.mark.parametrize("job", [BUILD, REFRESH])
def test_no_build_is_asked_for_where_another_takes_up_what_landed(demo, tmp_path, job, began, events, follows):
    landing, build = dg.DagsterRun(job_name=LAND), dg.DagsterRun(job_name=job)
    with dg.DagsterInstance.ephemeral() as instance:
        if began == "before":
            report(instance, build, *events)
        event = report(instance, landing, START, SUCCESS)
        if began == "after":
            report(instance, build, *events)
        context = dg.build_run_status_sensor_context("build_after_land", event, instance, landing)
        asked = sensor(demo, "build_after_land", tmp_path)(context)
    assert isinstance(asked, dg.RunRequest) == follows


def test_the_inbox_sensor_asks_once_for_each_listing_and_again_for_one_that_came_back(demo, tmp_path):
    look = sensor(demo, "new_files", tmp_path)
    file = tmp_path / "store" / "visits_2026-02-16.csv"
    file.parent.mkdir()
    asked, cursor = [], None
    for change in (lambda: None, lambda: None, lambda: file.write_text("a"), file.unlink):
        change()
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_sensor_context(instance, cursor=cursor)
            asked.append(look(context))
            cursor = context.cursor
    assert [isinstance(a, dg.RunRequest) for a in asked] == [True, False, True, True]
    assert all(a.run_key is None and a.tags["c360/catch_up"] for a in asked if isinstance(a, dg.RunRequest))
    # After the first look only what changed is landed; it is built, and all of that checked, in the same run.
    assert [a.asset_selection for a in asked[2:]] == [[STORE, CONTROL]] * 2
    assert dg.AssetCheckKey(CONTROL, "holds") in asked[2].asset_check_keys


@pytest.mark.parametrize(("selection", "is_enough"), [(None, True), (WEB, True), (frozenset({STORE}), False)])
def test_a_landing_that_waits_is_enough_where_it_lands_what_appeared(selection, is_enough):
    assert lands_all(dg.DagsterRun(job_name=LAND, asset_selection=selection), WEB) == is_enough


def test_a_run_that_goes_on_where_another_was_killed_neither_lands_anew_nor_takes_up_what_landed_since(demo, tmp_path):
    killed = {"parent_run_id": "killed", "root_run_id": "killed"}
    assert not lands_all(dg.DagsterRun(job_name=REFRESH, asset_selection=WEB, **killed), WEB)
    landing = dg.DagsterRun(job_name=LAND)
    with dg.DagsterInstance.ephemeral() as instance:
        event = report(instance, landing, START, SUCCESS)
        report(instance, dg.DagsterRun(job_name=BUILD, **killed), START)
        context = dg.build_run_status_sensor_context("build_after_land", event, instance, landing)
        assert isinstance(sensor(demo, "build_after_land", tmp_path)(context), dg.RunRequest)


def test_an_object_storage_that_is_out_is_asked_for_once_when_it_goes_and_once_when_it_is_back(demo, tmp_path):
    there = Reply('<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name></ListBucketResult>')
    keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-central-1"}
    settings = Settings.from_env(keys, company=demo.folder, home=tmp_path)
    asked, cursor = [], None
    with run_api() as api, dg.DagsterInstance.ephemeral() as instance:
        store = replace(demo.contracts[0].server, kind="file", location="s3://bucket/*.csv", endpoint=api.url)
        company = replace(demo, contracts=(replace(demo.contracts[0], server=store),))
        sensors = build_sensors(settings, company, [dg.define_asset_job(BUILD)], [])
        look = next(s for s in sensors if s.name == "new_files")
        for reply in (there, Reply("", 503), Reply("", 503), there):
            api.answer = lambda *_, reply=reply: reply
            context = dg.build_sensor_context(instance, cursor=cursor)
            asked.append(isinstance(look(context), dg.RunRequest))
            cursor = context.cursor
    assert asked == [True, True, False, True]


@pytest.mark.parametrize(("zone", "day"), [("Europe/Berlin", "2026-02-16"), ("Asia/Tokyo", "2026-02-15")])
def test_the_schedule_asks_for_a_day_that_is_a_partition_already(demo, zone, day):
    # Regression: three at night in Tokyo is yesterday in UTC, whose days the partitions are.
    at = datetime(2026, 2, 16, 3, tzinfo=ZoneInfo(zone))
    schedule = build_schedule(replace(demo, timezone=zone))
    assert schedule(dg.build_schedule_context(scheduled_execution_time=at)).partition_key == day
