"""Where a resolve starts: from nothing, or from the last state and what has changed since.

Put here: that choice. Keep out: what has changed (changes.py), what it touches (region.py).
"""

from __future__ import annotations

from identity.changes import digest_subjects, find_changed, find_redecided, goes_on, read_basis
from identity.config import IdentityConfig
from identity.engine import Engine
from identity.model import MatchModel
from identity.region import find_region
from identity.relations import Relations
from identity.scope import Scope, take_everything, take_region
from identity.sql import key_of

FULL_FROM = 0.2  # a region costs more per record than everything does


def choose_scope(
    engine: Engine,
    config: IdentityConfig,
    relations: Relations,
    model: MatchModel | None,
    changed: str | None,
    full_from: float,
) -> Scope:
    """Everything, where the last state has another basis or too much has changed; else the region of the changes.

    Also writes `ir_digests` (subject_key, digest) of the subjects in scope; none where the caller knows the changes.
    """
    if changed:
        engine.store("ir_digests", "select * from identity_index.subjects where false")
    else:
        digest_subjects(engine, relations)
    if not goes_on(engine, read_basis(engine, config, model, relations)):
        return take_everything(engine, relations)
    if changed:
        engine.store("ir_changed", f"select distinct {key_of('subject_id')} as subject_key from ({changed})")
    else:
        find_changed(engine)
    [share] = engine.fetch(
        "select (select count(*) from ir_changed) / greatest((select count(*) from identity.id_lookup), 1) as share"
    )["share"].to_pylist()
    if share >= full_from:
        return take_everything(engine, relations)
    find_redecided(engine)
    find_region(engine, config, relations, model)
    engine.store("ir_digests", "select * from ir_digests where subject_key in (select key from ir_region)")
    return take_region(engine, relations)
