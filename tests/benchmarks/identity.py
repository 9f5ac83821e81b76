"""How good and how fast identity is: labelled public records, a million simulated people, beside Splink and scipy.

Put here: what is measured and printed. Thresholds and limits are fixed here and are not tuned to the answers: F1 weighs
a wrong pair like a missed one, so a pair counts from even odds on. Keep out: the data (labelled.py, people.py).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from identity.components import label_nodes, read_limits
from identity.config import load_config
from identity.engine import DuckDBEngine
from identity.evaluate import evaluate
from identity.resolve import learn, resolve
from quality.definitions import load_definitions
from tests.benchmarks import labelled
from tests.benchmarks.report import Figure, report
from tests.identity.identity_warehouse import Warehouse

EVEN_ODDS = 0.5
DATA = Path(os.environ.get("C360_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data")) / "identity"
NODES, EDGES = 4_000_000, 5_000_000
PEOPLE = 1_000_000
RUNS = 3  # of what is compared with Splink: the one in the middle counts
SIZES = (100_000, 300_000, 1_000_000, 3_000_000)
# name -> (records, datasets that know each person once, measure)
SETS = {
    "febrl3_cluster_pair_f1": (labelled.febrl3, (), "all"),
    "febrl4_pairwise_f1": (labelled.febrl4, ("a", "b"), "across"),
    "census_ssa_f1": (lambda f: f"{labelled.census(f)} union all {labelled.ssa(f)}", ("census", "ssa"), "across"),
    "census_w2_f1": (lambda f: f"{labelled.census(f)} union all {labelled.w2(f)}", ("census",), "across"),
}


def measure_accuracy() -> list[Figure]:
    """F1 over pairs of records that end as one customer; of two files, over pairs across the files."""
    return [Figure(name, _score(*measured), "F1") for name, measured in SETS.items()]


def _score(records, once: tuple[str, ...], measure: str) -> float:
    warehouse = labelled.load(records(DATA))
    engine, config = DuckDBEngine(warehouse.con), load_config(None, load_definitions().terms)
    config = replace(config, cardinality={**config.cardinality, **{f"record@{name}": 1 for name in once}})
    model = replace(learn(engine, config), match=EVEN_ODDS)
    resolve(engine, config, known_at=datetime(2025, 1, 1), run_id="bench", model=model)
    found = "select subject_id as record_id, customer_id as cluster from identity.id_lookup"
    if measure == "all":
        score = evaluate(engine, found, "from truth").cluster_pairs
        f1 = score.f1
    else:
        claimed, right, true = warehouse.con.execute(
            f"""
            with k as (select *, split_part(record_id, ':', 1) as file from ({found}) join truth using (record_id)),
            pairs as (select a.cluster = b.cluster as same, a.entity = b.entity as true
                from k a join k b on a.file < b.file and (a.cluster = b.cluster or a.entity = b.entity))
            select count(*) filter (same), count(*) filter (same and true), count(*) filter (true) from pairs
            """
        ).fetchall()[0]
        f1 = 2 * right / (claimed + true)
    warehouse.close()
    return f1


def measure_dedupe() -> list[Figure]:
    """A million records: our whole resolution against Splink's train, predict and cluster with the same rules."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [[_in_a_process(who, folder) for who in ("ours", "splink")] for _ in range(RUNS)]
    ours, splink = _in_the_middle(runs, lambda run: run[0]["seconds"] / run[1]["seconds"])
    return [
        Figure("dedupe_1m_s", ours["seconds"], "s"),
        Figure("dedupe_1m_splink_s", splink["seconds"], "s"),
        Figure("dedupe_1m_ratio", ours["seconds"] / splink["seconds"], "of Splink's"),
        Figure("dedupe_1m_peak_gb", ours["peak_gb"], "GB"),
        Figure("dedupe_1m_precision", ours["precision"], "of pairs"),
        Figure("dedupe_1m_recall", ours["recall"], "of pairs"),
    ]


