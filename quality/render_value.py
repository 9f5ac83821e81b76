"""The value of a standard term in a row of one dataset, as SQL over its base model.

Put here: who wins (slot constants, column, dataset constants), value mappings, types, namespaces, ids.
Keep out: which standard tables exist and how rows are grouped (render_people.py, render_events.py, render_facts.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from quality import render_sql as sql
from quality.company import Company
from quality.contract import Column, Contract
from quality.render_transform import referenced_columns

UNMAPPED = "unmapped"
DROPPED = ""  # what a mapping to null makes of a touchpoint: no interaction
WITHOUT_NAMESPACE = ("email", "phone")
KINDS = {"string": "text", "object": "text", "array": "text", "number": "number", "boolean": "boolean"}
KINDS |= {"integer": "bigint", "date": "date", "timestamp": "timestamp"}


@dataclass(frozen=True)
class Identifier:
    """One column that identifies: its type, namespace ('' for email and phone) and cleaned value in SQL."""

    type: str
    namespace: str
    value: str


@dataclass(frozen=True)
class Dataset:
    """A contract read as a supplier of standard rows."""

    company: Company
    contract: Contract

    @property
    def name(self) -> str:
        return self.contract.dataset

    @property
    def base(self) -> str:
        return f"{{{{ ref('base_{self.name}') }}}}"

    @property
    def has_person(self) -> bool:
        return self.contract.has_entity("person")

    def value(self, term: str, kind: str, slot: Column | None = None) -> str:
        """The term's value as SQL of type `kind`: slot constant, else column, else dataset constant, else null.

        A column that is null in a row leaves the row to the dataset's constant.
        """
        if slot is not None and term in slot.constants:
            return sql.convert(sql.literal(slot.constants[term]), kind)
        found = [self.typed(c, kind) for c in self.contract.with_term(term)[:1]]
        if self.contract.constants.get(term) is not None:
            found.append(sql.convert(sql.literal(self.contract.constants[term]), kind))
        if not found:
            return sql.convert("null", kind)
        return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"

    def is_off(self, term: str, slot: Column | None = None) -> bool:
        """Whether a null constant switches the term off, so that nothing further may fill it."""
        if slot is not None and term in slot.constants:
            return slot.constants[term] is None
        return term in self.contract.constants and self.contract.constants[term] is None

    def typed(self, column: Column, kind: str) -> str:
        """The column as `kind`: cleaned, mapped, trimmed, times in UTC, and null where it does not fit."""
        raw, logical = base_name(column), column.logical_type
        if column.value_mapping is not None:
            raw, logical = _mapped(column, absent="null"), "string"
        zone = column.default_timezone or self.company.timezone
        if kind == "text":
            return raw if column.value_mapping is not None else _text_of(column)
        if kind == "timestamp" and logical == "date":
            return sql.to_utc(raw, zone)
        if kind == "date" and logical == "timestamp":
            return sql.to_local_date(raw, zone)
        return sql.convert(raw, kind)

    def touchpoint(self, slot: Column) -> str:
        """The touchpoint of a slot as SQL text: null where none is said, '' where the mapping drops it."""
        term = "interaction.touchpoint"
        columns = self.contract.with_term(term)
        if term in slot.constants or not columns or columns[0].value_mapping is None:
            return self.value(term, "text", slot)
        constant = sql.literal(self.contract.constants.get(term))
        return f"coalesce({_mapped(columns[0], sql.literal(UNMAPPED), sql.literal(DROPPED))}, {constant})"

    def is_kept(self, slot: Column) -> str | None:
        """SQL that is true of rows whose touchpoint the mapping does not drop; None where it drops none.

        It asks for the key alone: an engine that filters early would map every row a second time.
        """
        columns = self.contract.with_term("interaction.touchpoint")
        if "interaction.touchpoint" in slot.constants or not columns or columns[0].value_mapping is None:
            return None
        mapping = _mapping(columns[0])
        dropped = [key for key, target in mapping.items() if target is None and key != "*"]
        kept = [key for key, target in mapping.items() if target is not None and key != "*"]
        key = key_name(columns[0])
        if "*" in mapping and mapping["*"] is None:
            return f"coalesce({key} in ({', '.join(map(sql.literal, kept))}), true)" if kept else f"{key} is null"
        return f"coalesce({key} not in ({', '.join(map(sql.literal, dropped))}), true)" if dropped else None

    def key(self, *terms: str) -> str:
        """`namespace:value` of the first of `terms` that a column carries; text null without one."""
        for term in terms:
            for column in self.contract.with_term(term)[:1]:
                value = self.typed(column, "text")
                return f"{sql.literal(column.namespace + ':')} || {value}" if column.namespace else value
        return sql.convert("null", "text")

    @property
    def identifiers(self) -> tuple[Identifier, ...]:
        """Every identifying column, sorted by type and namespace: the order of the identifier tuple."""
        found = [
            Identifier(t.split(".")[1], "" if t.split(".")[1] in WITHOUT_NAMESPACE else c.namespace or "", v)
            for c in self.contract.columns
            for t in c.terms
            if t.startswith("identifier.") or t in ("person.email", "person.phone")
            for v in [self.typed(c, "text")]
        ]
        return tuple(sorted(dict.fromkeys(found), key=lambda i: (i.type, i.namespace)))

    @property
    def person_key(self) -> str:
        """`person.record_id`, else the record key."""
        columns = self.contract.with_term("person.record_id")
        return f"coalesce({self.typed(columns[0], 'text')}, _record_key)" if columns else "_record_key"

    @property
    def subject_id(self) -> str:
        """What identity resolves: the person record, else the identifier tuple, else null."""
        if self.has_person:
            return f"'{self.name}:' || {self.person_key}"
        return self.tuple_subject([i.value for i in self.identifiers])

    def tuple_subject(self, values: list[str]) -> str:
        """The subject of an identifier tuple whose values, in the order of `identifiers`, are `values`."""
        if not values:
            return sql.convert("null", "text")
        members = [
            f"{sql.literal(f'{i.type}={i.namespace}=')} || {v}" for i, v in zip(self.identifiers, values, strict=True)
        ]
        joined = f"nullif(concat_ws('|', {', '.join(members)}), '')"
        return f"'{self.name}:~' || md5({joined})"

    @property
    def version_time(self) -> str:
        """When this version of a row was true: `person.valid_at`, else the cursor where it is a time, else null."""
        columns = list(self.contract.with_term("person.valid_at"))
        if self.contract.cursor and self.contract.column(self.contract.cursor).logical_type in ("date", "timestamp"):
            columns.append(self.contract.column(self.contract.cursor))
        times = dict.fromkeys(self.typed(c, "timestamp") for c in columns)
        return f"coalesce({', '.join(times)})" if times else sql.convert("null", "timestamp")

    @property
    def row_time(self) -> str:
        """The instant a row speaks of: its first event, else when its version was true, else its arrival day."""
        events = ("interaction.occurred_at", "order.ordered_at", "case.opened_at", "survey.responded_at", "consent.at")
        times = dict.fromkeys(self.typed(c, "timestamp") for term in events for c in self.contract.with_term(term))
        return f"coalesce({', '.join([*times, self.version_time, sql.convert('_arrived_on', 'timestamp')])})"

    def is_grain(self, term: str) -> bool:
        """Whether the column of `term` is the whole primary key, so that no rows need grouping."""
        columns = self.contract.with_term(term)[:1]
        return bool(columns) and self.contract.key == columns and columns[0].transform is None

    def is_day(self, column: Column) -> bool:
        """Whether the column knows the day only."""
        if column.logical_type == "date":
            return True
        if column.format:
            return not re.search("[HhKkms]", re.sub("'[^']*'", "", column.format))
        if column.transform is None:
            return False
        times = [c for c in referenced_columns(self.contract, column) if c.logical_type in ("date", "timestamp")]
        return any(c != column for c in times) and all(self.is_day(c) for c in times if c != column)


def base_name(column: Column) -> str:
    """The column's name in the base model: a landed column that transformLogic cleans has a second, clean one."""
    is_cleaned = column.transform is not None and not column.is_derived
    return sql.quote(f"{column.name}__clean" if is_cleaned else column.name)


