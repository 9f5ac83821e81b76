"""Every interaction: journeys' own steps plus as many others as the planted shares ask for.

Put here: how many of which touchpoint, by whom, when, in which programme, and how late they arrive.
Keep out: identifiers and files (events.py, feeds.py).
"""

from __future__ import annotations

import numpy as np

from pipelines.simulator import plan
from pipelines.simulator.journeys import DAY

_USE_CASE = np.array([plan.USE_CASES.index(t.use_case) for t in plan.TOUCHES])
_CHANNEL = np.array([plan.CHANNELS.index(t.channel) for t in plan.TOUCHES])
_WEIGHT = np.array([t.weight for t in plan.TOUCHES])
DATASET = np.array([t.dataset for t in plan.TOUCHES])
_TABLET_USERS = 4
_TABLET_EVENTS = 30
_ROLE_EVENTS = 5


def draw_interactions(
    rng: np.random.Generator,
    people: dict[str, np.ndarray],
    steps: dict[str, np.ndarray],
    total: int,
    days: int,
    mailboxes: int,
) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """All interactions in order of time, exactly `total` in the planted proportions.

    Args:
        people: `is_business`, `is_enterprise`, `in_shop`, `has_mess`, one entry per person.
        steps: the journeys' interactions (journeys.draw_journeys), among the total.
        mailboxes: role mailboxes which receive newsletters.
    Returns:
        columns person (-1: nobody known), touch, t, instance (-1: none), programme, tablet, role (-1: none), day and
        late_day (days since the start; equal unless late), copy_day (-1: not sent twice); and the planted counts.
    """
    touch, business = _fill_cells(rng, total, steps, people["is_business"])
    person = _choose_people(rng, business, people, steps)
    at = np.clip(rng.normal(0.6, 0.17, len(touch)), 0.0, 0.999)  # of the day: mostly afternoon
    t = rng.integers(0, days, len(touch)) * DAY + (at * DAY).astype(np.int64)
    extra = _special(rng, touch, business, people, person, mailboxes)
    joined = {
        "person": np.concatenate([steps["person"], person]),
        "touch": np.concatenate([steps["touch"], touch]),
        "t": np.concatenate([steps["t"], t]),
        "instance": np.concatenate([steps["instance"], np.full(len(touch), -1)]),
        **{k: np.concatenate([np.full(len(steps["t"]), -1), v]) for k, v in extra.items()},
    }
    order = np.lexsort((joined["person"], joined["touch"], joined["t"]))
    events = {k: v[order] for k, v in joined.items()}
    events["programme"] = _choose_programmes(rng, events["touch"])
    planted = {"interactions": total, "shared_tablets": int(len(np.unique(events["tablet"])) - 1)}
    return events, {**planted, **_delay(rng, events, days)}


