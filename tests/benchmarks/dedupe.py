"""One timed resolution of simulated people, ours or Splink's own, in a process of its own.

Put here: what is timed. Keep out: comparing the two (identity.py). Prints one line of JSON.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import tempfile
import time
import warnings
from datetime import datetime
from pathlib import Path

from identity.config import load_config
from identity.describe import describe_records
from identity.engine import DuckDBEngine
from identity.evaluate import evaluate
from identity.evidence import add_frequencies
from identity.model import MatchModel
from identity.resolve import resolve
from identity.tables import create_tables
from quality.definitions import load_definitions
from tests.benchmarks.people import fill_people
from tests.identity.identity_warehouse import Warehouse


def time_ours(warehouse: Warehouse, folder: Path) -> dict:
    engine, config = DuckDBEngine(warehouse.con), load_config(None, load_definitions().terms)
    started, worked = time.perf_counter(), time.process_time()
    report = resolve(
        engine, config, known_at=datetime(2025, 1, 1), run_id="bench", keep=lambda model: model.save(folder)
    )
    done, rested = time.perf_counter(), time.process_time()
    score = evaluate(
        engine,
        "select subject_id as record_id, customer_id as cluster from identity.id_lookup",
        "select record_id, entity from labelled",
    ).cluster_pairs
    return {
        "seconds": done - started, "cpu_seconds": rested - worked, "precision": score.precision,
        "recall": score.recall, "steps": report.seconds,
    }  # fmt: skip


def time_splink(warehouse: Warehouse, folder: Path) -> dict:
    """Train, predict and cluster with our comparisons and blocking rules, on evidence that is ready beforehand."""
    from splink import DuckDBAPI, Linker, block_on

    warnings.simplefilter("ignore")
    logging.getLogger("splink").setLevel(logging.ERROR)
    model = MatchModel.load(folder)
    engine, config = DuckDBEngine(warehouse.con), load_config(None, load_definitions().terms)
    create_tables(engine)
    describe_records(engine, config, "select subject_id from std.std_persons")
    add_frequencies(engine, model)
    warehouse.con.execute("create table ready as select * from ir_comparable")
    warehouse.con.execute("create table keyed as select node_id as unique_id, key from ir_records")
    engine.drop_working()
    started, worked = time.perf_counter(), time.process_time()
    api = DuckDBAPI(connection=warehouse.con)
    linker = Linker(api.register("ready"), model.settings(), log_level="ERROR")
    linker.training.estimate_probability_two_random_records_match(
        [block_on("first_name", "last_name", "birth_date")], recall=0.7
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1_500_000, seed=1)
    for block in (("first_name", "last_name"), ("birth_date",)):
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*block), estimate_without_term_frequencies=True, max_pairs=1_000_000
        )
    pairs = linker.inference.predict(threshold_match_probability=0.2)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_probability=0.95)
    done, rested = time.perf_counter(), time.process_time()
    score = evaluate(
        engine,
        f"select 'crm:' || key as record_id, cluster_id as cluster from {clusters.physical_name} "
        "join keyed using (unique_id)",
        "select record_id, entity from labelled",
    ).cluster_pairs
    return {
        "seconds": done - started, "cpu_seconds": rested - worked, "precision": score.precision,
        "recall": score.recall,
    }  # fmt: skip


def main() -> None:
    who, records, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    with tempfile.TemporaryDirectory() as scratch:
        warehouse = Warehouse(Path(scratch) / "warehouse.duckdb")
        warehouse.con.execute("set threads = 2")
        warehouse.con.execute("set memory_limit = '3GB'")
        warehouse.con.execute("set preserve_insertion_order = false")
        fill_people(warehouse.con, records)
        warehouse.con.execute("drop table drawn")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        result = {"ours": time_ours, "splink": time_splink}[who](warehouse, folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        warehouse.close()
    print(json.dumps({**result, "peak_gb": peak / 1e6, "before_gb": before / 1e6}))


if __name__ == "__main__":
    main()
