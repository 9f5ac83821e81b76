"""Discovery finds the process that was planted, and proposes it as a file that passes lint."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from planted_process import draw_process, walk
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.journeys.compile import allowed_moves
from pipelines.journeys.discover import Bounds, DiscoveryError, discover
from pipelines.journeys.draft import describe_draft
from pipelines.journeys.spec import read_journey
from pipelines.lint import lint_company
from pipelines.terminal import console
from quality.company import Touchpoint

DEMO = Path(__file__).resolve().parents[2] / "companies" / "demo"
START = datetime(2026, 1, 1)


def _interactions(cases: list[list[tuple[float, str]]], use_case: str = "acquisition") -> pa.Table:
    """A customer per case; (hours after the start, touchpoint) per event."""
    rows = [
        {
            **{"customer_id": f"c_{number}", "interaction_id": f"{number}_{place}", "touchpoint": touchpoint},
            **{"occurred_at": START + timedelta(hours=hours), "priority": 1, "sequence": None, "slot": 1},
            "use_case": use_case,
        }
        for number, case in enumerate(cases)
        for place, (hours, touchpoint) in enumerate(case)
    ]
    types = {"occurred_at": pa.timestamp("us"), "priority": pa.int32(), "sequence": pa.int64(), "slot": pa.int32()}
    return pa.Table.from_pylist(rows, pa.schema([(name, types.get(name, pa.string())) for name in rows[0]]))


def _discover(table: pa.Table, **asked):
    with duckdb.connect() as connection:
        connection.register("given", table)
        return discover(connection, "given", sorted(set(table["touchpoint"].to_pylist())), **asked)


def _edges(draft) -> set[tuple[str, str]]:
    return {(move.start, move.end) for move in draft.moves}


@pytest.mark.parametrize("maps", [5, pytest.param(100, marks=pytest.mark.proof)])
def test_the_edges_of_a_planted_process_are_found_in_spite_of_noise(maps, record_property):
    right = false = missed = 0
    for seed in range(maps):
        rng = np.random.default_rng(seed)
        process = draw_process(rng)
        draft = _discover(walk(rng, process, cases=3_000, noise=0.06))
        found = _edges(draft)
        right, false = right + len(found & process.edges), false + len(found - process.edges)
        missed += len(process.edges - found)
        assert {s.touchpoint for s in draft.stages if s.is_terminal} == {f"t_{n}" for n in process.terminal}, seed
        assert {s.touchpoint for s in draft.stages if s.starts > 0.5} == {"t_0"}, seed
    record_property("precision", right / (right + false))
    record_property("recall", right / (right + missed))
    assert right / (right + false) >= 0.95
    assert right / (right + missed) >= 0.95


def test_counts_of_a_journey_are_those_worked_out_by_hand():
    short, long = [(0, "seen"), (1, "paid")], [(0, "seen"), (1, "tried"), (2, "seen"), (3, "tried"), (4, "paid")]
    draft = _discover(_interactions([short] * 6 + [long] * 14))

    assert (draft.cases, draft.customers, draft.use_case, draft.inactivity_s) == (20, 20, "acquisition", 2 * 3600)
    assert [(s.touchpoint, s.support, s.is_entry, s.is_terminal, s.is_mandatory) for s in draft.stages] == [
        ("seen", 1.0, True, False, True),
        ("tried", 0.7, False, False, False),
        ("paid", 1.0, False, True, True),
    ]
    assert [(m.start, m.end, m.cases, m.confidence) for m in draft.moves] == [
        ("seen", "tried", 14, 28 / 34),
        ("seen", "paid", 6, 6 / 34),
        ("tried", "seen", 14, 0.5),
        ("tried", "paid", 14, 0.5),
    ]


def test_what_follows_an_end_at_once_is_another_case():
    twice = [(0, "seen"), (1, "tried"), (2, "paid"), (3, "seen"), (4, "tried"), (5, "paid")]
    draft = _discover(_interactions([twice] * 10))

    assert draft.cases == 20
    assert _edges(draft) == {("seen", "tried"), ("tried", "paid")}


def test_what_comes_by_the_way_is_no_stage():
    rng = np.random.default_rng(5)
    cases = []
    for _ in range(400):
        own = [(float(hour), name) for hour, name in zip((10, 20, 30), ("seen", "tried", "paid"), strict=True)]
        cases.append(sorted(own + [(float(hour), "mail_opened") for hour in rng.uniform(0, 40, 3)]))
    draft = _discover(_interactions(cases))

    assert _edges(draft) == {("seen", "tried"), ("tried", "paid")}


def test_cases_begin_with_the_entries_that_are_asked_for():
    draft = _discover(_interactions([[(0, "ad"), (1, "seen"), (2, "tried"), (3, "paid")]] * 20), entry=["seen"])

    assert [(s.touchpoint, s.is_entry) for s in draft.stages] == [("seen", True), ("tried", False), ("paid", False)]


def test_rare_stages_and_moves_are_left_out_within_the_bounds():
    usual, rare = [(0, "seen"), (1, "tried"), (2, "paid")], [(0, "seen"), (1, "called"), (2, "paid")]
    table = _interactions([usual] * 93 + [rare] * 7)

    assert len(_discover(table).stages) == 4
    assert len(_discover(table, bounds=Bounds(min_support=0.1)).stages) == 3
    assert len(_discover(table, bounds=Bounds(max_stages=2)).stages) == 2
    assert ("seen", "called") in _edges(_discover(table, bounds=Bounds(min_confidence=0.2)))  # else it lay apart


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"use_case": "exploration"}, "0 cases to learn from; needed: 5 at least"),
        ({"entry": ["gone"]}, "0 cases to learn from"),
    ],
)
def test_where_there_is_too_little_nothing_is_proposed(asked, said):
    with pytest.raises(DiscoveryError, match=said):
        _discover(_interactions([[(0, "seen"), (1, "paid")]] * 9), **asked)


def test_a_proposal_is_a_journey_file_without_faults(tmp_path):
    names = ["Web: seen", "7 tried", "true", "paid", "lost"]
    won, lost = [names[0], names[1], names[2], "paid"], [names[0], names[1], "lost"]
    draft = _discover(_interactions([[*enumerate(won)]] * 30 + [[*enumerate(lost)]] * 10))
    file = tmp_path / "found.yml"
    file.write_text(describe_draft(draft, "found", {name: Touchpoint(name, f'{name}, "so"') for name in names}))

    journey = read_journey(file, {name: Touchpoint(name, name) for name in names})

    assert (journey.status, journey.use_case, journey.inactivity_s) == ("discovered", "acquisition", 2 * 3600)
    assert [(s.stage_id, s.name, s.terminal, s.is_mandatory) for s in journey.stages] == [
        ("web_seen", 'Web: seen, "so"', None, True),
        ("s_7_tried", '7 tried, "so"', None, True),
        ("true", 'true, "so"', None, False),
        ("lost", 'lost, "so"', "lost", False),
        ("paid", 'paid, "so"', "converted", False),
    ]
    assert allowed_moves(journey) == [(1, 2), (2, 3), (2, 4), (3, 5)]
    assert "# 30 cases, 75.0% of what follows" in file.read_text()


@pytest.fixture
def published(tmp_path) -> Path:
    """A home with a published file of 40 customers who were called, or called themselves, about their invoice."""
    cases = [[(0, "invoice_viewed"), (1, "service_call"), (2, "case_closed")]] * 30
    table = _interactions(cases + [[(0, "invoice_viewed"), (1, "case_closed")]] * 10, use_case="service_efficiency")
    (tmp_path / "home" / "published").mkdir(parents=True)
    with duckdb.connect(str(tmp_path / "home" / "published" / "customer360.duckdb")) as connection:
        connection.register("given", table)
        connection.execute("create schema marts; create table marts.fct_interactions as from given")
    return tmp_path / "home"


def _c360(*arguments) -> tuple[int, str]:
    with console.capture() as shown:
        done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return done.exit_code, done.output + shown.get()


def test_c360_journey_discover_writes_a_file_that_c360_lint_passes(published, tmp_path):
    company = shutil.copytree(DEMO, tmp_path / "company")
    file = company / "journeys" / "invoice_help.yml"

    code, output = _c360("journey", "discover", "invoice_help", "-o", file, "--company", company, "--home", published)

    assert (code, lint_company(company)) == (0, []), output
    assert [s.stage_id for s in read_journey(file, _touchpoints(company)).stages] == [
        "invoice_viewed", "service_call", "case_closed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["Invoice Help"], "JOURNEY: seen 'Invoice Help'; allowed: a lower-case name"),
        (["x", "--use-case", "sevice_efficiency"], "nearest 'service_efficiency'"),
        (["x", "--entry", "invoice_veiwed"], "unknown touchpoint 'invoice_veiwed'"),
        (["x", "--entry", "order_paid"], "0 cases to learn from"),
        (["x", "--output", str(DEMO / "company.yml")], "is already there"),
    ],
)
def test_c360_journey_discover_says_what_is_wrong_with_the_question(published, asked, said):
    code, output = _c360("journey", "discover", *asked, "--company", DEMO, "--home", published)

    assert code == 1
    assert said in output


def test_c360_journey_discover_needs_a_published_file(tmp_path):
    code, output = _c360("journey", "discover", "x", "--company", DEMO, "--home", tmp_path)

    assert code == 1
    assert "nothing is published yet; run `c360 run` first" in output


def _touchpoints(company: Path) -> dict[str, Touchpoint]:
    from quality.company import load_company

    return dict(load_company(company).touchpoints)
