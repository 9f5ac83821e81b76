"""Whether a run writes the pages people read, or leaves those of some minutes ago.

Put here: that one rule. Keep out: the pages (pipelines/publish).
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from pipelines.keys import SMALL
from pipelines.settings import Settings

EVERY = 900.0  # seconds; pages take a tenth of a small run, and nobody reads every one of them


def are_pages_due(settings: Settings, tags: Mapping[str, str]) -> bool:
    """Always, but in a run of what the inbox brought only where the site is older than EVERY."""
    site = settings.site / "index.html"
    return SMALL not in tags or not site.exists() or time.time() - site.stat().st_mtime > EVERY
