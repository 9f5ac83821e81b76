"""Which landed row of a key is in force, and what a row shows beside its landed columns."""

import pytest
import yaml
from render_support import Landed, column, contract

from quality.contract import ContractError
from quality.read_contract import read_contract
from quality.render_transform import transform_sql

PERSON = (
    column("id", "identifier.customer_id", key=True, namespace="crm"),
    column("city", "person.city"),
    column("updated_at", type="timestamp", classification="internal"),
)


def rows(con, query):
    return con.execute(query).fetchall()


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ([("1", "Bonn", "2024-01-02")], [("1", "Kiel", "2024-01-01")], "Bonn"),  # the highest cursor
        ([("1", "Bonn", "2024-01-02")], [("1", "Kiel", "2024-01-02")], "Kiel"),  # then the latest arrival
        ([("1", "Bonn", None), ("1", "Kiel", None)], [], "Kiel"),  # then the last row
        ([("1", "Bonn", "2024-01-02")], [("1", "Kiel", None)], "Bonn"),  # no cursor never beats one
    ],
)
def test_append_keeps_one_row_of_a_key_landed_again(tmp_path, first, second, kept):
    landed = Landed(tmp_path, [contract("crm", *PERSON, loadMode="append", cursor="updated_at")])
    for day, part in (("2024-01-03", first), ("2024-01-04", second)):
        landed.land("crm", day, [dict(zip(("id", "city", "updated_at"), r, strict=True)) for r in part])
    con = landed.build()
    assert rows(con, "select city, first_arrived_on::varchar from std_persons") == [(kept, "2024-01-03")]
    assert rows(con, "select count(*), count(*) filter (_is_current) from base_crm") == [(2, 1)]


def test_snapshot_forgets_a_missing_person_and_keeps_her_interactions(tmp_path):
    visit = column("visited_at", "interaction.occurred_at", type="timestamp")
    landed = Landed(
        tmp_path,
        [
            contract(
                "crm",
                *PERSON,
                visit,
                loadMode="snapshot",
                cursor="updated_at",
                constants={"interaction.touchpoint": "store_visited"},
            )
        ],
    )
    anna = {"id": "1", "city": "Bonn", "updated_at": "2024-01-02", "visited_at": "2024-01-01 10:00"}
    ben = {"id": "2", "city": "Kiel", "updated_at": "2024-01-02", "visited_at": "2024-01-01 11:00"}
    landed.land("crm", "2024-01-03", [anna, ben])
    landed.land(
        "crm", "2024-01-04", [{**anna, "city": "Ulm", "updated_at": "2024-01-01"}]
    )  # latest arrival, old cursor
    con = landed.build()
    assert rows(con, "select subject_id, city, first_arrived_on::varchar from std_persons") == [
        ("crm:1", "Ulm", "2024-01-03")
    ]
    assert rows(con, "select subject_id from std_interactions order by 1") == [("crm:1",), ("crm:2",)]


def test_only_current_parts_count(tmp_path):
    landed = Landed(tmp_path, [contract("crm", *PERSON)])
    landed.land("crm", "2024-01-03", [{"id": "1", "city": "Bonn"}, {"id": "2", "city": "Kiel"}], state="replaced")
    landed.land("crm", "2024-01-03", [{"id": "1", "city": "Ulm"}])
    landed.land("crm", "2024-01-04", [{"id": "3", "city": "Hof"}], state="withdrawn")
    assert rows(landed.build(), "select subject_id, city from std_persons") == [("crm:1", "Ulm")]


def test_row_without_a_key_landed_twice_is_one_row(tmp_path):
    event = (column("at", "interaction.occurred_at", type="timestamp"),)
    landed = Landed(tmp_path, [contract("web", *event, constants={"interaction.touchpoint": "page_viewed"})])
    for day in ("2024-01-03", "2024-01-04"):
        landed.land(
            "web", day, [{"at": "2024-01-02", "_record_key": "a1#1"}, {"at": "2024-01-02", "_record_key": "a1#2"}]
        )
    assert rows(landed.build(), "select count(*), count(distinct interaction_id) from std_interactions") == [(2, 2)]


def test_company_that_landed_nothing_has_eight_empty_typed_tables(tmp_path):
    con = Landed(tmp_path, [contract("crm", *PERSON)]).build()
    tables = ("persons", "accounts", "identifiers", "interactions", "orders", "cases", "surveys", "consents")
    assert [rows(con, f"select count(*) from std_{t}")[0][0] for t in tables] == [0] * 8
    types = {r[0]: r[1] for r in rows(con, "describe std_orders")}
    assert (types["amount"], types["ordered_at"], types["lines"]) == ("DECIMAL(18,2)", "TIMESTAMP", "BIGINT")


