"""True journeys: who walks which path, when, and how it ends.

Put here: paths with their shares and the instances drawn from them; they must agree with companies/demo/journeys.
Keep out: interactions outside journeys (interactions.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.simulator.plan import ENTERPRISE_SHARE, INTERACTIONS_PER_PERSON, TOUCH_CODE

DAY = 86_400


@dataclass(frozen=True)
class Path:
    """Steps as `stage:touchpoint`; `!touchpoint` leaves the journey. `end` None: the customer just stops."""

    share: float
    steps: str
    end: str | None


@dataclass(frozen=True)
class TrueJourney:
    """A journey's paths; spans in days. `per_person`: instances per person who has
    INTERACTIONS_PER_PERSON interactions."""

    journey: str
    inactivity: int
    span: int  # an instance takes at most this long
    per_person: float
    business_share: float
    paths: tuple[Path, ...]


JOURNEYS = (
    TrueJourney(
        "broadband_purchase",
        10,
        8,
        0.12,
        0.30,
        (
            Path(
                0.28,
                "discover:site_visited compare:plan_viewed checkout:checkout_started activate:order_paid",
                "converted",
            ),
            Path(
                0.14,
                "discover:offer_ad_clicked discover:site_visited compare:plan_viewed compare:plan_viewed "
                "checkout:checkout_started activate:order_paid",
                "converted",
            ),
            Path(0.14, "discover:store_visited compare:plan_consulted activate:contract_signed", "converted"),
            Path(
                0.12,
                "discover:site_visited compare:plan_viewed compare:plan_consulted activate:contract_signed",
                "converted",
            ),
            Path(0.06, "discover:site_visited compare:plan_viewed discover:store_visited compare:plan_consulted", None),
            Path(0.10, "discover:site_visited compare:plan_viewed", None),
            Path(0.05, "discover:offer_ad_clicked", None),
            Path(0.05, "discover:site_visited compare:plan_viewed checkout:checkout_started", None),
            Path(0.06, "discover:site_visited compare:plan_viewed !offer_declined", "exited"),
        ),
    ),
    TrueJourney(
        "get_help",
        5,
        3,
        0.45,
        0.90,
        (
            Path(0.28, "search:help_page_viewed contact:case_opened resolve:case_closed", "converted"),
            Path(0.20, "contact:case_opened resolve:case_closed", "converted"),
            Path(0.14, "contact:chat_started contact:case_opened resolve:case_closed", "converted"),
            Path(0.16, "search:help_page_viewed confirm:answer_confirmed", "self_served"),
            Path(0.06, "search:help_screen_viewed search:help_page_viewed confirm:answer_confirmed", "self_served"),
            Path(0.09, "search:help_page_viewed contact:chat_started", None),
            Path(0.07, "search:help_page_viewed contact:case_opened !complaint_escalated", "exited"),
        ),
    ),
    TrueJourney(
        "renew",
        14,
        12,
        0.20,
        0.01,
        (
            Path(
                0.30, "notice:renewal_notice_sent consider:renewal_offer_viewed renewed:contract_renewed", "converted"
            ),
            Path(
                0.18,
                "notice:renewal_notice_sent consider:renewal_screen_viewed advise:renewal_consulted "
                "renewed:contract_renewed_in_store",
                "converted",
            ),
            Path(
                0.14,
                "notice:renewal_notice_sent consider:renewal_call consider:renewal_offer_viewed "
                "renewed:contract_renewed",
                "converted",
            ),
            Path(0.20, "notice:renewal_notice_sent", None),
            Path(0.10, "notice:renewal_notice_sent consider:renewal_offer_viewed", None),
            Path(0.08, "notice:renewal_notice_sent consider:renewal_call !contract_ended", "exited"),
        ),
    ),
)


def draw_journeys(
    rng: np.random.Generator, people: dict[str, np.ndarray], interactions: int, days: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Instances of every journey, for cleanly identified people of the CRM.

    Args:
        people: `is_clean`, `in_crm`, `is_business`, `is_enterprise`, one entry per person.
        interactions: per person; instances are in proportion.
        days: length of the simulation; the latest instant known is its end.
    Returns:
        steps (person, touch, seconds since the start, instance) and instances (journey, person, started, ended,
        outcome, path). A person's instances of one journey never overlap: each has a slot of its own which is longer
        than the longest instance and the inactivity limit.
    """
    steps, instances, first = [], [], 0
    for journey in JOURNEYS:
        path_no, person, start = _start_instances(rng, journey, people, interactions, days)
        for number, path in enumerate(journey.paths):
            mine = path_no == number
            drawn = _walk(rng, journey, path, person[mine], start[mine], first, days)
            steps.append(drawn[0])
            instances.append(drawn[1])
            first += int(mine.sum())
    return _stack(steps), _stack(instances)


def _start_instances(
    rng, journey: TrueJourney, people: dict[str, np.ndarray], interactions: int, days: int
) -> tuple[np.ndarray, ...]:
    total = round(journey.per_person * interactions / INTERACTIONS_PER_PERSON * len(people["is_clean"]))
    business = round(journey.business_share * total)
    enterprise = round(ENTERPRISE_SHARE * business)
    ready, firm = people["is_clean"] & people["in_crm"], people["is_business"]
    groups = (
        (ready & ~firm, total - business),
        (firm & people["is_enterprise"], enterprise),
        (firm & ~people["is_enterprise"], business - enterprise),
    )
    slots = max(1, days // (journey.span + journey.inactivity + 1))
    length = days * DAY / slots
    person, slot = [], []
    for members, wanted in groups:
        pool = rng.permutation(members.sum() * slots)[:wanted]
        person.append(np.flatnonzero(members)[pool // slots])
        slot.append(pool % slots)
    person, slot = np.concatenate(person), np.concatenate(slot)
    rest = np.where(slot == slots - 1, 0, journey.inactivity)
    room = np.maximum(length - (journey.span + rest) * DAY - 3600, 3600)
    start = (slot * length + rng.random(len(slot)) * room).astype(np.int64)
    shares = np.array([p.share for p in journey.paths])
    return rng.choice(len(shares), len(person), p=shares / shares.sum()), person, start


def _walk(rng, journey: TrueJourney, path: Path, person, start, first: int, days: int) -> tuple[dict, dict]:
    steps = [s.rpartition(":")[::2] for s in path.steps.split()]
    gap = min(journey.span, journey.inactivity) * DAY / len(steps)
    gaps = rng.integers(120, int(gap), (len(person), len(steps)))
    gaps[:, 0] = 0
    at = start[:, None] + gaps.cumsum(axis=1)
    instance = first + np.arange(len(person))
    codes = np.array([TOUCH_CODE[t.lstrip("!")] for _, t in steps])
    stages = [s for s, t in steps if not t.startswith("!")]
    visits = [s for i, s in enumerate(stages) if i == 0 or s != stages[i - 1]]
    late = at[:, -1] + journey.inactivity * DAY < days * DAY
    outcome = np.full(len(person), path.end) if path.end else np.where(late, "dropped", "in_progress")
    walked = {
        "person": np.repeat(person, len(steps)),
        "touch": np.tile(codes, len(person)),
        "t": at.ravel(),
        "instance": np.repeat(instance, len(steps)),
    }
    told = {
        "instance": instance,
        "journey": np.full(len(person), journey.journey),
        "person": person,
        "started": at[:, 0],
        "ended": at[:, -1],
        "outcome": outcome.astype("<U16"),
        "path": np.full(len(person), ">".join(visits)),
    }
    return walked, told


def _stack(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
