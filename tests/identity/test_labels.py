"""Stewards' decisions as labels: which count, and that training heeds them. How they count: test_calibrate.py."""

from __future__ import annotations

import pyarrow as pa
import pytest
from crowd import gather_crowd, learned_from_crowd
from identity_warehouse import TERMS, Warehouse

from identity.config import load_config
from identity.decided import COLUMNS
from identity.engine import DuckDBEngine
from identity.model import MatchModel
from identity.resolve import learn

OPEN = "select left_node, right_node from identity.review_queue where reason = 'unsure' order by all"


@pytest.fixture(scope="module")
def plain():
    """Trained without a decision."""
    return learned_from_crowd()


@pytest.fixture
def crowd(warehouse, plain):
    gather_crowd(warehouse)
    warehouse.resolve(model=plain)
    return warehouse


def decided(verdict: str, *pairs: tuple[str, str]) -> list[dict]:
    return [
        {"decision_id": f"{verdict} {left} {right}", "left_subject": left, "right_subject": right, "verdict": verdict}
        for left, right in pairs
    ]


def trained(warehouse: Warehouse, decisions: list[dict], config=None) -> MatchModel:
    table = pa.Table.from_pylist(decisions, schema=COLUMNS)
    return learn(DuckDBEngine(warehouse.con), config or load_config(None, TERMS), decisions=table)


def test_confirmed_pairs_of_the_review_queue_lower_the_threshold_and_refuted_ones_raise_it(crowd, plain):
    doubtful = crowd.rows(OPEN)
    assert len(doubtful) > 5
    confirmed, refuted = (trained(crowd, decided(verdict, *doubtful)) for verdict in ("same", "not_same"))
    assert confirmed.match < plain.match < refuted.match
    assert confirmed.labels == {"same": len(doubtful), "not_same": 0}
    assert refuted.labels == {"same": 0, "not_same": len(doubtful)}
    assert (confirmed.m, confirmed.u, confirmed.blocking) == (plain.m, plain.u, plain.blocking)


def test_a_decision_nobody_doubted_changes_no_threshold(crowd, plain):
    model = trained(crowd, decided("same", ("crm:p1", "shop:p1")) + decided("not_same", ("crm:p1", "crm:p2")))
    assert model.labels == {"same": 1, "not_same": 1}
    assert model.match == pytest.approx(plain.match, abs=0.001)


def test_the_order_of_decisions_makes_no_other_model(crowd):
    decisions = decided("same", *crowd.rows(OPEN)[:4]) + decided("not_same", *crowd.rows(OPEN)[4:])
    assert trained(crowd, decisions).fingerprint == trained(crowd, decisions[::-1]).fingerprint


def test_only_decisions_on_two_records_that_are_there_and_may_match_are_labels(crowd, plain):
    home = {"street": "Lindenweg 7", "postcode": "53113", "last_name": "Sander"}
    crowd.person("crm:clara", first_name="Clara", birth_date="1991-03-04", ids={"email": "c@mail.de"}, **home)
    crowd.person("shop:emma", first_name="Emma", birth_date="1991-03-04", **home)
    told = decided("same", ("crm:p1", "email||c@mail.de"), ("crm:clara", "shop:emma"), ("crm:p1", "shop:gone"))
    assert trained(crowd, told).labels == {"same": 0, "not_same": 0}


def test_labels_of_datasets_that_know_each_person_once_are_set_against_their_rivals(crowd, configure):
    """Two of the shop are like crm:a: each may be the one, so neither is likely, whatever a steward says of one."""
    who = {"first_name": "Gustav", "last_name": "Sander", "birth_date": "1950-06-01", "postcode": "53113"}
    for name in ("crm:a", "shop:a", "shop:b"):
        crowd.person(name, **who)
    once = configure(limits={"cardinality": {"record@crm": 1, "record@shop": 1}})
    told = decided("not_same", ("crm:a", "shop:a"))
    assert _labels_read(crowd, once, told) == [(pytest.approx(0.5, abs=0.01), False)]
    [(likely, _)] = _labels_read(crowd, load_config(None, TERMS), told)
    assert likely > 0.9


def test_a_given_threshold_stands_and_its_expected_precision_heeds_the_labels(crowd, configure):
    fixed = configure(model={"match": 0.6})
    doubtful = decided("not_same", *crowd.rows(OPEN)[:6])
    before, after = trained(crowd, [], fixed), trained(crowd, doubtful, fixed)
    assert before.match == after.match == 0.6
    assert after.expected_precision < before.expected_precision


def _labels_read(warehouse: Warehouse, config, decisions: list[dict]) -> list[tuple[float, bool]]:
    """What training reads of the decisions: probability, and whether the two are one."""
    found = []

    class Overheard(DuckDBEngine):
        def fetch(self, sql: str) -> pa.Table:
            table = super().fetch(sql)
            if "ir_labelled" in sql:
                found.extend(tuple(row.values()) for row in table.to_pylist())
            return table

    learn(Overheard(warehouse.con), config, decisions=pa.Table.from_pylist(decisions, schema=COLUMNS))
    return found
