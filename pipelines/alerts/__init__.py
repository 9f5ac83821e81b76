"""Alerts: a failed check reaches whoever answers for it, once, with where to look and what hangs on it.

Put here: what is told, to whom, when, and how it gets there. Keep out: Dagster (pipelines/defs/alerts.py).
"""
