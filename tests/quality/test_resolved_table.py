"""A table of resolved rows is, after every build, row for row as if made anew, and what did not change is not written.

Put here: random changes of landed rows and of what resolves them. Keep out: how an interaction is resolved (tests/dbt).
"""

from __future__ import annotations

from uuid import UUID

import duckdb
import numpy as np
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
ROWS, PEOPLE = 400, 60
MODEL = """
{{ config(
    materialized='resolved_table', of='std_made', key='id', resolved=['customer'], sorted_for=['customer', 'id']
) }}
with made as (
    select * from {{ ref('std_made') }} where {{ c360.in_rewritten('id') }}
)

select m.id, m.dataset, m.said, l.customer, m.part_seq
from made as m
left join {{ target.database }}.main.lookup as l on l.subject = m.subject
"""
COLUMNS = {"id": "uuid", "dataset": "varchar", "said": "varchar", "customer": "integer", "part_seq": "bigint"}
AS_IF_ANEW = (
    "select m.id, m.dataset, m.said, l.customer, m.part_seq from landed as m left join lookup as l using (subject) "
    "order by all"
)


class Resolved:
    """Rows of dataset `events`, each of one landed row, and of `lines`, made of several; who they belong to."""

    def __init__(self, root, patch, seed: int):
        landed = Landed(root, [VIEWS])
        landed.render(write_package(root / "package"))
        self.rng, self.part = np.random.default_rng(seed), 1
        self.project, self.warehouse = landed.home / "dbt", landed.home / "warehouse.duckdb"
        for name, value in {"C360_HOME": str(landed.home), "C360_PII_KEY": "k" * 64, "C360_FILES": "a"}.items():
            patch.setenv(name, value)
        self.patch = patch
        models = self.project / "models"
        (models / "std_made.sql").write_text("select * from {{ target.database }}.main.landed")
        (models / "resolved.sql").write_text(MODEL)
        made = {
            "name": "std_made",
            "config": {"materialized": "view", "meta": {"suppliers": {"events": True, "lines": False}}},
        }
        columns = [{"name": name, "data_type": kind} for name, kind in COLUMNS.items()]
        resolved = {"name": "resolved", "columns": columns, "config": {"contract": {"enforced": True}}}
        (models / "resolved.yml").write_text(yaml.safe_dump({"models": [made, resolved]}))
        self.ask("create table landed (id uuid, dataset varchar, subject integer, said varchar, part_seq bigint)")
        self.ask("create table lookup (subject integer, customer integer)")
        self.ask(f"insert into lookup select range, range // 2 from range({PEOPLE})")
        self.land([str(UUID(int=n)) for n in range(ROWS)])

    def ask(self, query: str, values: list | None = None) -> list[tuple]:
        with duckdb.connect(str(self.warehouse)) as con:
            return con.execute(query, values).fetchall()

    def land(self, ids: list[str]) -> None:
        """These rows, new or once more, with the next part."""
        self.part += 1
        self.ask("delete from landed where id in (select unnest(?::uuid[]))", [ids])
        subjects = [int(n) for n in self.rng.integers(0, PEOPLE + 5, len(ids))]
        self.ask(
            "insert into landed select unnest(?::uuid[]), 'events', unnest(?::integer[]), 'part ' || ?, ?",
            [ids, subjects, str(self.part), self.part],
        )
        self.ask("update landed set dataset = 'lines' where id < ?::uuid", [str(UUID(int=20))])

    def change(self) -> None:
        """A little of everything that can happen between two builds."""
        some = [id for (id,) in self.ask("select id::varchar from landed using sample 12 rows (reservoir, 7)")]
        came = self.ask("select count(*) from landed")[0][0]
        self.land([*some[:4], *(str(UUID(int=10_000 * self.part + came + n)) for n in range(8))])
        self.ask("delete from landed where id in (select unnest(?::uuid[]))", [some[8:]])
        self.ask("update landed set said = said || '!' where dataset = 'lines'")  # its part need not tell
        moved = [int(n) for n in self.rng.integers(0, PEOPLE, 3)]
        self.ask("update lookup set customer = customer + 100 where subject in (select unnest(?))", [moved[:2]])
        self.ask("delete from lookup where subject = ?", [moved[2]])

    def build(self) -> dict[str, tuple]:
        """The rows by their id, in the order they lie in, after seeing that all are as if made anew."""
        words = ["--project-dir", str(self.project), "--profiles-dir", str(self.project)]
        words += ["--vars", "rewrite_all_above: 0.3"]
        done = dbtRunner().invoke(["run", "--quiet", "--select", "std_made", "resolved", *words])
        DuckDBConnectionManager.close_all_connections()
        assert done.success, done.exception or done.result.results[-1].message
        columns = ", ".join(COLUMNS)
        assert self.ask(f"select {columns} from std.resolved order by all") == self.ask(AS_IF_ANEW)
        return {id: rest for id, *rest in self.ask("select id::varchar, * exclude id from std.resolved order by rowid")}


@pytest.mark.parametrize("seed", [1, 2])
def test_after_any_change_the_table_is_as_if_made_anew_and_the_rest_lies_where_it_lay(tmp_path, monkeypatch, seed):
    resolved = Resolved(tmp_path, monkeypatch, seed)
    before = resolved.build()
    for _ in range(3):
        resolved.change()
        after = resolved.build()
        lines = {id for (id,) in resolved.ask("select id::varchar from landed where dataset = 'lines'")}
        same = [id for id in before if after.get(id) == before[id] and id not in lines]
        assert len(same) > ROWS / 2
        assert list(after)[: len(same)] == same
        before = after


def test_all_is_written_and_sorted_where_much_changed_or_files_did(tmp_path, monkeypatch):
    resolved = Resolved(tmp_path, monkeypatch, 3)
    resolved.build()
    resolved.change()
    resolved.build()
    in_order = "select id::varchar from std.resolved order by rowid"
    sorted_ids = "select id::varchar from std.resolved order by customer, id"
    assert resolved.ask(in_order) != resolved.ask(sorted_ids)
    resolved.ask("update lookup set customer = customer + 1")
    resolved.build()
    assert resolved.ask(in_order) == resolved.ask(sorted_ids)
    resolved.change()
    monkeypatch.setenv("C360_FILES", "b")
    resolved.build()
    assert resolved.ask(in_order) == resolved.ask(sorted_ids)
