"""What must hold for any rows and decisions: a reversal restores, order does not matter, a no is never overruled."""

from __future__ import annotations

from contextlib import closing

import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st
from identity_warehouse import Warehouse
from random_rows import CHECKED, ROWS, put, state
from steward import DECISIONS, Steward


def obey(warehouse: Warehouse, steward: Steward) -> dict[str, list[tuple]]:
    """Resolve, check what holds always, and return the state."""
    effective = steward.effective()
    warehouse.resolve(decisions=effective)
    warehouse.con.register("apart", effective.filter(pc.equal(effective["verdict"], "not_same")))
    united = warehouse.rows(
        """
        select left_subject, right_subject from apart
        join identity.membership l on l.subject_id = left_subject and l.known_to is null
        join identity.membership r on r.subject_id = right_subject and r.known_to is null
        where l.customer_id = r.customer_id
        """
    )
    assert (united, warehouse.exceeded_limits(), warehouse.unresolved_ids()) == ([], [], [])
    return state(warehouse)


@CHECKED
@given(rows=ROWS, made=DECISIONS, more=DECISIONS, data=st.data())
def test_undoing_decisions_in_any_order_restores_the_state_before_them_exactly(rows, made, more, data):
    with closing(Warehouse()) as warehouse, closing(Steward()) as steward:
        put(warehouse, list(enumerate(rows)))
        for pair, verdict in made:
            steward.decide(*pair, verdict)
        before = obey(warehouse, steward)
        ids = [steward.decide(*pair, verdict) for pair, verdict in more]
        after = obey(warehouse, steward)
        undoings = [steward.undo(ids[n]) for n in data.draw(st.permutations(range(len(ids))))]
        assert obey(warehouse, steward) == before
        for undoing in undoings:
            steward.undo(undoing)
        assert obey(warehouse, steward) == after


@CHECKED
@given(rows=ROWS, made=DECISIONS, data=st.data())
def test_the_order_of_decisions_on_different_pairs_does_not_matter(rows, made, data):
    different = list(dict(made).items())
    shuffled = data.draw(st.permutations(different))
    halfway = len(shuffled) // 2
    states = []
    for parts in ([different], [shuffled[:halfway], shuffled[halfway:]]):
        with closing(Warehouse()) as warehouse, closing(Steward()) as steward:
            put(warehouse, list(enumerate(rows)))
            for part in parts:
                for pair, verdict in part:
                    steward.decide(*pair, verdict)
                found = obey(warehouse, steward)
            found["edges"] = sorted(  # the evidence of a decision is its id
                (left, right, rule, weight, rule == "decision" or evidence, state, reason or "")
                for left, right, rule, weight, evidence, state, reason in found["edges"]
            )
            states.append(found)
    assert states[0] == states[1]
