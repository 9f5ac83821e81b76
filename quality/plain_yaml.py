"""YAML as plain values.

Put here: reading a text once a process. Keep out: what the values mean.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml


@cache
def parse(text: str) -> Any:
    """What a text says; nobody may change it. Copies of released files mostly say what this checkout does."""
    return yaml.load(text, Loader=yaml.CSafeLoader)
