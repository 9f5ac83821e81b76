"""Who answers for an asset, how they are reached, and what hangs on it.

Put here: owner, channels, tables and journeys behind an asset. Keep out: what is told (message.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipelines.journeys.model import Journey
from quality.channel import Channel
from quality.company import Company
from quality.contract import Contract

LANDING = "landing"
LANDED = "source_is_landed"  # told where a dataset could not be landed at all


@dataclass(frozen=True)
class Graph:
    """The assets of a company by name (`landing/orders`): what each reads, and the team that owns it."""

    reads: Mapping[str, frozenset[str]]
    owners: Mapping[str, str]

    def downstream(self, asset: str, layers: Iterable[str]) -> list[str]:
        """Assets of these layers (first part of their name) that are made from `asset`, nearest first."""
        readers: dict[str, list[str]] = {}
        for reader, read in sorted(self.reads.items()):
            for name in read:
                readers.setdefault(name, []).append(reader)
        found, step = dict.fromkeys([asset]), [asset]
        while step:
            step = [r for r in dict.fromkeys(r for a in step for r in readers.get(a, ())) if r not in found]
            found |= dict.fromkeys(step)
        return [name for name in found if name != asset and name.split("/")[0] in set(layers)]


def contract_of(company: Company, asset: str) -> Contract | None:
    """The contract of a landing asset."""
    layer, _, dataset = asset.partition("/")
    return company.by_dataset.get(dataset) if layer == LANDING else None


def owner_of(company: Company, graph: Graph, asset: str) -> str:
    contract = contract_of(company, asset)
    return contract.team if contract else graph.owners.get(asset, "data-platform")


def channels_of(company: Company, graph: Graph, asset: str) -> tuple[Channel, ...]:
    """How an asset's owner is reached: the contract's own channels, else the team's, else the company's default."""
    contract = contract_of(company, asset)
    if contract and contract.alert_addresses:
        return tuple(Channel(address) for address in contract.alert_addresses)
    return company.teams.get(owner_of(company, graph, asset)) or company.alerts.default


def journeys_fed_by(contract: Contract, journeys: Iterable[Journey]) -> list[str]:
    """Ids of the journeys in which a touchpoint this dataset can emit opens, makes, ends or voids something."""
    emitted = {contract.constants.get("interaction.touchpoint")}
    for column in contract.columns:
        emitted.add(column.constants.get("interaction.touchpoint"))
        if "interaction.touchpoint" in column.terms:
            emitted |= set((column.value_mapping or {}).values())
    return sorted({j.journey_id for j in journeys if emitted & _touchpoints(j)})


def _touchpoints(journey: Journey) -> set[str]:
    parts = (*journey.stages, *journey.exits, *journey.exclusions)
    return set(journey.entry_touchpoints).union(*(part.touchpoints for part in parts))
