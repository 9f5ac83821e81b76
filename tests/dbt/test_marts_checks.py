"""The blocking tests of the marts see a fault when there is one.

Put here: one planted fault per kind of test. Keep out: what the marts should say (test_marts_rows.py).
"""

from __future__ import annotations

import shutil

import duckdb
import pytest

pytestmark = pytest.mark.xdist_group("small_home")


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("delete from m.marts.fct_interactions where resolved_by = 'none'", "fct_interactions_keeps_every_row"),
        ("insert into m.marts.fct_orders from m.marts.fct_orders limit 1", "fct_orders_has_one_row_per_key"),
        ("update m.marts.fct_orders set customer_id = uuid()", "fct_orders_names_only_known_parents"),
        ("update m.marts.fct_interactions set touchpoint = 'nowhere'", "fct_interactions_names_only_known_parents"),
        ("delete from m.marts.fct_consents where is_current", "fct_consents_keeps_every_row"),
        ("update m.marts.dim_accounts set is_in_cycle = true", "no_account_owns_itself_through_others"),
        ("update m.marts.dim_households set members = 1", "no_household_is_one_person"),
        ("update m.marts.dim_customers set household_id = uuid()", "dim_customers_names_only_known_parents"),
    ],
)
def test_a_blocking_test_fails_when_its_fault_is_planted(home, tmp_path, fault, check):
    for name in ("warehouse.duckdb", "c360_marts.duckdb"):
        shutil.copyfile(home / name, tmp_path / name)
    query = next((home / "dbt" / "target" / "compiled").rglob(f"{check}.sql")).read_text()
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute(f"attach '{tmp_path / 'c360_marts.duckdb'}' as m")
        assert connection.execute(query).fetchall() == []
        connection.execute(fault)
        assert connection.execute(query).fetchall() != []
