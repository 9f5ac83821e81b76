"""Which identifiers an interaction carries in its source, and what else the source says about it.

Put here: cookies, logins, numbers, keys and amounts of events. Keep out: file formats (feeds.py).
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.simulator import plan
from pipelines.simulator.interactions import DATASET
from pipelines.simulator.journeys import DAY

_KEY_PREFIX = {
    "web_events": "W",
    "app_events": "M",
    "email_events": "E",
    "ad_clicks": "D",
    "chat_events": "H",
    "call_log": "T",
    "store_visits": "V",
    "pos_receipts": "B",
    "shop_orders": "SO",
}


def make_events(
    con: duckdb.DuckDBPyConnection, rng: np.random.Generator, events: dict[str, np.ndarray], first_day: str
) -> None:
    """Create `events` (one row per interaction, with its identifiers) from the drawn interactions, `people`,
    `records` and `role_mailboxes`."""
    count = len(events["t"])
    con.register("touches", _touches())
    con.register("programmes", _programmes())
    con.register(
        "event_draws",
        pa.table(
            {
                "ev": np.arange(count),
                **events,
                "forced": _force_logins(rng, events),
                "luck": rng.random(count),
                "chance": rng.random(count),
                "amount": np.round(rng.lognormal(3.4, 0.5, count), 2),
            }
        ),
    )
    con.execute(_EVENTS.replace("FIRST_DAY", f"timestamp '{first_day} 00:00:00'"))


def _touches() -> pa.Table:
    prefix = [_KEY_PREFIX[t.dataset] for t in plan.TOUCHES]
    fields = {f: [getattr(t, f) for t in plan.TOUCHES] for f in ("touchpoint", "use_case", "channel", "dataset")}
    return pa.table({"touch": np.arange(len(plan.TOUCHES)), "prefix": prefix, **fields})


def _programmes() -> pa.Table:
    short = {"engagement_retention": "ENG", "service_efficiency": "SRV", "sales_personalisation": "PER"}
    names = [
        f"{short.get(u, u[:3].upper())}-{i + 1:02d}" for u in plan.USE_CASES for i in range(len(plan.PROGRAMMES[u]))
    ]
    return pa.table({"programme": np.arange(len(names)), "programme_id": names})


def _force_logins(rng: np.random.Generator, events: dict[str, np.ndarray]) -> np.ndarray:
    """One sighting per own device that certainly says who it is: one of the first three within 20 days of the first.

    So everything on a device of its own can be stitched: forward from there, and back within the look-back of 30 days.
    """
    forced = np.zeros(len(events["t"]), dtype=bool)
    dataset = DATASET[events["touch"]]
    for on_device in (
        np.isin(dataset, ["web_events", "ad_clicks"]),
        (dataset == "app_events") & (events["tablet"] < 0),
    ):
        rows = np.flatnonzero(on_device & (events["person"] >= 0))
        rows = rows[np.argsort(events["person"][rows], kind="stable")]
        people, start, seen = np.unique(events["person"][rows], return_index=True, return_counts=True)
        wanted = start + np.minimum(rng.integers(0, 3, len(people)), seen - 1)
        soon = events["t"][rows[wanted]] - events["t"][rows[start]] <= 20 * DAY
        forced[rows[np.where(soon, wanted, start)]] = True
    return forced


# `ident`: the source knows who it is. Business people always say so; in journeys so do visitors of stores.
_EVENTS = """
    create table events as
    with told as (
        select e.*, t.touchpoint, t.use_case, t.channel, t.dataset, t.prefix, g.programme_id, p.person_id, p.email,
            p.phone, p.size_band,
            p.login, p.customer_no, p.card_no, coalesce(p.is_business, false) as is_business,
            e.instance >= 0 as in_journey, e.person < 0 as is_nobody, FIRST_DAY + to_seconds(t) as occurred_at,
            cast(FIRST_DAY as date) + cast(day as integer) as first_arrival,
            cast(FIRST_DAY as date) + cast(late_day as integer) as arrived_on,
            case when copy_day >= 0 then cast(FIRST_DAY as date) + cast(copy_day as integer) end as copied_on
        from event_draws as e
        join touches as t using (touch)
        join programmes as g using (programme)
        left join people as p using (person)
    ),
    decided as (
        select *, is_business or forced
            or case dataset when 'web_events' then luck < 0.6
                when 'app_events' then luck < case when tablet >= 0 then 0.85 else 0.6 end
                when 'ad_clicks' then luck < 0.3 when 'call_log' then in_journey or luck < 0.8
                when 'store_visits' then in_journey or luck < 0.5 when 'pos_receipts' then in_journey or luck < 0.3
                else true end as ident
        from told
    )
    select ev, dataset, prefix || lpad(cast(ev + 1 as varchar), 8, '0') as event_id, person, person_id, instance,
        in_journey, is_business,
        size_band, touchpoint, use_case, channel, programme_id, occurred_at, first_arrival, arrived_on, copied_on,
            tablet, role,
        is_nobody, chance,
        case when dataset not in ('web_events', 'ad_clicks') then null
             when is_nobody then 'ck-x' || md5('cookie' || ev % 997)[:10] else 'ck-' || md5('cookie of ' ||
                 person)[:12] end as cookie,
        case when dataset = 'app_events' then case when tablet >= 0 then 'tab-' || lpad(cast(tablet + 1 as
            varchar), 3, '0')
             else 'dev-' || md5('device of ' || person)[:12] end end as device,
        case when dataset in ('web_events', 'app_events', 'shop_orders') and ident then
                 case when tablet >= 0 or chance < 0.8 or customer_no is null or dataset = 'shop_orders' then login end
             when dataset = 'chat_events' then login end as login,
        case when dataset in ('web_events', 'app_events') and ident and tablet < 0 and (chance >= 0.8 or login is
            null) then customer_no
             when dataset in ('ad_clicks', 'call_log') and ident then customer_no
             when dataset in ('chat_events', 'shop_orders') and is_business then customer_no
             when dataset in ('store_visits', 'pos_receipts') and ident and (card_no is null or in_journey) then
                 customer_no end as customer_no,
        case when dataset in ('store_visits', 'pos_receipts') and not (ident and in_journey) then card_no end as
            card_no,
        case when dataset = 'email_events' then coalesce(m.email, told.email)
             when dataset in ('chat_events', 'shop_orders') and login is null then told.email end as email,
        case when dataset = 'call_log' or (dataset = 'store_visits' and card_no is null and not (ident and
            customer_no is not null)) then phone
             end as phone,
        case when touchpoint in ('plan_viewed', 'plan_consulted', 'checkout_started', 'order_paid', 'contract_signed')
             then case when in_journey then 'fibre' else 'mobile' end end as plan_family,
        case when touchpoint in ('case_opened', 'case_closed', 'complaint_escalated') then 'K' ||
            lpad(cast(instance + 1 as varchar), 7, '0') end as case_no,
        case when dataset in ('shop_orders', 'pos_receipts') then cast(amount as decimal(18, 2)) end as amount
    from decided as told left join (select role, email from role_mailboxes) as m using (role)
    order by ev
"""
