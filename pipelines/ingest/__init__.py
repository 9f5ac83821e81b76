"""From a source to landed parts: extract, type by contract, quarantine, enter in the manifest.

Put here: one module per format, and land.py which calls them. Keep out: dagster, dbt, and everything right of landing.
"""
