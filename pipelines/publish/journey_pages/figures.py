"""What a page tells about a journey, as plain typed Python.

Put here: the shape of the figures. Keep out: reading them (read.py), drawing them (charts.py, journey_map.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from pipelines.publish.journey_pages.words import number, plain

GOAL, LOST, OPEN = "goal", "lost", "open"
DRAWN_VISITS = 5  # of a path that are told apart; the diagram shows what comes after them as one block
LOST_OUTCOMES = ("dropped", "exited", "restarted")  # ends that no terminal stage gives


def fate(outcome: str) -> str:
    """What became of an instance: it reached a terminal stage, was lost, or goes on."""
    if outcome == "in_progress":
        return OPEN
    return LOST if outcome in LOST_OUTCOMES else GOAL


@dataclass(frozen=True)
class Stage:
    """One stage with its figures. Counts are of instances, except `visits`.

    ended: instances whose last visit was here, by outcome.
    p50_s, p90_s: time until the next stage by Kaplan-Meier, visits that are open or lost included; null where so many
        never advanced, and for terminal stages.
    """

    stage_id: str
    stage_no: int
    name: str
    is_mandatory: bool
    is_moment_of_truth: bool
    terminal_outcome: str | None
    sla_s: int | None
    expects: Mapping[str, float | str]
    reached: int
    visits: int
    entries: int
    ended: Mapping[str, int]
    csat: float | None
    csat_answers: int
    effort: float | None
    effort_answers: int
    sentiment: float | None
    sentiment_answers: int
    sla_breaches: int
    sla_visits: int
    p50_s: int | None
    p90_s: int | None
    wait_share: Decimal | None

    @property
    def lost(self) -> int:
        return sum(n for outcome, n in self.ended.items() if fate(outcome) == LOST)


@dataclass(frozen=True)
class Move:
    """One edge of the map, walked or only declared, and how often."""

    from_stage: str
    to_stage: str
    moves: int
    is_declared: bool
    median_s: float | None = None


@dataclass(frozen=True)
class Step:
    """One step of the funnel: instances that reached it, by way of counting."""

    step_no: int
    stage_name: str
    previous: int
    ordered: int
    strict: int
    any: int


@dataclass(frozen=True)
class Path:
    """Instances that visited the same stages in the same order, as far as they are told apart, and ended alike."""

    stages: tuple[str, ...]
    is_longer: bool  # than these stages
    outcome: str
    instances: int


@dataclass(frozen=True)
class Dropouts:
    """Instances that a deadline ended in one stage, by the channel of their last interaction."""

    stage_id: str
    last_channel: str
    business_model: str
    dropouts: int
    value_at_stake: Decimal | None


@dataclass(frozen=True)
class Gap:
    """What the journey's file expects of a stage, beside what was measured on so many visits."""

    stage_id: str
    metric: str
    expected: Decimal
    measured: Decimal | None
    is_met: bool | None
    visits: int


@dataclass(frozen=True)
class Driver:
    """Something visits had that more of them were dropped with than without."""

    stage_id: str
    feature: str
    feature_value: str
    visits: int
    dropped: int
    rate_with: Decimal
    rate_without: Decimal
    excess: Decimal


@dataclass(frozen=True)
class Hotspot:
    """One cell in which a measure is worse than in the rest of its place, beyond chance.

    place: the ids of a stage, or of the two stages of an edge.
    """

    hotspot_no: int
    measure: str
    place: tuple[str, ...]
    channel: str
    business_model: str
    week: date
    n: int
    observed: Decimal
    baseline: Decimal
    customers_lost: Decimal | None
    value_lost: Decimal | None
    q_value: float


@dataclass(frozen=True)
class Version:
    """One version of the journey over the same history."""

    version: int
    status: str
    is_current: bool
    stages: int
    outcomes: Mapping[str, int]
    median_s: float | None  # of instances that reached a goal
    csat: float | None
    csat_answers: int

    @property
    def instances(self) -> int:
        return sum(self.outcomes.values())

    def ended(self, what: str) -> int:
        """Instances of one fate: goal, lost or open."""
        return sum(n for outcome, n in self.outcomes.items() if fate(outcome) == what)

    def ends(self, what: str) -> str:
        """The outcomes of one fate, in words: `310 converted, 25 self served`."""
        ends = sorted((-n, outcome) for outcome, n in self.outcomes.items() if fate(outcome) == what)
        return ", ".join(f"{number(-n)} {plain(outcome)}" for n, outcome in ends) or "0"


@dataclass(frozen=True)
class JourneyFigures:
    """All a page shows of one version, and every version beside it."""

    journey_id: str
    name: str
    job_to_be_done: str | None
    use_case: str
    owner_function: str | None
    entity: str
    shown: Version
    versions: tuple[Version, ...]
    customers: int
    first_at: datetime | None
    last_at: datetime | None
    stages: tuple[Stage, ...]
    moves: tuple[Move, ...]
    funnel: tuple[Step, ...]
    paths: tuple[Path, ...]  # cut after DRAWN_VISITS; every instance is in one
    variants: tuple[Path, ...]  # the most frequent, whole
    variant_count: int
    dropouts: tuple[Dropouts, ...]
    gaps: tuple[Gap, ...]
    drivers: tuple[Driver, ...]
    hotspots: tuple[Hotspot, ...]
    tested_cells: int  # in which a hotspot was looked for

    @property
    def instances(self) -> int:
        return self.shown.instances

    def stage(self, stage_id: str) -> Stage:
        return next(s for s in self.stages if s.stage_id == stage_id)
