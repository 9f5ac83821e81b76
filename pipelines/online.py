"""Which datasets are recorded online.

Put here: that one question, which definitions and the control schema both ask. Keep out: channels (touchpoints.yml).
"""

from __future__ import annotations

from quality.company import Company
from quality.contract import Contract


def is_online(contract: Contract, company: Company) -> bool:
    """Whether a dataset is recorded by a machine the customer touches, by its own or its touchpoint's word."""
    said = contract.constants.get("interaction.is_online")
    touchpoint = company.touchpoints.get(str(contract.constants.get("interaction.touchpoint")))
    if said is None and touchpoint is not None:
        said = touchpoint.is_online
    if said is None:
        mapped = [
            company.touchpoints[value].is_online
            for column in contract.with_term("interaction.touchpoint")
            for value in (column.value_mapping or {}).values()
            if value in company.touchpoints
        ]
        said = bool(mapped) and all(mapped)
    return bool(said)
