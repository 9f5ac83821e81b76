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


@contextmanager
def run_postgres() -> Iterator[str]:
    """Start a server and give its SQLAlchemy URL; skip the test where PostgreSQL is not installed."""
    programs = _find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server on this machine; install the Debian package postgresql")
    folder = Path(tempfile.mkdtemp(prefix="c360-pg-"))
    data, log = folder / "data", folder / "log"
    user: dict = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        user = {"user": "postgres" if _has_user("postgres") else "nobody"}
        shutil.chown(folder, user["user"])
    port = _free_port()
    server = None
    try:
        initdb = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "c360",
            "--auth=trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **user)
        with log.open("wb") as output:
            options = ["-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder, "-F"]
            server = subprocess.Popen(
                [programs / "postgres", *options], stdout=output, stderr=output, cwd=folder, **user
            )
        ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port), "-t", "1"]
        for _ in range(2000):
            if server.poll() is not None:
                pytest.fail(f"PostgreSQL ended at its start: {log.read_text()[-500:]}")
            if subprocess.run(ready).returncode == 0:
                break
        yield f"postgresql+psycopg://c360@127.0.0.1:{port}/postgres"
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)  # does not wait for clients that still hold a connection
            server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


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
