"""Orders, cases, persons, accounts and identifiers: keys, grains, and who wins among several rows."""

from datetime import datetime

from render_support import Landed, column, contract


def rows(con, query):
    return con.execute(query).fetchall()


def test_order_lines_are_grouped_with_their_sums(tmp_path):
    money = {"type": "number", "physicalType": "decimal(18,2)"}
    document = contract(
        "lines",
        column("order_no", "order.order_id", key=True, primaryKeyPosition=1, namespace="erp.order"),
        column("line", type="integer", key=True, primaryKeyPosition=2, classification="internal"),
        column("customer", "identifier.customer_id", namespace="erp"),
        column("ordered_on", "order.ordered_at", "interaction.occurred_at", type="date"),
        column("product", "order.product_id"),
        column("amount", "order.line_amount", **money),
        column("pieces", "order.quantity", type="integer"),
        constants={"interaction.touchpoint": "order_placed"},
    )
    landed = Landed(tmp_path, [document])
    landed.land(
        "lines",
        "2024-01-03",
        [
            {
                "order_no": "A",
                "line": 1,
                "customer": "7",
                "ordered_on": None,
                "product": "p2",
                "amount": 10.10,
                "pieces": 1,
            },
            {
                "order_no": "A",
                "line": 2,
                "customer": "7",
                "ordered_on": "2024-01-02",
                "product": "p1",
                "amount": 0.20,
                "pieces": 3,
            },
            {"order_no": "A", "line": 3, "customer": "7", "product": "p2"},
            {"order_no": "B", "line": 1, "customer": "8", "amount": -5, "product": "p9"},
        ],
    )
    con = landed.build()
    query = "select record_id, order_key, ordered_at, amount::varchar, currency, lines, quantity::int, products from "
    assert rows(con, query + "std_orders order by 2") == [
        ("lines:erp.order:A", "erp.order:A", datetime(2024, 1, 1, 23), "10.30", "EUR", 3, 4, "p1,p2"),
        ("lines:erp.order:B", "erp.order:B", None, "-5.00", "EUR", 1, None, "p9"),
    ]
    assert rows(con, "select sum(lines) from std_orders") == [(4,)]
    assert rows(con, "select order_key from std_interactions") == [("erp.order:A",)]  # no date, no interaction


def test_changed_line_moves_the_part_of_its_order(tmp_path):
    document = contract(
        "lines",
        column("order_no", "order.order_id", key=True, primaryKeyPosition=1, namespace="erp"),
        column("line", type="integer", key=True, primaryKeyPosition=2, classification="internal"),
        column("amount", "order.line_amount", type="number", physicalType="decimal(18,2)"),
    )
    landed = Landed(tmp_path, [document])
    landed.land(
        "lines", "2024-01-03", [{"order_no": "A", "line": 1, "amount": 1}, {"order_no": "A", "line": 2, "amount": 2}]
    )
    landed.land("lines", "2024-01-04", [{"order_no": "A", "line": 2, "amount": 5}])
    assert rows(landed.build(), "select amount::int, lines, part_seq, products from std_orders") == [(6, 2, 2, None)]


def test_rows_of_one_case_span_first_opening_to_last_closing(tmp_path):
    document = contract(
        "tickets",
        column("event", key=True, classification="internal"),
        column("ticket", "case.case_id", namespace="desk"),
        column("opened", "case.opened_at", type="timestamp"),
        column("closed", "case.closed_at", type="timestamp"),
        column("topic", "case.topic", valueMapping={"B": "billing", "*": "other"}),
    )
    landed = Landed(tmp_path, [document])
    landed.land(
        "tickets",
        "2024-01-09",
        [
            {"event": "2", "ticket": "T", "opened": "2024-01-03", "closed": "2024-01-05", "topic": "x"},
            {"event": "1", "ticket": "T", "opened": "2024-01-04", "closed": "2024-01-04", "topic": "b"},
            {"event": "3", "ticket": " ", "opened": "2024-01-04"},
        ],
    )
    assert rows(landed.build(), "select case_key, opened_at, closed_at, topic from std_cases") == [
        ("desk:T", datetime(2024, 1, 3), datetime(2024, 1, 5), "billing")
    ]


