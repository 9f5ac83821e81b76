"""Which pairs of records a model compares at all.

Put here: the blocking rules of a model as keys of records.
Keep out: which rules there are (comparisons.py), how a model chooses them (train.py), scores.
"""

from __future__ import annotations

from identity.comparisons import SWAPPED_NAMES
from identity.engine import Engine
from identity.model import MatchModel


def key_records(engine: Engine, model: MatchModel) -> None:
    """Write `ir_keys`: unique_id, first_name, last_name and one key per blocking rule; null where a part is unknown.

    Reads `ir_evidence`.
    """
    keys = "".join(
        f", case when {' and '.join(f'{part} is not null' for part in rule)} "
        f"then concat_ws(chr(31), {', '.join(rule)}) end as key_{number}"
        for number, rule in enumerate(model.blocking)
    )
    engine.store("ir_keys", f"select unique_id, first_name, last_name{keys} from ir_evidence")


def blocking_rules(model: MatchModel) -> list[tuple[str, str]]:
    """(rule in words, SQL that is true where the rows l and r of `ir_keys` meet it), in the order of the model."""
    rules = [(" and ".join(rule), f"l.key_{number} = r.key_{number}") for number, rule in enumerate(model.blocking)]
    return [*rules, ("first and last name swapped", SWAPPED_NAMES)]