def measure_incremental() -> list[Figure]:
    """A thousand new records into a million, against Splink's scoring of the new pairs alone."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [_in_a_process("new", folder) for _ in range(RUNS)]
    found = _in_the_middle(runs, lambda run: run["seconds"] / run["splink_seconds"])
    return [
        Figure("incremental_1k_s", found["seconds"], "s"),
        Figure("incremental_1k_splink_s", found["splink_seconds"], "s"),
        Figure("incremental_1k_ratio", found["seconds"] / found["splink_seconds"], "of Splink's"),
        Figure("incremental_1k_resolved", found["resolved"], "records"),
    ]


def _in_the_middle(runs: list, ratio: Callable) -> Any:
    """A noisy machine takes a tenth, now from us and now from them."""
    return sorted(runs, key=ratio)[len(runs) // 2]


def measure_slope() -> list[Figure]:
    """Seconds and peak memory of a whole resolution, training included, of 100,000 to 3 million records: exponents of
    the power laws through the points, 1 is linear."""
    with tempfile.TemporaryDirectory() as folder:
        found = [_in_a_process("ours", folder, records) for records in SIZES]
    sizes = np.log(SIZES)
    figures = [
        Figure(f"slope_{name}", np.polyfit(sizes, np.log([run[name] for run in found]), 1)[0], "power of records")
        for name in ("seconds", "peak_gb")
    ]
    for records, run in zip(SIZES, found, strict=True):
        figures.append(Figure(f"slope_{records}_s", run["seconds"], "s"))
        figures.append(Figure(f"slope_{records}_gb", run["peak_gb"], "GB"))
    return figures


def _in_a_process(who: str, folder: str, records: int = PEOPLE) -> dict:
    command = [sys.executable, "-m", "tests.benchmarks.dedupe", who, str(records), folder]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure_components() -> list[Figure]:
    """Clusters of five million edges between string ids, against scipy on integers that are there already."""
    warehouse = Warehouse()
    con, engine = warehouse.con, DuckDBEngine(warehouse.con)
    con.execute("set threads = 2")
    con.execute(
        f"create temp table ir_names as select i::int as node_id, 'record:' || i as name from range({NODES}) t(i)"
    )
    con.execute(
        f"""
        create temp table edges as
        select (md5_number_lower(i || 'l') % {NODES})::int as l, (md5_number_lower(i || 'r') % {NODES})::int as r
        from range({EDGES}) t(i)
        """
    )
    con.execute(
        "create temp table named as select a.name as left_name, b.name as right_name from edges "
        "join ir_names a on a.node_id = l join ir_names b on b.node_id = r"
    )
    for name in ("ir_identifiers", "ir_records", "ir_apart"):
        columns = "0 as node_id, '' as identifier_type, '' as namespace, '' as strength, '' as dataset"
        columns += ", 0 as left_id, 0 as right_id"
        con.execute(f"create temp table {name} as select {columns} where false")
    limits = read_limits(engine, load_config(None, load_definitions().terms))
    started = time.perf_counter()
    engine.store(
        "ir_edges_named_ids",
        "select a.node_id as left_id, b.node_id as right_id, 'x' as rule, 1 as priority, 1.0::double as weight, "
        "'' as evidence, null::varchar as reason "
        "from named join ir_names a on a.name = left_name join ir_names b on b.name = right_name",
    )
    label_nodes(engine, NODES, ["ir_edges_named_ids"], limits)
    ours = time.perf_counter() - started
    edges = con.execute("select l, r from edges").fetchnumpy()
    started = time.perf_counter()
    graph = coo_matrix((np.ones(EDGES, dtype=np.int8), (edges["l"], edges["r"])), shape=(NODES, NODES))
    connected_components(graph, directed=False)
    scipy = time.perf_counter() - started
    warehouse.close()
    return [
        Figure("components_5m_s", ours, "s"),
        Figure("components_5m_scipy_s", scipy, "s"),
        Figure("components_5m_ratio", ours / scipy, "of scipy's"),
    ]


def main() -> None:
    measures = {
        "accuracy": measure_accuracy,
        "components": measure_components,
        "dedupe": measure_dedupe,
        "incremental": measure_incremental,
        "slope": measure_slope,
    }
    chosen = sys.argv[1:] or list(measures)
    report("identity", [figure for name in chosen for figure in measures[name]()])


if __name__ == "__main__":
    main()
