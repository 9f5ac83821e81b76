"""Great Expectations' Data Docs of one run, as pages that open from disk and ask nothing of a network.

Put here: rendering what Great Expectations found by its own renderers, and putting the pages in place.
Keep out: running suites (validate.py), what a page looks like (data_docs_pages). Importing this imports GX (seconds).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.render.renderer import ValidationResultsPageRenderer
from great_expectations.render.view import DefaultJinjaPageView
from jinja2 import ChoiceLoader, FileSystemLoader

TEMPLATES = Path(__file__).with_name("data_docs_pages")
UNSAID = "the check could not run; what the database said may hold a value, so it stays out of these pages"


@dataclass(frozen=True)
class Outcome:
    """What one suite found of one asset."""

    asset: str  # landing/web_events | marts/fct_interactions
    result: ExpectationSuiteValidationResult

    @property
    def suite(self) -> str:
        return self.result.suite_name

    @property
    def page(self) -> str:
        """The same for every run, so that a link to it stays good."""
        return f"{self.suite}.html"

    @property
    def held(self) -> int:
        return sum(bool(r.success) for r in self.result.results)

    @property
    def expectations(self) -> int:
        return len(self.result.results)

    @property
    def ran_at(self) -> datetime:
        return self.result.meta["run_id"].run_time


class _LocalView(DefaultJinjaPageView):
    """Great Expectations' view, with our templates before its own: theirs load scripts and styles from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.env.loader = ChoiceLoader([FileSystemLoader(TEMPLATES), self.env.loader])

    def page(self, template: str, **about: Any) -> str:
        return self._get_template(template).render(about)


def write_data_docs(outcomes: Iterable[Outcome], folder: Path, *, title: str, home: str | None = None) -> int:
    """Write a page per suite and an index, whole or not at all; what was in the folder is replaced.

    Args:
        outcomes: what the suites found; each suite once.
        folder: gets `index.html`, `<suite>.html` and `style.css`, for every user of the machine.
        title: heading of the index.
        home: the governance site, linked from every page, relative to `folder`; None for no link.
    Returns:
        Pages written.
    """
    outcomes = sorted(outcomes, key=lambda o: (o.held == o.expectations, o.asset, o.suite))
    about = {"title": title, "home": home}
    pages = {o.page: _view().page("suite.html", outcome=o, sections=_sections(o.result), **about) for o in outcomes}
    pages["index.html"] = _view().page("index.html", outcomes=outcomes, **about)
    _put_in_place({**pages, "style.css": (TEMPLATES / "style.css").read_text(encoding="utf-8")}, folder)
    return len(pages)


def _sections(result: ExpectationSuiteValidationResult) -> list[dict[str, Any]]:
    """One section per column, and one for the table; Great Expectations' overview links pages we do not write."""
    for one in result.results:
        _silence(one)
    document = ValidationResultsPageRenderer().render(result).to_json_dict()
    return document["sections"][1:]


def _silence(result: Any) -> None:
    """Take out what an exception said: a database quotes the value it could not convert."""
    if not result.exception_info:
        return
    told = result.exception_info
    told = told if "raised_exception" in told else next(iter(told.values()))
    if told["raised_exception"]:
        result.exception_info = {"raised_exception": True, "exception_message": UNSAID, "exception_traceback": ""}


def _put_in_place(files: dict[str, str], folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.parent.chmod(0o755)
    for left in folder.parent.glob(f".{folder.name}.*"):  # by a run that was killed
        shutil.rmtree(left)
    draft, old = (folder.with_name(f".{folder.name}.{kind}.{os.getpid()}") for kind in ("draft", "old"))
    draft.mkdir()
    for name, text in files.items():
        (draft / name).write_text(text, encoding="utf-8")
        (draft / name).chmod(0o644)
    draft.chmod(0o755)
    if folder.exists():
        folder.rename(old)
    draft.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


@cache
def _view() -> _LocalView:
    return _LocalView()
