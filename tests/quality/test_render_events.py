"""Interactions, surveys and consents: slots, constants, mappings, ids."""

import json
from datetime import datetime
from hashlib import md5
from uuid import UUID

import pytest
from render_support import Landed, column, contract


def rows(con, query):
    return con.execute(query).fetchall()


def interactions(tmp_path, document, landed_rows, columns):
    landed = Landed(tmp_path, [document])
    landed.land(document["id"], "2024-01-03", landed_rows)
    return rows(landed.build(), f"select {columns} from std_interactions order by slot, record_id")


def test_each_slot_makes_an_interaction_under_its_own_constants(tmp_path):
    document = contract(
        "shop",
        column("id", "interaction.order_id", key=True, namespace="shop.order"),
        column("amount", "interaction.value", type="number", physicalType="decimal(18,2)"),
        column("placed_at", "interaction.occurred_at", type="timestamp", id="placed"),
        column(
            "cancelled_at",
            "interaction.occurred_at",
            type="timestamp",
            constants={
                "interaction.touchpoint": "order_cancelled",
                "interaction.value": None,
                "interaction.channel": None,
            },
        ),
        constants={"interaction.touchpoint": "order_placed", "interaction.initiator": "customer"},
        priority=20,
    )
    found = interactions(
        tmp_path,
        document,
        [
            {"id": "1", "amount": 9.5, "placed_at": "2024-01-01 10:00", "cancelled_at": "2024-01-02 10:00"},
            {"id": "2", "amount": 4, "placed_at": "2024-01-01 11:00"},
        ],
        "record_id, touchpoint, channel, value::varchar, initiator, cost::varchar, priority, slot, order_key",
    )
    assert found == [
        ("shop:1", "order_placed", "web", "9.50", "customer", "0.50", 20, 3, "shop.order:1"),
        ("shop:2", "order_placed", "web", "4.00", "customer", "0.50", 20, 3, "shop.order:2"),
        ("shop:1", "order_cancelled", None, None, "customer", None, 20, 4, "shop.order:1"),
    ]


def test_value_comes_from_slot_then_column_then_dataset_then_touchpoint(tmp_path):
    document = contract(
        "web",
        column("id", key=True, classification="internal"),
        column("at", "interaction.occurred_at", type="timestamp", constants={"interaction.medium": "slot"}),
        column("medium", "interaction.medium"),
        column("source", "interaction.source"),
        constants={
            "interaction.touchpoint": "page_viewed",
            "interaction.medium": "dataset",
            "interaction.source": "dataset",
            "interaction.initiator": "company",
        },
    )
    at = "2024-01-01"
    found = interactions(
        tmp_path,
        document,
        [{"id": "1", "at": at, "medium": "column", "source": " column\u00a0"}, {"id": "2", "at": at, "source": " "}],
        "medium, source, initiator, channel, is_online, currency",
    )
    assert found == [
        ("slot", "column", "company", "web", True, "EUR"),
        ("slot", "dataset", "company", "web", True, "EUR"),
    ]


@pytest.mark.parametrize(
    ("mapping", "found"),
    [
        ({"PV": "page_viewed", "bot": None}, {"1": "page_viewed", "2": "unmapped", "4": "unmapped"}),
        ({"pv": "page_viewed", "*": None}, {"1": "page_viewed", "4": "unmapped"}),
        (
            {"x": "page_viewed", "*": "store_visited"},
            {"1": "store_visited", "2": "store_visited", "3": "store_visited", "4": "unmapped"},
        ),
        ({"bot": None, "*": "*"}, {"1": "unmapped", "2": "store_visited", "4": "unmapped"}),
    ],
)
def test_touchpoint_is_mapped_dropped_or_unmapped(tmp_path, mapping, found):
    document = contract(
        "web",
        column("id", key=True, classification="internal"),
        column("at", "interaction.occurred_at", type="timestamp"),
        column("kind", "interaction.touchpoint", valueMapping=mapping),
    )
    kinds = {"1": " pv ", "2": "store_visited", "3": "BOT", "4": None}
    landed_rows = [{"id": i, "kind": k, "at": "2024-01-01"} for i, k in kinds.items()]
    assert dict(interactions(tmp_path, document, landed_rows, "right(record_id, 1), touchpoint")) == found


