"""Seven interactions of four customers, built by the real dbt package: a warehouse small enough to know by heart.

Put here: rows written by hand, and the root project that stands in for a rendered one.
Keep out: expectations (the tests).
"""
# ruff: noqa: C408  (rows read better as name=value)

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import yaml

from pipelines.publish.publish import prepare_marts

REPOSITORY = Path(__file__).resolve().parents[2]
DBT = Path(sys.executable).parent / "dbt"
KEY = "0123456789abcdef0123456789abcdef"
ADA, BOB, CAT, TABLET, HOME, GROUP = (f"{n}0000000-0000-0000-0000-000000000000" for n in "123456")
LEAD = "dataset varchar, record_id varchar, subject_id varchar, batch_id varchar, landed_at timestamp, arrived_on date, part_seq bigint"  # noqa: E501
MONEY = "decimal(18,2)"

SCHEMAS = {
    "rows.std_persons": f"{LEAD}, full_name varchar, first_name varchar, last_name varchar, birth_date date, "
    "email varchar, phone varchar, street varchar, account_key varchar, valid_at timestamp, first_arrived_on date",
    "rows.std_accounts": f"{LEAD}, account_key varchar, name varchar, industry varchar, country varchar, "
    "registration_number varchar, parent_key varchar, valid_at timestamp, size_band varchar",
    "rows.std_identifiers": f"{LEAD}, identifier_type varchar, namespace varchar, value varchar, "
    "first_seen timestamp, last_seen timestamp, first_arrived_on date",
    "rows.std_interactions": f"{LEAD}, interaction_id uuid, touchpoint varchar, channel varchar, is_online boolean, "
    "assisted boolean, initiator varchar, occurred_at timestamp, occurred_precision varchar, priority int, "
    f"sequence bigint, slot int, session_id varchar, order_key varchar, case_key varchar, account_key varchar, "
    f"value {MONEY}, currency varchar, cost {MONEY}, use_case varchar, programme_id varchar, source varchar, "
    "medium varchar, campaign varchar, url varchar, attributes varchar",
    "rows.std_orders": f"{LEAD}, order_key varchar, ordered_at timestamp, status varchar, amount {MONEY}, "
    f"currency varchar, tax {MONEY}, discount {MONEY}, shipping {MONEY}, refunded {MONEY}, lines bigint, "
    f"quantity {MONEY}, products varchar",
    "rows.std_cases": f"{LEAD}, case_key varchar, opened_at timestamp, closed_at timestamp, topic varchar, "
    f"status varchar, priority varchar, channel varchar, cost {MONEY}",
    "rows.std_surveys": f"{LEAD}, response_key varchar, survey varchar, metric varchar, question varchar, "
    "responded_at timestamp, score double, scale_min double, scale_max double, score_01 double, comment varchar",
    "rows.std_consents": f"{LEAD}, purpose varchar, lawful_basis varchar, channel varchar, granted boolean, "
    "occurred_at timestamp",
    "identity.customers": "customer_id uuid, knowledge_level varchar, anchor varchar, first_arrived_on date, "
    "records bigint, identifiers bigint",
    "identity.id_lookup": "subject_id varchar, customer_id uuid, resolved_by varchar, device_key varchar",
    "identity.device_intervals": "device_key varchar, customer_id uuid, valid_from timestamp, valid_to timestamp, "
    "reason varchar",
    "identity.device_customers": "device_key varchar, customer_id uuid",
    "identity.golden_profiles": "customer_id uuid, first_name varchar, last_name varchar, birth_date date, "
    "gender varchar, email varchar, phone varchar, street varchar, city varchar, region varchar, postcode varchar, "
    "country varchar, language varchar",
    "identity.households": "household_id uuid, customer_id uuid, reason varchar",
    "identity.account_groups": "account_group_id uuid, account_key varchar, top_parent_key varchar, "
    "is_in_cycle boolean, reason varchar",
    "identity.id_events": "event_id uuid, event varchar, customer_id uuid, other_id uuid, cause varchar, "
    '"at" timestamp, run_id varchar',
    "identity.id_redirects": 'old_id uuid, new_id uuid, cause varchar, "at" timestamp',
    "control.run": "run_id varchar, as_of timestamp, previous_as_of timestamp, company varchar, country varchar, "
    "timezone varchar, currency varchar",
    "control.touchpoints": "touchpoint varchar, name varchar, channel varchar, is_online boolean, assisted boolean, "
    f"initiator varchar, use_case varchar, unit_cost {MONEY}, attributes varchar",
    "control.touchpoint_items": "touchpoint varchar, attribute varchar",
    "control.datasets": "dataset varchar, survivorship_rank int",
    "control.definitions": "term varchar, meaning varchar, type varchar, unit varchar, pii varchar, "
    "classification varchar, masking varchar, synonyms varchar, owner varchar",
    "control.contracts": "dataset varchar, version varchar, status varchar, owner varchar, purpose varchar, "
    "grain varchar, received bigint, landed bigint, quarantined bigint, is_stale boolean, last_arrived_on date",
    "control.quarantine": "dataset varchar, batch_id varchar, arrived_on date, kind varchar, column_name varchar, "
    "rule_id varchar, quarantined bigint, state varchar",
}

