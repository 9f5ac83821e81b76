"""A small warehouse in which the real dbt journey models run over given interactions.

Put here: the root project that stands in for everything before the journey models, and one call that builds them.
Keep out: expectations (test_*.py), the second implementation (interpreter.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import chdir
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from pipelines.control import TOUCHPOINT_ITEMS
from pipelines.journeys.compile import compile_journeys
from pipelines.journeys.fingerprint import fingerprint_journeys
from pipelines.journeys.model import Journey
from quality.storage import CHECKPOINT_THRESHOLD, STORAGE_VERSION

REPOSITORY = Path(__file__).resolve().parents[2]
INTERACTIONS = pa.schema(
    {
        **{"interaction_id": pa.string(), "customer_id": pa.string(), "touchpoint": pa.string()},
        **{"occurred_at": pa.timestamp("us"), "priority": pa.int32(), "sequence": pa.int64(), "slot": pa.int32()},
        **{"channel": pa.string(), "is_online": pa.bool_(), "assisted": pa.bool_(), "business_model": pa.string()},
        **{"value": pa.decimal128(18, 2), "cost": pa.decimal128(18, 2), "attributes": pa.string()},
        **{"account_key": pa.string(), "order_key": pa.string(), "case_key": pa.string()},
    }
)
SURVEYS = pa.schema(
    {
        **{"customer_id": pa.string(), "response_key": pa.string(), "metric": pa.string(), "score_01": pa.float64()},
        **{"responded_at": pa.timestamp("us"), "order_key": pa.string(), "case_key": pa.string()},
        "touchpoint": pa.string(),
    }
)
PROJECT = """
name: journeys_under_test
version: "1.0.0"
profile: journeys_under_test
models:
  journeys_under_test: {+materialized: table}
  c360:
    +enabled: false
    journeys: {+enabled: true}
seeds: {c360: {+enabled: false}}
data_tests: {c360: {+enabled: false, journeys: {+enabled: true}}}
flags: {send_anonymous_usage_stats: false}
"""
PROFILE = """
journeys_under_test:
  target: test
  outputs:
    test:
      type: duckdb
      path: warehouse.duckdb
      threads: 1
      attach: [{{path: c360_marts.duckdb, alias: m}}]
      plugins: [{{module: pipelines.journeys.sql_functions}}]
      config_options:
        {{threads: 2, autoinstall_known_extensions: false, memory_limit: {memory}, checkpoint_threshold: {threshold}}}
      settings: {{preserve_insertion_order: false}}
