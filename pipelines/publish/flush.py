"""What is to be swapped in is on the disk first.

Put here: that. Keep out: what is written (publish.py, steward.py).
"""

from __future__ import annotations

import os
from pathlib import Path


def flush(file: Path) -> None:
    """Onto the disk before the swap, so that a power cut leaves the old file or the new one."""
    with file.open("rb") as handle:
        os.fsync(handle.fileno())
