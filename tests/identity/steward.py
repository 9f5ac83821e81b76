"""A steward with a state database of her own: decides, undoes, and is obeyed by the next resolve."""

from __future__ import annotations

import pyarrow as pa
import sqlalchemy as sa
from hypothesis import strategies as st

from identity import decisions

SUBJECTS = [
    *(f"crm:{number}" for number in range(6)),
    "customer_id|main|1",
    "customer_id|main|2",
    "loyalty_number|main|1",
    "email||a@mail.de",
    "email||info@mail.de",
    "phone||+442079460018",
]
DECISIONS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(SUBJECTS), min_size=2, max_size=2, unique=True).map(lambda pair: tuple(sorted(pair))),
        st.sampled_from(["same", "not_same"]),
    ),
    min_size=1,
    max_size=6,
)


class Steward:
    """Decisions in the database of a URL; without one in SQLite in memory."""

    def __init__(self, url: str = "sqlite://") -> None:
        self.engine = sa.create_engine(url)
        decisions.METADATA.create_all(self.engine)

    def decide(self, left: str, right: str, verdict: str) -> str:
        with self.engine.begin() as connection:
            return decisions.decide(connection, left, right, verdict, decided_by="sue", reason="she called")

    def undo(self, decision_id: str) -> str:
        with self.engine.begin() as connection:
            return decisions.undo(connection, decision_id, decided_by="sue", reason="a mistake")

    def effective(self) -> pa.Table:
        with self.engine.connect() as connection:
            return decisions.read_effective(connection)

    def states(self) -> list[str]:
        with self.engine.connect() as connection:
            return [row["state"] for row in decisions.read_decisions(connection)]

    def close(self) -> None:
        self.engine.dispose()
