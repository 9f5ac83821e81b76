"""All faults of a company folder: contracts, touchpoints, identity.yml, journeys.

Put here: which checkers there are. Keep out: what they check (quality/gate.py, journeys/spec.py, identity/config.py).
"""

from __future__ import annotations

from pathlib import Path

from identity.config import load_config
from identity.config_reader import IdentityConfigError
from pipelines.journeys.model import JourneyError
from pipelines.journeys.spec import load_journeys
from quality.company import load_company
from quality.contract import ContractError
from quality.definitions import load_definitions
from quality.gate import check_company


def lint_company(folder: Path) -> list[str]:
    """Every fault as one line `file: path: message`, contracts first; empty when the folder is right."""
    problems = [str(p) for p in check_company(folder)]
    if problems:
        return problems
    try:
        company = load_company(folder)
        load_journeys(company.journeys_dir, company.touchpoints)
        load_config(company.identity_file, load_definitions().terms)
    except JourneyError as fault:
        return [str(p) for p in fault.problems]
    except (ContractError, IdentityConfigError) as fault:
        return [str(fault)]
    return []
