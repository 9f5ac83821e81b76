"""What a build is made from, as two digests, and the note the last build left of its own.

Put here: everything a build depends on: files, settings, what has landed and what was decided.
Keep out: whether the build came to its end (unchanged.py), what a journey or a customer depends on (fingerprint.py).
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pipelines.publish.key import KeyFault, find_key
from pipelines.settings import REPOSITORY, Settings

NOTE = "basis.json"  # in the home
CODE = ("pipelines", "identity", "quality", "dbt_project")
LOCK = "requirements.lock"
PASSED_OVER = ("__pycache__", "target", "logs", "dbt_packages")


@dataclass(frozen=True)
class Basis:
    """The build that began with it; the digests of `hash_files` and `hash_state`."""

    run_id: str
    files: str
    state: str


def hash_files(company: Path) -> str:
    """The company's folder, our code and models, and the versions they run with. Take it before any of them is read:
    what changes later then counts as changed."""
    digest = hashlib.sha256(f"{sys.version}|{version('duckdb')}|{company}".encode())
    for root in (company, *(REPOSITORY / name for name in CODE)):
        for file in _files(root):
            digest.update(f"{file.relative_to(root.parent)}\0".encode() + file.read_bytes() + b"\0")
    if (lock := REPOSITORY / LOCK).is_file():
        digest.update(lock.read_bytes())
    return digest.hexdigest()


def hash_state(settings: Settings) -> str:
    """What has landed, failed to land, was dropped or decided; the model's trainings, `as_of`, the masking key.

    Parts are added and change their state one way only, and what was decided is only added to: counts and the highest
    numbers say whether anything came.
    """
    import sqlalchemy as sa  # loading the definitions hashes files alone, and does without it

    from identity import decisions
    from pipelines import audit
    from pipelines.ingest import manifest, quarantine
    from pipelines.state import open_state

    parts, dropped, decided, deeds = manifest.PARTS.c, quarantine.DROPS.c, decisions.DECISIONS.c, audit.AUDIT_LOG.c
    count = sa.func.count()
    questions = [
        sa.select(parts.state, count, sa.func.max(parts.part_seq)).group_by(parts.state).order_by(parts.state),
        sa.select(manifest.FAULTS.c.dataset).distinct().order_by(manifest.FAULTS.c.dataset),
        sa.select(count, sa.func.max(dropped.at)),
        sa.select(count, sa.func.max(decided.entry)),
        sa.select(count).where(deeds.action == "train model"),
    ]
    tables = (manifest.METADATA, quarantine.METADATA, decisions.METADATA, audit.METADATA)
    engine = open_state(settings.state_url, *tables)
    with engine.connect() as connection:
        answers = [[tuple(row) for row in connection.execute(question)] for question in questions]
    engine.dispose()
    today = None if answers[0] else datetime.now(UTC).date()  # as_of of a home in which nothing has landed
    said = repr((answers, settings.as_of, today, _key_digest(settings)))
    return hashlib.sha256(said.encode()).hexdigest()


def note_basis(home: Path, basis: Basis) -> None:
    """Keep the basis of the build that begins, in place of the last one's."""
    file = home / NOTE
    draft = file.with_name(f".{NOTE}")
    draft.write_text(json.dumps(asdict(basis)) + "\n", encoding="utf-8")
    draft.replace(file)


def read_basis(home: Path) -> Basis | None:
    """The basis of the build that began last; None where there is none to read."""
    try:
        return Basis(**json.loads((home / NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def are_files_unchanged(settings: Settings) -> bool:
    """Whether the last build began with the same company, code and models."""
    basis = read_basis(settings.home)
    return basis is not None and basis.files == hash_files(settings.company)


def _files(root: Path) -> Iterator[Path]:
    for file in sorted(root.rglob("*")):
        below = file.relative_to(root).parts
        if file.is_file() and not any(part.startswith(".") or part in PASSED_OVER for part in below):
            yield file


def _key_digest(settings: Settings) -> str:
    try:
        return hashlib.sha256(b"basis" + find_key(settings.home, settings.environ)).hexdigest()
    except KeyFault:
        return "none"  # the build will say what is wrong with it