def text_name(column: Column) -> str:
    """The base model's column with the trimmed text of a column, so that a row is trimmed once, however often read."""
    return sql.quote(f"{column.name}__text")


def key_name(column: Column) -> str:
    """The base model's column with what a value mapping compares: the trimmed text in lower case."""
    return sql.quote(f"{column.name}__key")


def cleaned_columns(column: Column, expression: str) -> list[str]:
    """What the base model has besides the column itself (SQL `expression`), as `<sql> as <name>`."""
    if not column.terms:
        return []
    text = sql.trim_text(expression) if _is_text(column) else _cast(expression)
    found = [f"{text} as {text_name(column)}"] if _is_text(column) else []
    return [*found, f"lower({text}) as {key_name(column)}"] if column.value_mapping is not None else found


def _mapping(column: Column) -> dict[str, str | None]:
    return {k.lower(): v for k, v in column.value_mapping.items()}


def _mapped(column: Column, absent: str, dropped: str = "null") -> str:
    """The value mapping as a case over the trimmed, lower-case value.

    Args:
        absent: what a value outside the mapping becomes.
        dropped: what a value mapped to null becomes.
    """
    mapping, key = _mapping(column), key_name(column)

    def target(value: str | None) -> str:
        return dropped if value is None else sql.literal(value)

    otherwise = absent
    if "*" in mapping:
        otherwise = _text_of(column) if mapping["*"] == "*" else target(mapping["*"])
    cases = "".join(f" when {sql.literal(k)} then {target(v)}" for k, v in mapping.items() if k != "*")
    known = f"case when {key} is not null then {otherwise} end"
    return f"case {key}{cases} else {known} end" if cases else known


def _text_of(column: Column) -> str:
    return text_name(column) if _is_text(column) else _cast(base_name(column))


def _is_text(column: Column) -> bool:
    return KINDS[column.logical_type] == "text"


def _cast(expression: str) -> str:
    return f"cast({expression} as {sql.TYPES['text']})"
