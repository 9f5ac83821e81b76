"""The rule tables, against ones written by hand."""

from __future__ import annotations

import json

import yaml

from pipelines.journeys.compile import SCHEMAS, allowed_moves, compile_journeys, describe_net
from pipelines.journeys.spec import load_journeys
from quality.company import Touchpoint

TOUCHPOINTS = {name: Touchpoint(name, name, attributes=("size", "kind")) for name in ("seen", "tried", "paid", "left")}
DOCUMENT = {
    **{"journey": "buy", "version": 1, "status": "approved", "name": "Buy", "use_case": "acquisition"},
    **{"owner": {"function": "marketing"}, "job_to_be_done": "Get online", "parent": "life"},
    **{"entry": {"touchpoints": ["seen"]}, "timeouts": {"inactivity": "1h", "max_duration": "1d"}},
    "stages": [
        {"id": "look", "touchpoints": ["seen"], "expects": {"effort": 2, "duration_p50": "1d"}},
        {"id": "try", "touchpoints": ["tried", "seen"], "where": {"size": [2, 1], "kind": "x"}, "mandatory": False,
         "max_wait": "2h"},
        {"id": "pay", "touchpoints": ["paid"], "terminal": "converted", "sla": "2d", "moment_of_truth": True},
    ],
    "exits": [{"touchpoints": ["left"]}],
    "exclude": [
        {"between": ["try", "pay"], "touchpoints": ["left", "seen"], "where": {"kind": "test"}},
        {"touchpoints": ["tried"]},
    ],
}  # fmt: skip


def _opening(key: str) -> tuple:
    walk = (
        f'{{"cooldown_s":null,"exclusions":[[2,3],[null,null]],"inactivity_s":3600,"journey_key":"{key}",'
        '"max_duration_s":86400,"max_wait_s":[null,7200,null],"reentry":"after_end","stages":["look","try","pay"],'
        '"terminal":[false,false,true]}'
    )
    return ("after_end", None, 86_400, None, walk)


FACTS = ("Buy", "marketing", "acquisition", "Get online", "life", "customer", 3600)
GOLDEN = {
    "journeys": [
        ("buy@1", 1, "buy", 1, "approved", *FACTS, False, *_opening("buy@1")),
        ("buy@2", 2, "buy", 2, "approved", *FACTS, True, *_opening("buy@2")),
        ("buy@3", 3, "buy", 3, "assumed", *FACTS, False, *_opening("buy@3")),
    ],
    "journey_stages": [
        ("buy@1", 1, 1, "look", "look", True, True, None, None, False, '{"duration_p50_s": 86400, "effort": 2}', None),
        ("buy@1", 1, 2, "try", "try", True, False, None, None, False, None, 7200),
        ("buy@1", 1, 3, "pay", "pay", False, True, "converted", 172_800, True, None, None),
    ],
    "journey_rules": [
        (1, "buy@1", 1, "seen", "entry", None, None, None),
        (2, "buy@1", 1, "seen", "stage", 1, None, None),
        (3, "buy@1", 1, "tried", "stage", 2, None, None),
        (4, "buy@1", 1, "seen", "stage", 2, None, None),
        (5, "buy@1", 1, "paid", "stage", 3, "converted", None),
        (6, "buy@1", 1, "left", "exit", None, "exited", None),
        (7, "buy@1", 1, "left", "exclusion", None, "void", 1),
        (8, "buy@1", 1, "seen", "exclusion", None, "void", 1),
        (9, "buy@1", 1, "tried", "exclusion", None, "void", 2),
    ],
    "journey_conditions": [
        *((3, "kind", "x"), (3, "size", "1"), (3, "size", "2")),
        *((4, "kind", "x"), (4, "size", "1"), (4, "size", "2")),
        *((7, "kind", "test"), (8, "kind", "test")),
    ],
    "journey_transitions": [("buy@1", 1, 2), ("buy@1", 1, 3), ("buy@1", 2, 3)],
    "journey_version_changes": [
        ("buy@3", "buy@2", "buy", 3, 2, 1, "status", "changed", "status", "approved", "assumed"),
    ],
    "journey_atlas": [
        ("buy", "journey", "Buy", "buy", "journey", "Buy", 0, 1, "life > buy", True),
        ("life", "phase", "life", "buy", "journey", "Buy", 1, 1, "life > buy", True),
        ("life", "phase", "life", "life", "phase", "life", 0, 0, "life", False),
    ],
}  # fmt: skip
PER_VERSION = ("journey_stages", "journey_rules", "journey_conditions", "journey_transitions")


