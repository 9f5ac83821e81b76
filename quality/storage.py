"""How the files of tables are written.

Put here: what every writer of them must agree on. Keep out: what is in the files.
"""

#: Of files that others read: the newest that the oldest promised client, DuckDB 1.4, reads. Its dictionaries of text
#: take a fifth less of the time of writing a fact table than those of v1.2.0 do.
STORAGE_VERSION = "v1.4.0"
#: A checkpoint rewrites every row group that lost a row, and DuckDB's own 16 MB ask for one after nearly each table:
#: rewriting a tenth of all customers took six times as long. Below it, one is made as the last connection closes.
CHECKPOINT_THRESHOLD = "20GB"
