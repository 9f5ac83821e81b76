"""What a journey is, as plain typed Python.

Put here: the shape of one validated journey file. Keep out: reading and judging it (spec.py), rule tables (compile.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

REENTRY = ("after_end", "never", "after_cooldown", "restart", "parallel")
Where = tuple[tuple[str, tuple[str, ...]], ...]  # ((attribute, allowed texts), …); all attributes must hold


class JourneyError(ValueError):
    """One or more journey files cannot be used; `problems` lists every fault, each naming file, path and remedy."""

    def __init__(self, problems: list[str]):
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class Stage:
    """One stage; its number is its place in `Journey.stages`, from 1."""

    stage_id: str
    name: str
    touchpoints: tuple[str, ...]
    where: Where = ()
    is_mandatory: bool = True
    terminal: str | None = None  # the outcome its first interaction gives
    sla_s: int | None = None
    max_wait_s: int | None = None  # from the entry of a visit
    is_moment_of_truth: bool = False
    expects: Mapping[str, float | int | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Exit:
    """Touchpoints that end an open instance without a visit."""

    touchpoints: tuple[str, ...]
    where: Where = ()
    outcome: str = "exited"


@dataclass(frozen=True)
class Exclusion:
    """Touchpoints that void an open instance, after its first visit of one stage and before its first of another."""

    touchpoints: tuple[str, ...]
    where: Where = ()
    between: tuple[str, str] | None = None  # stage ids; None: as long as the instance is open


@dataclass(frozen=True)
class Journey:
    """One version of one journey."""

    file: Path
    journey_id: str
    version: int
    status: str
    name: str
    owner_function: str | None
    use_case: str
    job_to_be_done: str | None
    parent: str | None
    entity: str
    entry_touchpoints: tuple[str, ...]
    inactivity_s: int | None
    stages: tuple[Stage, ...]
    exits: tuple[Exit, ...]
    transitions: tuple[tuple[str, str], ...]  # as declared; empty: the linear net
    fingerprint: str  # of the normalised YAML
    reentry: str = "after_end"  # one of REENTRY
    cooldown_s: int | None = None  # of after_cooldown, from the end of the last instance
    correlate_by: str | None = None  # of parallel: order_id, case_id or an attribute; one instance per value
    max_duration_s: int | None = None
    exclusions: tuple[Exclusion, ...] = ()

    @property
    def journey_key(self) -> str:
        return f"{self.journey_id}@{self.version}"

    @property
    def stage_no(self) -> dict[str, int]:
        """Stage id -> its number, from 1 in declared order."""
        return {stage.stage_id: number for number, stage in enumerate(self.stages, start=1)}
