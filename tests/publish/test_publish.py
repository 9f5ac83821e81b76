"""Swapping files under readers, and what is in them.

Put here: publish, prepare_marts, check results. Keep out: other clients (test_publish_readers.py).
"""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from support.small_warehouse import ADA_MAIL, ADA_PHONE, ADA_STREET

from identity.as_of import golden_cells_as_of, membership_as_of
from identity.engine import DuckDBEngine
from identity.tables import create_tables
from pipelines.publish.check_results import write_check_results
from pipelines.publish.publish import PublishError, prepare_marts, publish

TABLES = ("marts.fct_a", "marts.fct_b", "governance.log")
SWAPS = 8

READER = """
import sys, duckdb
file, tables = sys.argv[1], sys.argv[2].split(",")
print("ready", flush=True)
seen, reads = set(), 0
while True:
    with duckdb.connect(file, read_only=True) as connection:
        runs = {row for t in tables for row in connection.execute(f"select run_id, count(*) from {t} group by 1").fetchall()}
    assert len(runs) == 1, f"half a run: {runs}"
    run, rows = runs.pop()
    assert rows == 1000, rows
    reads += 1
    seen.add(run)
    if run == int(sys.argv[3]):
        print(len(seen), reads)
        break
"""  # noqa: E501


def write_generation(home: Path, run: int) -> None:
    prepare_marts(home / "c360_marts.duckdb")
    with duckdb.connect(str(home / "c360_marts.duckdb")) as connection:
        for table in TABLES:
            connection.execute(f"create or replace table {table} as select {run} as run_id, i from range(1000) r(i)")


def swap(home: Path):
    return publish(*(home / n for n in ("warehouse.duckdb", "c360_marts.duckdb", "published", "private", "released")))


@pytest.fixture
def small_home(tmp_path: Path) -> Path:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create schema identity; create table identity.golden_profiles as select 'raw' as email")
    write_generation(tmp_path, 0)
    return tmp_path


def test_a_polling_reader_never_fails_and_never_sees_half_a_run(small_home):
    swap(small_home)
    file = small_home / "published" / "customer360.duckdb"
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(file), ",".join(TABLES), str(SWAPS)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout.readline() == "ready\n"
    for run in range(1, SWAPS + 1):
        write_generation(small_home, run)
        swap(small_home)
    out, err = reader.communicate(timeout=60)
    assert reader.returncode == 0, err
    generations, reads = map(int, out.split())
    assert generations >= 2, out
    assert reads >= generations
    assert [f.name for f in file.parent.iterdir()] == [file.name]


def test_a_reader_that_keeps_its_connection_keeps_its_whole_run(small_home):
    swap(small_home)
    with duckdb.connect(str(small_home / "published" / "customer360.duckdb"), read_only=True) as reader:
        write_generation(small_home, 1)
        swap(small_home)
        assert {reader.execute(f"select distinct run_id from {t}").fetchall()[0] for t in TABLES} == {(0,)}


def test_publish_leaves_no_connection_open(small_home):
    swap(small_home)
    code = "import sys, duckdb; [duckdb.connect(f).close() for f in sys.argv[1:]]"
    files = [small_home / n for n in ("warehouse.duckdb", "c360_marts.duckdb", "published/customer360.duckdb",
                                      "private/steward.duckdb")]  # fmt: skip
    subprocess.run([sys.executable, "-c", code, *map(str, files)], check=True)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda home: (home / "warehouse.duckdb").unlink(), "warehouse.duckdb: not there; run the build first"),
        (lambda home: (home / "c360_marts.duckdb").unlink(), "c360_marts.duckdb: not there; run the build first"),
        (lambda home: _run(home, "create view marts.v as select 1"), "marts.v: a view breaks in a file of its own"),
        (lambda home: _run(home, *(f"drop table {t}" for t in TABLES)), "no table in schemas marts and governance"),
    ],
    ids=["no warehouse", "no marts", "a view", "nothing"],
)
def test_a_publish_that_fails_leaves_readers_the_last_good_file(small_home, spoil, message):
    swap(small_home)
    files = [small_home / "published" / "customer360.duckdb", small_home / "private" / "steward.duckdb"]
    before = [f.read_bytes() for f in files]
    spoil(small_home)
    with pytest.raises(PublishError, match=message):
        swap(small_home)
    assert [f.read_bytes() for f in files] == before
    assert {f.name for folder in ("published", "private") for f in (small_home / folder).iterdir()} == {
        "customer360.duckdb",
        "steward.duckdb",
    }


def _run(home: Path, *statements: str) -> None:
    with duckdb.connect(str(home / "c360_marts.duckdb")) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.xdist_group("small_home")
def test_raw_values_are_in_the_stewards_file_only_and_only_its_owner_reads_it(published_home):
    steward = published_home / "private" / "steward.duckdb"
    assert steward.stat().st_mode & 0o777 == 0o600
    assert steward.parent.stat().st_mode & 0o777 == 0o700
    with duckdb.connect(str(steward), read_only=True) as connection:
        raw = connection.execute(
            "select email, phone, street from identity.golden_profiles where email <> ''"
        ).fetchall()
        tables = connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
    assert raw == [(ADA_MAIL, ADA_PHONE, ADA_STREET)]
    assert {("identity.id_lookup",), ("identity.customers",), ("std.std_persons",)} <= set(tables)
    with duckdb.connect(str(published_home / "published" / "customer360.duckdb"), read_only=True) as connection:
        schemas = connection.execute("select distinct schema_name from duckdb_tables()").fetchall()
    assert set(schemas) == {("marts",), ("governance",)}


