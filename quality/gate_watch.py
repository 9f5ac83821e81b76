"""What a contract may say of a check nobody wrote: how much is too much, and how bad that is.

Put here: rules of a `quality` entry of type custom. Keep out: the checks themselves (watch.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quality.gate_problem import Findings, suggest
from quality.watch.queries import QUERIES


def check_watch(rule: Mapping[str, Any], operators: list[str], path: str) -> Findings:
    """Faults of a limit; `implementation` names the check."""
    engine, name = rule.get("engine"), rule.get("implementation")
    if engine != "watch":
        yield f"{path}.engine", f"is {engine!r}{suggest(engine, ['watch'])}"
    if name not in QUERIES:
        yield f"{path}.implementation", f"is {name!r}{suggest(name, QUERIES)}"
    if operators and operators[0] != "mustBeLessThan":
        yield f"{path}.{operators[0]}", "sets no limit; write mustBeLessThan"
