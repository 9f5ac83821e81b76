"""Journeys: YAML files read, checked and compiled to the rule tables that dbt's journey models read, and the walk.

Put here: what a journey may say, its compiled form, what happens at an interaction. Keep out: dagster, the SQL of
journey facts, and dbt (but for the plugin that hands it the walk).
"""
