"""Where a team is reached: an address a contract or company.yml gives, and the kind of delivery it asks for.

Put here: what an address may look like. Keep out: who gets what, and delivery (pipelines/alerts).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from quality.contract import CREDENTIALS, ContractError, fill_variables

KINDS = {
    "mailto": re.compile(r"mailto:[^@\s,?]+@[^@\s,?]+"),
    "http": re.compile(r"https?://[^\s/]\S*"),
    "file": re.compile(r"file:(?!/)(?!(.*/)?\.\.(/|$))[^\s:]+"),
}
ALLOWED = "mailto:<address>, https://<webhook>, file:<path below the home folder>, or ${NAME} of the environment"
VARIABLE = re.compile(r"\$\{\w+\}")


@dataclass(frozen=True, order=True)
class Channel:
    """One address as declared: `${VAR}` is replaced only when something is sent, so a secret is stored nowhere."""

    address: str

    @property
    def kind(self) -> str | None:
        """mailto, http or file; None where only the environment knows."""
        return next((kind for kind, pattern in KINDS.items() if pattern.fullmatch(self.address)), None)

    def resolve(self, env: Mapping[str, str]) -> Channel:
        """The channel with every `${VAR}` replaced.

        Raises:
            ContractError: a variable is not set, or what it holds is no address; what it holds is not repeated.
        """
        found = Channel(fill_variables(self.address, env, "channel"))
        if found.kind is None:
            raise ContractError(f"channel {self.address!r}: what it stands for is no address; allowed: {ALLOWED}")
        return found


@dataclass(frozen=True)
class AlertRules:
    """What company.yml says under `alerts`."""

    default: tuple[Channel, ...] = (Channel("file:alerts.jsonl"),)  # of teams without a channel
    remind_after: timedelta = field(default=timedelta(days=7))  # a check that still fails is told again
    sender: str = "customer360@localhost"


def find_fault(address: object) -> str | None:
    """What is wrong with an address, in words that continue its place; None when nothing is."""
    if not isinstance(address, str):
        return f"is a {type(address).__name__}; allowed: {ALLOWED}"
    if CREDENTIALS.search(address):
        return "holds a credential in clear text; put the address into an environment variable: ${TEAM_HOOK}"
    guesses = [Channel(VARIABLE.sub(value, address)) for value in ("x", "x@y")]
    if not VARIABLE.fullmatch(address) and not any(guess.kind for guess in guesses):
        return f"is {address!r}; allowed: {ALLOWED}"
    return None


def read_channels(addresses: object, where: str) -> tuple[Channel, ...]:
    """Channels in declared order, each once.

    Raises:
        ContractError: no list, or an address is faulty.
    """
    if not isinstance(addresses, list):
        raise ContractError(f"{where}: is no list; list addresses; allowed: {ALLOWED}")
    for address in addresses:
        if fault := find_fault(address):
            raise ContractError(f"{where}: {fault}")
    return tuple(Channel(address) for address in dict.fromkeys(addresses))
