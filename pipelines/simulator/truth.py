"""The truth beside the sources: who is who, who did what, which journeys were walked, what was planted.

Put here: the truth's files and columns. Keep out: anything a source would know.
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.simulator import plan

_PERSONS = """
    select person_id, is_business, account_no, size_band, first_name, last_name, birth_date, email, phone,
        customer_no, login, card_no, household, mess, is_clean
    from people order by person
"""
# record_key is person.record_id where the contract has one: subject_id = dataset:record_key.
_RECORDS = """
    select dataset, record_key, person_id, nullif(mess, '') as mess, typo from records order by dataset, record_key
"""
# is_known: the interaction carries an identifier. resolves_to_account: marts count it as b2b.
_EVENTS = """
    select dataset, event_id as record_key, person_id, touchpoint, use_case, channel, programme_id, occurred_at,
        arrived_on,
        arrived_on > cast(occurred_at as date) as is_late, copied_on is not null as is_sent_twice, is_business as
            resolves_to_account,
        size_band, tablet >= 0 as is_shared_tablet, role >= 0 as is_role_mailbox,
        coalesce(cookie, device, login, customer_no, card_no, email, phone) is not null as is_known
    from events order by dataset, record_key
"""
_JOURNEYS = """
    select person_id, journey, i.started_at, i.ended_at, i.outcome, i.path, is_clean
    from instances as i join people using (person) order by journey, person_id, started_at
"""


def write_truth(
    con: duckdb.DuckDBPyConnection,
    truth: Path,
    instances: dict[str, np.ndarray],
    planted: dict[str, int],
    datasets: dict[str, dict[str, int]],
    setting: dict[str, object],
) -> None:
    """Write persons, records, events, journeys (Parquet) and counts.json into `truth`.

    counts.json: `setting`, `planted` (counts), `datasets` (rows as written), `shares` (as planned), `interactions`
        (exact
    counts by use case, channel, business model, size band), `channels_per_programme`, `journeys` (journey →
        outcome → count).
    """
    con.register("instance_draws", pa.table(instances))
    con.execute(
        """
        create table instances as
        select *, $day + to_seconds(started) as started_at, $day + to_seconds(ended) as ended_at from instance_draws
        """,
        {"day": setting["first_day"]},
    )
    for name, query in (("persons", _PERSONS), ("records", _RECORDS), ("events", _EVENTS), ("journeys", _JOURNEYS)):
        con.execute(f"copy ({query}) to '{truth / name}.parquet' (format parquet, compression zstd)")
    counts = {
        "setting": {k: str(v) for k, v in setting.items()},
        "planted": planted,
        "datasets": datasets,
        "shares": {
            "use_case": dict(zip(plan.USE_CASES, plan.USE_CASE_SHARES.tolist(), strict=True)),
            "channel": dict(zip(plan.CHANNELS, plan.CHANNEL_SHARES.tolist(), strict=True)),
            "b2b": plan.B2B_SHARE,
            "b2b_by_use_case": dict(zip(plan.USE_CASES, plan.B2B_BY_USE_CASE.tolist(), strict=True)),
            "enterprise_of_b2b": plan.ENTERPRISE_SHARE,
        },
        "interactions": {
            "use_case": _count(con, "use_case"),
            "channel": _count(con, "channel"),
            "dataset": _count(con, "dataset"),
            "business_model": _count(con, "case when is_business then 'b2b' else 'b2c' end"),
            "b2b_by_use_case": _count(con, "use_case", "where is_business"),
            "size_band": _count(con, "size_band", "where is_business"),
        },
        "channels_per_programme": dict(
            con.sql("""
                select use_case, avg(channels) from (
                    select use_case, programme_id, count(distinct channel) as channels from events group by all
                ) group by use_case order by use_case
            """).fetchall()
        ),
        "journeys": {
            journey: dict(
                con.execute(
                    "select outcome, count(*) from instances where journey = $j group by outcome order by outcome",
                    {"j": journey},
                ).fetchall()
            )
            for (journey,) in con.execute("select distinct journey from instances order by journey").fetchall()
        },
    }
    (truth / "counts.json").write_text(json.dumps(counts, indent=2) + "\n", encoding="utf-8")


def _count(con: duckdb.DuckDBPyConnection, column: str, where: str = "") -> dict[str, int]:
    return dict(con.sql(f"select {column} as key, count(*) from events {where} group by key order by key").fetchall())
