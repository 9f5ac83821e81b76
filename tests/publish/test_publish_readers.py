"""BI tools on the published file: an older DuckDB client, and SQLAlchemy.

Put here: clients that are not ours. Keep out: swapping (test_publish.py).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool
from support.own_python import find_old_python

from pipelines.publish.publish import publish

pytestmark = pytest.mark.xdist_group("small_home")


@pytest.fixture(scope="session")
def old_python() -> Path:
    return find_old_python()


def test_a_duckdb_1_4_client_reads_the_published_file_while_a_run_writes(old_python, published_home):
    file = published_home / "published" / "customer360.duckdb"
    code = (
        "import sys, duckdb; c = duckdb.connect(sys.argv[1], read_only=True); "
        "print(duckdb.__version__[:3], c.execute('select count(*), count(customer_id), sum(value) "
        "from marts.fct_interactions').fetchone(), "
        "c.execute(\"select comment from duckdb_tables() where table_name = 'fct_orders'\").fetchone())"
    )
    held = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); c.execute('begin'); " + (
        "c.execute('create table main.busy as select 1'); print('writing', flush=True); sys.stdin.read()"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", held, str(published_home / "c360_marts.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert writer.stdout.readline() == "writing\n"
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        ran = subprocess.run(
            [str(old_python), "-c", code, str(file)], capture_output=True, text=True, env=environment, check=False
        )
    finally:
        writer.communicate("")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("1.4 (7, 6, Decimal('10.00')) ('One row per order;")


def test_sqlalchemy_reflects_tables_columns_comments_and_keys(published_home):
    engine = sa.create_engine(
        f"duckdb:///{published_home / 'published' / 'customer360.duckdb'}",
        poolclass=NullPool,
        connect_args={"read_only": True},
    )
    inspector = sa.inspect(engine)
    tables = set(inspector.get_table_names(schema="marts"))
    assert {"dim_customers", "fct_interactions", "fct_orders", "bridge_customer_records"} <= tables
    keys = {
        table: inspector.get_pk_constraint(table, schema="marts")["constrained_columns"]
        for table in sorted(tables)
        if table.startswith("dim_")
    }
    assert keys == {
        "dim_accounts": ["account_key"],
        "dim_channels": ["channel"],
        "dim_customers": ["customer_id"],
        "dim_dates": ["date_day"],
        "dim_households": ["household_id"],
        "dim_touchpoints": ["touchpoint"],
    }
    for table in tables:
        comment = inspector.get_table_comment(table, schema="marts")["text"]
        assert comment.startswith("One row per "), table
        assert all(c["comment"] for c in inspector.get_columns(table, schema="marts")), table
    customers = sa.Table("dim_customers", sa.MetaData(schema="marts"), autoload_with=engine)
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(customers)) == 4
    required = {c.name for c in customers.columns if not c.nullable}
    assert {"customer_id", "knowledge_level", "revenue"} <= required
    assert customers.c.email_domain.nullable
    engine.dispose()


def test_publishing_again_keeps_comments_and_keys(published_home):
    first = publish(
        published_home / "warehouse.duckdb",
        published_home / "c360_marts.duckdb",
        published_home / "published",
        published_home / "private",
        published_home / "released",
    )
    assert first.tables >= 17
    test_sqlalchemy_reflects_tables_columns_comments_and_keys(published_home)
