"""Devices over time: whose each device was, from when to when.

Put here: `ir_intervals` (disjoint per device, half open) and `ir_device_customers`.
Keep out: anything that would merge people: a device never does.
"""

from __future__ import annotations

from identity.config import IdentityConfig
from identity.engine import Engine
from identity.scope import Scope
from identity.sql import customer_uuid, literals


def stitch_devices(engine: Engine, config: IdentityConfig, scope: Scope) -> None:
    """Write the device relations from interactions that show a device; of a region, all those of its devices.

    ir_devices: device_key; the devices its subjects show, or showed.

    ir_intervals: device_key, customer_id, valid_from, valid_to, reason (what ended it: logout, next login, expired).
    ir_device_customers: device_key, customer_id, first_arrived_on; the anonymous customer of a device with
        interactions nobody has claimed.

    A sighting is an interaction with a device and a customer. Sightings of one customer are one run until another
    customer is seen, a logout, or a gap of more than forward_days. A run holds the device from its first sighting to
    the logout, the next run, or forward_days after its last sighting, whichever is first. A customer's first run on a
    device looks back up to look_back_days, never into an earlier run.
    """
    _find_shown(engine, scope)
    engine.store(
        "ir_device_events",
        f"""
        select l.device_key, l.customer_id, i.occurred_at, i.priority, i.sequence, i.slot, i.interaction_id,
            i.touchpoint in ({literals(config.logout_touchpoints)}) is true as is_logout
        from {scope.relations.interactions} i
        join ir_shown_devices l using (subject_id)
        where i.occurred_at is not null
        """,
    )
    engine.store("ir_runs", _runs(config))
    shared = config.shared_device_customers
    look_back = f"case when {f'customers > {shared}' if shared else 'false'} then 0 else {config.look_back_days} end"
    engine.store(
        "ir_intervals",
        f"""
        with ended as (
            select *,
                least(coalesce(next_at, timestamp 'infinity'), coalesce(logout_at, timestamp 'infinity'),
                    last_at + interval {config.forward_days} day) as valid_to,
                {look_back} as look_back
            from ir_runs
        ),
        started as (
            select *, case when customer_run = 1 then greatest(first_at - to_days(look_back),
                    coalesce(lag(valid_to) over (partition by device_key order by run_no), timestamp '-infinity'))
                else first_at end as valid_from
            from ended
        )
        select device_key, customer_id, valid_from, valid_to,
            case valid_to when logout_at then 'logout' when next_at then 'next login' else 'expired' end as reason
        from started where valid_from < valid_to
        """,
    )
    engine.store(
        "ir_device_customers",
        f"""
        with unclaimed as (
            select distinct e.device_key
            from ir_device_events e
            left join ir_intervals v
                on v.device_key = e.device_key and e.occurred_at >= v.valid_from and e.occurred_at < v.valid_to
            where e.customer_id is null and v.device_key is null
        )
        select device_key, {customer_uuid("device_key")} as customer_id, i.first_arrived_on
        from unclaimed join ir_identifiers i on i.node = device_key
        """,
    )


def _find_shown(engine: Engine, scope: Scope) -> None:
    """`ir_shown_devices` (subject_id, customer_id, device_key), also of others than the region's, and `ir_devices`."""
    shown = "select subject_id, customer_id, device_key from ir_lookup where device_key is not null"
    if scope.is_full:
        engine.store("ir_shown_devices", shown)
        engine.store("ir_devices", "select distinct device_key from ir_shown_devices")
        return
    replaced = scope.replaced("id_lookup")
    engine.store(
        "ir_devices",
        f"select device_key from ({shown}) union select device_key from identity.id_lookup "
        f"where {replaced} and device_key is not null",
    )
    engine.store(
        "ir_shown_devices",
        f"{shown} union all select subject_id, customer_id, device_key from identity.id_lookup "
        f"where device_key in (select device_key from ir_devices) and not {replaced}",
    )


def _runs(config: IdentityConfig) -> str:
    """Gaps and islands: one row per run of one customer on one device."""
    return f"""
        with sightings as (
            select *, row_number() over in_order as event_no,
                lag(customer_id ignore nulls) over in_order as before,
                lag(case when customer_id is not null then occurred_at end ignore nulls) over in_order as before_at,
                coalesce(lag(is_logout) over in_order, false) as after_logout
            from ir_device_events where customer_id is not null or is_logout
            window in_order as (
                partition by device_key order by occurred_at, priority, sequence, slot, interaction_id
            )
        ),
        marked as (
            select *, sum(case when customer_id is not null and (
                before is distinct from customer_id or after_logout
                or occurred_at > before_at + interval {config.forward_days} day) then 1 else 0 end)
                over (partition by device_key order by event_no) as run_no
            from sightings
        ),
        runs as (
            select device_key, run_no, min(customer_id) as customer_id,
                min(occurred_at) filter (customer_id is not null) as first_at,
                max(occurred_at) filter (customer_id is not null) as last_at,
                min(occurred_at) filter (is_logout) as logout_at
            from marked where run_no > 0 group by device_key, run_no
        )
        select *, lead(first_at) over (partition by device_key order by run_no) as next_at,
            row_number() over (partition by device_key, customer_id order by run_no) as customer_run,
            (dense_rank() over (partition by device_key order by customer_id)
                + dense_rank() over (partition by device_key order by customer_id desc) - 1) as customers
        from runs
        """