def test_person_of_many_rows_is_the_one_valid_last(tmp_path):
    document = contract(
        "shop",
        column("order_no", key=True, classification="internal"),
        column("customer", "person.record_id"),
        column("mail", "person.email"),
        column("sex", "person.gender", valueMapping={"f": "female", "m": "male"}),
        column("size", "person.attribute", type="integer"),
        column("hobby", "person.attribute"),
        column("at", "person.valid_at", type="timestamp"),
    )
    landed = Landed(tmp_path, [document])
    landed.land(
        "shop",
        "2024-01-03",
        [
            {"order_no": "1", "customer": "7", "mail": "old@x.de", "sex": "F", "size": 4, "at": "2024-01-01"},
            {"order_no": "2", "customer": "9", "mail": "nine@x.de", "sex": "?", "at": "2024-01-01"},
        ],
    )
    landed.land(
        "shop",
        "2024-01-04",
        [
            {
                "order_no": "3",
                "customer": "7",
                "mail": "new@x.de",
                "sex": "f",
                "size": 5,
                "hobby": "chess",
                "at": "2024-01-02",
            }
        ],
    )
    con = landed.build()
    query = "select subject_id, record_id, email, gender, attributes, first_arrived_on::varchar from std_persons"
    assert rows(con, query + " order by 1") == [
        ("shop:7", "shop:3", "new@x.de", "female", '{"size":"5","hobby":"chess"}', "2024-01-03"),
        ("shop:9", "shop:2", "nine@x.de", None, None, "2024-01-03"),
    ]
    query = "select subject_id, identifier_type, namespace, value, first_seen::date::varchar from std_identifiers"
    assert rows(con, query + " order by value") == [
        ("shop:7", "email", "", "new@x.de", "2024-01-02"),
        ("shop:9", "email", "", "nine@x.de", "2024-01-01"),
        ("shop:7", "email", "", "old@x.de", "2024-01-01"),
    ]


def test_account_is_keyed_by_namespace_and_unique_per_dataset(tmp_path):
    document = contract(
        "b2b",
        column("contact", "person.record_id", key=True),
        column("company_no", "account.account_id", namespace="crm.company"),
        column("parent_no", "account.parent_id"),
        column("company", "account.name"),
        column("register", "account.registration_number"),
        column("band", "account.size_band", valueMapping={"1": "SMB", "2": "enterprise"}),
        column("updated", type="timestamp", classification="internal"),
        cursor="updated",
    )
    landed = Landed(tmp_path, [document])
    landed.land(
        "b2b",
        "2024-01-03",
        [
            {"contact": "a", "company_no": "C1", "company": "Old", "band": "1", "updated": "2024-01-01"},
            {
                "contact": "b",
                "company_no": "C1",
                "company": "New",
                "band": "2",
                "parent_no": "C9",
                "register": "HRB 1",
                "updated": "2024-01-02",
            },
            {"contact": "c"},
        ],
    )
    con = landed.build()
    found = "record_id, subject_id, account_key, name, registration_number, size_band, parent_key"
    assert rows(con, f"select {found} from std_accounts") == [
        ("b2b:crm.company:C1", None, "crm.company:C1", "New", "HRB 1", "enterprise", "crm.company:C9")
    ]
    assert rows(con, "select subject_id, account_key from std_persons order by 1") == [
        ("b2b:a", "crm.company:C1"),
        ("b2b:b", "crm.company:C1"),
        ("b2b:c", None),
    ]


def test_identifiers_of_events_are_one_row_per_tuple_and_value(tmp_path):
    document = contract(
        "web",
        column("id", key=True, classification="internal"),
        column("at", "interaction.occurred_at", type="timestamp"),
        column("cookie", "identifier.cookie_id", namespace="web"),
        column("login", "identifier.user_id", namespace="web"),
        constants={"interaction.touchpoint": "page_viewed"},
    )
    landed = Landed(tmp_path, [document])
    landed.land(
        "web",
        "2024-01-09",
        [
            {"id": "1", "at": "2024-01-02", "cookie": "c"},
            {"id": "2", "at": "2024-01-05", "cookie": "c"},
            {"id": "3", "at": "2024-01-03", "cookie": "c", "login": "u"},
            {"id": "4", "at": "2024-01-03"},
        ],
    )
    con = landed.build()
    query = "select identifier_type, namespace, value, first_seen, last_seen from std_identifiers order by 1, 5"
    assert rows(con, query) == [
        ("cookie_id", "web", "c", datetime(2024, 1, 3), datetime(2024, 1, 3)),
        ("cookie_id", "web", "c", datetime(2024, 1, 2), datetime(2024, 1, 5)),
        ("user_id", "web", "u", datetime(2024, 1, 3), datetime(2024, 1, 3)),
    ]
    assert rows(
        con,
        "select count(*) from std_interactions i where subject_id is not null and not exists "
        "(select 1 from std_identifiers d where d.subject_id = i.subject_id)",
    ) == [(0,)]
