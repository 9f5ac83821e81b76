"""What a journey file may say, and what an author is told when it says something else."""

from __future__ import annotations

import copy

import pytest
import yaml

from pipelines.journeys.model import Exclusion, JourneyError
from pipelines.journeys.spec import load_journeys, read_journey
from quality.company import Touchpoint

TOUCHPOINTS = {
    name: Touchpoint(name, name, attributes=("plan_family", "size"))
    for name in ("site_visited", "plan_viewed", "order_paid", "unsubscribed")
} | {"chat_started": Touchpoint("chat_started", "Chat")}
VALID = {
    **{"journey": "buy", "version": 1, "status": "approved", "name": "Buy", "use_case": "acquisition"},
    "entry": {"touchpoints": ["site_visited"]},
    "timeouts": {"inactivity": "14d"},
    "stages": [
        {"id": "discover", "touchpoints": ["site_visited"]},
        {"id": "compare", "touchpoints": ["plan_viewed"], "where": {"plan_family": "fibre"}, "sla": "30m"},
        {"id": "activate", "touchpoints": ["order_paid"], "terminal": "converted"},
    ],
    "exits": [{"touchpoints": ["unsubscribed"], "outcome": "exited"}],
}


def _read(tmp_path, document):
    file = tmp_path / "buy.yml"
    file.write_text(yaml.safe_dump(document))
    return read_journey(file, TOUCHPOINTS)


def _changed(path, value):
    document = copy.deepcopy(VALID)
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return document


