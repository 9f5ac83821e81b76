"""dbt-duckdb plugin: hands the masking key to SQL as session variables.

Put here: the plugin named in profiles.yml. Keep out: where the key comes from (key.py).
The pads are bound as parameters, so no statement, log, error or file under target/ ever holds them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from pipelines.publish.key import find_key, hmac_pads


class Plugin(BasePlugin):
    """Finds the key once per process; every cursor of dbt gets the two pads."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        self._pads: tuple[bytes, bytes] | None = None

    def configure_cursor(self, cursor: Any) -> None:
        inner, outer = self._pads or self._find_pads()
        cursor.execute("set variable c360_inner_pad = ?", [inner])
        cursor.execute("set variable c360_outer_pad = ?", [outer])

    def _find_pads(self) -> tuple[bytes, bytes]:
        # The warehouse lies in the home folder, so `dbt build` by hand finds the same key as a run.
        home = Path(os.environ["C360_HOME"]) if "C360_HOME" in os.environ else Path(self.creds.path).resolve().parent
        self._pads = hmac_pads(find_key(home))
        return self._pads
