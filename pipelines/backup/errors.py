"""What can go wrong with a backup.

Put here: the error every module of this package raises. Keep out: how it is told.
"""

from __future__ import annotations


class BackupError(RuntimeError):
    """Nothing was changed: backups made before stay whole, and no home was made. The message says what to do."""