def test_read_journey_keeps_everything_declared(tmp_path):
    journey = _read(
        tmp_path,
        VALID
        | {
            **{"owner": {"function": "marketing"}, "job_to_be_done": "Get online", "parent": "lifecycle.buy"},
            **{"transitions": [["discover", "compare"]], "value": "interaction.value", "correlate_by": None},
        },
    )

    assert (journey.journey_key, journey.inactivity_s, journey.entity) == ("buy@1", 14 * 86_400, "customer")
    assert (journey.owner_function, journey.parent) == ("marketing", "lifecycle.buy")
    assert journey.stages[1].where == (("plan_family", ("fibre",)),)
    assert (journey.stages[1].sla_s, journey.stages[1].is_mandatory) == (1800, True)
    assert journey.stages[2].terminal == "converted"
    assert journey.transitions == (("discover", "compare"),)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["status"], "aproved", "status: seen 'aproved'; "
         "allowed: assumed, discovered, approved, future; nearest 'approved'"),
        (["version"], "1", "version: seen '1'; allowed: a whole number from 1"),
        (["use_case"], "sales", "use_case: seen 'sales'; allowed: acquisition, sales_personalisation, exploration, "
                                "service_efficiency, engagement_retention"),
        (["journey"], "Buy Plan", "journey: seen 'Buy Plan'; "
         "allowed: a lower-case name like buy_plan ([a-z][a-z0-9_]*)"),
        (["entity"], "household", "entity: seen 'household'; allowed: customer, account"),
        (["correlate_by"], "order_id",
         "correlate_by: only parallel instances have a key, and entry.reentry is 'after_end'; change one"),
        (["entry", "reentry"], "parallel",
         "correlate_by: seen nothing; parallel instances need a key: order_id, case_id or an attribute"),
        (["entry", "reentry"], "after_cooldown",
         "entry.reentry: seen 'after_cooldown' without a time; allowed: after_cooldown and a duration, "
         "like after_cooldown:30d"),
        (["entry", "reentry"], "after_cooldown:30",
         "entry.reentry: seen '30'; allowed: a whole number and s, m, h, d or w, like 30m or 14d"),
        (["entry", "reentry"], "restart:30d",
         "entry.reentry: seen 'restart:30d'; only after_cooldown takes a duration, like after_cooldown:30d; remove it"),
        (["entry", "reentry"], "always", "entry.reentry: seen 'always'; allowed: after_end, never, "
         "after_cooldown:30d, restart, parallel"),
        (["exclude"], [{"touchpoints": ["chat_started"], "effect": "pause"}],
         "exclude[0].effect: seen 'pause'; allowed: void"),
        (["exclude"], [{"between": ["discover", "activate"]}],
         "exclude[0].touchpoints: seen nothing; allowed: a list of one or more touchpoints"),
        (["exclude"], [{"touchpoints": ["chat_started"], "between": ["compare", "pay"]}],
         "exclude[0].between[1]: seen 'pay'; allowed: discover, compare, activate"),
        (["exclude"], [{"touchpoints": ["chat_started"], "between": ["compare"]}],
         "exclude[0].between: allowed: a pair of stage ids, [from, to]"),
        (["exclude"], [{"touchpoints": ["chat_started"], "between": ["compare", "compare"]}],
         "exclude[0].between: 'compare' twice: nothing lies between a stage and itself; name two stages"),
        (["exclude"], [{"touchpoints": ["chat_started"], "between": ["activate", "compare"]}],
         "exclude[0].between: 'activate' is terminal, so nothing follows it; name a stage before it"),
        (["actions"], [{"do": "call"}], "actions: actions are not yet supported; remove it"),
        (["timeouts"], {"max_duration": 60},
         "timeouts.max_duration: seen 60; allowed: a whole number and s, m, h, d or w, like 30m or 14d"),
        (["timeouts", "inactivity"], "2 weeks",
         "timeouts.inactivity: seen '2 weeks'; allowed: a whole number and s, m, h, d or w, like 30m or 14d"),
        (["entry", "touchpoints"], ["chat_started"],
         "entry.touchpoints[0]: 'chat_started' matches no stage, so it could not open one; "
         "add it to a stage's touchpoints"),
        (["exits", 0, "touchpoints"], ["site_visited"],
         "entry.touchpoints[0]: 'site_visited' is also an exit, so it could not open an instance; remove one"),
        (["exits", 0, "outcome"], "lost", "exits[0].outcome: seen 'lost'; allowed: exited"),
        (["stages"], [], "stages: seen nothing; allowed: a list of one or more stages"),
        (["stages", 0, "touchpoints"], ["site_visit", "site_visited"],
         "stages[0].touchpoints[0]: unknown touchpoint 'site_visit'; declare it in touchpoints.yml or use one of its "
         "5; nearest 'site_visited'"),
        (["stages", 1, "id"], "discover", "stages[1].id: 'discover' is already the id of stages[0]; ids are unique"),
        (["stages", 2, "max_wait"], "3d", "stages[2].max_wait: the stage is terminal, so its visit ends as it begins "
         "and nobody waits in it; remove one"),
        (["stages", 1, "manditory"], True,
         "stages[1].manditory: unknown key 'manditory'; allowed: expects, id, mandatory, max_wait, moment_of_truth, "
         "name, sla, terminal, touchpoints, where; nearest 'mandatory'"),
        (["stages", 1, "mandatory"], "yes", "stages[1].mandatory: seen 'yes'; allowed: true, false"),
        (["stages", 1, "where"], {"plan_familly": "fibre"},
         "stages[1].where.plan_familly: touchpoint 'plan_viewed' does not declare attribute 'plan_familly', so it "
         "could never match; allowed: plan_family, size; nearest 'plan_family'; add it to touchpoints.yml"),
        (["stages", 1, "where"], {"size": None},
         "stages[1].where.size: allowed: text, a number, true, false, or a list of them"),
        (["stages", 1, "expects"], {"csat": "high"}, "stages[1].expects.csat: seen 'high'; allowed: a number"),
        (["stages", 2, "terminal"], "dropped",
         "stages[2].terminal: seen 'dropped', which has a meaning of its own; allowed: converted, or a name of yours"),
        (["transitions"], [["discover", "activated"]],
         "transitions[0][1]: seen 'activated'; allowed: discover, compare, activate; nearest 'activate'"),
        (["transitions"], [["activate", "discover"]],
         "transitions[0]: 'activate' is terminal, so nothing follows it; remove the pair"),
    ],
)  # fmt: skip
def test_read_journey_names_the_fault(tmp_path, path, value, message):
    with pytest.raises(JourneyError) as fault:
        _read(tmp_path, _changed(path, value))

    assert fault.value.problems == (f"{tmp_path / 'buy.yml'}: {message}",)


@pytest.mark.parametrize(
    ("reentry", "mode", "cooldown_s"),
    [
        ("after_end", "after_end", None),
        ("never", "never", None),
        ("after_cooldown:30d", "after_cooldown", 30 * 86_400),
        ("restart", "restart", None),
    ],
)
def test_read_journey_knows_the_modes_of_reentry(tmp_path, reentry, mode, cooldown_s):
    journey = _read(tmp_path, _changed(["entry", "reentry"], reentry))

    assert (journey.reentry, journey.cooldown_s, journey.correlate_by) == (mode, cooldown_s, None)


