"""A company: one folder of contracts, facts, touchpoints and journeys.

Put here: how the folder is read. Keep out: whether it is right (gate.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from quality.channel import AlertRules, Channel, read_channels
from quality.contract import Contract, ContractError
from quality.read_contract import read_contract


@dataclass(frozen=True)
class Touchpoint:
    """One entry of touchpoints.yml: the defaults of every interaction of this kind."""

    touchpoint: str
    name: str
    channel: str | None = None
    is_online: bool | None = None
    assisted: bool | None = None
    initiator: str | None = None  # customer | company
    use_case: str | None = None
    unit_cost: float | None = None
    attributes: tuple[str, ...] = ()
    items: tuple[str, ...] = ()  # the attributes that name what the customer looks at


@dataclass(frozen=True)
class Company:
    """Everything a company declares, read once."""

    folder: Path
    company: str  # short id, [a-z][a-z0-9_]*
    name: str
    country: str  # ISO-2
    timezone: str
    currency: str
    first_day: date  # first arrival day the landing job knows
    error_rate: float  # percent; default of every contract
    survivorship_priority: tuple[str, ...]  # datasets, most trusted first
    contracts: tuple[Contract, ...]
    touchpoints: Mapping[str, Touchpoint]
    teams: Mapping[str, tuple[Channel, ...]] = field(default_factory=dict)  # where each team is reached
    alerts: AlertRules = AlertRules()

    @cached_property
    def by_dataset(self) -> dict[str, Contract]:
        return {c.dataset: c for c in self.contracts}

    @property
    def journeys_dir(self) -> Path:
        return self.folder / "journeys"

    @property
    def identity_file(self) -> Path:
        return self.folder / "identity.yml"


def load_company(folder: Path) -> Company:
    """Read a company folder.

    Raises:
        ContractError: the folder, company.yml or a contract is missing or unreadable.
    """
    file = folder / "company.yml"
    if not file.is_file():
        raise ContractError(f"{file}: not there; a company folder needs company.yml, touchpoints.yml and contracts/")
    facts = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
    missing = [k for k in ("company", "name", "country", "timezone", "currency", "first_day") if k not in facts]
    if missing:
        raise ContractError(f"{file}: missing {', '.join(missing)}; see companies/demo/company.yml")
    return Company(
        folder=folder,
        company=facts["company"],
        name=facts["name"],
        country=facts["country"],
        timezone=facts["timezone"],
        currency=facts["currency"],
        first_day=date.fromisoformat(str(facts["first_day"])),
        error_rate=float(facts.get("error_rate", 5)),
        survivorship_priority=tuple(facts.get("survivorship_priority", ())),
        contracts=tuple(read_contract(f) for f in sorted((folder / "contracts").glob("*.odcs.yaml"))),
        touchpoints=_touchpoints(folder / "touchpoints.yml"),
        teams={
            team: read_channels(listed, f"{file}: teams.{team}") for team, listed in (facts.get("teams") or {}).items()
        },
        alerts=_alert_rules(facts.get("alerts") or {}, f"{file}: alerts"),
    )


def _alert_rules(facts: Mapping[str, Any], where: str) -> AlertRules:
    rules = AlertRules()
    return AlertRules(
        default=read_channels(facts["default"], f"{where}.default") if "default" in facts else rules.default,
        remind_after=timedelta(days=facts["remind_after"]) if "remind_after" in facts else rules.remind_after,
        sender=facts.get("sender", rules.sender),
    )


def _touchpoints(file: Path) -> dict[str, Touchpoint]:
    if not file.is_file():
        raise ContractError(f"{file}: not there; list the company's touchpoints in it")
    entries = (yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}).get("touchpoints") or {}
    found = {}
    for key, entry in entries.items():
        try:
            known = {"name": key.replace("_", " "), **(entry or {})}
            listed = {name: tuple(known.pop(name, ())) for name in ("attributes", "items")}
            found[key] = Touchpoint(touchpoint=key, **known, **listed)
        except TypeError as fault:
            raise ContractError(
                f"{file}: touchpoints.{key}: {fault}; allowed: name, channel, is_online, assisted, initiator, "
                "use_case, unit_cost, attributes, items"
            ) from fault
    return found
