"""What is known of a person, in a form that can be compared: names, birth date, gender, address.

Put here: `ir_people`, and the SQL that says why two people contradict each other.
Keep out: which pairs are compared (guard.py).
"""

from __future__ import annotations

from identity.config import IdentityConfig
from identity.defaults import UNKNOWN_BIRTH_DATES
from identity.engine import Engine
from identity.nicknames import nickname_table
from identity.relations import Relations
from identity.scripts import romanise
from identity.sql import fold, fold_all, fold_columns, literals

_TITLES = r"^((mr|mrs|ms|miss|mx|sir|dr|prof|herr|frau)\s+)+"
_GENERATION = r"\s(jr|sr|junior|senior|ii|iii|iv)$"


def describe_people(engine: Engine, relations: Relations) -> None:
    """Write `ir_people`, and `ir_latest`, the row it is made of, its address folded: one row per person record.

    node_id, first, token (its first word), formal (list of formal names the token may stand for), last, generation,
    birth_date, gender, address (street, postcode or city, country), is_given_name (the token is a name of its own, not
    a typo of one), subject_id. Whatever is unknown is null. Names are in Latin letters.
    A record with only a full name has it taken apart: "Last, First" and "First … Last".
    """
    engine.register("ir_nicknames", nickname_table())
    romanise(engine, relations.persons, ("first_name", "last_name", "full_name"))
    engine.store(
        "ir_latest",
        f"""
        with rows as (
            select p.*, r.node_id, r.row_count from {relations.persons} p join ir_records r using (subject_id)
        ),
        latest as (
            select * from rows where row_count = 1
            union all
            select * from rows where row_count > 1
            qualify row_number() over (partition by subject_id order by valid_at desc nulls last, record_id) = 1
        )
        select p.node_id, p.subject_id, coalesce(f.latin, p.first_name) as first_name,
            coalesce(l.latin, p.last_name) as last_name, p.birth_date, p.gender,
            case when p.first_name is null or p.last_name is null then coalesce(n.parted, p.full_name) end as full_name,
            p.middle_name, folded[1] as street, folded[2] as postcode, folded[3] as city, p.country
        from (select *, {fold_columns("street", "postcode", "city")} as folded from latest) p
        left join ir_latin f on f.raw = p.first_name
        left join ir_latin l on l.raw = p.last_name
        left join ir_latin n on n.raw = p.full_name
        """,
    )
    spelled = " union ".join(f"select {column} as raw from ir_latest" for column in ("first_name", "last_name"))
    engine.store("ir_spelled", f"select raw, {fold('raw')} as folded from ({spelled}) n where raw is not null")
    engine.store("ir_formal", "select name, list(formal order by formal) as formal from ir_nicknames group by name")
    engine.store(
        "ir_people",
        rf"""
        with named as (
            select node_id, subject_id, birth_date, gender,
                street || '|' || coalesce(postcode, city) || '|' || coalesce(upper(country), '') as address,
                regexp_replace(case
                    when first is not null then first
                    when contains(full_name, ',') then parts[2]
                    else regexp_extract(bare_name, '^(\S+) ', 1) end, '{_TITLES}', '') as first,
                case
                    when last is not null then last
                    when first is not null then null
                    when contains(full_name, ',') then parts[1]
                    else regexp_extract(bare_name, ' (\S+)$', 1) end as last,
                regexp_extract(coalesce(last, folded_name), '{_GENERATION}', 1) as generation
            from (
                select *, regexp_replace(regexp_replace(folded_name, '{_TITLES}', ''), '{_GENERATION}', '') as bare_name
                from (
                    select p.*, f.folded as first, l.folded as last,
                        case when full_name is not null then {fold_all("string_split(full_name, ',')")} end as parts,
                        nullif(array_to_string(parts, ' '), '') as folded_name
                    from ir_latest p
                    left join ir_spelled f on f.raw = p.first_name
                    left join ir_spelled l on l.raw = p.last_name
                ) folded
            ) bare
        )
        select p.node_id, p.subject_id, nullif(p.first, '') as first, nullif(split_part(p.first, ' ', 1), '') as token,
            coalesce(f.formal, [split_part(p.first, ' ', 1)]) as formal,
            nullif(regexp_replace(p.last, '{_GENERATION}', ''), '') as last,
            case p.generation when 'junior' then 'jr' when 'senior' then 'sr' when '' then null
                else p.generation end as generation,
            case when p.birth_date not in ({literals(UNKNOWN_BIRTH_DATES)}) then p.birth_date end as birth_date,
            p.gender, p.address, f.name is not null as is_given_name
        from named p
        left join ir_formal f on f.name = split_part(p.first, ' ', 1)
        """,
    )
    engine.drop("ir_spelled", "ir_formal")