@pytest.mark.parametrize("key", ["order_id", "case_id", "size"])
def test_read_journey_tells_parallel_instances_apart_by_a_key_of_every_entry(tmp_path, key):
    journey = _read(tmp_path, _changed(["entry", "reentry"], "parallel") | {"correlate_by": key})

    assert (journey.reentry, journey.correlate_by) == ("parallel", key)


def test_read_journey_refuses_a_key_that_an_entry_never_carries(tmp_path):
    with pytest.raises(JourneyError) as fault:
        _read(tmp_path, _changed(["entry", "reentry"], "parallel") | {"correlate_by": "sise"})

    assert fault.value.problems == (
        f"{tmp_path / 'buy.yml'}: correlate_by: entry touchpoint 'site_visited' does not declare attribute 'sise', so "
        "it could open no instance; allowed: order_id, case_id, plan_family, size; nearest 'size'; or add it to "
        "touchpoints.yml",
    )


def test_read_journey_keeps_deadlines_exclusions_and_the_entity(tmp_path):
    document = _changed(["stages", 1, "max_wait"], "10d") | {
        "entity": "account",
        "timeouts": {"max_duration": "60d"},
        "exclude": [
            {"between": ["compare", "activate"], "touchpoints": ["plan_viewed"], "where": {"size": [1, "s"]}},
            {"touchpoints": ["chat_started"], "effect": "void"},
        ],
    }

    journey = _read(tmp_path, document)

    assert (journey.entity, journey.inactivity_s, journey.max_duration_s) == ("account", None, 60 * 86_400)
    assert [stage.max_wait_s for stage in journey.stages] == [None, 10 * 86_400, None]
    assert journey.exclusions == (
        Exclusion(("plan_viewed",), (("size", ("1", "s")),), ("compare", "activate")),
        Exclusion(("chat_started",)),
    )


def test_read_journey_reports_all_faults_at_once(tmp_path):
    with pytest.raises(JourneyError) as fault:
        _read(
            tmp_path, VALID | {"status": "x", "use_case": "y", "stages": [{"id": "A", "touchpoints": "site_visited"}]}
        )

    places = [problem.split(": ")[1] for problem in fault.value.problems]
    assert places == ["stages[0].id", "stages[0].touchpoints", "entry.touchpoints[0]", "status", "use_case"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("stages: [", "not readable as YAML"),
        ("[]", "file"),
        ("", "file"),
        ("entry: [a]\nstages: {a: 1}\n", "entry"),
        ("1: x\njourney: buy\n", "1"),  # Regression: keys of two kinds have no order
    ],
)
def test_read_journey_survives_any_document(tmp_path, text, place):
    (tmp_path / "buy.yml").write_text(text)

    with pytest.raises(JourneyError) as fault:
        read_journey(tmp_path / "buy.yml", TOUCHPOINTS)

    assert any(f"buy.yml: {place}" in problem for problem in fault.value.problems)


def test_read_journey_gives_one_fingerprint_whatever_the_layout(tmp_path):
    shuffled = dict(reversed(list(VALID.items())))

    assert _read(tmp_path, shuffled).fingerprint == _read(tmp_path, VALID).fingerprint
    assert _read(tmp_path, VALID | {"name": "Purchase"}).fingerprint != _read(tmp_path, VALID).fingerprint


def test_load_journeys_refuses_one_version_twice_and_reports_every_file(tmp_path):
    for name, document in {"a": VALID, "b": VALID, "c": VALID | {"status": "x"}}.items():
        (tmp_path / f"{name}.yml").write_text(yaml.safe_dump(document))

    with pytest.raises(JourneyError) as fault:
        load_journeys(tmp_path, TOUCHPOINTS)

    assert [p.split(": ")[:2] for p in fault.value.problems] == [
        [f"{tmp_path / 'b.yml'}", "version"],
        [f"{tmp_path / 'c.yml'}", "status"],
    ]


def test_load_journeys_finds_none_where_there_is_no_folder(tmp_path):
    assert load_journeys(tmp_path / "journeys", TOUCHPOINTS) == []
