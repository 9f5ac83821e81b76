"""The books of a home: what the manifest says of every batch, against the files it is about.

Put here: counting again, from landing and quarantine. Keep out: how batches came there.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.ingest.manifest import Manifest


def find_unbalanced(manifest: Manifest, landing: Path, quarantine: Path) -> list[tuple]:
    """Batches of which received is not landed + quarantined, or which the files count otherwise; none when all is well.

    Each as (dataset, source_uri, state, received, landed, quarantined, rows landed, rows and lines set aside).
    """
    with duckdb.connect() as con:
        con.register("parts", manifest.arrow())
        for name, folder, pattern in (("l", landing, "*/arrived=*/*.parquet"), ("q", quarantine, "*/**/*.parquet")):
            files = f"read_parquet('{folder}/{pattern}', union_by_name = true, hive_partitioning = false)"
            con.execute(f"create view {name} as select * from {files}")
        return con.execute("""
            with landed as (select _part_seq, _batch_id, count(*) as n from l group by all),
            aside as (select batch_id, count(distinct (row_no, kind)) as n from q where kind <> 'cell' group by all)
            select p.dataset, source_uri, state, received, landed, quarantined, landed.n, aside.n
            from parts p
            left join landed on landed._part_seq = p.part_seq and landed._batch_id = p.content_hash
            left join aside on aside.batch_id = p.content_hash
            where received <> landed + quarantined
            or quarantined <> coalesce(aside.n, 0)
            or (state = 'current' and landed <> coalesce(landed.n, 0))
            or (state <> 'current' and landed.n > 0)
        """).fetchall()
