"""Identifier values in one spelling, each distinct value once, and which of them are junk or a role mailbox.

Put here: `ir_values`, the spellings, and `ir_canonical`, what they spell.
Keep out: phone parsing (phones.py), names of people (names.py), counting records per value (nodes.py).
"""

from __future__ import annotations

import pyarrow.compute as pc

from identity.config import IdentityConfig
from identity.defaults import ANY
from identity.engine import Engine
from identity.phones import cache_phones
from identity.relations import Relations
from identity.sql import literals, quote

_SHOWN = "i.identifier_type, coalesce(i.namespace, '') as namespace, i.value"
_IS_SHOWN = "i.value is not null and i.subject_id is not null"
GROUPED_TYPES = ("government_id", "loyalty_number")  # printed in groups: blanks and dashes mean nothing


def normalise_values(engine: Engine, config: IdentityConfig, relations: Relations) -> None:
    """Write the distinct spellings of identifiers, and the values these spell; both are numbered in no order.

    Types that the configuration does not name are left out.

    ir_values: value_no, identifier_type, namespace, value, country (of a phone number without one, else ''),
        canonical_no; null where nothing is left of it.
    ir_canonical: canonical_no, identifier_type, namespace, value, state: 'junk', 'hub' (a role mailbox) or 'used'.
    ir_countries: subject_id, country; of person records that state one.
    """
    types = (*config.strong, *config.weak)
    grouped = " ".join(f"when {quote(t)} then upper(regexp_replace(d.value, '[ -]', '', 'g'))" for t in GROUPED_TYPES)
    engine.store(
        "ir_countries",
        f"select subject_id, min(country) as country from {relations.persons} where length(country) = 2 group by 1",
    )
    engine.store(
        "ir_distinct",
        f"""
        select distinct * from (
            select {_SHOWN}, '' as country from {relations.identifiers} i
            where i.identifier_type in ({literals(t for t in types if t != "phone")}) and {_IS_SHOWN}
            union all
            select {_SHOWN}, {phone_country(engine, config, relations, "c.country")}
            from {relations.identifiers} i left join ir_countries c using (subject_id)
            where i.identifier_type in ({literals(t for t in types if t == "phone")}) and {_IS_SHOWN}
        ) shown
        """,
    )
    cache_phones(engine, "select distinct value, country from ir_distinct where identifier_type = 'phone'")
    _compose(engine)
    engine.store(
        "ir_spelled_values",
        f"""
        select d.identifier_type, d.namespace, d.value, d.country,
            case d.identifier_type
                when 'phone' then p.canonical
                when 'email' then {_email("coalesce(c.composed, d.value)", config)}
                {grouped}
                else trim(coalesce(c.composed, d.value)) end as canonical
        from ir_distinct d
        left join ir_phones p on d.identifier_type = 'phone' and p.value = d.value and p.country = d.country
        left join ir_composed c on c.value = d.value
        """,
    )
    engine.number(
        "ir_canonical",
        "canonical_no",
        f"""
        select identifier_type, namespace, canonical as value,
            case when {_junk(config)} then 'junk'
                when identifier_type = 'email'
                    and regexp_extract(canonical, '^([^@+]*)', 1) in ({literals(config.role_mailboxes)}) then 'hub'
                else 'used' end as state
        from (
            select distinct identifier_type, namespace, canonical from ir_spelled_values where canonical is not null
        ) c
        """,
    )
    engine.number(
        "ir_values",
        "value_no",
        """
        select v.identifier_type, v.namespace, v.value, v.country, c.canonical_no
        from ir_spelled_values v
        left join ir_canonical c
            on c.identifier_type = v.identifier_type and c.namespace = v.namespace and c.value = v.canonical
        """,
    )
    engine.drop("ir_distinct", "ir_spelled_values")


def phone_country(engine: Engine, config: IdentityConfig, relations: Relations, stated: str) -> str:
    """SQL for the country a phone number `i.value` is read in; `stated`: the column with that of its record."""
    default = default_country(engine, config, relations)
    return f"case when starts_with(i.value, '+') then '' else coalesce(upper({stated}), {default}, '') end"


def default_country(engine: Engine, config: IdentityConfig, relations: Relations) -> str:
    """SQL for the country of what names none: the configuration's, else the company's."""
    if config.country:
        return quote(config.country)
    return f"(select min(country) from {relations.run})" if "country" in engine.columns(relations.run) else "null"


def _compose(engine: Engine) -> None:
    """Unicode compatibility forms (full-width letters, ligatures) become plain ones; ASCII values need none."""
    odd = engine.fetch(
        r"""
        select distinct value from ir_distinct
        where identifier_type <> 'phone' and regexp_matches(value, '[^\x00-\x7F]')
        """
    )
    composed = pc.utf8_normalize(odd["value"], form="NFKC")
    engine.register("ir_composed", odd.append_column("composed", composed))


def _email(value: str, config: IdentityConfig) -> str:
    sql = f"replace(lower(trim({value})), 'ß', 'ss')"
    if config.strip_plus_tags:
        sql = rf"regexp_replace({sql}, '\+[^@]*@', '@')"
    if config.dotless_domains:
        domain = f"split_part({sql}, '@', 2)"
        local = f"replace(split_part({sql}, '@', 1), '.', '')"
        sql = (
            f"case when {domain} in ({literals(config.dotless_domains)}) then {local} || '@' || {domain} else {sql} end"
        )
    return sql


def _junk(config: IdentityConfig) -> str:
    def test(kind: str, pattern: str) -> str:
        scope = "" if kind == ANY else f"identifier_type = {quote(kind)} and "
        return f"({scope}regexp_matches(canonical, {quote(pattern)}))"

    tests = [test(kind, pattern) for kind, patterns in config.blocklist.items() for pattern in patterns]
    return " or ".join(["false", *tests])
