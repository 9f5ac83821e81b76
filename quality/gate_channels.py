"""Our own rules about who learns of a failed check: `support` of a contract, `teams` and `alerts` of company.yml.

Put here: rules about these three. Keep out: what an address may look like (channel.py), other facts (gate_company.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from quality.channel import KINDS, find_fault
from quality.gate_problem import Findings, as_maps, suggest

SCOPES = ("interactive", "announcements", "issues", "notifications")
ALERT_KEYS = {"default", "remind_after", "sender"}


def check_support(document: Mapping[str, Any]) -> Findings:
    """Every fault of a contract's `support`; only channels of scope `notifications` get alerts."""
    for index, item in enumerate(as_maps(document.get("support"))):
        path, scope = f"support.{item.get('channel', f'[{index}]')}", item.get("scope")
        if scope is not None and scope not in SCOPES:
            yield f"{path}.scope", f"is {scope!r}{suggest(scope, SCOPES)}"
        elif scope == "notifications" and (fault := find_fault(item.get("url", ""))):
            yield f"{path}.url", fault


def check_reach(facts: Mapping[str, Any]) -> Findings:
    """Every fault of `teams` and `alerts` in company.yml."""
    teams = facts.get("teams", {})
    if not isinstance(teams, dict):
        yield "teams", "is no mapping; write <team>: [mailto:team@example.org]"
    else:
        for team, addresses in teams.items():
            yield from _addresses(addresses, f"teams.{team}")
    alerts = facts.get("alerts", {})
    if not isinstance(alerts, dict):
        yield "alerts", "is no mapping; write default, remind_after or sender below it"
        return
    for key in set(alerts) - ALERT_KEYS:
        yield f"alerts.{key}", f"is unknown{suggest(key, ALERT_KEYS)}"
    if "default" in alerts:
        yield from _addresses(alerts["default"], "alerts.default")
    days = alerts.get("remind_after", 7)
    if isinstance(days, bool) or not isinstance(days, (int, float)) or days <= 0:
        yield "alerts.remind_after", f"is {days!r}; write days, more than 0"
    sender = alerts.get("sender", "x@y")
    if not isinstance(sender, str) or not re.fullmatch(KINDS["mailto"], f"mailto:{sender}"):
        yield "alerts.sender", f"is {sender!r}; write the address mails come from, as customer360@example.org"


def _addresses(addresses: Any, path: str) -> Findings:
    if not isinstance(addresses, list) or not addresses:
        yield path, "is no list of addresses; write [mailto:team@example.org]"
        return
    for index, address in enumerate(addresses):
        if fault := find_fault(address):
            yield f"{path}[{index}]", fault
