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


def meet(few: str, many: str, model: MatchModel) -> str:
    """Query of (unique_id, subject_key): records of `few` and of `many` that meet a rule of the model.

    Args:
        few, many: relations with the columns of evidence; unique_id of the one, subject_key of the other.
    """
    swapped = ("first_name", "last_name"), ("last_name", "first_name")
    rules = [(rule, rule) for rule in model.blocking] + [swapped]
    return " union ".join(
        f"select f.unique_id, m.subject_key from ({_parts('unique_id', few, left)}) f "
        f"join ({_parts('subject_key', many, right)}) m on {' and '.join(f'f.p{i} = m.p{i}' for i in range(len(left)))}"
        for left, right in rules
    )


def _parts(key: str, relation: str, rule: tuple[str, ...]) -> str:
    return f"select {key}, {', '.join(f'{part} as p{i}' for i, part in enumerate(rule))} from {relation}"
