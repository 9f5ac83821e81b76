"""What has changed since the last resolve: subjects by a digest of their rows, decisions, and what all rests on.

Put here: `ir_changed`, and whether the last state is one to go on from.
Keep out: what else a change touches (region.py).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import cache
from pathlib import Path

from identity.config import IdentityConfig
from identity.engine import Engine
from identity.model import MatchModel
from identity.relations import Relations
from identity.sql import key_of

_STAMPS = ("batch_id", "landed_at", "arrived_on", "part_seq")  # a snapshot lands every row again, and changes nobody
_OF_IDENTIFIERS = ("dataset", "identifier_type", "namespace", "value", "first_arrived_on")
_OF_INTERACTIONS = ("occurred_at", "priority", "sequence", "slot", "interaction_id", "touchpoint")


def read_basis(engine: Engine, config: IdentityConfig, model: MatchModel | None, relations: Relations) -> str:
    """Fingerprint of everything but the rows: rules, model, ranks of datasets, the program itself.

    Two states of one basis differ only where subjects or decisions do.
    """
    ranks = engine.columns(relations.datasets)
    country = "country" in engine.columns(relations.run)
    content = {
        "config": asdict(config),
        "model": model and model.fingerprint,
        "datasets": _rows(engine, relations.datasets, "dataset, survivorship_rank")
        if "survivorship_rank" in ranks
        else None,
        "country": _rows(engine, relations.run, "country") if country else None,
        "accounts": bool(engine.columns(relations.accounts)),
        "engine": engine.version,
        "program": _program(),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


def goes_on(engine: Engine, basis: str) -> bool:
    """Whether the last state was made on the same basis."""
    found = engine.fetch("select basis from identity_index.basis")["basis"].to_pylist()
    return found == [basis]


def digest_subjects(engine: Engine, relations: Relations) -> None:
    """Write `ir_digests` (subject_key, digest): all that a resolve reads of each subject; the order of rows is nothing.

    Of interactions only those of a subject that shows a device or a login can matter: those with a subject.
    """
    of_persons = [column for column in engine.columns(relations.persons) if column not in _STAMPS]
    parts = [
        _hashed(relations.persons, (*of_persons, "coalesce(first_arrived_on, arrived_on)")),
        _hashed(relations.identifiers, _OF_IDENTIFIERS),
        _hashed(relations.interactions, _OF_INTERACTIONS),
    ]
    engine.store(
        "ir_digests",
        f"""
        select subject_key, sum(digest::hugeint) as digest from ({" union all ".join(parts)}) group by subject_key
        """,
    )


def find_changed(engine: Engine) -> None:
    """Write `ir_changed` (subject_key): subjects that are new, changed or gone by `ir_digests`."""
    engine.store(
        "ir_changed",
        """
        select coalesce(n.subject_key, o.subject_key) as subject_key
        from ir_digests n full join identity_index.subjects o using (subject_key)
        where n.digest is distinct from o.digest
        """,
    )


def find_redecided(engine: Engine) -> None:
    """Write `ir_redecided` (left_key, right_key): decisions made, undone, or without effect so far."""
    engine.store(
        "ir_redecided",
        f"""
        with given as (select decision_id, left_subject as l, right_subject as r from ir_decided_on),
        obeyed as (select decision_id, left_node as l, right_node as r from identity.decisions)
        select {key_of("l")} as left_key, {key_of("r")} as right_key from (
            select l, r from given anti join obeyed using (decision_id)
            union all
            select l, r from obeyed anti join given using (decision_id)
        )
        """,
    )


def _hashed(relation: str, columns: tuple[str, ...]) -> str:
    digest = f"hash({', '.join(columns)})"
    return (
        f"select {key_of('subject_id')} as subject_key, {digest} as digest from {relation} where subject_id is not null"
    )


def _rows(engine: Engine, relation: str, columns: str) -> list[dict]:
    return engine.fetch(f"select {columns} from {relation} order by all").to_pylist()


@cache
def _program() -> str:
    """Another version may resolve the same rows otherwise."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