def _load(folder, *documents):
    for number, document in enumerate(documents):
        (folder / f"{number}.yml").write_text(yaml.safe_dump(document))
    return load_journeys(folder, TOUCHPOINTS)


def test_compile_journeys_gives_the_golden_tables(tmp_path):
    journeys = _load(tmp_path, DOCUMENT, DOCUMENT | {"version": 3, "status": "assumed"}, DOCUMENT | {"version": 2})

    tables = compile_journeys(journeys)

    for name, rows in GOLDEN.items():
        table = tables[name].drop(["fingerprint", "net"]) if name == "journeys" else tables[name]
        got = [tuple(row.values()) for row in table.to_pylist()]
        assert got[: len(rows)] == rows, name
        assert len(got) == len(rows) * (3 if name in PER_VERSION else 1), name
    assert [r["rule_id"] for r in tables["journey_rules"].to_pylist()] == list(range(1, 28))
    assert len(set(tables["journeys"]["fingerprint"].to_pylist())) == 3


def test_compile_journeys_carries_how_instances_open_into_the_walk(tmp_path):
    entry = {"touchpoints": ["seen"]}
    cooling, parallel = _load(
        tmp_path,
        DOCUMENT | {"entry": entry | {"reentry": "after_cooldown:2d"}, "entity": "account"},
        DOCUMENT | {"entry": entry | {"reentry": "parallel"}, "correlate_by": "order_id", "version": 2},
    )

    rows = compile_journeys([cooling, parallel])["journeys"].to_pylist()

    assert [(r["entity"], r["reentry"], r["cooldown_s"], r["correlate_by"]) for r in rows] == [
        ("account", "after_cooldown", 172_800, None),
        ("customer", "parallel", None, "order_id"),
    ]
    assert [json.loads(r["rules"])["reentry"] for r in rows] == ["after_cooldown", "parallel"]
    assert json.loads(rows[0]["rules"])["cooldown_s"] == 172_800


def test_compile_journeys_types_the_tables_without_journeys():
    tables = compile_journeys([])

    assert {name: table.schema for name, table in tables.items()} == SCHEMAS
    assert all(table.num_rows == 0 for table in tables.values())


def test_allowed_moves_passes_optional_and_terminal_stages_only(tmp_path):
    stages = [
        {"id": "a", "touchpoints": ["seen"]},
        {"id": "b", "touchpoints": ["tried"]},
        {"id": "won", "touchpoints": ["paid"], "terminal": "converted"},
        {"id": "lost", "touchpoints": ["left"], "terminal": "lost"},
    ]
    bare = {"stages": stages, "exits": [], "exclude": []}
    linear, declared = _load(
        tmp_path,
        DOCUMENT | bare,
        DOCUMENT | bare | {"version": 2, "transitions": [["b", "a"], ["a", "b"]]},
    )

    assert allowed_moves(linear) == [(1, 2), (2, 3), (2, 4)]
    assert allowed_moves(declared) == [(1, 2), (2, 1)]


def test_describe_net_says_where_walks_begin_move_and_end(tmp_path):
    endless = {"stages": [{**stage, "terminal": None} for stage in DOCUMENT["stages"]], "version": 2}
    ending, open_ended = _load(tmp_path, DOCUMENT, DOCUMENT | endless)

    assert describe_net(ending) == (
        '{"entry":[1,2],"final":[3],"mandatory":[1,3],"moves":[[1,2],[1,3],[2,3]],"stages":["look","try","pay"]}'
    )
    assert '"final":[1,2,3]' in describe_net(open_ended)
