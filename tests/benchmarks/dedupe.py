"""One timed resolution of simulated people, ours, Splink's, or both of new ones, in a process of its own.

Put here: what is timed. Keep out: comparing the two (identity.py). Prints one line of JSON.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import tempfile
import time
import warnings
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

import duckdb

from identity.config import load_config
from identity.describe import describe_records
from identity.engine import DuckDBEngine
from identity.evaluate import evaluate
from identity.frequencies import add_frequencies
from identity.model import MatchModel
from identity.resolve import resolve
from identity.splink_model import splink_settings
from identity.tables import create_tables
from quality.definitions import load_definitions
from quality.storage import CHECKPOINT_THRESHOLD
from tests.benchmarks.people import fill_people
from tests.identity.identity_warehouse import Warehouse

_MANY = "select count(*) // 1000 from std.std_persons"
MEMORY = "900MB"  # what DuckDB may take; the process holds half as much beside it


def time_ours(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict:
    engine, config = DuckDBEngine(connection), load_config(None, load_definitions().terms)
    started, worked = time.perf_counter(), time.process_time()
    report = resolve(
        engine, config, known_at=datetime(2025, 1, 1), run_id="bench", keep=lambda model: model.save(folder)
    )
    done, rested, peak = time.perf_counter(), time.process_time(), _peak_gb()
    score = evaluate(
        engine,
        "select subject_id as record_id, customer_id as cluster from identity.id_lookup",
        "select record_id, entity from labelled",
    ).cluster_pairs
    return {
        "seconds": done - started, "cpu_seconds": rested - worked, "peak_gb": peak, "precision": score.precision,
        "recall": score.recall, "steps": report.seconds,
    }  # fmt: skip


def time_splink(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict:
    """Train, predict and cluster with our comparisons and blocking rules, on evidence that is ready beforehand."""
    from splink import DuckDBAPI, Linker, block_on

    warnings.simplefilter("ignore")
    logging.getLogger("splink").setLevel(logging.ERROR)
    model = MatchModel.load(folder)
    engine, config = DuckDBEngine(connection), load_config(None, load_definitions().terms)
    create_tables(engine)
    describe_records(engine, config, "select subject_id from std.std_persons")
    add_frequencies(engine, model)
    connection.execute("create table ready as select * from ir_comparable")
    connection.execute("create table keyed as select node_id as unique_id, key from ir_records")
    engine.drop_working()
    started, worked = time.perf_counter(), time.process_time()
    api = DuckDBAPI(connection=connection)
    linker = Linker(api.register("ready"), splink_settings(model), log_level="ERROR")
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
    done, rested, peak = time.perf_counter(), time.process_time(), _peak_gb()
    score = evaluate(
        engine,
        f"select 'crm:' || key as record_id, cluster_id as cluster from {clusters.physical_name} "
        "join keyed using (unique_id)",
        "select record_id, entity from labelled",
    ).cluster_pairs
    return {
        "seconds": done - started, "cpu_seconds": rested - worked, "peak_gb": peak, "precision": score.precision,
        "recall": score.recall,
    }  # fmt: skip


def time_new(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict:
    """A thousand new records against the rest: our resolve of what they reach, Splink's scoring of the new pairs."""
    from splink import DuckDBAPI, Linker

    warnings.simplefilter("ignore")
    logging.getLogger("splink").setLevel(logging.ERROR)
    engine, config = DuckDBEngine(connection), load_config(None, load_definitions().terms)
    is_new = f"split_part(subject_id, ':', 2)::int % {connection.sql(_MANY).fetchall()[0][0]} = 7"
    for name in ("persons", "identifiers"):
        connection.execute(f"create table new_{name} as select * from std.std_{name} where {is_new}")
        connection.execute(f"delete from std.std_{name} where {is_new}")
    resolve(engine, config, known_at=datetime(2025, 1, 1), run_id="before", keep=lambda model: model.save(folder))
    model = MatchModel.load(folder)
    for name in ("persons", "identifiers"):
        connection.execute(f"insert into std.std_{name} select * from new_{name}")
    connection.execute("checkpoint")
    started = time.perf_counter()
    report = resolve(
        engine, config, known_at=datetime(2025, 1, 2), run_id="new", model=model,
        changed="select subject_id from new_persons",
    )  # fmt: skip
    ours = time.perf_counter() - started
    describe_records(engine, config, "select subject_id from std.std_persons")
    for table, condition in (("old_ready", f"not {is_new}"), ("new_ready", is_new)):
        connection.execute(
            f"create table {table} as select e.* from ir_evidence e "
            f"join ir_records r on r.node_id = e.unique_id where {condition}"
        )
    engine.drop_working()
    api = DuckDBAPI(connection=connection)
    old, new = api.register("old_ready"), api.register("new_ready")
    linker = Linker(old, splink_settings(model), log_level="ERROR")
    for column in model.frequency_columns:
        linker.table_management.compute_tf_table(column)
    started = time.perf_counter()
    linker.inference.predict_between(old, new, threshold_match_probability=0.2)
    linker.inference.predict_within(new, threshold_match_probability=0.2)
    return {"seconds": ours, "splink_seconds": time.perf_counter() - started, "resolved": report.resolved,
            "steps": report.seconds}  # fmt: skip


def _peak_gb() -> float:
    """Of this process alone: what `getrusage` tells begins with the peak of the one that started it."""
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(peak) * 1024 / 1e9


def fill(file: Path, records: int) -> None:
    """The people to resolve, in a file."""
    warehouse = Warehouse(file)
    fill_people(warehouse.con, records)
    warehouse.con.execute("drop table drawn")
    warehouse.close()


def main() -> None:
    who, records, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "warehouse.duckdb"
        filling = get_context("spawn").Process(target=fill, args=(file, records))  # its memory is not what is measured
        filling.start()
        filling.join()
        connection = duckdb.connect(str(file))
        connection.execute("set threads = 2")
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"set memory_limit = '{MEMORY}'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute(f"set checkpoint_threshold = '{CHECKPOINT_THRESHOLD}'")
        before = _peak_gb()
        result = {"ours": time_ours, "splink": time_splink, "new": time_new}[who](connection, folder)
        connection.close()
    print(json.dumps({**result, "before_gb": before}))


if __name__ == "__main__":
    main()
