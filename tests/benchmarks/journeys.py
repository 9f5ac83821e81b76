"""What journeys cost: the real dbt models over made interactions, in units of one sort of the same rows.

`python -m tests.benchmarks.journeys [--rows 1000000 10000000 20000000]`.

Put here: the interactions and the timed dbt run. Keep out: expectations on rows (tests/journeys).
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np

from pipelines.journeys.spec import load_journeys
from quality.company import load_company
from tests.benchmarks.peers import time_pandas
from tests.benchmarks.report import Figure, report
from tests.benchmarks.unit import measure_sort
from tests.journeys.warehouse import INTERACTIONS, REPOSITORY, JourneyWarehouse

DEMO = REPOSITORY / "companies" / "demo"
AS_OF = datetime(2026, 1, 1)
FACTS = (  # and what they are made from
    *("int_account_interactions__keyed", "int_channels__numbered", "int_journeys__declared"),
    *("int_journey_stages__declared", "int_journey_transitions__declared", "int_journey_entities__digested"),
    *("int_journey_entities__touched", "int_journey_build__planned", "int_journey_interactions__known"),
    *("int_journey_interactions__matched", "int_journey_spans__walked", "int_journey_visits__numbered"),
    *("int_journey_instances__numbered", "int_journey_visits__surveyed", "int_journey_variants__aligned"),
    *("int_channel_sets__named", "fct_journeys", "fct_journey_stages"),
    *("fct_journey_interactions", "fct_journey_transitions", "fct_journey_deviations"),
    *("int_journey_entities__built",),
)
PANDAS_MOST = 10_000_000  # interactions: pandas keeps all of them in memory, several times
SIZES = [1_000_000, 10_000_000, 20_000_000]
EVENTS = """
    -- Ten interactions a person in walks of five, each through one journey from its entry, about two to a stage; half
    -- of all interactions are of no journey. Gaps are minutes, days or a month.
    create or replace table inbox.interactions as
    with drawn as (
        select i, i // 10 as person, i % 5 as step, (hash(i // 5, 1) % 3)::int + 1 as journey_no,
            (hash(i, 2) % 100)::int as dice, (hash(i, 3) % 997)::int as pick, (hash(i, 4) % 1000)::int as gap,
            step > 0 and hash(i, 5) % 8 < 5 as is_other,
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
        select p.*, case when is_other then others[pick % len(others) + 1]
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
        null::varchar as account_key, null::varchar as order_key, null::varchar as case_key,
    from named join inbox.touchpoints as t using (touchpoint)
    order by hash(i)"""


LATE = """
    -- one more for every hundredth, at a month before it
    insert into inbox.interactions
    select * replace (
        md5('late' || interaction_id)::uuid::varchar as interaction_id, occurred_at - interval 30 day as occurred_at
    )
    from inbox.interactions where hash(interaction_id) % 100 = 0"""


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


def run_models(warehouse: JourneyWarehouse, *arguments: str) -> tuple[float, float]:
    """Seconds of all models of one dbt run, and the peak of resident memory in GB, in a process of its own; prints the
    seconds of every model."""
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawned) as pool:
        models, gigabytes = pool.submit(_run_here, warehouse, arguments).result()
    for name, seconds in models.items():
        print(f"{name:<36}{seconds:>12.3f} s")
    return sum(models.values()), gigabytes


def _run_here(warehouse: JourneyWarehouse, arguments: tuple[str, ...]) -> tuple[dict[str, float], float]:
    results = warehouse.invoke("run", *arguments)
    failed = [f"{r.node.name}: {r.message}" for r in results if r.status != "success"]
    if failed:
        raise RuntimeError(f"{warehouse.folder}: {len(failed)} of {len(results)} models failed: {'; '.join(failed)}")
    return {r.node.name: r.execution_time for r in results}, _peak_gigabytes()


def _peak_gigabytes() -> float:
    """Of this process alone: getrusage also counts what the one that started it held."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024**2


def measure(rows: int) -> list[Figure]:
    """Of all journey facts: seconds, ratio to the unit and peak memory; the ratio of the marts made from them; and the
    share of the seconds that the facts take again after one more interaction for every hundredth."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = JourneyWarehouse(Path(folder) / "root")
        make_interactions(warehouse, rows)
        run_models(warehouse, "--select", "journeys_under_test")
        unit = measure_sort(rows)
        pandas = time_pandas(warehouse.warehouse) if rows <= PANDAS_MOST else None
        facts, gigabytes = run_models(warehouse, "--select", *FACTS)
        marts, _ = run_models(warehouse, "--select", "c360.journeys", "--exclude", *FACTS)
        with duckdb.connect(str(warehouse.warehouse)) as con:
            con.execute(LATE)
        run_models(warehouse, "--select", "journeys_under_test")
        again, _ = run_models(warehouse, "--select", *FACTS)
    size = f"journeys_{rows / 1_000_000:g}m"
    return [
        Figure(f"{size}_s", facts, "s"),
        Figure(f"{size}_ratio", facts / unit, "S"),
        Figure(f"{size}_marts_ratio", marts / unit, "S"),
        Figure(f"{size}_1pct_share", again / facts, "of the facts' seconds"),
        Figure(f"{size}_unit_s", unit, "s"),
        Figure(f"{size}_peak_gb", gigabytes, "GB"),
        *([Figure(f"{size}_pandas_ratio", pandas / unit, "S")] if pandas else []),
    ]


def main() -> None:
    """Measure every size and write `.bench/journeys.json`; the slope is the exponent of the power law through the
    seconds, 1 is linear."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES, help="interactions, ten a person")
    sizes = parser.parse_args().rows
    found = [measure(rows) for rows in sizes]
    figures = [figure for size in found for figure in size]
    if len(sizes) > 1:
        seconds = [size[0].value for size in found]
        slope = np.polyfit(np.log(sizes), np.log(seconds), 1)[0]
        figures.append(Figure("journeys_slope", slope, "power of interactions"))
    report("journeys", figures)


if __name__ == "__main__":
    main()
