"""What may be asked of the last build: why somebody is one customer, and how good it is against a truth.

Put here: what joins the last build's file, the company's rules, its model and the decisions.
Keep out: arguments and terminals (matching_cli.py), what the answers consist of (identity/explain.py, assess.py).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from identity import decisions
from identity.assess import Assessment, assess
from identity.config_reader import IdentityConfigError
from identity.engine import DuckDBEngine
from identity.explain import explain_customer, explain_pair
from identity.explanation import CustomerExplanation, PairExplanation
from identity.model import ModelError
from identity.subjects import SubjectError, find_customer, find_subject
from pipelines.last_build import open_last_build
from pipelines.matching import read_model, read_rules
from pipelines.publish.publish import PublishError
from pipelines.settings import Settings
from pipelines.state import open_state
from quality.contract import ContractError

READERS = {".csv": "read_csv", ".parquet": "read_parquet"}


class TruthError(ValueError):
    """A truth that cannot be used; the message says what is wrong with the file."""


REFUSALS = (SubjectError, PublishError, ModelError, TruthError, IdentityConfigError, ContractError)


def explain(settings: Settings, name: str, other: str | None, *, values: bool) -> CustomerExplanation | PairExplanation:
    """Why somebody is one customer, or why two are one or two.

    Args:
        name, other: a customer id, or a node however it is named (`identity.subjects.find_subject`).
    Raises:
        REFUSALS: nothing is published, there is no such thing, or the model or the company's files are not whole.
    """
    with open_state(settings.state_url, decisions.METADATA).connect() as state:
        decided = decisions.read_decisions(state)
    with open_last_build(settings) as engine:
        if other is None:
            found = find_customer(engine, "CUSTOMER", name)
            return explain_customer(engine, found, decisions=decided, values=values)
        left, right = find_subject(engine, "LEFT", name), find_subject(engine, "RIGHT", other)
        if left.node == right.node:
            raise SubjectError("RIGHT: this is what LEFT names; name two, or one alone to see its customer")
        rules = read_rules(settings)
        model = read_model(settings, rules)
        return explain_pair(engine, left.node, right.node, model, rules, decisions=decided, values=values)


def evaluate(settings: Settings, truth: Path, limit: int) -> tuple[Assessment, int]:
    """Score the last build; also how many records the truth has.

    Args:
        truth: a CSV or Parquet file with the columns record and person.
        limit: of the lists of wrong customers.
    Raises:
        REFUSALS: as for `explain`; the truth is no such file, or says nothing about the last build.
    """
    with open_last_build(settings) as engine:
        records = _read_truth(engine, truth)
        rules = read_rules(settings)
        model = read_model(settings, rules)
        found = assess(engine, rules, model, "select record_id, entity from ir_known_truth", limit)
    if not found.scores.records:
        raise TruthError(
            f"{truth}: none of its {records} records is in the last build; a record is named as `<dataset>:<key>`"
        )
    return found, records


def _read_truth(engine: DuckDBEngine, file: Path) -> int:
    """Keep the truth as `ir_known_truth` (record_id, entity); how many rows it has."""
    if not file.is_file() or file.suffix not in READERS:
        raise TruthError(f"{file}: no such file that ends in {' or '.join(READERS)}; give one with record and person")
    options = ", all_varchar = true, header = true" if file.suffix == ".csv" else ""
    source = f"{READERS[file.suffix]}('{str(file).replace(chr(39), chr(39) * 2)}'{options})"
    try:
        engine.store(
            "ir_known_truth",
            f"select cast(record as varchar) as record_id, cast(person as varchar) as entity from {source} "
            "where record is not null and person is not null",
        )
    except duckdb.BinderException as fault:
        raise TruthError(f"{file}: needs the columns record and person, and has not both of them") from fault
    [counted] = engine.fetch("select count(*) as n, count(distinct record_id) as once from ir_known_truth").to_pylist()
    if counted["n"] > counted["once"]:
        raise TruthError(
            f"{file}: {counted['n'] - counted['once']} records more than once; each record is of one person"
        )
    return counted["n"]
