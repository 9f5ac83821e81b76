"""From a file in the inbox to the published table, with Dagster's daemon and its sensors really running.

`python -m tests.benchmarks.inbox [--minutes 10] [--events 500] [--people 2000] [--home <a home of c360 demo>]`

Put here: writing events, watching what is published, the figures. Keep out: assertions.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from tests.benchmarks.report import Figure, update

BIN = Path(sys.executable).parent
REPOSITORY = Path(__file__).resolve().parents[2]
EVERY = 2.0  # seconds between two files
PATIENCE = 600.0  # seconds to wait for what was written last


class Inbox:
    """Files of web events, numbered in their url, and when each appeared and was seen in the published file."""

    def __init__(self, home: Path):
        self.folder, self.published = home / "sources" / "web", home / "published" / "customer360.duckdb"
        self.mark = f"{time.time():.0f}"  # a home may hold what another benchmark put there
        self.appeared: dict[int, float] = {}
        self.seen: dict[int, float] = {}
        self._swapped = 0

    def put(self, events: int) -> None:
        number, now = len(self.appeared), datetime.now(UTC)
        file = self.folder / f"web_{now:%Y-%m-%d}_{self.mark}_{number:05}.jsonl.gz"
        draft = file.with_name(f".{file.name}")
        lines = (_event(f"{self.mark}-{number}", number * 7919 + row * 31, row, now) for row in range(events))
        draft.write_bytes(gzip.compress("".join(lines).encode(), compresslevel=1))
        draft.rename(file)
        self.appeared[number] = time.time()

    def look(self) -> None:
        """Note which files are published by now, where another published file was swapped in."""
        if not self.published.exists() or (swapped := self.published.stat().st_ino) == self._swapped:
            return
        at, self._swapped = time.time(), swapped
        with duckdb.connect(str(self.published), read_only=True) as published:
            found = published.execute(
                "select distinct url from marts.fct_interactions where url like ?", [f"/inbox/{self.mark}-%"]
            )
            numbers = [int(url.rpartition("-")[2]) for (url,) in found.fetchall()]
        for number in numbers:
            self.seen.setdefault(number, at)

    def watch(self, seconds: float, events: int = 0) -> None:
        """Look for so long, putting so many events a second; without events only until everything is seen."""
        end, due = time.time() + seconds, time.time()
        while time.time() < end and (events or len(self.seen) < len(self.appeared)):
            if events and time.time() >= due:
                self.put(int(events * EVERY))
                due += EVERY
            self.look()
            time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--events", type=int, default=500, help="a second")
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--home", type=Path, help="a home of `c360 demo` to go on in; default: one of its own")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = asked.home or Path(folder) / "home"
        if not asked.home:
            subprocess.run([BIN / "c360", "demo", "--home", home, "--people", str(asked.people)], check=True)
        update("pipeline", measure(home, asked.minutes, asked.events))


def measure(home: Path, minutes: float, events: int) -> list[Figure]:
    """Seconds from a file's appearance to the first published file with its events."""
    inbox = Inbox(home)
    with daemon(home):
        inbox.put(10)  # the first makes time jump from the simulated days to today, which rewrites all journeys
        inbox.watch(PATIENCE)
        first, started = len(inbox.appeared), time.time()
        inbox.watch(minutes * 60, events)
        inbox.watch(PATIENCE)
    timed = [n for n in inbox.appeared if n >= first]
    late = sorted(inbox.seen[n] - inbox.appeared[n] for n in timed if n in inbox.seen)
    if len(late) < len(timed):
        raise SystemExit(f"{len(timed) - len(late)} of {len(timed)} files were not published; see {home}/daemon.log")
    tell_runs(home, started)
    p50, p95 = (statistics.quantiles(late, n=20)[i] for i in (9, 18))
    return [
        Figure("inbox_p50_s", p50, "s"),
        Figure("inbox_p95_s", p95, "s"),
        Figure("inbox_max_s", late[-1], "s"),
        Figure("inbox_events_per_s", events, "1/s"),
    ]


@contextmanager
def daemon(home: Path) -> Iterator[None]:
    """A code server and Dagster's daemon, as `c360 ui` has them, with the inbox sensor switched on.

    Without a code server of its own the daemon would load the definitions anew every minute.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("C360_")}
    port = _free_port()
    workspace = home / "inbox.yaml"
    workspace.write_text(f"load_from:\n- grpc_server: {{host: localhost, port: {port}, location_name: customer360}}\n")
    commands = (
        [
            "dagster",
            "code-server",
            "start",
            "-p",
            port,
            "-m",
            "pipelines.definitions",
            "--location-name",
            "customer360",
        ],
        ["dagster", "sensor", "start", "new_files", "--location", "customer360", "-w", workspace],
        ["dagster-daemon", "run", "-w", workspace],
    )
    serve, switch, run = ([str(word) for word in (BIN / name, *words)] for name, *words in commands)
    place = {"C360_HOME": str(home), "DAGSTER_HOME": str(home / "dagster")}
    with (home / "daemon.log").open("w") as log, ExitStack() as running:
        about = {"cwd": REPOSITORY, "env": {**kept, **place}, "stdout": log, "stderr": log}
        _start(running, serve, about)
        while subprocess.run(switch, check=False, **about).returncode:
            time.sleep(1)  # until the server answers
        _start(running, run, about)
        yield


def _start(running: ExitStack, command: list[str], about: dict) -> None:
    process = subprocess.Popen(command, **about)
    running.callback(_stop, process)


def _stop(process: subprocess.Popen) -> None:
    """A code server asked to end may wait for ever."""
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def tell_runs(home: Path, since: float) -> None:
    """Where the time of the runs went: medians per job, of waiting, of starting, and of each step."""
    os.environ["DAGSTER_HOME"] = str(home / "dagster")
    import dagster as dg

    spent: dict[tuple[str, str], list[float]] = {}
    with dg.DagsterInstance.get() as instance:
        after = dg.RunsFilter(created_after=datetime.fromtimestamp(since, UTC), statuses=[dg.DagsterRunStatus.SUCCESS])
        for record in instance.get_run_records(after):
            job, created = record.dagster_run.job_name, record.create_timestamp.timestamp()
            steps = instance.get_run_step_stats(record.dagster_run.run_id)
            begun = min((s.start_time for s in steps if s.start_time), default=record.end_time)
            times = [("queued", record.start_time - created), ("starting", begun - record.start_time)]
            times += [(s.step_key, s.end_time - s.start_time) for s in steps if s.start_time and s.end_time]
            for name, seconds in [*times, ("all of it", record.end_time - created)]:
                spent.setdefault((job, name), []).append(seconds)
    for (job, name), seconds in spent.items():
        print(f"{job:<8}{name:<36}{statistics.median(seconds):>8.1f} s  x {len(seconds)}")


def _event(file: str, device: int, row: int, at: datetime) -> str:
    """A visit of one of some thousand devices, as the web site tells it."""
    said = {
        "event": {"id": f"I{file}-{row:05}", "type": "site.visited"},
        "ts": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "context": {"device": {"cookie": f"ck-inbox-{device % 4000}"},
                    "page": {"url": f"/inbox/{file}"}},
        "user": {"login": None, "customer_no": None},
        "plan": {"family": None},
        "programme": None,
    }  # fmt: skip
    return json.dumps(said) + "\n"


if __name__ == "__main__":
    main()