def test_a_run_leaves_raw_data_to_its_owner_and_the_published_file_to_everybody(tmp_path):
    # Regression: landing, quarantine and warehouse.duckdb could be read by every user of the machine.
    code = (
        "import sys, duckdb; from pathlib import Path; from pipelines.settings import Settings; "
        "from pipelines.run import prepare_home; from pipelines.publish.publish import prepare_marts, publish; "
        "s = Settings.from_env(home=Path(sys.argv[1])); prepare_home(s); prepare_marts(s.marts); "
        "duckdb.connect(str(s.warehouse)).execute('create schema identity').close(); "
        "duckdb.connect(str(s.marts)).execute('create table marts.a (b int)').close(); "
        "(s.landing / 'crm').mkdir(parents=True); "
        "publish(s.warehouse, s.marts, s.published.parent, s.private, s.released)"
    )
    home = tmp_path / "home"
    subprocess.run([sys.executable, "-c", code, str(home)], check=True)
    modes = {p: f"{(home / p).stat().st_mode & 0o777:o}" for p in (".", "landing", "warehouse.duckdb", "published")}
    assert modes == {".": "711", "landing": "700", "warehouse.duckdb": "600", "published": "755"}
    assert (home / "published" / "customer360.duckdb").stat().st_mode & 0o777 == 0o644


def test_the_stewards_file_holds_quarantined_rows(small_home):
    part = small_home / "quarantine" / "crm" / "arrived=2024-01-01" / "abc.parquet"
    part.parent.mkdir(parents=True)
    duckdb.sql("select 'crm' as dataset, 'abc' as batch_id, 'raw text' as raw").write_parquet(str(part))
    assert swap(small_home).steward_tables == 2
    with duckdb.connect(str(small_home / "private" / "steward.duckdb"), read_only=True) as connection:
        assert connection.execute("from quarantine").fetchall() == [("crm", "abc", "raw text")]


def test_the_stewards_file_tells_what_was_believed_before_and_the_published_file_does_not(small_home):
    with duckdb.connect(str(small_home / "warehouse.duckdb")) as connection:
        connection.execute("drop table identity.golden_profiles")
        create_tables(DuckDBEngine(connection))
        connection.execute(
            "insert into identity.golden_cell_history (attribute, value, known_from, known_to) values "
            "('street', 'Old Lane 1', '2024-01-01', '2024-02-01'), ('street', 'New Lane 2', '2024-02-01', null)"
        )
        connection.execute(
            "insert into identity.membership (subject_id, known_from, known_to) values "
            "('crm:1', '2024-01-01', '2024-02-01'), ('crm:1', '2024-02-01', null)"
        )
    swap(small_home)
    with duckdb.connect(str(small_home / "private" / "steward.duckdb"), read_only=True) as connection:
        before = connection.execute(f"select value from ({golden_cells_as_of(datetime(2024, 1, 15))})").fetchall()
        assert before == [("Old Lane 1",)]
        assert connection.execute("select value from identity.golden_cells").fetchall() == [("New Lane 2",)]
        assert connection.execute(f"select count(*) from ({membership_as_of()})").fetchall() == [(1,)]
    published = small_home / "published" / "customer360.duckdb"
    with duckdb.connect(str(published), read_only=True) as connection:
        told = connection.execute("select distinct schema_name from duckdb_tables()").fetchall()
    assert set(told) == {("marts",), ("governance",)}
    assert not any(street in published.read_bytes() for street in (b"Old Lane", b"New Lane"))


def check(**changes):
    row = {"run_id": "r1", "asset": "marts/fct_a", "check_name": "keys_are_unique", "severity": "block"}
    row |= {"success": True, "failing_rows": 0, "threshold": "0", "observed": "0", "seconds": 0.1}
    row |= {"at": datetime(2024, 3, 5)}
    return {**row, **changes}


def test_check_results_gather_over_runs_and_a_repeated_run_replaces_its_own(small_home):
    marts = small_home / "c360_marts.duckdb"
    assert write_check_results(marts, [check(success=False), check(check_name="rows_are_kept")]) == 2
    write_check_results(marts, [check()])
    write_check_results(marts, [check(run_id="r2")])
    assert write_check_results(marts, []) == 0
    with duckdb.connect(str(marts)) as connection:
        found = connection.execute(
            "select run_id, check_name, success from governance.check_results order by all"
        ).fetchall()
        described = connection.execute(
            "select count(comment) from duckdb_columns() where table_name = 'check_results'"
        ).fetchall()
    assert found == [("r1", "keys_are_unique", True), ("r1", "rows_are_kept", True), ("r2", "keys_are_unique", True)]
    assert described == [(10,)]


def test_check_results_refuse_an_unknown_severity(small_home):
    with pytest.raises(ValueError, match="severity 'fatal'; use block, warn, record"):
        write_check_results(small_home / "c360_marts.duckdb", [check(severity="fatal")])
