"""Models spoilt on purpose: the SQL of a finished run, changed in one place, and what reconciliation says of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from quality.company import load_company
from quality.reconcile import TRUTHS, reconcile

COMPANY = load_company(Path(__file__).parents[2] / "companies" / "demo")
ROWS, VALUES, TIMES = (
    "interactions_are_those_that_landed",
    "values_add_up_to_what_landed",
    "times_add_up_to_what_landed",
)
COSTS, LOST, MAPPED = "costs_add_up_to_the_unit_costs", "no_landed_row_is_lost", "touchpoints_are_mapped"
ORDERS, AMOUNTS = "orders_are_those_that_landed", "amounts_add_up_to_what_landed"
CASES, ANSWERS, SCORES = "cases_are_those_that_landed", "answers_are_those_that_landed", "scores_add_up_to_what_landed"
TABLES = ("fct_interactions", "fct_orders", "fct_cases", "fct_survey_responses")
FCT, STD, BASE = "fct_interactions", "std_interactions", "base_web_events"


@dataclass(frozen=True)
class Slip:
    """`was` becomes `now` in the SQL of `model`; `check` must fail."""

    name: str
    model: str
    was: str
    now: str
    check: str


def only(where: str) -> str:
    return f"select * from final where {where}\n"


FINAL, TWICE = "select * from final\n", "select * from final union all select * from final\n"
VALUE, COST = "cast(i.value as decimal(18, 2)) as value", "cast(i.cost as decimal(18, 2)) as cost"
AMOUNT = "cast(o.amount as decimal(18, 2)) as amount"
TIME, WEB = "        i.occurred_at,\n        cast(timezone", "from __dbt__cte__std_interactions__web_events"
DOUBLED = "(from sole_accounts union all from sole_accounts)"
ACCOUNTS, VERSIONS = "left join sole_accounts as a", "base_web_events__versions"
SURVEYS = "fct_survey_responses"
SLIPS = (
    Slip("*a left join is an inner one", FCT, ACCOUNTS, ACCOUNTS.replace("left", "inner"), ROWS),
    Slip(
        "*a join multiplies rows",
        FCT,
        ACCOUNTS,
        ACCOUNTS.replace("sole_accounts", "(from sole_accounts union all from sole_accounts)"),
        ROWS,
    ),
    Slip("those nobody knows are left out", FCT, FINAL, only("resolved_by <> 'anonymous'"), ROWS),
    Slip("the last day is cut off", FCT, FINAL, only("arrived_on < (select max(arrived_on) from final)"), ROWS),
    Slip("rows come twice", FCT, FINAL, TWICE, ROWS),
    Slip("*values are in cents", FCT, VALUE, VALUE.replace("i.value", "i.value * 100"), VALUES),
    Slip("values are cut to whole units", FCT, VALUE, VALUE.replace("i.value", "trunc(i.value)"), VALUES),
    Slip("values are gone", FCT, VALUE, VALUE.replace("i.value", "null"), VALUES),
    Slip("times are an hour late", FCT, TIME, TIME.replace("at,", "at + interval 1 hour as occurred_at,"), TIMES),
    Slip("costs count twice", FCT, COST, COST.replace("i.cost", "i.cost * 2"), COSTS),
    Slip("a source is forgotten", STD, WEB, f"{WEB} where false", ROWS),
    Slip("superseded rows count, too", STD, "        _is_latest\n", "        true\n", ROWS),
    Slip("a value is not mapped any more", STD, "when 'homepage.visited' then", "when 'homepage.seen' then", MAPPED),
    Slip("*a join is off by one", BASE, "versions.row_no = landed._row", "versions.row_no = landed._row + 1", LOST),
    Slip("no version of a key is in force", VERSIONS, "desc) = 1 as is_latest", "desc) = 0 as is_latest", LOST),
    Slip("some parts are not read", BASE, "= 'current'", "= 'current' and arrived_on > '2026-01-10'", LOST),
    Slip("small orders are lost", "fct_orders", FINAL, only("amount > 20"), ORDERS),
    Slip("amounts of orders are rounded", "fct_orders", AMOUNT, AMOUNT.replace("o.amount", "round(o.amount)"), AMOUNTS),
    Slip("open cases are lost", "fct_cases", FINAL, only("closed_at is not null"), CASES),
    Slip("answers come twice", SURVEYS, FINAL, TWICE, ANSWERS),
    Slip("scores are shares", SURVEYS, FINAL, "select * replace (score / 10 as score) from final\n", SCORES),
)


def compiled(home: Path, model: str) -> str:
    """The SQL dbt ran last for a model."""
    files = (home / "dbt" / "target").glob(f"**/compiled/**/{model}.sql")
    return max(files, key=lambda f: f.stat().st_mtime).read_text(encoding="utf-8")


def spoil(con: duckdb.DuckDBPyConnection, home: Path, slip: Slip) -> None:
    """Build the model with the slip in it, and what reads it."""
    sql = compiled(home, slip.model)
    assert slip.was in f"{sql}\n", f"{slip.model} no longer says {slip.was!r}"
    most = 1 if slip.was == FINAL else -1  # the last one is the model's own; those before are of models it holds
    changed = slip.now.join(f"{sql}\n".rsplit(slip.was, most))
    if slip.model in TABLES:
        con.execute(f"create or replace table m.marts.{slip.model} as {changed}")
        return
    kind = "table" if slip.model.endswith("__versions") else "view"
    schema = "std" if slip.model == STD else "base"
    con.execute(f"create or replace {kind} {schema}.{slip.model} as {changed}")
    con.execute(f"create or replace table m.marts.{FCT} as {compiled(home, FCT)}")


@pytest.fixture
def copy(demo, tmp_path):
    """The warehouse of the demo run with its marts, to spoil; file names are names of databases."""
    for name in ("warehouse.duckdb", "c360_marts.duckdb"):
        shutil.copy(demo.home / name, tmp_path / name)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        con.execute("set timezone = 'UTC'")
        con.execute(f"attach '{tmp_path / 'c360_marts.duckdb'}' as m")
        yield con


def failed(con: duckdb.DuckDBPyConnection) -> set[str]:
    return {r.check for r in reconcile(con, COMPANY) if not r.success}


def test_every_truth_holds_of_a_sound_run(copy):
    results = reconcile(copy, COMPANY)
    assert [r for r in results if not r.success] == []
    assert len(results) == len(TRUTHS)


OFTEN = [s for s in SLIPS if s.name.startswith("*")]


@pytest.mark.parametrize("slip", OFTEN, ids=lambda s: s.name[1:])
def test_a_slip_in_a_model_is_caught_by_the_check_that_names_it(demo, copy, slip):
    spoil(copy, demo.home, slip)
    assert slip.check in failed(copy)


@pytest.mark.proof
@pytest.mark.parametrize("slip", [s for s in SLIPS if s not in OFTEN], ids=lambda s: s.name)
def test_every_other_slip_is_caught_too(demo, copy, slip):
    spoil(copy, demo.home, slip)
    assert slip.check in failed(copy)