ADA_MAIL, ADA_PHONE, ADA_STREET = "Ada.Example@Mail.Example", "+49 171 5550001", "Secret Lane 7"
ROWS = {
    "rows.std_persons": [
        dict(dataset="crm", record_id="crm:1", subject_id="crm:1", full_name="Ada Byronowa", first_name="Ada",
             last_name="Byronowa", birth_date="1985-12-10", email=ADA_MAIL, phone=ADA_PHONE, street=ADA_STREET,
             account_key="biz:acme", first_arrived_on="2024-01-01"),
        dict(dataset="crm", record_id="crm:2", subject_id="crm:2", full_name="Cat Catison", first_name="Cat",
             last_name="Catison", account_key=None, first_arrived_on="2024-01-01"),
    ],
    "rows.std_accounts": [
        dict(dataset="leads", record_id="leads:biz:acme", account_key="biz:acme", name="acme?", size_band="smb",
             industry="metal"),
        dict(dataset="crm", record_id="crm:biz:acme", account_key="biz:acme", name="Acme", parent_key="biz:holding",
             size_band="enterprise"),
        dict(dataset="crm", record_id="crm:biz:cats", account_key="biz:cats"),  # only named, by the most trusted
        dict(dataset="leads", record_id="leads:biz:cats", account_key="biz:cats", name="Cats", size_band="smb"),
    ],
    "rows.std_interactions": [
        dict(interaction_id=1, record_id="web:1", subject_id="crm:1", touchpoint="site_visited", channel="web",
             occurred_at="2024-03-01 09:00", url="https://shop.example/a?mail=x@y.example#me", value=10),
        dict(interaction_id=2, record_id="web:2", subject_id="web:~bob", touchpoint="site_visited", channel="web",
             occurred_at="2024-03-01 23:30", url="https://shop.example/leave/x@y.example/now"),
        dict(interaction_id=3, record_id="web:3", subject_id="web:~d1", touchpoint="site_visited", channel="web",
             occurred_at="2024-03-01 10:30"),
        dict(interaction_id=4, record_id="web:4", subject_id="web:~d1", touchpoint="site_visited", channel="web",
             occurred_at="2024-03-01 11:00"),
        dict(interaction_id=5, record_id="web:5", touchpoint="unmapped", channel=None,
             occurred_at="2024-03-02 08:00", order_key="shop:7", case_key="call:9"),
        dict(interaction_id=6, record_id="svy:1", dataset="svy", touchpoint="survey_answered", channel="phone",
             is_online=False, occurred_at="2024-03-03 08:00", case_key="call:9"),
        dict(interaction_id=7, record_id="web:7", touchpoint="site_visited", channel="web",
             occurred_at="2024-03-02 08:00"),
    ],
    "rows.std_orders": [
        dict(record_id="shop:shop:7", subject_id="web:~bob", order_key="shop:7", ordered_at="2024-03-01 23:30",
             amount=100, currency="EUR", refunded=25, lines=2),
        dict(record_id="shop:shop:8", subject_id="crm:1", order_key="shop:8", amount=40, currency="EUR", lines=1),
        dict(record_id="shop:shop:9", subject_id="crm:1", order_key="shop:9", ordered_at="2024-03-04 10:00",
             amount=999, currency="USD", lines=1),
    ],
    "rows.std_cases": [
        dict(record_id="call:call:9", subject_id="crm:1", case_key="call:9", opened_at="2024-03-02 10:00",
             closed_at="2024-03-02 10:10", channel="phone"),
    ],
    "rows.std_surveys": [
        dict(dataset="svy", record_id="svy:1", response_key="1", survey="after_call", metric="csat", question="q1",
             responded_at="2024-03-03 08:00", score=4, scale_min=1, scale_max=5, score_01=0.75,
             comment="call me on +49 171 5550001"),
        dict(dataset="svy", record_id="svy:1", response_key="1", survey="after_call", metric="ces", question="q2",
             responded_at="2024-03-03 08:00", score=2, scale_min=1, scale_max=7, score_01=1 / 6),
    ],
    "rows.std_consents": [
        dict(record_id="crm:1", subject_id="crm:1", purpose="marketing", channel="email", granted=True,
             occurred_at="2024-01-01 00:00", part_seq=1),
        dict(record_id="crm:1", subject_id="crm:1", purpose="marketing", channel="email", granted=True,
             occurred_at="2024-01-01 00:00", part_seq=2),
        dict(record_id="crm:1", subject_id="crm:1", purpose="marketing", channel="email", granted=False,
             occurred_at="2024-02-01 00:00", part_seq=2),
        dict(record_id="crm:1", subject_id="crm:1", purpose="service", channel="sms", granted=True,
             occurred_at="2024-02-01 00:00", part_seq=2),
        dict(record_id="crm:2", subject_id="crm:2", purpose="marketing", channel="email", granted=True,
             occurred_at="2024-02-01 00:00"),
        dict(record_id="crm:2", subject_id="crm:2", purpose="marketing", channel=None, granted=False,
             occurred_at="2024-02-02 00:00"),
        dict(record_id="crm:2", subject_id="crm:2", purpose="service", channel="sms", granted=True,
             occurred_at="2024-03-06 00:00"),  # after the as-of instant
    ],
    "identity.customers": [
        dict(customer_id=ADA, knowledge_level="known", records=1, identifiers=2),
        dict(customer_id=BOB, knowledge_level="identified", records=0, identifiers=1),
        dict(customer_id=CAT, knowledge_level="known", records=1, identifiers=0),
        dict(customer_id=TABLET, knowledge_level="anonymous", records=0, identifiers=1),
    ],
    "identity.id_lookup": [
        dict(subject_id="crm:1", customer_id=ADA, resolved_by="record"),
        dict(subject_id="crm:2", customer_id=CAT, resolved_by="record"),
        dict(subject_id="web:~bob", customer_id=BOB, resolved_by="email", device_key="device_id|web|d1"),
        dict(subject_id="web:~d1", device_key="device_id|web|d1"),
    ],
    "identity.device_intervals": [
        dict(device_key="device_id|web|d1", customer_id=ADA, valid_from="2024-03-01 10:00",
             valid_to="2024-03-01 11:00"),
    ],
    "identity.device_customers": [dict(device_key="device_id|web|d1", customer_id=TABLET)],
    "identity.golden_profiles": [
        dict(customer_id=ADA, first_name="Ada", last_name="Byronowa", birth_date="1985-12-10", email=ADA_MAIL,
             phone=ADA_PHONE, street=ADA_STREET, city="Bonn", postcode="53113", country="DE"),
        dict(customer_id=CAT, first_name="Cat", last_name="Catison", phone="0228 5550002"),
    ],
    "identity.households": [
        dict(household_id=HOME, customer_id=ADA, reason="address"),
        dict(household_id=HOME, customer_id=CAT, reason="address,loyalty"),
    ],
    "identity.account_groups": [
        dict(account_group_id=GROUP, account_key="biz:acme", top_parent_key="biz:holding", is_in_cycle=False),
        dict(account_group_id=GROUP, account_key="biz:holding", top_parent_key="biz:holding", is_in_cycle=False),
    ],
    "identity.id_events": [
        dict(event_id=ADA, event="mint", customer_id=ADA, cause="new known customer", at="2024-03-05", run_id="r1"),
        dict(event_id=BOB, event="merge", customer_id=ADA, other_id=BOB, cause="lost email edge 0a1b2c3d4e5f",
             at="2024-03-05", run_id="r1"),
        dict(event_id=CAT, event="split", customer_id=CAT, cause="email|ada.example@mail.example", at="2024-03-05",
             run_id="r1"),
        dict(event_id=HOME, event="split", customer_id=CAT, other_id=ADA, at="2024-03-05", run_id="r1",
             cause="decision not_same:6a41f1c2-0b5d-4d6e-9a57-0c8e6f2b1d34"),
        dict(event_id=TABLET, event="merge", customer_id=ADA, other_id=CAT, at="2024-03-05", run_id="r1",
             cause="model:abcdef0123456789 edge 0a1b2c3d4e5f"),
    ],
    "control.run": [
        dict(run_id="r1", as_of="2024-03-05", company="small", country="DE", timezone="Europe/Berlin", currency="EUR"),
    ],
    "control.touchpoints": [
        dict(touchpoint="site_visited", name="Site visited", channel="web", is_online=True, unit_cost=0.01),
        dict(touchpoint="survey_answered", name="Survey answered", channel="phone", is_online=False),
        dict(touchpoint="store_visited", name="Store visited", channel="store", is_online=False),
    ],
    "control.datasets": [dict(dataset="crm", survivorship_rank=1), dict(dataset="leads", survivorship_rank=2)],
    "control.definitions": [dict(term="person.email", meaning="E-mail address.")],
    "control.contracts": [dict(dataset="crm", version="1.0.0", received=2, landed=2, quarantined=0)],
    "control.quarantine": [
        dict(dataset="crm", batch_id="b", kind="row", rule_id="id.required", quarantined=1, state="open"),
    ],
}  # fmt: skip
LEADING = {"dataset": "web", "landed_at": "2024-03-05", "arrived_on": "2024-03-04", "part_seq": 1, "batch_id": "b"}


