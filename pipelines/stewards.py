"""What stewards do in a home: see what was left open, decide, undo; each deed with its entry in the audit log.

Put here: what joins the last build's file, the state database and the audit log.
Keep out: arguments and terminals (identity_cli.py), what a decision means (identity/decisions.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from identity import decisions
from identity.subjects import Subject, SubjectError, find_subject, read_reviews
from pipelines import audit
from pipelines.last_build import open_last_build
from pipelines.publish.publish import PublishError
from pipelines.settings import Settings
from pipelines.state import open_state, write_state

REFUSALS = (decisions.DecisionError, SubjectError, PublishError)


@dataclass(frozen=True)
class Decided:
    """A decision that was made, and the two nodes as the last build had them."""

    decision_id: str
    left: Subject
    right: Subject

    @property
    def were_one(self) -> bool:
        """Whether both are in one customer now."""
        return self.left.customer_id is not None and self.left.customer_id == self.right.customer_id


def list_reviews(settings: Settings, limit: int) -> tuple[list[dict], int]:
    """The first pairs of the review queue (`identity.subjects.read_reviews`), and how many there are."""
    with open_last_build(settings) as engine:
        waiting = engine.count("identity.review_queue")
        return read_reviews(engine, limit), waiting


def decide(settings: Settings, left: str, right: str, verdict: str, *, by: str, reason: str) -> Decided:
    """Decide about two nodes of the last build, however they are named (`identity.subjects.find_subject`).

    Raises:
        REFUSALS: nothing is published, a side cannot be decided about, or the decision cannot be made.
    """
    with open_last_build(settings) as engine:
        one, other = find_subject(engine, "LEFT", left), find_subject(engine, "RIGHT", right)
    with write_state(open_state(settings.state_url, decisions.METADATA, audit.METADATA)) as state:
        made = decisions.decide(state, one.node, other.node, verdict, decided_by=by, reason=reason)
        audit.record(state, actor=by, action=f"decide {verdict}", object=made, reason=reason)
    return Decided(made, one, other)


def undo(settings: Settings, decision_id: str, *, by: str, reason: str) -> str:
    """Undo a decision and return the id of the undoing.

    Raises:
        REFUSALS: there is no such decision, or it is undone already.
    """
    with write_state(open_state(settings.state_url, decisions.METADATA, audit.METADATA)) as state:
        undoing = decisions.undo(state, decision_id, decided_by=by, reason=reason)
        audit.record(state, actor=by, action="undo decision", object=decision_id, reason=reason)
    return undoing


def list_decisions(settings: Settings) -> list[dict]:
    """Every decision with its state (`identity.decisions.read_decisions`)."""
    with open_state(settings.state_url, decisions.METADATA).connect() as state:
        return decisions.read_decisions(state)
