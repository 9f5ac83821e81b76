"""The Dagster UI of the demo company, served as a user would.

Put here: the server. Keep out: what they must show (the tests).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.run import prepare_home
from pipelines.settings import REPOSITORY, Settings


@dataclass(frozen=True)
class Server:
    """A running dagster-webserver."""

    url: str

    def ask(self, query: str) -> dict:
        """The data of a GraphQL query."""
        request = urllib.request.Request(
            f"{self.url}/graphql", json.dumps({"query": query}).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)["data"]


@pytest.fixture(scope="session")
def dagster_ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo company in a home where nothing has run yet."""
    settings = Settings.from_env({}, company=REPOSITORY / "companies" / "demo", home=tmp_path_factory.mktemp("ui"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", "")  # prepare_home sets it; this puts it back
        prepare_home(settings)
        environment = {**os.environ, "C360_COMPANY": str(settings.company), "C360_HOME": str(settings.home)}
    environment.pop("C360_DATA", None)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).parent / "dagster-webserver"), "-h", "127.0.0.1", "-p", str(port)]
    log = settings.home / "webserver.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [*command, "-w", str(REPOSITORY / "workspace.yaml")],
            cwd=REPOSITORY,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        while not answers(f"http://127.0.0.1:{port}/server_info"):
            with suppress(subprocess.TimeoutExpired):
                pytest.fail(f"the web server ended with {server.wait(timeout=0.2)}:\n{log.read_text()}")
        yield Server(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait(timeout=60)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10):
            return True
    except OSError:
        return False
