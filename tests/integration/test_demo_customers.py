"""Who is one customer in the demo company, beside who truly is one person.

Put here: customers, households and organisations against the simulator's truth. Keep out: every other figure of the
marts (test_demo.py), identity by itself (tests/identity).
"""

from __future__ import annotations

from identity.engine import DuckDBEngine
from identity.evaluate import evaluate


def test_records_of_a_person_become_one_customer(demo, record_property):
    assert demo.ask("select count(*) from resolved where customer_id is null") == [(0,)]
    score = evaluate(
        DuckDBEngine(demo.con),
        "select record_id, customer_id as cluster from resolved",
        "select record_id, person_id as entity from resolved",
    )
    record_property("precision", score.cluster_pairs.precision)
    record_property("recall", score.cluster_pairs.recall)
    assert score.records == demo.counts["planted"]["person_records"]
    assert score.cluster_pairs.precision >= 0.999
    assert score.cluster_pairs.recall >= (0.95 if demo.people >= 5000 else 0.93)  # 600 people teach the model less


def test_no_interaction_is_credited_to_another_person_but_on_a_shared_tablet(demo):
    # The id as contract-conventions write it: dataset, slot column, key.
    slot = (
        "case dataset when 'shop_orders' then 'ordered_at' when 'pos_receipts' then 'printed_at' else 'occurred_at' end"
    )
    demo.con.execute(f"""
        create or replace temp table credited as
        select e.*, f.customer_id, f.resolved_by, o.person_id as owner
        from (select *, md5(concat_ws('|', dataset, {slot}, record_key))::uuid as interaction_id from events) as e
        join p.marts.fct_interactions as f using (interaction_id)
        left join (
            -- Whoever identity merged by mistake is counted by its precision, above.
            select customer_id, min(person_id) as person_id from resolved
            group by customer_id having count(distinct person_id) = 1
        ) as o using (customer_id)
    """)
    assert demo.ask("select count(distinct record_key) from credited") == [(32 * demo.people,)]
    wrong = "select is_shared_tablet, count(*) from credited where owner <> person_id group by 1"
    assert set(demo.count(wrong)) <= {True}  # who does not log in there looks like the one who did last
    nobody = "select count(*) from credited where is_role_mailbox and owner is not null"
    assert demo.ask(nobody) == [(0,)]


def _customers_of_two(demo, people: str) -> tuple[int, int]:
    """(people in the query `people` of person_id, customers who hold records of two of them or more)."""
    merged = f"""
        select customer_id from resolved where person_id in ({people})
        group by customer_id having count(distinct person_id) > 1
    """
    return demo.ask(f"select (select count(*) from ({people})), (select count(*) from ({merged}))")[0]


def test_a_shared_tablet_merges_nobody(demo):
    tablets = "select count(*) from s.identity.identifiers where identifier_type = 'device_id' and value like 'tab-%'"
    assert demo.ask(tablets) == [(demo.counts["planted"]["shared_tablets"],)]
    people, merged = _customers_of_two(demo, "select distinct person_id from events where is_shared_tablet")
    assert people > demo.counts["planted"]["shared_tablets"]
    assert merged == 0


def test_a_family_address_merges_nobody(demo):
    people, merged = _customers_of_two(demo, "select person_id from persons where mess = 'family_email'")
    assert people == demo.counts["planted"]["people_with_family_email"]
    assert merged == 0


def test_the_mailbox_of_an_office_merges_nobody(demo):
    shared = """
        select distinct r.person_id from resolved as r join s.std.std_persons as p using (record_id)
        where p.email like 'info@%'
    """
    people, merged = _customers_of_two(demo, shared)
    assert people == demo.counts["planted"]["records_with_role_mailbox"]
    assert merged == 0


def test_a_recycled_phone_merges_nobody(demo):
    people, merged = _customers_of_two(
        demo, "select person_id from persons where mess in ('old_phone', 'recycled_phone')"
    )
    assert people == 2 * demo.counts["planted"]["recycled_phones"]
    assert merged == 0


def test_organisations_stand_under_their_owners(demo):
    owned = demo.counts["planted"]["owned_accounts"]  # two in every chain of three
    found = demo.ask("""
        select count(*), count(distinct account_group_id), count(distinct top_parent_key), count(parent_key)
        from p.marts.dim_accounts where account_group_id is not null
    """)
    assert found == [(owned + owned // 2, owned // 2, owned // 2, owned)]
    assert demo.ask("""
        select count(*) from p.marts.dim_accounts where top_parent_key <> account_key and parent_key is null
    """) == [(0,)]


def test_people_of_one_published_household_live_together(demo, record_property):
    demo.con.execute("""
        create or replace temp table housed as
        select distinct person_id, p.household, c.household_id
        from resolved join persons as p using (person_id) join p.marts.dim_customers as c using (customer_id)
        where not p.is_business
    """)
    pairs = "select distinct a.person_id, b.person_id from housed as a join housed as b on a.person_id < b.person_id"
    found = f"{pairs} and a.household_id = b.household_id"
    true = f"{pairs} and a.household = b.household"
    [(found, true, both)] = demo.ask(f"""
        select (select count(*) from ({found})), (select count(*) from ({true})),
            (select count(*) from ({found} intersect {true}))
    """)
    households = demo.ask("select count(*), min(members), sum(members) from p.marts.dim_households")
    assert households[0][1:] == (2, *demo.ask("select count(household_id) from p.marts.dim_customers")[0])
    record_property("households", households[0][0])
    record_property("household_precision", both / found)
    record_property("household_recall", both / true)
    assert both / found >= 0.999
    assert both / true >= 0.8  # a street or family name with a typo in the record that survives hides some
