"""What is known of a person record, column by column, as a model compares it.

Put here: `ir_evidence`: names, birth date, address parts, contact values, each in one spelling.
Keep out: how two records are compared (comparisons.py), names and addresses for the rules (names.py).
"""

from __future__ import annotations

from identity.engine import Engine
from identity.sql import fold, key_of

# The number before the street or after it, with a letter or a range; then the street, without its unit.
_NUMBER_FIRST = r"^(\d+\w?(?: \d+\w?)?) (.+)$"
_NUMBER_LAST = r"^(.+?) (\d+ ?[a-z]?(?: \d+ ?[a-z]?)?)$"
COLUMNS = (
    "first_name", "last_name", "middle_initial", "birth_date", "gender", "street_number", "street_name", "postcode",
    "city", "address", "email", "phone", "government_id",
)  # fmt: skip
# What can be told from the other columns is not kept for the next resolve.
_TOLD = {
    "formal": "coalesce(formal, [first_name])",
    "home": "last_name || ' ' || street_number || ' ' || street_name",
    "address": "street_number || ' ' || street_name",
}
KEPT_COLUMNS = ("source", "is_given_name", "formal", *(name for name in COLUMNS if name not in _TOLD))


def keep_evidence() -> str:
    """SQL for KEPT_COLUMNS of a row of the evidence: only given names stand for formal names beside themselves."""
    return ", ".join("case when is_given_name then formal end as formal" if c == "formal" else c for c in KEPT_COLUMNS)


def retell_evidence() -> str:
    """SQL for the columns of the evidence, unique_id aside, of a row of KEPT_COLUMNS; by name."""
    kept = (name for name in KEPT_COLUMNS if name not in _TOLD)
    return ", ".join([*kept, *(f"{sql} as {name}" for name, sql in _TOLD.items())])


def describe_evidence(engine: Engine) -> None:
    """Write `ir_evidence`: one row per person record.

    unique_id (its node), subject_key (`key_of` its name), source (its dataset), formal (formal names the first name may
    stand for), is_given_name, and COLUMNS, all varchar; whatever is unknown is null. Anne-Marie is one name: its second
    half is no middle name, and would count twice. Reads what `describe_people` and `number_nodes` wrote.
    """
    engine.store(
        "ir_contacts",
        """
        select record_id as unique_id,
            min(value) filter (identifier_type = 'email') as email,
            min(value) filter (identifier_type = 'phone') as phone,
            min(value) filter (identifier_type = 'government_id') as government_id
        from ir_uses join ir_identifiers using (node_id)
        where record_id is not null and state = 'used' group by record_id
        """,
    )
    number_last = f"regexp_extract(street, '{_NUMBER_LAST}', ['name', 'number'])"
    engine.store(
        "ir_evidence",
        rf"""
        with placed as (
            select node_id as unique_id, dataset as source, {fold("middle_name")} as middle, street,
                replace(postcode, ' ', '') as postcode, city, contains(coalesce(first_name, ''), '-') as is_hyphenated,
                case when left(street, 1) between '0' and '9'
                    then regexp_extract(street, '{_NUMBER_FIRST}', ['number', 'name']) end as front
            from ir_latest join ir_records using (node_id)
        ),
        found as (
            select *, case when coalesce(front.number, '') = '' and regexp_matches(street, '\d') then {number_last}
                end as back
            from placed
        ),
        parted as (
            select *, coalesce(nullif(front.number, ''), nullif(back.number, '')) as street_number,
                coalesce(nullif(front.name, ''), nullif(back.name, ''), street) as street_name
            from found
        )
        select p.unique_id, {key_of("n.subject_id")} as subject_key, p.source, n.formal, n.is_given_name,
            n.token as first_name, n.last as last_name,
            coalesce(
                left(p.middle, 1),
                case when not is_hyphenated then nullif(left(split_part(n.first, ' ', 2), 1), '') end
            ) as middle_initial,
            strftime(n.birth_date, '%Y-%m-%d') as birth_date, lower(n.gender) as gender,
            p.street_number, p.street_name, p.postcode, p.city, p.street_number || ' ' || p.street_name as address,
            n.last || ' ' || p.street_number || ' ' || p.street_name as home,
            c.email, c.phone, c.government_id
        from parted p
        join ir_people n on n.node_id = p.unique_id
        left join ir_contacts c using (unique_id)
        """,
    )
    engine.drop("ir_latest", "ir_contacts")
