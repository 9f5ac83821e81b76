"""Random rows for property tests, and the state that must not depend on the way to it."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from identity_warehouse import Warehouse

CHECKED = settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],  # a resolve costs 0.3 s: shrinking would take minutes
    suppress_health_check=[HealthCheck.too_slow],
)
VALUES = {
    "customer_id": ["1", "2"],
    "loyalty_number": ["1", "2"],
    "email": ["a@mail.de", "b@mail.de", "info@mail.de"],
    "phone": ["+442079460018", "+442079460019"],
    "device_id": ["d1", "d2"],
}
IDS = st.dictionaries(st.sampled_from(sorted(VALUES)), st.integers(0, 2), max_size=3).map(
    lambda picked: {kind: VALUES[kind][number % len(VALUES[kind])] for kind, number in picked.items()}
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "ids": IDS,
            "name": st.sampled_from([None, "Ann", "A", "Bob", "Robert"]),
            "day": st.integers(1, 5),
            "is_event": st.booleans(),
            "at": st.integers(0, 400),
            "home": st.sampled_from([None, "Lindenweg 7"]),
        }
    ),
    min_size=1,
    max_size=12,
)


def put(warehouse: Warehouse, numbered: list[tuple[int, dict]]) -> None:
    for number, row in numbered:
        on = f"2024-01-0{row['day']}"
        if row["is_event"]:
            subject = warehouse.identify(f"web:~{number}", on, row["ids"])
            warehouse.event(subject, f"2024-01-01 {number // 60:02d}:{number % 60:02d}:00")
            warehouse.con.execute(
                "update std.std_interactions set occurred_at = occurred_at + to_days(?), interaction_id = ? "
                "where subject_id = ?",
                [row["at"], f"i{number}", subject],
            )
        else:
            who = {"first_name": row["name"], "last_name": "Miller", "street": row["home"], "postcode": "53113"}
            warehouse.person(f"crm:{number}", on, row["ids"], **who)


def withdraw(warehouse: Warehouse, is_gone: Callable[[int], bool]) -> None:
    """Take away the rows whose number is_gone."""
    for table in ("persons", "identifiers", "interactions"):
        numbered = warehouse.rows(
            f"select distinct subject_id, cast(regexp_extract(subject_id, '([0-9]+)$', 1) as int) from std.std_{table}"
        )
        for subject in (subject for subject, number in numbered if is_gone(number)):
            warehouse.con.execute(f"delete from std.std_{table} where subject_id = ?", [subject])


def shuffle(warehouse: Warehouse, seed: int) -> None:
    """Put the rows of the standard tables in another order."""
    for table in ("persons", "identifiers", "interactions"):
        warehouse.con.execute(
            f"create or replace table std.std_{table} as from std.std_{table} order by hash(rowid, {seed})"
        )


def state(warehouse: Warehouse) -> dict[str, list[tuple]]:
    """Everything that must not depend on the way here."""
    names = (
        "customers",
        "id_lookup",
        "device_intervals",
        "device_customers",
        "golden_cells",
        "edges",
        "review_queue",
        "households",
    )
    found = {name: warehouse.rows(f"from identity.{name} order by all") for name in names}
    found["membership"] = warehouse.rows(
        "select subject_id, kind, customer_id, valid_from, valid_to from identity.membership "
        "where known_to is null order by all"
    )
    return found