def _fill_cells(
    rng, total: int, steps: dict[str, np.ndarray], is_business: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Touchpoints outside journeys: per use case, channel and B2B or B2C, what is planted less what journeys use."""
    cells = plan.fit_cells(total)
    wanted = np.stack([cells - plan.fit_business_cells(cells), plan.fit_business_cells(cells)])
    firm = is_business[steps["person"]].astype(int)
    np.add.at(wanted, (firm, _USE_CASE[steps["touch"]], _CHANNEL[steps["touch"]]), -1)
    if wanted.min() < 0:
        model, use_case, channel = np.unravel_index(wanted.argmin(), wanted.shape)
        raise ValueError(
            f"simulator: journeys need {-wanted.min()} interactions more than planted for "
            f"{plan.USE_CASES[use_case]} on {plan.CHANNELS[channel]} ({('b2c', 'b2b')[model]}); lower per_person"
        )
    touches, business = [], []
    for model, use_case, channel in np.argwhere(wanted):
        here = np.flatnonzero((use_case == _USE_CASE) & (channel == _CHANNEL) & (_WEIGHT > 0))
        number = wanted[model, use_case, channel]
        touches.append(rng.choice(here, number, p=_WEIGHT[here] / _WEIGHT[here].sum()))
        business.append(np.full(number, bool(model)))
    return np.concatenate(touches), np.concatenate(business)


def _choose_people(
    rng, business: np.ndarray, people: dict[str, np.ndarray], steps: dict[str, np.ndarray]
) -> np.ndarray:
    firm, enterprise = people["is_business"], people["is_enterprise"]
    person = np.empty(len(business), dtype=np.int64)
    private = np.flatnonzero(~firm)
    activity = rng.lognormal(0, 0.8, len(private))
    person[~business] = rng.choice(private, (~business).sum(), p=activity / activity.sum())
    in_journeys = firm[steps["person"]]
    all_business = business.sum() + in_journeys.sum()
    big = round(plan.ENTERPRISE_SHARE * all_business) - enterprise[steps["person"]].sum()
    rows = rng.permutation(np.flatnonzero(business))
    person[rows[:big]] = rng.choice(np.flatnonzero(firm & enterprise), big)
    person[rows[big:]] = rng.choice(np.flatnonzero(firm & ~enterprise), len(rows) - big)
    return person


def _special(rng, touch, business, people, person, mailboxes: int) -> dict[str, np.ndarray]:
    """Interactions of nobody known, of shared tablets and of role mailboxes; changes `person` in place."""
    tablet, role = np.full(len(touch), -1), np.full(len(touch), -1)
    dataset = DATASET[touch]
    for name, share in (("web_events", plan.ANONYMOUS_WEB_SHARE), ("ad_clicks", plan.ANONYMOUS_ADS_SHARE)):
        rows = np.flatnonzero((dataset == name) & ~business)
        person[rng.permutation(rows)[: round(share * len(rows))]] = -1
    rows = rng.permutation(np.flatnonzero((dataset == "app_events") & ~business))
    tablets = plan.count_per(len(people["in_shop"]), 250, 2)
    rows = rows[: min(tablets * _TABLET_EVENTS, len(rows) // 4)]
    users = rng.permutation(np.flatnonzero(people["in_shop"] & ~people["is_business"] & ~people["has_mess"]))
    tablet[rows] = np.arange(len(rows)) % tablets
    person[rows] = users[tablet[rows] * _TABLET_USERS + rng.integers(0, _TABLET_USERS, len(rows))]
    newsletter = np.isin(touch, [plan.TOUCH_CODE["newsletter_sent"], plan.TOUCH_CODE["newsletter_opened"]])
    rows = rng.permutation(np.flatnonzero(newsletter & ~business))[: mailboxes * _ROLE_EVENTS]
    role[rows] = np.arange(len(rows)) % max(mailboxes, 1)
    person[rows] = -1
    return {"tablet": tablet, "role": role}


def _choose_programmes(rng, touch: np.ndarray) -> np.ndarray:
    """A programme of the use case which runs on the channel; as `use case * 10 + position`."""
    programme = np.empty(len(touch), dtype=np.int64)
    for use_case, name in enumerate(plan.USE_CASES):
        for channel in range(len(plan.CHANNELS)):
            rows = np.flatnonzero((_USE_CASE[touch] == use_case) & (_CHANNEL[touch] == channel))
            running = [i for i, chs in enumerate(plan.PROGRAMMES[name]) if str(channel) in chs]
            if len(rows):
                programme[rows] = use_case * 10 + rng.permutation(np.resize(running, len(rows)))
    return programme


def _delay(rng, events: dict[str, np.ndarray], days: int) -> dict[str, int]:
    """Late arrivals and second copies: half of the copies come with the first, half come days later, which makes
    the interaction a late one too (the latest arrival of a key is current)."""
    day = events["t"] // DAY
    total = len(day)
    late = rng.permutation(np.flatnonzero(day <= days - 3))[: round(plan.LATE_SHARE * total)]
    late_day = day.copy()
    late_day[late] = np.minimum(day[late] + rng.geometric(0.5, len(late)), days - 1)
    in_file = DATASET[events["touch"]] != "shop_orders"
    copies = round(plan.DUPLICATE_SHARE * total)
    later = late[in_file[late]][: copies // 2]
    on_time = np.flatnonzero(in_file & (late_day == day))
    same = rng.permutation(on_time)[: copies - len(later)]
    copy_day = np.full(total, -1)
    copy_day[same], copy_day[later] = day[same], late_day[later]
    events.update(day=day, late_day=late_day, copy_day=copy_day)
    return {"late_interactions": len(late), "duplicate_events": copies, "duplicates_arriving_later": len(later)}
