"""A journey for people: one HTML page and one picture of its map, made from the published file alone.

Put here: reading the figures, drawing them, writing the page. Keep out: computing figures (dbt_project/), Dagster.
"""
