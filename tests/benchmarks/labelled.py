"""Labelled public records as standard tables: what identity is measured on.

Put here: how each data set says its fields in our terms, and its truth. Keep out: rules, models, thresholds.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests.identity.identity_warehouse import Warehouse

_TEXT = "nullif(nullif(nullif(trim({}), ''), 'nan'), 'None')"


def _text(column: str) -> str:
    return _TEXT.format(column)


def _febrl(file: Path, dataset: str) -> str:
    """FEBRL: Freely Extensible Biomedical Record Linkage, Christen 2008."""
    columns = ("given_name", "surname", "street_number", "address_1", "suburb", "postcode", "state")
    given, surname, number, street, suburb, postcode, state = (_text(c) for c in columns)
    return f"""
        select '{dataset}' as dataset, trim(rec_id) as key, regexp_extract(rec_id, 'rec-(\\d+)', 1) as entity,
            {given} as first_name, null as middle_name, {surname} as last_name,
            try_strptime({_text("date_of_birth")}, '%Y%m%d')::date as birth_date, null as gender,
            nullif(concat_ws(' ', {number}, {street}), '') as street, {suburb} as city, {state} as region,
            {postcode} as postcode, {_text("soc_sec_id")} as government_id
        from read_csv('{file}', all_varchar = true)
    """


def _person(dataset: str, relation: str, born: str, middle: str, gender: str, street: str, number: str = "null") -> str:
    return f"""
        select '{dataset}' as dataset, cast(row_number() over () as varchar) as key, simulant_id as entity,
            {_text("first_name")} as first_name, {middle} as middle_name, {_text("last_name")} as last_name,
            {born} as birth_date, {gender} as gender, {street} as street, null as city, null as region,
            null as postcode, {number} as government_id
        from {relation}
    """


def febrl3(folder: Path) -> str:
    return _febrl(folder / "febrl_dataset3.csv", "febrl3")


def febrl4(folder: Path) -> str:
    return f"{_febrl(folder / 'febrl_dataset4a.csv', 'a')} union all {_febrl(folder / 'febrl_dataset4b.csv', 'b')}"


def census(folder: Path) -> str:
    number, street, unit = (_text(c) for c in ("street_number", "street_name", "unit_number"))
    return _person(
        "census", f"'{folder / 'pseudopeople_census.parquet'}'",
        f"try_strptime({_text('date_of_birth')}, '%m/%d/%Y')::date", _text("middle_initial"), _text("sex"),
        f"nullif(concat_ws(' ', {number}, {street}, {unit}), '')",
    )  # fmt: skip


def ssa(folder: Path) -> str:
    return _person(
        "ssa", f"(from '{folder / 'pseudopeople_ssa.parquet'}' where event_type = 'creation')",
        f"try_strptime({_text('date_of_birth')}, '%Y%m%d')::date", _text("middle_name"), _text("sex"), "null",
        _text("ssn"),
    )  # fmt: skip


def w2(folder: Path) -> str:
    """Without its SSN: the census has none, so name and address are all there is to link by."""
    number, street, unit = (_text(f"mailing_address_{c}") for c in ("street_number", "street_name", "unit_number"))
    return _person(
        "w2", f"'{folder / 'pseudopeople_w2.parquet'}'", "null::date", _text("middle_initial"), "null",
        f"nullif(concat_ws(' ', {number}, {street}, {unit}), '')",
    )  # fmt: skip


def load(query: str) -> Warehouse:
    """A warehouse in memory whose standard tables hold the records; `truth` (record_id, entity) beside them."""
    warehouse = Warehouse()
    con: duckdb.DuckDBPyConnection = warehouse.con
    con.execute(f"create table labelled as select *, dataset || ':' || key as subject_id from ({query})")
    con.execute(
        """
        insert into std.std_persons by name
        select dataset, subject_id as record_id, subject_id, date '2024-01-01' as arrived_on,
            date '2024-01-01' as first_arrived_on, first_name, middle_name, last_name, birth_date, gender, street, city,
            region, postcode
        from labelled
        """
    )
    con.execute(
        """
        insert into std.std_identifiers by name
        select dataset, subject_id as record_id, subject_id, date '2024-01-01' as arrived_on,
            date '2024-01-01' as first_arrived_on, 'government_id' as identifier_type, 'ssn' as namespace,
            government_id as value
        from labelled where government_id is not null
        """
    )
    con.execute("create view truth as select subject_id as record_id, entity from labelled")
    return warehouse
