"""How much of the world one resolve looks at: everything, or the region that changes reach.

Put here: which rows are read, and which published rows they replace.
Keep out: finding the region (region.py), the steps that do not know of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from identity.engine import PLACE, Engine
from identity.relations import Relations, restrict
from identity.sql import key_of

_OF_CUSTOMER = "customer_id in (select customer_id from ir_old_customers)"
OF_CHANGED = "subject_key in (select subject_key from ir_changed)"  # what a subject shows by itself
_OF_DEVICE = "device_key in (select device_key from ir_devices)"
_OF_EDGE = f"{key_of('left_node')} in (select key from ir_region)"
# Relation -> which of its rows a region replaces. What is not here is written whole.
_REPLACED = {
    "customers": _OF_CUSTOMER,
    "golden_profiles": _OF_CUSTOMER,
    "golden_cell_history": _OF_CUSTOMER,
    "household_shares": _OF_CUSTOMER,
    "households": "customer_id in (select customer_id from ir_regrouped)",
    "id_lookup": f"{key_of('subject_id')} in (select key from ir_region)",
    "membership": f"""case when kind = 'device' then subject_id in (select device_key from ir_devices)
        else {key_of("subject_id")} in (select key from ir_region) end""",
    "device_intervals": _OF_DEVICE,
    "device_customers": _OF_DEVICE,
    "edges": _OF_EDGE,
    "review_queue": _OF_EDGE,
    "decisions": f"({_OF_EDGE} or {_OF_EDGE.replace('left_node', 'right_node')})",
    "identifiers": f"{key_of('node')} in (select node_key from ir_reached)",
    "reach": OF_CHANGED,
    "evidence": OF_CHANGED,
    "blocks": OF_CHANGED,
    "subjects": OF_CHANGED,
    "regions": "region in (select region from ir_touched)",
    "phone_cache": "(value, country) in (select (value, country) from ir_phones)",
}
_TIMED = ("membership", "golden_cell_history")
_COMPARED = {  # what is compared with the state before; customers are found by membership
    "membership": "known_to is null",
    "golden_cell_history": "known_to is null",
    "customers": "true",
    "edges": "true",
    "decisions": "true",
}
_OUTSIDE = {
    "subject_key": "ubigint", "node_key": "ubigint", "identifier_type": "varchar", "namespace": "varchar",
    "is_record": "boolean", "dataset": "varchar", "first_arrived_on": "date", "value": "varchar", "state": "varchar",
}  # fmt: skip


@dataclass(frozen=True)
class Scope:
    """relations: what to read. A region also has in working relations:

    ir_region (key): its subjects and strong nodes. ir_touched (region): the old regions it is made of.
    ir_reached (node_key): every node its subjects show, or showed. ir_outside: who else shows one of these, as rows of
        `identity_index.reach` with the value and the state of the node.
    """

    relations: Relations
    is_full: bool

    def replaced(self, name: str) -> str | None:
        """Condition on the rows of a published relation that the new ones replace; None for all of them."""
        return None if self.is_full else _REPLACED.get(name)

    def was(self, name: str) -> str:
        """The published rows that the new ones replace, to read from; of _COMPARED.

        Those of a history have `row_no`, too: where a row lies, as long as nothing is deleted.
        """
        return f"(select {_with_place(name)} from identity.{name})" if self.is_full else f"ir_was_{name}"


def find_replaced(engine: Engine, scope: Scope, *names: str) -> None:
    """Write what a region replaces of some of _COMPARED, `ir_old_customers` (customer_id) with membership.

    Reads `ir_devices`.
    """
    if scope.is_full:
        return
    for name in names:
        condition = _COMPARED[name]
        found = f"{scope.replaced(name)} and {condition}"
        engine.store(f"ir_was_{name}", engine.few(f"identity.{name}", found, _with_place(name)))
        if name == "membership":
            engine.store(
                "ir_old_customers",
                "select distinct customer_id from ir_was_membership where kind <> 'device' or valid_from is null",
            )


def _with_place(name: str) -> str:
    return f"*, {PLACE} as row_no" if name in _TIMED else "*"


def take_everything(engine: Engine, relations: Relations) -> Scope:
    """All rows; there is nothing outside."""
    take_nothing_outside(engine)
    return Scope(relations, is_full=True)


def take_nothing_outside(engine: Engine) -> None:
    """Write an empty `ir_outside`."""
    columns = ", ".join(f"null::{kind} as {name}" for name, kind in _OUTSIDE.items())
    engine.store("ir_outside", f"select {columns} where false")


def take_region(engine: Engine, relations: Relations) -> Scope:
    """The rows of the subjects of `ir_region`."""
    return Scope(restrict(engine, relations, "ir_region", "key"), is_full=False)
