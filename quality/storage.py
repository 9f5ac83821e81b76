"""How the files of tables are opened and written.

Put here: what every one who does must agree on. Keep out: what is in the files.
"""

import os

MEMORY_LIMIT = "2.75GB"  # of DuckDB in a process, where nobody said otherwise

#: Of files that others read: the newest that the oldest promised client, DuckDB 1.4, reads. Its dictionaries of text
#: take a fifth less of the time of writing a fact table than those of v1.2.0 do.
STORAGE_VERSION = "v1.4.0"
#: A checkpoint rewrites every row group that lost a row, and DuckDB's own 16 MB ask for one after nearly each table:
#: rewriting a tenth of all customers took six times as long. Below it, one is made as the last connection closes.
CHECKPOINT_THRESHOLD = "20GB"


def opening() -> dict[str, str]:
    """Configuration of a connection: no more memory than $C360_MEMORY_LIMIT, where DuckDB would take most of the
    machine's, and no extension from the network: one that is missing must fail, not wait."""
    return {
        "autoinstall_known_extensions": "false",
        "memory_limit": os.environ.get("C360_MEMORY_LIMIT", MEMORY_LIMIT),
    }
