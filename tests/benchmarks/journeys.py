"""What journeys cost: the real dbt models over made interactions, in units of one sort of the same rows.

Put here: the interactions, the unit S and the table of figures. Keep out: expectations on rows (tests/journeys).
Run: python -m tests.benchmarks.journeys --rows 1000000
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.journeys.spec import load_journeys
from quality.company import load_company
from tests.journeys.warehouse import INTERACTIONS, REPOSITORY, JourneyWarehouse

DEMO = REPOSITORY / "companies" / "demo"
AS_OF = datetime(2026, 1, 1)
EVENTS = """
    -- Ten interactions a person in walks of five, each through one journey from its entry, about two to a stage; one in
    -- six interactions is of no journey. Gaps are minutes, days or a month.
    create or replace table inbox.interactions as
    with drawn as (
        select i, i // 10 as person, i % 5 as step, (hash(i // 5, 1) % 3)::int + 1 as journey_no,
            (hash(i, 2) % 100)::int as dice, (hash(i, 3) % 997)::int as pick, (hash(i, 4) % 1000)::int as gap,
        from range({rows}) as numbers(i)
    ),
    stages as (
        select journey_no, stage_no, list(touchpoint order by touchpoint) as touchpoints
        from control.journey_rules where kind = 'stage' group by all
    ),
    lengths as (select journey_no, max(stage_no) as stages from stages group by all),
    placed as (
        select d.*, least(greatest(step // 2 + 1 + (dice > 70)::int - 2 * (dice > 90)::int, 1), l.stages) as stage_no,
            sum(case when gap < 600 then gap when gap < 950 then gap * 120 else gap * 2500 end)
                over (partition by person order by i) as seconds,
        from drawn as d join lengths as l using (journey_no)
    ),
    named as (
        select p.*, case when dice % 6 = 5 and step > 0 then others[pick % len(others) + 1]
            else s.touchpoints[pick % len(s.touchpoints) + 1] end as touchpoint,
        from placed as p join stages as s using (journey_no, stage_no)
        cross join (select list(touchpoint order by touchpoint) as others from inbox.touchpoints
            where touchpoint not in (select touchpoint from control.journey_rules)) as others
    )
    select md5('i' || i)::uuid::varchar as interaction_id, md5('c' || person)::uuid::varchar as customer_id, touchpoint,
        timestamp '2025-01-01' + to_seconds(seconds::bigint) as occurred_at, 50::int as priority,
        null::bigint as sequence, 1::int as slot, t.channel, t.is_online, t.assisted,
        case when person % 5 = 0 then 'b2b' else 'b2c' end as business_model,
        case when touchpoint = 'order_paid' then (pick + 20)::decimal(18, 2) end as value, t.unit_cost as cost,
        case when dice % 3 = 0 then '{{"plan_family": "mobile"}}' else '{{"plan_family": "fibre"}}' end as attributes,
        null::varchar as order_key, null::varchar as case_key,
        'device-' || hash(person, 5) as device_id, 'person.' || person || '@example.org' as email,
        case when person % 3 = 0 then 'L' || lpad(person::varchar, 9, '0') end as loyalty_number,
    from named join inbox.touchpoints as t using (touchpoint)
    order by hash(i)"""
SORT = """
    copy (
        select interaction_id, occurred_at, channel, touchpoint, device_id, email, loyalty_number, value
        from inbox.interactions order by customer_id, occurred_at
    ) to '{target}' (format parquet)"""


def make_interactions(warehouse: JourneyWarehouse, rows: int) -> None:
    """Fill the warehouse with the demo company's journeys and `rows` interactions over its touchpoints."""
    company = load_company(DEMO)
    journeys = load_journeys(DEMO / "journeys", company.touchpoints)
    warehouse.load(journeys, INTERACTIONS.empty_table(), AS_OF)
    with duckdb.connect(str(warehouse.warehouse)) as con:
        con.execute("create or replace table inbox.touchpoints (touchpoint text, channel text, is_online boolean,"
                    " assisted boolean, unit_cost decimal(18, 2))")  # fmt: skip
        con.executemany(
            "insert into inbox.touchpoints values (?, ?, ?, ?, ?)",
            [(t.touchpoint, t.channel, t.is_online, t.assisted, t.unit_cost) for t in company.touchpoints.values()],
        )
        con.execute(EVENTS.format(rows=rows))


def measure_unit(warehouse: JourneyWarehouse) -> float:
    """S: seconds of one sort of the interactions by person and time into Parquet, median of three."""
    target = warehouse.folder / "sorted.parquet"
    seconds = []
    with duckdb.connect(str(warehouse.warehouse), read_only=True) as con:
        con.execute("set threads = 2; set memory_limit = '4GB'; set preserve_insertion_order = false")
        for _ in range(3):
            start = time.perf_counter()
            con.execute(SORT.format(target=target)).fetchall()
            seconds.append(time.perf_counter() - start)
    target.unlink()
    return statistics.median(seconds)


def run_models(warehouse: JourneyWarehouse, select: str) -> tuple[dict[str, float], float]:
    """Seconds per model of one dbt run of the selection, and the peak of resident memory in GB, in a process of its
    own."""
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawned) as pool:
        return pool.submit(_run_here, warehouse, select).result()


def _run_here(warehouse: JourneyWarehouse, select: str) -> tuple[dict[str, float], float]:
    results = warehouse.invoke("run", "--select", select)
    failed = [f"{r.node.name}: {r.message}" for r in results if r.status != "success"]
    if failed:
        raise RuntimeError(f"{warehouse.folder}: {len(failed)} of {len(results)} models failed: {'; '.join(failed)}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {r.node.name: r.execution_time for r in results}, peak


def main() -> None:
    """Print the seconds of every journey model and write `.bench/journeys.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="interactions; ten a person (default: 1000000)")
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        warehouse = JourneyWarehouse(Path(folder) / "root", memory="3GB")
        make_interactions(warehouse, rows)
        run_models(warehouse, "journeys_under_test")
        unit = measure_unit(warehouse)
        models, peak = run_models(warehouse, "c360.journeys")
    stages = {name: seconds for name, seconds in models.items() if name.startswith("int_")}
    stages["fct_journey_stages"] = models["fct_journey_stages"]
    size = f"{rows // 1_000_000}m" if rows % 1_000_000 == 0 else str(rows)
    figures = [
        {"name": f"journeys_{size}_s", "value": round(sum(stages.values()), 3), "unit": "s"},
        {"name": f"journeys_{size}_ratio", "value": round(sum(stages.values()) / unit, 3), "unit": "S"},
        {"name": f"journeys_{size}_all_ratio", "value": round(sum(models.values()) / unit, 3), "unit": "S"},
        {"name": f"journeys_{size}_sort_s", "value": round(unit, 3), "unit": "s"},
        {"name": f"journeys_{size}_peak_gb", "value": round(peak, 3), "unit": "GB"},
    ]
    for name, seconds in models.items():
        print(f"{name:<40}{seconds:8.2f} s {seconds / unit:6.2f} S")
    for figure in figures:
        print(f"{figure['name']:<40}{figure['value']:8.2f} {figure['unit']}")
    target = REPOSITORY / ".bench" / "journeys.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