def test_attributes_are_those_the_touchpoint_declares(tmp_path):
    document = contract(
        "web",
        column("id", key=True, classification="internal"),
        column("at", "interaction.occurred_at", type="timestamp"),
        column("kind", "interaction.touchpoint"),
        column("plan", "interaction.attribute"),
        column("device", "interaction.attribute", type="integer"),
        column("secret", "interaction.attribute"),
    )
    common = {"at": "2024-01-01", "plan": 'the "big" one', "device": 7, "secret": "s"}
    landed_rows = [
        {"id": "1", "kind": "page_viewed", **common},
        {"id": "2", "kind": "order_placed", **common},
        {"id": "3", "kind": "store_visited", **common},
        {"id": "4", "kind": "page_viewed", **common, "plan": None},
    ]
    found = [a and json.loads(a) for (a,) in interactions(tmp_path, document, landed_rows, "attributes")]
    assert found == [{"plan": 'the "big" one', "device": "7"}, {"plan": 'the "big" one'}, None, {"device": "7"}]


def test_day_becomes_local_midnight_in_utc_with_day_precision(tmp_path):
    day = {"logicalTypeOptions": {"format": "yyyy-MM-dd"}}
    document = contract(
        "crm",
        column("id", key=True, classification="internal"),
        column("type", classification="internal"),
        column("moved_on", type="timestamp", classification="internal", **day),
        column(
            "applied",
            "interaction.occurred_at",
            type="timestamp",
            transformLogic="case when type = 'Application' then moved_on end",
        ),
        column("visited_on", "interaction.occurred_at", type="date"),
        column(
            "called_at", "interaction.occurred_at", type="timestamp", logicalTypeOptions={"format": "dd.MM.yyyy HH:mm"}
        ),
        constants={"interaction.touchpoint": "store_visited"},
    )
    found = interactions(
        tmp_path,
        document,
        [
            {
                "id": "1",
                "type": "Application",
                "moved_on": "2024-01-04 23:00",
                "visited_on": "2024-07-01",
                "called_at": "2024-01-01 08:00",
            },
            {"id": "2", "type": "Other", "moved_on": "2024-01-04 23:00"},
        ],
        "slot, occurred_at, occurred_precision",
    )
    assert found == [
        (4, datetime(2024, 1, 4, 23), "day"),
        (5, datetime(2024, 6, 30, 22), "day"),
        (6, datetime(2024, 1, 1, 8), "second"),
    ]


def test_interaction_key_makes_one_interaction_of_many_rows_and_sums_its_value(tmp_path):
    document = contract(
        "lines",
        column("order_no", "interaction.key", key=True, primaryKeyPosition=1),
        column("line", type="integer", key=True, primaryKeyPosition=2, classification="internal"),
        column("at", "interaction.occurred_at", type="timestamp"),
        column("amount", "interaction.value", type="number", physicalType="decimal(18,2)"),
        column("campaign", "interaction.campaign"),
        constants={"interaction.touchpoint": "order_placed"},
    )
    found = interactions(
        tmp_path,
        document,
        [
            {"order_no": "A", "line": 2, "at": "2024-01-01 09:00", "amount": 5.25, "campaign": "second"},
            {"order_no": "A", "line": 1, "at": "2024-01-01 10:00", "amount": 1, "campaign": "first"},
            {"order_no": "A", "line": 0, "at": None, "amount": 2, "campaign": "undated"},
            {"order_no": "B", "line": 1, "at": None, "amount": 7},
        ],
        "interaction_id, record_id, occurred_at, value::varchar, campaign",
    )
    expected = UUID(md5(b"lines|at|A").hexdigest())
    assert found == [(expected, "lines:A|0", datetime(2024, 1, 1, 9), "8.25", "undated")]


