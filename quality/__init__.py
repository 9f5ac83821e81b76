"""Contracts, standard definitions, the SQL rendered from them, and the checks built from them.

Put here: what a data contract says and what follows from it.
Keep out: dagster, dbt, and anything of pipelines/ or identity/ (tests/test_architecture.py).
"""
