"""Journeys: YAML files read, checked and compiled to the rule tables that dbt's journey models read.

Put here: what a journey may say, and its compiled form. Keep out: dagster, dbt, and the SQL of journey facts.
"""
