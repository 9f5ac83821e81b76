"""A steward puts a wrong merge right, through the commands a user types.

Put here: what is published before and after a decision. Keep out: which clusters decisions make (tests/identity).
"""

from __future__ import annotations

import json
import sqlite3

import duckdb
import pytest
import sqlalchemy as sa
from compare_homes import find_differences
from corner_shop_home import CornerShop, run_c360

from identity import decisions

KEY = {"C360_PII_KEY": "the same key in both homes, so that tokens match"}
HISTORY = {"governance.id_events", "governance.restatements", "identity.id_events", "identity.membership"}
OWN_ID = {"identity.decisions"}  # a decision has an id of its own in each home


@pytest.fixture
def shop(tmp_path):
    """Two sisters, C1 and C2, share a mailbox and a first letter; the CRM may have given one person two numbers."""
    found = CornerShop(tmp_path)
    rows = [f"C{n},A.,Lovelace,{'sisters' if n < 3 else f'c{n}'}@shop.example" for n in range(1, 7)]
    found.put("customers_2026-01-05.csv", "\n".join(["number,first,last,email", *rows, ""]))
    limits = "limits: {cardinality: {customer_id: null}}\n"
    (found.company / "identity.yml").write_text(limits, encoding="utf-8")
    return found


@pytest.mark.proof
@pytest.mark.xdist_group("corner_shop")
def test_a_wrong_merge_a_steward_takes_apart_leaves_every_mart_as_if_it_had_never_happened(shop, tmp_path):
    assert shop.run(**KEY).returncode == 0
    assert _customers(shop) == [("customers:C1", "customers:C2"), *((f"customers:C{n}",) for n in range(3, 7))]

    sisters = ("customers:C1", "customers:C2")
    decided = _identity(shop, "decide", *sisters, "not-same", "--reason", "sisters", "--by", "sue")
    assert "makes them two customers" in decided
    done = shop.run(**KEY)
    assert done.returncode == 0, done.stdout[-4000:]
    assert _customers(shop) == [(f"customers:C{n}",) for n in range(1, 7)]

    never = tmp_path / "never_merged"
    never.mkdir()
    state = sa.create_engine(f"sqlite:///{never / 'state.db'}")
    with state.begin() as connection:
        decisions.METADATA.create_all(connection)
        decisions.decide(connection, *sisters, "not_same", decided_by="sue", reason="known from the start")
    done = run_c360("run", "--company", shop.company, "--home", never, C360_DATA=shop.sources, **KEY)
    assert done.returncode == 0, done.stdout[-4000:]
    assert set(find_differences(never, shop.home)) == HISTORY | OWN_ID

    # Everything a steward does is on record, and nothing shows a mailbox.
    [decision] = json.loads(_identity(shop, "decisions", "--json"))
    told = _identity(shop, "undo", decision["decision_id"], "--reason", "one person after all", "--by", "sue")
    assert "is undone" in told
    listed = json.loads(_identity(shop, "decisions", "--json"))
    assert [(row["state"], row["verdict"]) for row in listed] == [("undone", "not-same"), ("undoing", "not-same")]
    assert "shop.example" not in decided + told + json.dumps(listed) + _identity(shop, "review")
    with sqlite3.connect(shop.home / "state.db") as log:
        logged = log.execute("select actor, action, object, reason from audit_log").fetchall()
    assert logged == [
        ("sue", "decide not_same", decision["decision_id"], "sisters"),
        ("sue", "undo decision", decision["decision_id"], "one person after all"),
    ]


def _identity(shop: CornerShop, *arguments: str) -> str:
    done = run_c360("identity", *arguments, *shop.place)
    assert done.returncode == 0, done.stdout
    return done.stdout


def _customers(shop: CornerShop) -> list[tuple[str, ...]]:
    """The person records of each published customer."""
    with duckdb.connect(str(shop.home / "private" / "steward.duckdb"), read_only=True) as steward:
        rows = steward.execute(
            "select list(subject_id order by subject_id) as records from identity.id_lookup "
            "where resolved_by = 'record' group by customer_id order by records"
        ).fetchall()
    return [tuple(records) for (records,) in rows]
