"""The gate: every fault of a company's contracts and facts, all at once, before anything runs.

Put here: which checks make the gate, over which files.
Keep out: the checks (gate_standard.py, gate_dataset.py, gate_columns.py, gate_channels.py, gate_company.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from quality.definitions import Definitions, load_definitions
from quality.gate_channels import check_support
from quality.gate_columns import check_columns
from quality.gate_company import check_facts, check_touchpoints
from quality.gate_dataset import Surroundings, check_dataset
from quality.gate_problem import Finding, Problem, as_map, read_yaml
from quality.gate_standard import check_standard

__all__ = ["Problem", "check_company", "check_contract"]
SUFFIX = ".odcs.yaml"


def check_company(folder: Path) -> list[Problem]:
    """Check a company folder: company.yml, touchpoints.yml and every contract.

    Args:
        folder: holds company.yml, touchpoints.yml and contracts/*.odcs.yaml. `${VAR}` stays unresolved.
    Returns:
        All problems of all files, sorted by file, path and message; empty if the company is clean.
    """
    definitions = load_definitions()
    files = sorted((folder / "contracts").glob("*.yaml")) + sorted((folder / "contracts").glob("*.yml"))
    datasets = {f.name.removesuffix(SUFFIX) for f in files}
    touchpoints, problems = _touchpoints(folder / "touchpoints.yml", definitions)
    facts, findings = _read(folder / "company.yml")
    problems += _of(folder / "company.yml", findings or list(check_facts(facts, datasets)))
    around = Surroundings(definitions, touchpoints)
    if not files:
        problems += _of(folder / "contracts", [("folder", f"holds no contract; add <dataset>{SUFFIX}")])
    for file in files:
        problems += check_contract(file, around)
    return sorted(set(problems))


def check_contract(file: Path, around: Surroundings) -> list[Problem]:
    """Check one contract against the standard and against our own rules; unsorted."""
    document, findings = read_yaml(file)
    if findings:
        return _of(file, findings)
    if not file.name.endswith(SUFFIX):
        return _of(file, [("file", f"is not read: its name must end in {SUFFIX}; rename it")])
    own = [
        *check_dataset(document, file.name.removesuffix(SUFFIX), around),
        *check_columns(document, around),
        *check_support(document),
    ]
    said = {path for path, _ in own}
    return _of(file, own + [f for f in check_standard(document) if not _is_said(f[0], said)])


def _is_said(path: str, said: set[str]) -> bool:
    """Our own words at the same place, or just below it, are clearer than the standard's."""
    below = path.endswith(".quality")
    return path in said or any(s.rpartition(".")[0] == path or (below and s.startswith(path)) for s in said)


def _touchpoints(file: Path, definitions: Definitions) -> tuple[dict[str, frozenset[str]], list[Problem]]:
    document, findings = _read(file)
    found: dict[str, frozenset[str]] = {}
    for name, entry in as_map(document.get("touchpoints")).items():
        attributes = as_map(entry).get("attributes")
        found[str(name)] = frozenset(map(str, attributes)) if isinstance(attributes, list) else frozenset()
    return found, _of(file, findings or list(check_touchpoints(document, definitions)))


def _read(file: Path) -> tuple[dict[str, Any], list[Finding]]:
    if not file.is_file():
        return {}, [("file", "is not there; a company folder needs company.yml, touchpoints.yml and contracts/")]
    return read_yaml(file)


def _of(file: Path, findings: list[Finding]) -> list[Problem]:
    return [Problem(str(file), path, message) for path, message in findings]
