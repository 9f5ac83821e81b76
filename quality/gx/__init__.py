"""Great Expectations on DuckDB, of no other part of ours: datasource, engine, metrics, pages without a network."""
