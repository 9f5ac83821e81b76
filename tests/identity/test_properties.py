"""What must hold for any rows: order, replay, undo, limits, disjoint intervals, nobody lost."""

from __future__ import annotations

from contextlib import closing

from hypothesis import HealthCheck, Phase, given, settings
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
            warehouse.event(subject, f"2024-01-01 00:{number:02d}:00")
            warehouse.con.execute(
                "update std.std_interactions set occurred_at = occurred_at + to_days(?), interaction_id = ? "
                "where subject_id = ?",
                [row["at"], f"i{number}", subject],
            )
        else:
            who = {"first_name": row["name"], "last_name": "Miller", "street": row["home"], "postcode": "53113"}
            warehouse.person(f"crm:{number}", on, row["ids"], **who)


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


@CHECKED
@given(rows=ROWS, data=st.data())
def test_rows_in_any_order_and_any_number_of_runs_give_the_same_customers(rows, data):
    numbered = list(enumerate(rows))
    shuffled = data.draw(st.permutations(numbered))
    cut = data.draw(st.integers(0, len(rows)))
    with closing(Warehouse()) as once, closing(Warehouse()) as twice:
        put(once, numbered)
        once.resolve()
        put(twice, shuffled[:cut])
        twice.resolve()
        published = {row[0] for row in twice.rows("select customer_id from identity.customers")}
        put(twice, shuffled[cut:])
        twice.resolve()
        assert state(once) == state(twice)
        alive = {row[0] for row in twice.rows("select customer_id from identity.customers")}
        redirected = dict(twice.rows("select old_id, new_id from identity.id_redirects"))
        assert published - alive == set(redirected), "every id ever published resolves, and only those that are gone"
        assert {new for new in redirected.values() if new} <= alive


@CHECKED
@given(rows=ROWS, more=ROWS)
def test_rows_that_are_withdrawn_again_leave_no_trace_in_the_state(rows, more):
    with closing(Warehouse()) as warehouse:
        put(warehouse, list(enumerate(rows)))
        warehouse.resolve()
        before = state(warehouse)
        put(warehouse, list(enumerate(more, start=30)))
        warehouse.resolve()
        for table in ("persons", "identifiers", "interactions"):
            warehouse.con.execute(
                f"delete from std.std_{table} where cast(regexp_extract(subject_id, '([0-9]+)$', 1) as int) >= 30"
            )
        warehouse.resolve()
        assert state(warehouse) == before
        alive = {row[0] for row in warehouse.rows("select customer_id from identity.customers")}
        ever = {row[0] for row in warehouse.rows("select customer_id from identity.membership")}
        assert ever - alive == {row[0] for row in warehouse.rows("select old_id from identity.id_redirects")}


@CHECKED
@given(rows=ROWS)
def test_limits_hold_intervals_are_disjoint_and_nobody_is_lost(rows):
    with closing(Warehouse()) as warehouse:
        put(warehouse, list(enumerate(rows)))
        warehouse.resolve()
        over_limit = warehouse.rows(
            """
            select customer_id, split_part(subject_id, '|', 1) as kind from identity.membership
            where kind = 'identifier' and split_part(subject_id, '|', 1) in ('customer_id', 'loyalty_number')
            group by all having count(*) > 1
            """
        )
        overlapping = warehouse.rows(
            """
            select a.device_key from identity.device_intervals a join identity.device_intervals b
                on a.device_key = b.device_key and a.valid_from < b.valid_to and b.valid_from < a.valid_to
                    and (a.valid_from, a.customer_id) <> (b.valid_from, b.customer_id)
            """
        )
        lost = warehouse.rows(
            """
            (select subject_id from std.std_persons union select subject_id from std.std_identifiers)
            except all select subject_id from identity.id_lookup
            """
        )
        invented = warehouse.rows(
            """
            select subject_id from identity.id_lookup except all
            (select subject_id from std.std_persons union select subject_id from std.std_identifiers)
            """
        )
        unknown = warehouse.rows(
            "select customer_id from identity.id_lookup where customer_id is not null "
            "except select customer_id from identity.customers"
        )
        housed = warehouse.rows(
            "select customer_id from identity.households group by 1 having count(*) > 1 union all "
            "select household_id from identity.households group by 1 having count(*) < 2"
        )
        assert (over_limit, overlapping, lost, invented, unknown, housed) == ([], [], [], [], [], [])
