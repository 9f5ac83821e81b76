"""The restore drill: a home made of the latest backup, built from landing, held against what the backup had published.

Put here: one drill and its figures. Keep out: when it runs and how it is told (defs/backup.py).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import duckdb

from pipelines.backup.errors import BackupError
from pipelines.backup.fingerprint import find_differing, fingerprint_tables
from pipelines.backup.key_copy import key_in_use
from pipelines.backup.restore import restore
from pipelines.ingest.manifest import Manifest
from pipelines.publish.publish import STEWARD_NAME
from pipelines.settings import REPOSITORY, Settings

SCRATCH = "drill-"
SAID = 2000  # characters of what a failed build said


@dataclass(frozen=True)
class Drill:
    """What one drill found. Both figures are in seconds."""

    backup: str
    recovery_point_s: float  # how old the backup was when the drill began: what would be lost
    recovery_time_s: float  # from the empty folder to the published file
    restore_s: float  # of it, until readers have what the backup had published
    tables: int
    differing: tuple[str, ...]
    waiting: int  # parts that landed, or changed their state, after what the backup had published was built

    @property
    def ok(self) -> bool:
        return not self.differing


def run_drill(settings: Settings, source: str) -> Drill:
    """Restore the latest backup into a scratch folder of the home, build there, compare, and remove the scratch.

    The sources are not asked and nobody is told of the scratch's checks. One drill at a time: it removes what a killed
    one left.

    Raises:
        BackupError: there is no backup that can be restored, it had published nothing, or its home cannot be built.
    """
    began, started = datetime.now(UTC).replace(tzinfo=None), monotonic()
    scratches = settings.home / "tmp"
    scratches.mkdir(exist_ok=True)
    for left in scratches.glob(f"{SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=scratches, prefix=SCRATCH, ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "home"
        here = Settings.from_env({}, company=settings.company, home=home)
        made = restore(here, source, by="restore drill", reason="drill", key=key_in_use(settings))
        if not here.published.exists():
            raise BackupError(f"{source}: backup {made.backup.name} was taken before anything was published")
        restored_s, before = monotonic() - started, fingerprint_tables(here.published)
        waiting, as_of = _built_from(here)
        _build(replace(here, company=made.company, as_of=as_of), settings, Path(folder))
        took, after = monotonic() - started, fingerprint_tables(here.published)
    return Drill(
        backup=made.backup.name,
        recovery_point_s=(began - datetime.fromisoformat(made.backup.taken_at)).total_seconds(),
        recovery_time_s=took,
        restore_s=restored_s,
        tables=len(before),
        differing=tuple(find_differing(before, after)),
        waiting=waiting,
    )


def _built_from(restored: Settings) -> tuple[int, str]:
    """How many parts are not as they were when what is published was built, and the instant it is judged at."""
    with duckdb.connect(str(restored.private / STEWARD_NAME), read_only=True) as connection:
        connection.register("now", Manifest(restored.state_url).arrow())
        [[as_of]] = connection.execute("select as_of from control.run").fetchall()
        [[waiting]] = connection.execute(
            "select count(*) from control.parts as built full join now using (part_seq) "
            "where built.state is distinct from now.state"
        ).fetchall()
    return waiting, as_of.isoformat()


def _build(restored: Settings, settings: Settings, folder: Path) -> None:
    """Build in a process of its own: a Dagster belongs to one home."""
    no_sources = folder / "no_sources"
    no_sources.mkdir()
    kept = {n: v for n, v in settings.environ.items() if not n.startswith(("C360_", "DAGSTER_")) or "C360_PII_KEY" in n}
    own = {
        "C360_COMPANY": restored.company,
        "C360_HOME": restored.home,
        "C360_DATA": no_sources,
        "C360_AS_OF": restored.as_of,
        "C360_MEMORY_LIMIT": settings.memory_limit,
        "C360_THREADS": settings.threads,
    }
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.rebuild"],
        cwd=REPOSITORY,
        env={**kept, **{name: str(value) for name, value in own.items()}},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = (done.stdout or done.stderr)[-SAID:]
        raise BackupError(f"the restored home could not be built: {said or f'exit code {done.returncode}'}")