def write_rows(warehouse: Path, rows: dict[str, list[dict]] = ROWS) -> None:
    """Create every table of SCHEMAS in the warehouse and fill it."""
    with duckdb.connect(str(warehouse)) as connection:
        for schema in ("rows", "identity", "control"):
            connection.execute(f"create schema if not exists {schema}")
        for table, columns in SCHEMAS.items():
            connection.execute(f"create or replace table {table} ({columns})")
            for row in rows.get(table, []):
                full = {**(LEADING if table.startswith("rows.") else {}), **row}
                if isinstance(full.get("interaction_id"), int):
                    full["interaction_id"] = f"{full['interaction_id']:032x}"
                names = ", ".join(f'"{n}"' for n in full)
                marks = ", ".join("?" for _ in full)
                connection.execute(f"insert into {table} ({names}) values ({marks})", list(full.values()))


def write_root_project(home: Path) -> None:
    """A root project like a rendered one: eight std models, the package beside it, the profile."""
    root = home / "dbt"
    (root / "models").mkdir(parents=True)
    (root / "macros").mkdir()
    (root / "dbt_packages").mkdir()
    (root / "dbt_packages" / "c360").symlink_to(REPOSITORY / "dbt_project")
    macro = (REPOSITORY / "dbt_project" / "macros" / "generate_schema_name.sql").read_text()
    (root / "macros" / "generate_schema_name.sql").write_text(macro)
    (root / "packages.yml").write_text(yaml.safe_dump({"packages": [{"local": str(REPOSITORY / "dbt_project")}]}))
    project = {"name": "small", "version": "1.0", "profile": "small", "models": {"small": {"+schema": "std"}}}
    (root / "dbt_project.yml").write_text(yaml.safe_dump(project))
    output = {
        "type": "duckdb",
        "path": str(home / "warehouse.duckdb"),
        "attach": [{"path": str(home / "c360_marts.duckdb"), "alias": "m"}],
        "settings": {"TimeZone": "UTC", "autoinstall_known_extensions": "false", "preserve_insertion_order": "false"},
        "plugins": [{"module": "pipelines.publish.key_plugin"}, {"module": "pipelines.journeys.sql_functions"}],
        "threads": 1,
    }
    (root / "profiles.yml").write_text(yaml.safe_dump({"small": {"target": "dev", "outputs": {"dev": output}}}))
    for table in SCHEMAS:
        if table.startswith("rows."):
            (root / "models" / f"{table.removeprefix('rows.')}.sql").write_text(f"select * from {table}\n")


def run_dbt(home: Path, *arguments: str, key: str | None = KEY) -> subprocess.CompletedProcess[str]:
    """Run dbt on a home folder in a process of its own, with the key in its environment or none."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("C360_")}
    env |= {"C360_PII_KEY": key} if key else {}
    return subprocess.run(
        [str(DBT), "--no-use-colors", *arguments],
        cwd=home / "dbt",
        env={**env, "DBT_PROFILES_DIR": str(home / "dbt"), "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )


SELECT = ("--select", "small", "c360.int", "c360.marts", "c360.governance", "calling_codes")


def build_home(home: Path) -> Path:
    """Rows, root project, marts file and one `dbt build` of everything but the journeys.

    Raises:
        AssertionError: a model or test failed; the message is dbt's.
    """
    write_root_project(home)
    write_rows(home / "warehouse.duckdb")
    prepare_marts(home / "c360_marts.duckdb")
    ran = run_dbt(home, "build", "--indirect-selection", "buildable", *SELECT)
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    return home


def built_home(base: Path) -> Path:
    """The home of `build_home`, built once per test session; read it or copy it, never change it."""
    home = base / "small_home"
    if not home.exists():
        home.mkdir()
        build_home(home)
    return home
