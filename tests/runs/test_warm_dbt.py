"""dbt kept warm is dbt: the same output and exit codes, called as often as one likes, gone with whoever kept it.

Put here: `c360-dbt` with and without a process that is ready. Keep out: what a build makes of dbt (tests/integration).
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from support.waiting import wait_until

from pipelines import forks
from pipelines.forks import PLACE
from pipelines.processes import is_alive
from pipelines.warm_dbt import SOCKET, inject_ctes, keep_dbt_warm

C360_DBT = Path(sys.executable).parent / "c360-dbt"
CALLS = {"one": "3", "broken": "4"}  # model -> ONE
FILES = {
    "dbt_project.yml": "{name: small, version: 1.0.0, config-version: 2, profile: small, model-paths: [models]}",
    "profiles.yml": "{small: {target: home, outputs: {home: {type: duckdb, path: small.duckdb}}}}",
    "models/one.sql": "select {{ env_var('ONE', '1') }} as n",
    "models/endless.sql": "select count(*) as n from range(1000000000) as a cross join range(1000000000) as b",
    "models/broken.sql": "select n + date '2026-01-05' - 'never' as n from {{ ref('one') }}",
}


def write_project(folder: Path) -> Path:
    for name, text in FILES.items():
        (folder / "dbt" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "dbt" / name).write_text(text)
    (folder / "tmp").mkdir()
    return folder / "dbt"


@pytest.fixture
def project(tmp_path):
    return write_project(tmp_path)


@pytest.fixture(scope="module")
def cold(tmp_path_factory):
    """What dbt itself says of each call."""
    project = write_project(tmp_path_factory.mktemp("cold"))
    return [tell_outcome(call_dbt(project, "run", "-s", model, ONE=n)) for model, n in CALLS.items()]


def call_dbt(project: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DBT_LOG_LEVEL_FILE": "none", **environ}
    return subprocess.run([C360_DBT, "--no-use-colors", *words], cwd=project, env=kept, capture_output=True, text=True)


def tell_outcome(done: subprocess.CompletedProcess[str]) -> tuple[int, list[str]]:
    """Exit code, and what dbt says of each model, without times."""
    return done.returncode, [line[10:].split(" [")[0] for line in done.stdout.splitlines() if "1 of 1 " in line]


@pytest.fixture(params=["started", "forked"])
def warmed(request, tmp_path, monkeypatch):
    """The process that is kept warm is started by whoever keeps it, or forked from where that was forked itself."""
    if request.param == "started":
        monkeypatch.delenv(PLACE, raising=False)
        yield
        return
    end = forks.start(tmp_path / "forks", ["json"])
    wait_until((tmp_path / "forks").exists)
    monkeypatch.setenv(PLACE, str(tmp_path / "forks"))
    yield
    os.close(end)


@pytest.mark.usefixtures("warmed")
def test_a_call_says_and_ends_as_dbt_does_whether_it_is_kept_warm_or_not(project, cold):
    with keep_dbt_warm(project.parent / "tmp", project) as process:
        assert [tell_outcome(call_dbt(project, "run", "-s", model, ONE=n)) for model, n in CALLS.items()] == cold
        assert is_alive(process)
    assert [(code, len(said)) for code, said in cold] == [(0, 2), (1, 2)]
    wait_until(lambda: not is_alive(process))
    assert not (project.parent / "tmp").exists()
    assert SOCKET not in os.environ


def test_a_call_has_the_environment_of_whoever_calls(project):
    with keep_dbt_warm(project.parent / "tmp", project):
        for n in (3, 4):
            assert call_dbt(project, "run", "-s", "one", ONE=str(n)).returncode == 0
            with duckdb.connect(str(project / "small.duckdb"), read_only=True) as made:
                assert made.execute("select n from one").fetchall() == [(n,)]


def test_it_ends_where_whoever_kept_it_is_killed_and_so_does_a_call(project):
    keep = f"""
import subprocess
from pathlib import Path
from pipelines.warm_dbt import keep_dbt_warm
with keep_dbt_warm(Path({str(project.parent / "tmp")!r}), Path({str(project)!r})):
    call = [{str(C360_DBT)!r}, "run", "-s", "endless"]
    said = subprocess.Popen(call, cwd={str(project)!r}, stdout=subprocess.PIPE, text=True).stdout
    print(next(line for line in said if "START" in line), flush=True)
    said.read()
"""
    read, write = os.pipe()
    keeper = subprocess.Popen([sys.executable, "-c", keep], stdin=read, stdout=subprocess.PIPE, text=True)
    os.close(read)
    assert "endless" in keeper.stdout.readline()
    keeper.kill()
    keeper.wait()
    readers = select.poll()
    readers.register(write, select.POLLERR)
    assert readers.poll(60_000), "a process still has the standard input it was given"
    os.close(write)


def test_where_there_is_no_room_for_its_socket_every_call_begins_anew(project):
    deep = project.parent / ("deep" * 30)
    deep.mkdir()
    with keep_dbt_warm(deep, project) as process:
        assert process is None
        assert SOCKET not in os.environ
    assert not deep.exists()


@pytest.mark.parametrize(
    "sql",
    [
        "select 1",
        "\n  select 1 from a\n",
        "with a as (select 1) select * from a",
        "\n-- what with it has\n/* with\n*/ WITH a as (select 1) select * from a",
        "with recursive a as (select 1 union all select * from a) select * from a",
        "-- none\nselect 'with' as word from (with a as (select 1) select * from a)",
        "select within from withdrawn",
        "withdrawn as w",
        "",
    ],
)
def test_ephemeral_models_are_put_where_dbt_puts_them(sql):
    from dbt.compilation import inject_ctes_into_sql
    from dbt.contracts.graph.nodes import InjectedCTE

    def words(text: str) -> list[str]:
        return text.replace(",", " , ").split()

    two = [InjectedCTE(id=name, sql=f" __dbt__cte__{name} as (\nselect 2\n)") for name in ("b", "c")]
    for ctes in ([], two[:1], two) if sql else ([],):
        assert words(inject_ctes(sql, ctes)) == words(inject_ctes_into_sql(sql, ctes))