def test_ids_do_not_depend_on_file_batch_or_order(tmp_path):
    document = contract(
        "web",
        column("id", key=True, classification="internal"),
        column("at", "interaction.occurred_at", type="timestamp", id="viewed"),
        column("cookie", "identifier.cookie_id", namespace="web"),
        column("mail", "identifier.email"),
        constants={"interaction.touchpoint": "page_viewed"},
    )
    events = [
        {"id": "1", "at": "2024-01-01", "cookie": "c", "mail": "a@x.de"},
        {"id": "2", "at": "2024-01-01", "cookie": "c", "mail": " a@x.de "},
        {"id": "3", "at": "2024-01-01"},
    ]
    once = Landed(tmp_path / "once", [document])
    once.land("web", "2024-01-03", events)
    split = Landed(tmp_path / "split", [document])
    split.land("web", "2024-01-04", events[2:])
    split.land("web", "2024-01-05", [{**events[1], "at": "2024-01-02"}, events[0]])
    split.land("web", "2024-01-06", events[:1])
    query = "select interaction_id, record_id, subject_id from std_interactions order by record_id"
    found = rows(once.build(), query)
    subject = "web:~" + md5(b"cookie_id=web=c|email==a@x.de").hexdigest()
    assert found[0] == (UUID(md5(b"web|viewed|1").hexdigest()), "web:1", subject)
    assert [s for _, _, s in found] == [subject, subject, None]
    assert rows(split.build(), query) == found


def test_wide_survey_makes_one_answer_per_question(tmp_path):
    scale = {"logicalTypeOptions": {"minimum": 0, "maximum": 10}}
    document = contract(
        "poll",
        column("id", "survey.response_id", key=True),
        column("recommend", "survey.score", type="integer", constants={"survey.metric": "nps"}, **scale),
        column(
            "effort",
            "survey.score",
            type="integer",
            constants={"survey.metric": "Effort", "survey.question": "Easy?"},
            logicalTypeOptions={"minimum": 1, "maximum": 5},
        ),
        column("answered_at", "survey.responded_at", type="timestamp"),
        constants={"survey.survey": "yearly"},
    )
    landed = Landed(tmp_path, [document])
    landed.land(
        "poll",
        "2024-01-03",
        [
            {"id": "1", "recommend": 9, "effort": 2, "answered_at": "2024-01-02"},
            {"id": "2", "recommend": None, "effort": 5},
        ],
    )
    query = "select response_key, survey, metric, question, score, scale_min, scale_max, score_01 from std_surveys"
    assert rows(landed.build(), query + " order by 1, 3") == [
        ("1", "yearly", "nps", "recommend", 9.0, 0.0, 10.0, 0.9),
        ("1", "yearly", "other", "Easy?", 2.0, 1.0, 5.0, 0.25),
        ("2", "yearly", "other", "Easy?", 5.0, 1.0, 5.0, 1.0),
    ]


def test_withdrawal_does_not_erase_the_grant_and_repetition_states_nothing(tmp_path):
    document = contract(
        "crm",
        column("id", "person.record_id", key=True),
        column("mail_ok", "consent.granted", type="boolean", constants={"consent.channel": "email"}),
        column("sms_ok", "consent.granted", type="boolean", constants={"consent.channel": "sms"}),
        column("changed_at", type="timestamp", classification="internal"),
        cursor="changed_at",
        constants={"consent.purpose": "marketing"},
    )
    landed = Landed(tmp_path, [document])
    for day, mail in (("2024-01-03", True), ("2024-01-04", True), ("2024-01-05", False), ("2024-01-06", True)):
        landed.land(
            "crm",
            day,
            [{"id": "1", "mail_ok": mail, "sms_ok": False if day == "2024-01-05" else None, "changed_at": day}],
        )
    query = "select subject_id, purpose, channel, granted, occurred_at::date::varchar from std_consents order by 3, 5"
    assert rows(landed.build(), query) == [
        ("crm:1", "marketing", "email", True, "2024-01-03"),
        ("crm:1", "marketing", "email", False, "2024-01-05"),
        ("crm:1", "marketing", "email", True, "2024-01-06"),
        ("crm:1", "marketing", "sms", False, "2024-01-05"),
    ]
