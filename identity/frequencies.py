"""How common the values of a record are, as a model learned it.

Put here: `ir_comparable`. Keep out: what is known of a record (evidence.py), counting (train.py).
"""

from __future__ import annotations

from identity.engine import Engine
from identity.model import MatchModel
from identity.sql import quote


def add_frequencies(engine: Engine, model: MatchModel) -> None:
    """Write `ir_comparable`: the evidence with tf_<attribute>, the share of records that have the same value.

    The shares are the model's, so that a score depends on the two records and the model alone.
    """
    attributes = model.frequency_columns
    engine.register("ir_all_frequencies", model.frequencies)
    values = " union ".join(f"select {quote(a)} as attribute, {a} as value from ir_evidence" for a in attributes)
    is_few = engine.count("ir_evidence") < len(model.frequencies)  # else finding out what they need costs more
    needed = f"semi join ({values}) using (attribute, value)" if is_few else ""
    engine.store("ir_frequencies", f"select * from ir_all_frequencies {needed}")
    shares = ", ".join(
        f"case when e.{a} is not null then coalesce({a}_f.share, {model.rarest!r}) end as tf_{a}" for a in attributes
    )
    joins = " ".join(
        f"left join ir_frequencies {a}_f on {a}_f.attribute = {quote(a)} and {a}_f.value = e.{a}" for a in attributes
    )
    engine.store("ir_comparable", f"select e.*, {shares} from ir_evidence e {joins}")
    engine.drop("ir_frequencies", "ir_all_frequencies")
