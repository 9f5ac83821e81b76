"""Identity resolution: who the people behind the records are.

Put here: normalising, linking, clustering, stable ids, stitching, survivorship, evaluation. One way in: resolve.py.
Keep out: Dagster, dbt, contracts, and anything else of ours.
"""
