"""What people read: masked tables for everybody, raw ones for stewards.

Put here: the masking key, the swap of finished files, logs of checks and quarantine, pages of journeys.
Keep out: the tables themselves (dbt_project/), Dagster.
"""
