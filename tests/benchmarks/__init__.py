"""Timed runs, started by `make bench`; never part of a test.

Put here: benchmarks that print a table and write .bench/<name>.json. Keep out: assertions.
"""
