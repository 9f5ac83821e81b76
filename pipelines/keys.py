"""Names shared by all asset definitions: keys, groups, the pool.

Put here: a name two files of defs/ must agree on. Keep out: anything that runs.
"""

from __future__ import annotations

from dagster import AssetKey

WRITER_POOL = "duckdb_writer"  # every step that writes to the home claims it; dagster.yaml lets one run in at a time

LAND, BUILD = "land", "build"  # the two jobs of a run
REFRESH = "refresh"  # both in one: to start a run costs seconds, which what the inbox brings would wait for twice
RELEASE = "release_quarantine"  # the job; a build follows it
REPLAY = "replay_journey"  # the job; what a replay rewrites is all that follows JOURNEY_PLAN, but not JOURNEYS_BUILT
SMALL = "c360/small"  # run tag: of what the inbox brought; pages for people may be some minutes older
CATCH_UP = "c360/catch_up"  # run tag: land every day up to the run's that has not landed yet

PROCESS = "c360/process"  # run tag: the process that runs it (pipelines/processes.py)

LANDING = "landing"  # first part of the keys of what was received
LANDING_CHECKS = ("batch_within_error_rate", "columns_are_those_of_the_contract")  # told by the landing itself
CONTROL = AssetKey(["control", "run"])
PUBLISHED_LAYERS = ("marts", "governance")  # schemas of the published file, first part of their asset keys
LINEAGE = AssetKey(["governance", "lineage"])  # written by us, not by dbt
JOURNEY_PLAN = AssetKey(["int", "int_journey_build__planned"])
JOURNEYS_BUILT = AssetKey(["int", "int_journey_entities__built"])
FCT_JOURNEYS = AssetKey(["marts", "fct_journeys"])
PUBLISHED = AssetKey(["published", "customer360"])
JOURNEY_PAGES = AssetKey(["published", "journey_pages"])
GOVERNANCE_SITE = AssetKey(["published", "governance_site"])
OPERATIONS = "operations"  # group of what is no part of a build
BACKUP = AssetKey([OPERATIONS, "backup"])
RESTORE_DRILL = AssetKey([OPERATIONS, "restore_drill"])

IDENTITY_RELATIONS = {
    "customers": "One row per customer: knowledge level and the anchor its id is made from.",
    "id_lookup": "One row per subject of the standard tables: its customer, or its device.",
    "device_intervals": "One row per device and interval in which it belonged to a customer.",
    "device_customers": "One row per device with interactions nobody claimed: its anonymous customer.",
    "membership": "One row per subject and period: the customer it belongs to, valid and known from-to.",
    "golden_cells": "One row per customer and attribute: the surviving value, its record, the rule that chose it.",
    "golden_cell_history": "One row per golden cell and period in which it was believed: known from-to.",
    "golden_profiles": "One row per customer: surviving person attributes (raw: never published unmasked).",
    "households": "One row per member of a household of two customers or more, and what the member shares.",
    "account_groups": "One row per account that belongs together with another, its top parent, and what it shares.",
    "edges": "One row per link considered: rule, weight, evidence, and why it was refused.",
    "identifiers": "One row per normalised identifier value: strength, records, and whether it is a hub or junk.",
    "decisions": "One row per steward's decision the last build obeyed, about the two nodes.",
    "id_events": "One row per mint, merge, split or retirement of a customer id, with its cause.",
    "id_redirects": "One row per customer id that no longer stands and the id it leads to.",
    "review_queue": "One row per refused link a steward should look at.",
}


def landing_key(dataset: str) -> AssetKey:
    return AssetKey([LANDING, dataset])


def identity_key(relation: str) -> AssetKey:
    return AssetKey(["identity", relation])
