"""How a table or a view is replaced: whole, with what is said of it, and not at all where its model fails."""

from __future__ import annotations

import duckdb
import pytest
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from render_support import Landed, column, contract, write_package

VIEWS = contract(
    "web_views",
    column("view_id", key=True),
    column("seen_at", "interaction.occurred_at", "timestamp"),
    touchpoint="web",
)


class Model:
    """One model `told` of a company's project, with a contract: `number` (integer) and `said` (varchar)."""

    def __init__(self, root, patch):
        landed = Landed(root, [VIEWS])
        landed.render(write_package(root / "package"))
        self.project, self.warehouse = landed.home / "dbt", landed.home / "warehouse.duckdb"
        for name, value in {"C360_HOME": str(landed.home), "C360_PII_KEY": "k" * 64}.items():
            patch.setenv(name, value)

    def build(self, sql: str, kind: str = "table") -> str:
        """What dbt says of the failure; nothing where it went well."""
        columns = [
            {"name": "number", "data_type": "integer", "description": "What isn't a word."},
            {"name": "said", "data_type": "varchar", "description": "A word."},
        ]
        config = {"materialized": kind, "schema": "marts", "contract": {"enforced": kind == "table"}}
        told = {"name": "told", "description": "A row a number.", "columns": columns}
        models = {"models": [{**told, "config": {**config, "persist_docs": {"relation": True, "columns": True}}}]}
        (self.project / "models" / "told.yml").write_text(yaml.safe_dump(models), encoding="utf-8")
        (self.project / "models" / "told.sql").write_text(sql, encoding="utf-8")
        folders = ["--project-dir", str(self.project), "--profiles-dir", str(self.project)]
        done = dbtRunner().invoke(["run", "--quiet", "--select", "told", *folders])
        DuckDBConnectionManager.close_all_connections()
        return "" if done.success else str(done.exception or done.result.results[0].message)

    def ask(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.warehouse), read_only=True) as con:
            return con.execute(query).fetchall()


@pytest.fixture
def model(tmp_path, monkeypatch):
    return Model(tmp_path, monkeypatch)


def test_a_table_is_replaced_with_all_that_is_said_of_it(model):
    assert model.build("select 1 as number, 'one' as said") == ""
    assert model.build("select 'two' as said, 2 as number") == ""
    assert model.ask("select number, said from marts.told") == [(2, "two")]
    assert model.ask("select comment from duckdb_tables()") == [("A row a number.",)]
    comments = "select column_name, comment from duckdb_columns() where table_name = 'told' order by column_index"
    assert model.ask(comments) == [("number", "What isn't a word."), ("said", "A word.")]


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("select 2 as number, cast(error('broken on the way') as varchar) as said", "broken on the way"),
        ("select 2 as number, 3 as said", "said"),  # another type
        ("select 2 as number", "said"),  # a column too few
        ("select 2 as number, 'two' as said, 2 as twice", "twice"),  # one too many
    ],
)
def test_a_model_that_fails_leaves_the_table_that_was_there(model, sql, named):
    assert model.build("select 1 as number, 'one' as said") == ""
    assert named in model.build(sql)
    assert model.ask("from marts.told") == [(1, "one")]


def test_a_table_becomes_a_view_and_a_table_again(model):
    kinds = "select table_type from information_schema.tables where table_name = 'told'"
    for kind, found in (("table", "BASE TABLE"), ("view", "VIEW"), ("table", "BASE TABLE")):
        assert model.build("select 1 as number, 'one' as said", kind) == ""
        assert model.ask(kinds) == [(found,)]
    assert model.ask("from marts.told") == [(1, "one")]