def same_first_name(left: str, right: str) -> str:
    """SQL: two known first names are one: equal, one longer than the other by whole words, or nicknames."""
    return (
        f"({left}.first = {right}.first or starts_with({left}.first, {right}.first || ' ') "
        f"or starts_with({right}.first, {left}.first || ' ') or list_has_any({left}.formal, {right}.formal))"
    )


def contradiction(left: str, right: str, config: IdentityConfig, last_name: bool = False) -> str:
    """SQL for the reason two people cannot be one, null where nothing contradicts.

    Unknown values contradict nothing. An initial agrees with every name it begins. One wrong letter in a first name of
    five letters or more is a typo where the family names agree, the genders do not differ, and not both are given names
    of their own. First and last name may have changed places.

    Args:
        last_name: also refuse different family names, unless the birth dates agree (for phones, which are recycled).
    """
    initial = (
        f"((length({left}.token) = 1 or length({right}.token) = 1) and substr({left}.token, 1, 1) = "
        f"substr({right}.token, 1, 1))"
    )
    typo = (
        f"(length({left}.first) >= 5 and length({right}.first) >= 5 "
        f"and substr({left}.first, 1, 1) = substr({right}.first, 1, 1) "
        f"and damerau_levenshtein({left}.first, {right}.first) <= 1 and {left}.last = {right}.last "
        f"and not ({left}.is_given_name and {right}.is_given_name) "
        f"and coalesce({left}.gender = {right}.gender, true))"
    )
    swapped = f"coalesce({left}.first = {right}.last and {left}.last = {right}.first, false)"
    agree = [same_first_name(left, right), initial, swapped, *([typo] if config.allow_typos else [])]
    branches = [
        f"when {left}.birth_date <> {right}.birth_date then 'birth date contradicts'",
        f"when {left}.first is not null and {right}.first is not null "
        f"and not ({' or '.join(agree)}) then 'first name contradicts'",
        f"when {left}.generation <> {right}.generation then 'generation contradicts'",
    ]
    if last_name:
        near = (
            f"({left}.last = {right}.last or list_has_any(string_split({left}.last, ' '), "
            f"string_split({right}.last, ' ')) or (length({left}.last) >= 4 "
            f"and damerau_levenshtein({left}.last, {right}.last) <= 2))"
        )
        branches.append(
            f"when not {near} and not coalesce({left}.birth_date = {right}.birth_date, false) "
            "then 'last name contradicts'"
        )
    return f"case {' '.join(branches)} end"


def positive_agreement(left: str, right: str, config: IdentityConfig) -> str:
    """SQL for the reason two people of one address and family name are not shown to be one: both first names must be
    known and the same; an initial, a typo or a missing name shows nothing. Household members differ in nothing else."""
    return (
        f"case when coalesce(length({left}.token), 0) < 2 or coalesce(length({right}.token), 0) < 2 "
        f"then 'first name unknown' when not {same_first_name(left, right)} then 'first name contradicts' "
        f"when {left}.generation is distinct from {right}.generation then 'generation contradicts' "
        f"else {contradiction(left, right, config)} end"
    )
