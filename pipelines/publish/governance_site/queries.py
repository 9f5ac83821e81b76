"""What the site reads of the published file.

Put here: SQL. Keep out: running it (read.py), what becomes of it.
"""

TABLES = """
    select schema_name || '/' || table_name as asset, estimated_size as rows
    from duckdb_tables()
    where schema_name in ('marts', 'governance')
"""
CHECKS = """
    with latest as (
        select *, row_number() over (partition by asset, check_name order by "at" desc) as nth,
            max("at") over (partition by asset) as asset_at
        from governance.check_results
    )
    select asset, check_name, severity, success, failing_rows, threshold, observed, "at"
    from latest
    where nth = 1 and "at" > asset_at - interval '7' day  -- a check that was taken away is forgotten
    order by asset, success, check_name
"""
DAYS = """
    with days as (
        select
            cast("at" as date) as day,
            count(*) as checks,
            count(*) filter (where not success) as failed,
            count(*) filter (where not success and severity = 'block') as blocked,
            count(*) filter (where not success and severity = 'warn') as warned,
            count(*) filter (where not success and severity = 'record') as recorded,
            count(distinct run_id) as runs
        from governance.check_results
        group by cast("at" as date)
    )
    select * from days
    where day > (select max(day) from days) - $days
    order by day
"""
BROKEN = """
    select
        asset, check_name, any_value(severity) as severity, count(*) as times,
        min("at") as first_at, max("at") as last_at
    from governance.check_results
    where not success and "at" > (select max("at") from governance.check_results) - $days * interval '1' day
    group by asset, check_name
    order by last_at desc, asset, check_name
"""
LAST_RUN = """
    select run_id, max("at") as "at", count(*) as checks, count(*) filter (where success) as passed
    from governance.check_results
    group by run_id
    order by "at" desc
    limit 1
"""
QUARANTINE = """
    select
        dataset, rule_id, column_name, kind, sum(quarantined) as quarantined, count(distinct batch_id) as batches,
        min(arrived_on) as first_on, max(arrived_on) as last_on
    from governance.quarantine
    group by dataset, rule_id, column_name, kind
    order by quarantined desc, dataset, rule_id
"""
SOURCES = "select * from governance.contracts order by dataset"
CHANGES = "select * from governance.contract_changes order by happened_at desc, change_no"
JOURNEYS = """
    select
        d.journey_id, d.name, d.version, d.status, d.owner_function, d.use_case,
        (select count(*) from marts.fct_journeys as j where j.journey_key = d.journey_key) as instances
    from marts.dim_journeys as d
    order by d.journey_id, d.version desc
"""
LINEAGE = """
    select table_name, column_name, dataset, field, origin, how
    from governance.lineage
    order by list_position($how, how), hops, table_name, column_name, dataset, field, origin
"""  # what values are made of first
IDENTITIES = (
    "select event, count(*) as times, max(happened_at) as last_at from governance.id_events group by event order by 1"
)
