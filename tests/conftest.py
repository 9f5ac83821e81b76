"""What all tests share: the marker for full-size suites, the report of `make proof`, real data, a browser.

Put here: options and fixtures of every suite. Keep out: fixtures of one subject (tests/<subject>/conftest.py).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from support.at_once import AT_ONCE

REPOSITORY = Path(__file__).resolve().parent.parent
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--proof-report", default=None, help="write one {name, value, unit} per test to this JSON file")


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("C360_DATA", str(REPOSITORY.parent / "shared" / "data"))
    os.environ |= AT_ONCE
    settings.register_profile("untimed", deadline=None)  # how long an example takes is the machine's affair
    settings.load_profile("untimed")
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give each worker whole files, or whole groups (`xdist_group`), so that what a module builds is built once."""
    from xdist.scheduler import LoadGroupScheduling

    class GroupsAndFiles(LoadGroupScheduling):
        def _split_scope(self, nodeid: str) -> str:
            scope = super()._split_scope(nodeid)
            return nodeid.partition("::")[0] if scope == nodeid else scope

    return GroupsAndFiles(config, log)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    report = (yield).get_result()
    if report.when == "call" or report.outcome == "skipped":
        # The figure is 1 (passed), 0 (failed) or null (skipped); record_property adds measured figures.
        value = {"passed": 1, "failed": 0}.get(report.outcome)
        report.user_properties.append(("outcome", value))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if any(name == "outcome" for name, _ in report.user_properties):
        _SEEN.extend(
            {"name": report.nodeid if name == "outcome" else f"{report.nodeid}:{name}", "value": value, "unit": "bool"
             if name == "outcome" else ""}
            for name, value in report.user_properties
        )  # fmt: skip


_SEEN: list[dict] = []


def pytest_sessionfinish(session: pytest.Session) -> None:
    target = session.config.getoption("--proof-report")
    if target and not hasattr(session.config, "workerinput"):
        Path(target).write_text(json.dumps(_SEEN, indent=1), encoding="utf-8")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of public data; tests that need it skip where it is missing."""
    folder = Path(os.environ["C360_DATA"])
    if not (folder / "adventureworks").is_dir():
        pytest.skip(f"no real data at {folder}; set C360_DATA to a folder that has adventureworks/")
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """Headless Chromium through Playwright."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; run `make setup`")
    if not shutil.which(CHROMIUM):
        pytest.skip(f"no {CHROMIUM}; apt-get install chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()