"""
PARSED: dict[str, bytes] = {}  # what dbt made of the first warehouse of a kind: to read all models takes it ten seconds
MODELS = {
    "fct_interactions": """
        select * replace (cast(customer_id as uuid) as customer_id, cast(interaction_id as uuid) as interaction_id)
        from inbox.interactions order by customer_id, occurred_at, interaction_id""",
    "fct_survey_responses": "select * replace (cast(customer_id as uuid) as customer_id) from inbox.surveys",
    "dim_accounts": "select distinct account_key from {{ ref('fct_interactions') }} where account_key is not null",
    "dim_customers": "select distinct customer_id from {{ ref('fct_interactions') }} where customer_id is not null",
}


class JourneyWarehouse:
    """A folder with a dbt root project over `dbt_project/` and a warehouse file; `settings` are its dbt variables."""

    def __init__(self, folder: Path, memory: str = "2GB", **settings: int):
        self.folder, self.memory, self.kind = folder, memory, f"{memory} {settings}"
        self.warehouse, self.marts = folder / "warehouse.duckdb", folder / "c360_marts.duckdb"
        (folder / "models").mkdir(parents=True)
        (folder / "macros").mkdir()
        (folder / "dbt_packages").mkdir()
        (folder / "dbt_packages" / "c360").symlink_to(REPOSITORY / "dbt_project")
        (folder / "packages.yml").write_text(f"packages: [{{local: '{REPOSITORY / 'dbt_project'}'}}]\n")
        (folder / "dbt_project.yml").write_text(PROJECT + f"vars: {{c360: {settings}}}\n")
        (folder / "profiles.yml").write_text(PROFILE.format(memory=memory, threshold=CHECKPOINT_THRESHOLD))
        (folder / "macros" / "schemas.sql").write_text(
            "{% macro generate_schema_name(name, node) %}{{ (name or target.schema) | trim }}{% endmacro %}"
        )
        for name, sql in MODELS.items():
            (folder / "models" / f"{name}.sql").write_text(sql)

    def load(
        self,
        journeys: list[Journey],
        interactions: pa.Table,
        as_of: datetime,
        surveys: pa.Table | None = None,
        items: Iterable[tuple[str, str]] = (),
        is_next: bool = False,
    ) -> None:
        """Begin anew with this input: rule tables, interactions, survey answers, the run, and as `items` the attributes
        (of a touchpoint) that name what the customer looks at. `is_next`: what is built stays, for a next build."""
        surveys = surveys if surveys is not None else SURVEYS.empty_table()
        rules = compile_journeys(journeys)
        tables = {f"control.{name}": table for name, table in rules.items()}
        run = {"run_id": ["test"], "as_of": pa.array([as_of], pa.timestamp("us"))}
        tables["control.run"] = pa.table(run | {"journeys_fingerprint": [fingerprint_journeys(rules)]})
        viewed = [{"touchpoint": touchpoint, "attribute": attribute} for touchpoint, attribute in items]
        tables["control.touchpoint_items"] = pa.Table.from_pylist(viewed, schema=TOUCHPOINT_ITEMS)
        tables |= {"inbox.interactions": interactions, "inbox.surveys": surveys}
        if not is_next:  # a test that forgot to build a table must not read another's
            self.warehouse.unlink(missing_ok=True)
            self.marts.unlink(missing_ok=True)
        with duckdb.connect(str(self.warehouse)) as con:
            con.execute(f"attach '{self.marts}' as m (storage_version '{STORAGE_VERSION}'); detach m")
            con.execute("create schema if not exists control; create schema if not exists inbox")
            for name, table in tables.items():
                con.register("given", table)
                con.execute(f"create or replace table {name} as select * from given")
                con.unregister("given")

    def build(self, *wanted: str, command: str = "build") -> list[str]:
        """Run the models and, with `build`, their tests.

        Args:
            wanted: models a test looks at, built with all they are made from; none given: every model.
            command: `build`, or `run` for the models alone.
        Returns:
            The failures, as `<node>: <message>`.
        """
        only = ["--select", *(f"+{name}" for name in wanted), "--indirect-selection", "buildable"] if wanted else []
        results = self.invoke(command, *only)
        return [f"{r.node.name}: {r.message}" for r in results if r.status not in ("success", "pass")]

    def invoke(self, command: str, *arguments: str) -> list:
        """One dbt command in this process; a result (node, status, message, execution_time) per node.

        Each call parses anew (partially): dbt leaves ephemeral models out when one manifest serves a second run.
        """
        parsed = self.folder / "target" / "partial_parse.msgpack"
        if self.kind in PARSED and not parsed.exists():
            parsed.parent.mkdir(exist_ok=True)
            parsed.write_bytes(PARSED[self.kind])
        places = ["--project-dir", str(self.folder), "--profiles-dir", str(self.folder)]
        logs = ["--target-path", str(self.folder / "target"), "--log-level", "none", "--log-level-file", "none"]
        logs += ["--no-write-json"]  # what dbt would write for other programs takes a tenth of a build
        with chdir(self.folder):  # paths of its profile are relative, so that dbt takes two of a kind for the same
            result = dbtRunner().invoke([command, *arguments, *places, *logs])
        PARSED.setdefault(self.kind, parsed.read_bytes())
        DuckDBConnectionManager.close_all_connections()  # else the files stay open until dbt's objects are collected
        if result.exception:
            raise result.exception
        return list(result.result)

    def read_checks(self) -> dict[str, str]:
        """name -> query, of the checks of `dbt_project/tests` as `build` ran them; each row it finds is a fault."""
        return {file.stem: file.read_text() for file in self.folder.glob("target/compiled/c360/tests/journeys/*.sql")}

    def read(self, sql: str) -> list[tuple]:
        """Rows of a query; marts are `m.marts.<table>`."""
        with duckdb.connect(str(self.warehouse)) as con:
            con.execute(f"attach if not exists '{self.marts}' as m")
            return con.execute(sql).fetchall()
