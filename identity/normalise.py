"""Identifier values in one spelling, each distinct value once, and which of them are junk or a role mailbox.

Put here: `ir_values` (identifier_type, namespace, value, country -> canonical, state).
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

GROUPED_TYPES = ("government_id", "loyalty_number")  # printed in groups: blanks and dashes mean nothing


def normalise_values(engine: Engine, config: IdentityConfig, relations: Relations) -> None:
    """Write `ir_sightings` (identifier rows with their phone country) and `ir_values`.

    Types that the configuration does not name are left out. `state` is 'junk', 'hub' (a role mailbox) or 'used'.
    """
    country = default_country(engine, config, relations)
    grouped = " ".join(f"when {quote(t)} then upper(regexp_replace(d.value, '[ -]', '', 'g'))" for t in GROUPED_TYPES)
    engine.store(
        "ir_sightings",
        f"""
        select i.dataset, i.subject_id, i.identifier_type, coalesce(i.namespace, '') as namespace, i.value,
            i.first_arrived_on,
            case when i.identifier_type = 'phone' and not starts_with(i.value, '+')
                then coalesce(upper(p.country), {country}, '') else '' end as country
        from {relations.identifiers} i
        left join (
            select subject_id, min(country) as country from {relations.persons} where length(country) = 2 group by 1
        ) p on i.identifier_type = 'phone' and p.subject_id = i.subject_id
        where i.value is not null and i.subject_id is not null
            and i.identifier_type in ({literals((*config.strong, *config.weak))})
        """,
    )
    engine.store("ir_distinct", "select distinct identifier_type, namespace, value, country from ir_sightings")
    cache_phones(engine, "select distinct value, country from ir_distinct where identifier_type = 'phone'")
    _compose(engine)
    engine.store(
        "ir_canonical",
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
    engine.store(
        "ir_values",
        f"""
        select *, case when {_junk(config)} then 'junk'
            when identifier_type = 'email'
                and regexp_extract(canonical, '^([^@+]*)', 1) in ({literals(config.role_mailboxes)}) then 'hub'
            else 'used' end as state
        from ir_canonical
        """,
    )
    engine.drop("ir_distinct", "ir_canonical")


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
    return " or ".join(["canonical is null", *tests])