def test_transform_cleans_and_derives_while_the_landed_value_stays(tmp_path):
    columns = (
        column("id", key=True, classification="internal"),
        column(
            "no",
            "identifier.customer_id",
            namespace="crm",
            physicalName="No",
            transformLogic="regexp_extract(no, '([1-9][0-9]*)$', 1)",
        ),
        column("total", classification="internal"),
        column(
            "net",
            type="number",
            physicalType="decimal(18,2)",
            transformLogic="cast(total as decimal(18,2)) / 2",
            classification="internal",
        ),
        column(
            "gross", type="number", physicalType="decimal(18,2)", transformLogic="net * 3", classification="internal"
        ),
        column("landed_day", type="date", transformLogic="cast(landed_at as date)", classification="internal"),
        column("event", classification="internal"),
        column("page", transformLogic="json_param(event, 'page')", classification="internal"),
        column("clicks", type="number", transformLogic="json_sum(event, 'n')", classification="internal"),
    )
    landed = Landed(tmp_path, [contract("crm", *columns)])
    event = '[{"key": "page", "value": {"string_value": "/home"}, "n": 2}, {"key": "ref", "value": "x", "n": 3}]'
    landed.land("crm", "2024-01-03", [{"id": "a", "no": "AW0011", "total": "10.50", "event": event}])
    landed.land("crm", "2024-01-04", [{"id": "b", "no": "AW0012", "total": "n/a", "event": "not json"}])
    con = landed.build()
    found = rows(
        con,
        "select no, no__clean, net::varchar, gross::varchar, landed_day::varchar, page, clicks from base_crm "
        "order by id",
    )
    assert found == [
        ("AW0011", "11", "5.25", "15.75", "2024-06-01", "/home", 5.0),
        ("AW0012", "12", None, None, "2024-06-01", None, None),
    ]
    assert rows(con, "select value from std_identifiers order by 1") == [("11",), ("12",)]


def test_transform_that_depends_on_itself_is_refused_by_name(tmp_path):
    circle = [column("a", transformLogic="b + 1", type="integer"), column("b", transformLogic="a + 1", type="integer")]
    landed = Landed(tmp_path, [contract("crm", column("id", key=True))])
    file = landed.root / "company" / "contracts" / "loop.odcs.yaml"
    file.write_text(yaml.safe_dump(contract("loop", *circle)))
    loop = read_contract(file)
    with pytest.raises(ContractError, match=r"loop.odcs.yaml: a.transformLogic: depends on itself through a → b → a"):
        transform_sql(loop, loop.column("a"))


def test_events_of_a_person_who_left_the_snapshot_keep_their_identifiers(tmp_path):
    # Regression: the interactions of a record missing from the latest snapshot lost their customer.
    visit = column("visited_at", "interaction.occurred_at", type="timestamp")
    constants = {"interaction.touchpoint": "store_visited"}
    columns = (*PERSON, visit, column("mail", "person.email"))
    landed = Landed(tmp_path, [contract("crm", *columns, loadMode="snapshot", constants=constants)])
    landed.land("crm", "2024-01-03", [{"id": "2", "mail": "family@mail.de", "visited_at": "2024-01-01 11:00"}])
    landed.land("crm", "2024-01-04", [{"id": "1", "city": "Bonn"}])
    con = landed.build()
    assert rows(con, "select subject_id from std_persons") == [("crm:1",)]
    assert rows(con, "select subject_id from std_interactions") == [("crm:2",)]
    assert rows(con, "select subject_id, value from std_identifiers order by all") == [("crm:1", "1"), ("crm:2", "2")]


def test_parts_of_an_earlier_contract_take_the_types_of_todays(tmp_path):
    # Regression: one part landed before a column became an integer made it text for all parts, so that 9 beat 10.
    before = column("version", classification="internal")
    after = column("version", type="integer", classification="internal")
    landed = Landed(tmp_path, [contract("crm", *PERSON[:2], before, loadMode="append", cursor="version")])
    landed.land("crm", "2024-01-03", [{"id": "1", "city": "Bonn", "version": "9"}])
    landed.documents = [contract("crm", *PERSON[:2], after, loadMode="append", cursor="version")]
    landed.__post_init__()
    landed.land("crm", "2024-01-04", [{"id": "1", "city": "Kiel", "version": 10}])
    con = landed.build()
    assert rows(con, "select city from std_persons") == [("Kiel",)]
    assert rows(con, "select typeof(version), version from base_crm order by version") == [
        ("BIGINT", 9),
        ("BIGINT", 10),
    ]
