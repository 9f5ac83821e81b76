"""Figures of different tables that are equal in one run and differ between two; runs under any DuckDB client.

Put here: those figures. Keep out: the loop (polling.py).
"""

from __future__ import annotations

import duckdb
from polling import poll

RUN = """
    select distinct run_id from governance.check_results
    where "at" = (select max("at") from governance.check_results)
"""
EQUAL = {
    "interactions": ("count(customer_id) from marts.fct_interactions", "sum(interactions) from marts.dim_customers"),
    "records": ("count(*) from marts.bridge_customer_records", "sum(records) from marts.dim_customers"),
    "cases": ("count(customer_id) from marts.fct_cases", "sum(cases) from marts.dim_customers"),
    "visits": ("count(*) from marts.fct_journey_stages", "sum(visits) from marts.fct_journeys"),
    "moves": ("count(*) from marts.fct_journey_transitions", "sum(visits - 1) from marts.fct_journeys"),
}


def read(file: str) -> tuple[str, dict[str, int]]:
    with duckdb.connect(file, read_only=True) as connection:
        state = {}
        for name, (left, right) in EQUAL.items():
            state[name], other = connection.execute(f"select (select {left}), (select {right})").fetchone()
            assert state[name] == int(other), f"half a run: {name} {state[name]} and {other}"
        return connection.execute(RUN).fetchall()[0][0], state


poll(duckdb.__version__, read)
