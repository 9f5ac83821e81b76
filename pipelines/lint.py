"""All faults of a company folder: contracts, touchpoints, consumers, identity.yml, journeys.

Put here: which checkers there are. Keep out: what they check (quality/gate.py, journeys/spec.py, identity/config.py).
"""

from __future__ import annotations

from pathlib import Path

from identity.config import load_config
from identity.config_reader import IdentityConfigError
from pipelines.journeys.model import JourneyError
from pipelines.journeys.released import list_changed_releases, list_retired
from pipelines.journeys.spec import load_journeys
from quality.company import load_company
from quality.contract import ContractError
from quality.definitions import load_definitions
from quality.gate import check_company
from quality.promises.change_control import list_broken_promises
from quality.promises.consumers import NAME as CONSUMERS
from quality.promises.consumers import consumer_faults, load_consumers
from quality.promises.output_contract import load_output_contracts


def lint_company(folder: Path, released: Path | None = None) -> list[str]:
    """Every fault as one line `file: path: message`, contracts first; empty when the folder is right.

    Args:
        released: `<home>/released`, the declarations of what is published; None or missing: nothing is.
    """
    problems = [str(p) for p in check_company(folder)]
    if problems:
        return problems
    try:
        company = load_company(folder)
        consumers = load_consumers(folder)
        journeys = load_journeys(company.journeys_dir, company.touchpoints)
        load_config(company.identity_file, load_definitions().terms)
    except JourneyError as fault:
        return [str(p) for p in fault.problems]
    except (ContractError, IdentityConfigError) as fault:
        return [str(fault)]
    if faults := consumer_faults(consumers, load_output_contracts()):
        return [f"{folder / CONSUMERS}: {fault}" for fault in faults]
    if released is None:
        return []
    return list_changed_releases(journeys, released / "journeys") + list_broken_promises(folder, released)


def note_retired(folder: Path, released: Path) -> list[str]:
    """A line for every published journey version that has no file any more; for a folder without faults."""
    company = load_company(folder)
    retired = list_retired(load_journeys(company.journeys_dir, company.touchpoints), released / "journeys")
    return [f"{key} is published and has no file any more: the next run retires it" for key in retired]
