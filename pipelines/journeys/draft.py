"""A discovered journey as a YAML file to edit, with what speaks for each line beside it.

Put here: how a proposal is written down. Keep out: how it was found (discover.py), what a journey may say (spec.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from pipelines.journeys.discover import Draft
from pipelines.journeys.problems import SECONDS
from pipelines.journeys.spec import USE_CASES
from pipelines.journeys.stages import RESERVED_OUTCOMES
from quality.company import Touchpoint


def describe_draft(draft: Draft, journey_id: str, touchpoints: Mapping[str, Touchpoint]) -> str:
    """The text of a journey file with status `discovered` that passes lint.

    Args:
        journey_id: a lower-case name.
        touchpoints: the company's, for the names of stages.
    """
    ids = _stage_ids([stage.touchpoint for stage in draft.stages])
    outcomes = _outcomes(draft, ids)
    ids = {touchpoint: _text(stage_id) for touchpoint, stage_id in ids.items()}
    entry = [stage for stage in draft.stages if stage.is_entry]
    use_case = draft.use_case if draft.use_case in USE_CASES else "exploration"
    lines = [
        f"# Proposed from {draft.cases:,} cases of {draft.customers:,} customers, {draft.first_at:%Y-%m-%d} to "
        f"{draft.last_at:%Y-%m-%d}. Join stages that are one to",
        "# the customer, name them, cross out what is an accident; then give it an owner and the status approved.",
        f"journey: {_text(journey_id)}",
        "version: 1",
        "status: discovered",
        f"name: {json.dumps(journey_id.replace('_', ' ').capitalize())}",
        f"use_case: {use_case}",
        "entity: customer",
        f"entry: {{touchpoints: [{', '.join(_text(s.touchpoint) for s in entry)}], reentry: after_end}}"
        f"  # begin {sum(s.starts for s in entry):.0%} of cases",
        f"timeouts: {{inactivity: {_duration(draft.inactivity_s)}}}"
        f"  # {draft.gaps_within:.1%} of the gaps between two interactions are no longer",
        "stages:",
    ]
    for stage in draft.stages:
        name = touchpoints[stage.touchpoint].name if stage.touchpoint in touchpoints else stage.touchpoint
        said = [f"id: {ids[stage.touchpoint]}", f"name: {_text(name)}", f"touchpoints: [{_text(stage.touchpoint)}]"]
        said += [] if stage.is_mandatory else ["mandatory: false"]
        said += [f"terminal: {_text(outcomes[stage.touchpoint])}"] if stage.is_terminal else []
        lines.append(f"  - {{{', '.join(said)}}}  # in {stage.support:.1%} of cases; the last in {stage.ends:.1%}")
    if draft.moves:
        lines.append("transitions:")
        lines += [
            f"  - [{ids[move.start]}, {ids[move.end]}]  # {move.cases:,} cases, {move.confidence:.1%} of what follows"
            for move in draft.moves
        ]
    return "\n".join(lines) + "\n"


def _stage_ids(touchpoints: list[str]) -> dict[str, str]:
    ids: dict[str, str] = {}
    for touchpoint in touchpoints:
        base = re.sub(r"[^a-z0-9_]+", "_", touchpoint.lower()).lstrip("_")
        base = stage_id = base if base[:1].isalpha() else f"s_{base}"
        number = 1
        while stage_id in ids.values():
            number += 1
            stage_id = f"{base}_{number}"
        ids[touchpoint] = stage_id
    return ids


def _outcomes(draft: Draft, ids: Mapping[str, str]) -> dict[str, str]:
    """The most frequent end is the conversion, others are named after themselves."""
    ends = sorted((s for s in draft.stages if s.is_terminal), key=lambda s: (-s.support, s.touchpoint))
    names = {s.touchpoint: ids[s.touchpoint] for s in ends}
    named = {t: f"{name}_end" if name in RESERVED_OUTCOMES else name for t, name in names.items()}
    return named | {s.touchpoint: "converted" for s in ends[:1]}


def _duration(seconds: int) -> str:
    unit = next(unit for unit in reversed(SECONDS) if unit != "w" and seconds % SECONDS[unit] == 0)
    return f"{seconds // SECONDS[unit]}{unit}"


def _text(value: str) -> str:
    """A plain word as it is, anything else quoted: JSON text is YAML text."""
    return value if re.fullmatch(r"[a-z][a-z0-9_]*", value) and value not in _WORDS else json.dumps(value)


_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}  # YAML takes these for something else
