"""The pipeline: the only package that imports dagster, and only in definitions.py, defs/ and cli.py's callees.

Put here: sources in, published tables out. Keep out: identity rules (identity/), contracts (quality/).
"""
