"""Which interactions a stage, an exit or an exclusion means: its touchpoints and the attributes they must have.

Put here: `touchpoints` and `where`. Keep out: what happens at such an interaction (stages.py, instances.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.journeys.model import Where
from pipelines.journeys.problems import Problems, nearest
from quality.company import Touchpoint


def read_touchpoints(
    value: Any, path: str, problems: Problems, touchpoints: Mapping[str, Touchpoint]
) -> tuple[str, ...]:
    """The touchpoints a list names, each declared by the company and named once."""
    names: dict[str, None] = {}
    for position, name in enumerate(problems.items(value, path, "touchpoints")):
        if not isinstance(name, str) or name not in touchpoints:
            problems.add(
                f"{path}[{position}]",
                f"unknown touchpoint {name!r}; declare it in touchpoints.yml or use one of its "
                f"{len(touchpoints)}{nearest(name, touchpoints)}",
            )
        elif name in names:
            problems.add(f"{path}[{position}]", f"{name!r} is listed twice; remove one")
        names[str(name)] = None
    return tuple(names)


def read_where(
    value: Any, path: str, problems: Problems, names: tuple[str, ...], touchpoints: Mapping[str, Touchpoint]
) -> Where:
    """The attributes an interaction must have, each with its allowed texts.

    Args:
        names: the touchpoints it is about; each must declare every attribute, else it could never match.
    """
    if value is None:
        return ()
    if not isinstance(value, dict) or not value:
        problems.add(path, "allowed: a mapping from attribute to a literal or a list of literals")
        return ()
    conditions = []
    for attribute, wanted in value.items():
        for name in (n for n in names if n in touchpoints and attribute not in touchpoints[n].attributes):
            declared = touchpoints[name].attributes
            problems.add(
                f"{path}.{attribute}",
                f"touchpoint {name!r} does not declare attribute {attribute!r}, so it could never match; allowed: "
                f"{', '.join(declared) or 'none'}{nearest(attribute, declared)}; add it to touchpoints.yml",
            )
        literals = wanted if isinstance(wanted, list) else [wanted]
        if not literals or not all(isinstance(x, (str, int, float, bool)) for x in literals):
            problems.add(f"{path}.{attribute}", "allowed: text, a number, true, false, or a list of them")
            continue
        conditions.append((str(attribute), tuple(sorted({_literal(x) for x in literals}))))
    return tuple(sorted(conditions))


def _literal(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
