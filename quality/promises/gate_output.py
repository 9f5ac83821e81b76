"""What must be true of the output contracts before anything is rendered from them.

Put here: faults of quality/contracts, each as a line. Keep out: reading them (output_contract.py), faults of source
contracts (gate.py), whether tables keep to them (table_drift.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from quality.contract import ContractError
from quality.definitions import ALLOWED, Definitions, load_definitions
from quality.promises.output_contract import OutputColumn, OutputContract, load_output_contracts

STRICTNESS = ALLOWED["classification"]  # public < internal < confidential < restricted
GROUPS = {"marts": "marts", "journeys": "marts", "governance": "governance"}  # group: schema
TYPES = {
    "string": ("varchar",),
    "uuid": ("uuid",),
    "integer": ("integer", "bigint", "smallint"),
    "decimal": ("decimal", "double"),
    "double": ("double", "decimal"),
    "boolean": ("boolean",),
    "date": ("date",),
    "timestamp": ("timestamp",),
    "json": ("varchar", "json"),
}


def output_faults(contracts: Mapping[str, OutputContract]) -> list[str]:
    """Every fault of the output contracts, a line each with file, place, what was seen and what to do; empty: none."""
    definitions = load_definitions()
    return [
        f"{contract.file.name}: {fault}"
        for contract in contracts.values()
        for fault in (*_of_table(contract), *_of_columns(contract, contracts, definitions))
    ]


def require_right_contracts() -> None:
    """Refuse to build anything from output contracts with faults.

    Raises:
        ContractError: a table or a column lacks its term, owner, classification or key; the message has every fault.
    """
    if faults := output_faults(load_output_contracts()):
        raise ContractError("\n".join(["quality/contracts has faults:", *faults]))


def _of_table(contract: OutputContract) -> Iterator[str]:
    if contract.file.name != f"{contract.table}.odcs.yaml":
        yield f"promises table {contract.table}; name the file {contract.table}.odcs.yaml"
    if GROUPS.get(contract.group) != contract.schema:
        yield f"domain {contract.group!r} with schema {contract.schema!r}; allowed: {GROUPS}"
    if contract.version.count(".") != 2 or not contract.version.replace(".", "").isdigit():
        yield f"version {contract.version!r}; write major.minor.patch, such as 1.0.0"
    if contract.owner is None:
        yield "nobody is its owner; team.members needs one with role owner"
    if not contract.grain.startswith("One row per "):
        yield f"dataGranularityDescription {contract.grain!r}; begin it with 'One row per'"
    if not contract.key and not contract.distinct:
        yield "says not what no two rows share; mark primaryKey columns, or add a duplicateValues rule"
    for level in ("frequency", "freshness"):
        if level not in contract.service_levels:
            yield f"slaProperties lacks {level}"
    yield from _of_life(contract)


def _of_life(contract: OutputContract) -> Iterator[str]:
    if contract.status not in ("active", "deprecated"):
        yield f"status {contract.status!r}; allowed: active, deprecated"
    if contract.status == "deprecated":
        if "endOfLife" not in contract.service_levels:
            yield "deprecated without a last day; add slaProperties endOfLife"
        if not contract.table.endswith(f"_v{contract.major}"):
            yield f"deprecated under the name {contract.table}; older versions are served as <table>_v{contract.major}"


def _of_columns(
    contract: OutputContract, contracts: Mapping[str, OutputContract], definitions: Definitions
) -> Iterator[str]:
    names = [c.name for c in contract.columns]
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield f"column {name} is there twice"
    for key in contract.distinct:
        for name in set(key) - set(names):
            yield f"duplicateValues names column {name}, which is not there"
    for column in contract.columns:
        for fault in (*_of_column(column, definitions), *_of_references(column, contracts)):
            yield f"column {column.name}: {fault}"


def _of_column(column: OutputColumn, definitions: Definitions) -> Iterator[str]:
    if not column.description:
        yield "has no description"
    if column.key_position and not column.required:
        yield "is part of the key and may be null; add required: true"
    if column.term is None:
        yield "has no term; link it to one of quality/definitions.yml"
        return
    term = definitions.terms.get(column.term)
    if term is None:
        near = definitions.nearest(column.term)
        yield f"unknown term {column.term!r}" + (f"; nearest {near!r}" if near else "")
        return
    if not column.type.startswith(TYPES[term.type]):
        yield f"is {column.type}, its term {column.term} is {term.type}; allowed: {', '.join(TYPES[term.type])}"
    if column.classification not in STRICTNESS:
        yield f"classification {column.classification!r}; allowed: {', '.join(STRICTNESS)}"
    elif STRICTNESS.index(column.classification) < STRICTNESS.index(term.classification):
        yield f"classified {column.classification}, its term {column.term} is {term.classification}"
    if term.pii in ("direct", "sensitive"):
        yield f"publishes {column.term}, which is {term.pii} personal data; publish a masked term instead"


def _of_references(column: OutputColumn, contracts: Mapping[str, OutputContract]) -> Iterator[str]:
    for reference in column.references:
        table, _, field = reference.partition(".")
        parent = contracts.get(table)
        if parent is None or field not in {c.name for c in parent.columns}:
            yield f"references {reference}, which no contract promises"
