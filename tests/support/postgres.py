"""A PostgreSQL server of the tests' own: real, on loopback, in a folder that goes away.

Put here: how the server starts and stops. Keep out: what is in it (each test makes its tables).
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Server:
    """One server: `url` is its SQLAlchemy URL. It can be stopped and started again."""

    def __init__(self, programs: Path, folder: Path, user: dict) -> None:
        self._programs, self._folder, self._user = programs, folder, user
        self._port = _free_port()
        self._server: subprocess.Popen | None = None
        self.url = f"postgresql+psycopg://c360@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Start, and come back when it answers."""
        log = self._folder / "log"
        with log.open("ab") as output:
            options = ["-D", self._folder / "data", "-p", str(self._port), "-h", "127.0.0.1", "-k", self._folder, "-F"]
            self._server = subprocess.Popen(
                [self._programs / "postgres", *options], stdout=output, stderr=output, cwd=self._folder, **self._user
            )
        ready = [self._programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self._port), "-t", "1"]
        for _ in range(2000):
            if self._server.poll() is not None:
                pytest.fail(f"PostgreSQL ended at its start: {log.read_text()[-500:]}")
            if subprocess.run(ready).returncode == 0:
                break

    def stop(self, *, immediately: bool = False) -> None:
        """Stop, whoever is connected; `immediately` as `pg_ctl stop -m immediate` does, without a last word."""
        if self._server is not None:
            self._server.send_signal(signal.SIGQUIT if immediately else signal.SIGINT)
            self._server.wait(30)
            self._server = None


@contextmanager
def run_server() -> Iterator[Server]:
    """Start a server of one's own; skip the test where PostgreSQL is not installed."""
    programs = _find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server on this machine; install the Debian package postgresql")
    folder = Path(tempfile.mkdtemp(prefix="c360-pg-"))
    user: dict = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        user = {"user": "postgres" if _has_user("postgres") else "nobody"}
        shutil.chown(folder, user["user"])
    server = Server(programs, folder, user)
    try:
        initdb = [programs / "initdb", "-D", folder / "data", "-U", "c360"]
        initdb += ["--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"]
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **user)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def run_postgres() -> Iterator[str]:
    """Start a server and give its SQLAlchemy URL; skip the test where PostgreSQL is not installed."""
    with run_server() as server:
        yield server.url


def _find_programs() -> Path | None:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)
    found = str(versions[0]) if versions else shutil.which("postgres")
    return Path(found).resolve().parent if found else None


def _has_user(name: str) -> bool:
    return any(entry.pw_name == name for entry in pwd.getpwall())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
