"""Sources that are down, slow, hang up in mid-read or are still being written: waited for, told, never half landed."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from time import monotonic

import pytest
import sqlalchemy as sa
from support.ingest_home import column
from support.postgres import run_server

from pipelines.ingest.errors import LandingError

COLUMNS = [column("k", "integer", primaryKey=True, required=True), column("v")]
ROWS = 50_001  # one more than what a read fetches at once


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL with table d; a read of view `gated` waits before its last row for whoever holds lock 1."""
    with run_server() as server:
        with sa.create_engine(server.url, poolclass=sa.NullPool).begin() as con:
            con.exec_driver_sql(f"create table d as select g as k, 'v' || g as v from generate_series(1, {ROWS}) g")
            con.exec_driver_sql(
                "create function wait() returns text language plpgsql as "
                "$$ begin perform pg_advisory_lock_shared(1); perform pg_advisory_unlock_shared(1); return ''; end $$"
            )
            con.exec_driver_sql(
                f"create view gated as select k, case when k = {ROWS} then wait() || v else v end as v from d"
            )
        yield server


def declare(home, url, table="d", **env):
    home.declare(*COLUMNS, server={"type": "custom", "location": "${SHOP_URL}", "format": "sql", "path": None})
    home.contract = home.contract.__class__(**{**home.contract.__dict__, "table": table})
    home.env |= {"SHOP_URL": url, **env}


@contextmanager
def gate(server):
    """Hold the lock; gives a function that comes back when a read waits for it."""
    with sa.create_engine(server.url, poolclass=sa.NullPool).connect() as con:
        con = con.execution_options(isolation_level="AUTOCOMMIT")
        con.exec_driver_sql("select pg_advisory_lock(1)")

        def await_reader():
            while not con.exec_driver_sql("select count(*) from pg_locks where not granted").scalar():
                pass

        yield await_reader


class Landing(threading.Thread):
    """One landing beside the test; `outcome` is its result or its error."""

    def __init__(self, home):
        super().__init__(daemon=True)
        self.home = home
        self.start()

    def run(self):
        try:
            self.outcome = self.home.land()
        except LandingError as fault:
            self.outcome = fault


@pytest.mark.parametrize("patience", ["0", "30"])
def test_a_database_that_stops_in_mid_read_lands_whole_when_it_is_back_or_not_at_all(home, server, patience):
    declare(home, server.url, "gated", C360_SOURCE_PATIENCE=patience)
    with gate(server) as await_reader:
        landing = Landing(home)
        await_reader()
        server.stop(immediately=True)
        if patience == "0":
            landing.join(30)
        server.start()
    landing.join(30)
    if patience == "30":
        assert (landing.outcome.new, landing.outcome.landed) == (1, ROWS)
        return
    assert isinstance(landing.outcome, LandingError)
    assert "reading failed: connection lost" in str(landing.outcome) and "asked once" in str(landing.outcome)
    assert home.manifest.parts() == [] and not list(home.landing.rglob("arrived=*"))
    assert home.manifest.failed_datasets() == {"d"}
    assert home.land().landed == ROWS
    assert home.manifest.failed_datasets() == set()


def test_a_database_that_does_not_answer_in_time_fails_clearly(home, server):
    declare(home, server.url, "gated", C360_SOURCE_TIMEOUT="0.2")
    with (
        gate(server),
        pytest.raises(LandingError, match=r"no answer within 0\.2 s .*SQLSTATE 57014.*raise C360_SOURCE"),
    ):
        home.land()
    assert home.manifest.parts() == []


def test_a_refused_connection_is_tried_again_for_as_long_as_the_setting_allows(home):
    declare(home, "postgresql+psycopg://ann:pa55word@127.0.0.1:1/shop", C360_SOURCE_PATIENCE="1")
    with pytest.raises(LandingError, match=r"database unreachable .*; asked \d+ times in \d\.\d s, .*allows 1 s$"):
        home.land()


@pytest.mark.parametrize(
    ("where", "table", "message"),
    [
        ("nobody@127.0.0.1:{port}/postgres", "d", "login refused"),
        ("c360@127.0.0.1:{port}/nowhere", "d", "login refused"),
        ("c360@127.0.0.1:{port}/postgres", "missing", "no such table"),
        ("guest@127.0.0.1:{port}/postgres", "d", r"reading failed \(ProgrammingError, SQLSTATE 42501\)"),
    ],
)
def test_what_will_not_pass_by_itself_fails_at_once(home, server, where, table, message):
    with sa.create_engine(server.url, poolclass=sa.NullPool).begin() as con:
        con.exec_driver_sql("drop role if exists guest")
        con.exec_driver_sql("create role guest login")
    port = sa.make_url(server.url).port
    declare(home, f"postgresql+psycopg://{where.format(port=port)}", table, C360_SOURCE_PATIENCE="60")
    started = monotonic()
    with pytest.raises(LandingError, match=message) as fault:
        home.land()
    assert "asked" not in str(fault.value) and monotonic() - started < 10


@contextmanager
def writer(file):
    """Somebody who writes row after row into a file until the block ends."""
    stop, begun = threading.Event(), threading.Event()

    def write():
        with file.open("a", buffering=1) as open_file:
            open_file.write("k,v\n")
            number = 0
            while not stop.is_set():
                number += 1
                open_file.write(f"{number},a\n")
                begun.set()

    thread = threading.Thread(target=write)
    thread.start()
    begun.wait()
    yield
    stop.set()
    thread.join()


@pytest.mark.parametrize("settle", ["0", "0.05"])
def test_a_file_that_is_still_being_written_is_left_for_the_next_run_which_says_so(home, settle):
    home.declare(*COLUMNS)
    home.put("whole.csv", "k,v\n7,b\n")
    home.env["C360_FILE_SETTLE"] = settle
    file = home.sources / "grows.csv"
    with writer(file):
        result = home.land()
    assert (result.new, result.unfinished, home.rows("k")) == (1, 1, [(7,)])
    assert "grows.csv: still being written: " in result.messages[0] and "left for the next run" in result.messages[0]
    assert home.land().landed == len(file.read_text().splitlines()) - 1


def test_a_setting_that_is_no_number_of_seconds_is_refused(home):
    home.declare(*COLUMNS)
    home.put("a.csv", "k,v\n1,a\n")
    home.env["C360_FILE_SETTLE"] = "soon"
    with pytest.raises(LandingError, match="C360_FILE_SETTLE is 'soon'; allowed: seconds, 0 to 86400"):
        home.land()
