"""Simulated person records by the million, with their truth: what identity is timed on.

Put here: the generator, in SQL. Keep out: measuring. Given and family names are drawn unevenly, as in life; three of
ten people have a second record, in which one field in ten has a wrong letter, is missing, or is from before a move.
"""

from __future__ import annotations

import duckdb

_CONSONANTS, _VOWELS = "bdfghjklmnprstvwz", "aeiou"
_CITIES = 400


def _draw(step: str) -> str:
    """A number of the person alone, 0–2^32; `hash(person, step)` would draw first and last names in step."""
    return f"(md5_number_lower(person || '/{step}') % 4294967296)"


def _word(number: str, syllables: int) -> str:
    parts = []
    for i in range(syllables):
        part = f"({number} // {(len(_CONSONANTS) * len(_VOWELS)) ** i})"
        parts.append(f"substr('{_CONSONANTS}', 1 + ({part} % {len(_CONSONANTS)})::int, 1)")
        parts.append(f"substr('{_VOWELS}', 1 + ({part} // {len(_CONSONANTS)} % {len(_VOWELS)})::int, 1)")
    return " || ".join(parts)


def _uneven(step: str, names: int) -> str:
    """A rank drawn so that the first names are common and most are rare."""
    return f"(power({_draw(step)} / 4294967296.0, 3) * {names})::bigint"


def _messy(column: str) -> str:
    """The value in a second record: one in ten has a letter twice, is null, or is spelled short."""
    luck = f"(md5_number_lower(key || '/{column}') % 30)"
    return (
        f"case when not is_second then {column} when {luck} = 0 then null "
        f"when {luck} = 1 then {column}[1:3] || {column}[3:] when {luck} = 2 then {column}[1:2] || {column}[4:] "
        f"else {column} end"
    )


def fill_people(connection: duckdb.DuckDBPyConnection, records: int) -> None:
    """Append `records` person records, with an e-mail for one in two, to std_persons and std_identifiers of a database.

    `labelled` (record_id, entity) holds the truth.
    """
    people = records * 10 // 13
    connection.execute(
        f"""
        create or replace temp table drawn as
        with keyed as (
            select i as key, i >= {people} as is_second, case when i >= {people} then i - {people} else i end as person
            from range({records}) numbers(i)
        ),
        named as (
            select *, {_word(_uneven("first", 8000), 2)} || 'n' as first_name,
                {_word(_uneven("last", 90000), 3)} as last_name,
                date '1935-01-01' + ({_draw("born")} % 26000)::int as born,
                case when is_second and md5_number_lower(key || '/moved') % 10 = 0 then 'm' else '' end as moved
            from keyed
        )
        select key, person, is_second, first_name, last_name, born,
            (1 + md5_number_lower(person || '/number' || moved) % 150) || ' '
                || {_word("(md5_number_lower(person || '/street' || moved) % 40000)", 3)} || ' street' as street,
            (10000 + md5_number_lower(person || '/place' || moved) % {_CITIES})::varchar as postcode,
            'p' || person || case when is_second then '@second.example' else '@first.example' end as email
        from named
        """
    )
    connection.execute(
        f"""
        insert into std.std_persons by name
        select 'crm' as dataset, 'crm:' || key as record_id, 'crm:' || key as subject_id,
            date '2024-01-01' as arrived_on, date '2024-01-01' as first_arrived_on,
            {_messy("first_name")} as first_name,
            {_messy("last_name")} as last_name,
            case when not is_second or md5_number_lower(key || '/born') % 20 > 0 then born end as birth_date,
            {_messy("street")} as street, postcode
        from drawn
        """
    )
    connection.execute(
        """
        insert into std.std_identifiers by name
        select 'crm' as dataset, 'crm:' || key as record_id, 'crm:' || key as subject_id,
            date '2024-01-01' as arrived_on, date '2024-01-01' as first_arrived_on, 'email' as identifier_type,
            '' as namespace, email as value
        from drawn where md5_number_lower(person || '/mail') % 2 = 0
        """
    )
    connection.execute(
        "create or replace table labelled as select 'crm:' || key as record_id, person as entity from drawn"
    )
