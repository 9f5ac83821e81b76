"""The standard vocabulary: what every column means, how personal it is, and how it is published.

Put here: reading quality/definitions.yml and looking terms up.
Keep out: the entries themselves (definitions.yml), and what a contract may do with a term (gate_columns.py).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from quality.plain_yaml import parse

FILE = Path(__file__).with_name("definitions.yml")
ALLOWED = {
    "type": ("string", "integer", "decimal", "double", "boolean", "date", "timestamp", "uuid", "json"),
    "pii": ("none", "pseudonymous", "direct", "sensitive"),
    "classification": ("public", "internal", "confidential", "restricted"),
    "masking": ("none", "token", "email_domain", "phone_country", "birth_year", "drop"),
    "occurs": ("once", "slot", "many"),
    "strength": ("strong", "weak", None),
}
CLASSIFICATION_OF = {
    "none": "internal",
    "pseudonymous": "confidential",
    "direct": "restricted",
    "sensitive": "restricted",
}


class DefinitionError(ValueError):
    """definitions.yml contradicts itself. The message names the file, the terms and the remedy."""


@dataclass(frozen=True)
class Term:
    """One entry of definitions.yml. `cardinality` and `fan_out`: None means unlimited."""

    term: str  # <entity>.<field>
    meaning: str
    type: str
    owner: str
    linkable: bool  # a source contract may link a column to it
    unit: str | None = None
    pii: str = "none"
    classification: str = "internal"
    masking: str = "none"
    occurs: str = "once"
    synonyms: tuple[str, ...] = ()
    values: tuple[str, ...] = ()  # the closed set, empty when open
    keyed: bool = False
    strength: str | None = None
    order: int | None = None
    cardinality: int | None = None
    fan_out: int | None = None

    @property
    def entity(self) -> str:
        return self.term.split(".")[0]

    @property
    def is_slot(self) -> bool:
        """Each column linked to the term makes a row of its own."""
        return self.occurs == "slot"


@dataclass(frozen=True)
class Definitions:
    """All terms by name."""

    terms: Mapping[str, Term]

    @property
    def slots(self) -> frozenset[str]:
        return frozenset(t.term for t in self.terms.values() if t.is_slot)

    @property
    def linkable(self) -> tuple[str, ...]:
        """Terms a source contract may use, sorted."""
        return tuple(sorted(t.term for t in self.terms.values() if t.linkable))

    def nearest(self, term: str) -> str | None:
        """The linkable term most like `term`, by name or by synonym; None if nothing is like it."""
        names = {t: t for t in self.linkable}
        names |= {s.casefold(): t for t in self.linkable for s in self.terms[t].synonyms}
        names |= {t.split(".")[1]: t for t in self.linkable if t.split(".")[1] not in names}
        for asked in (term, term.split(".")[-1].replace("_", " ").casefold()):
            if found := difflib.get_close_matches(asked, names, n=1, cutoff=0.6):
                return names[found[0]]
        return None


@cache
def load_definitions(file: Path = FILE) -> Definitions:
    """The vocabulary, read once a process; see `read_definitions`."""
    return read_definitions(file)


def read_definitions(file: Path) -> Definitions:
    """Read a vocabulary.

    Raises:
        DefinitionError: an entry has an unknown key or value, personal data without masking, or two terms share a
            synonym.
    """
    document = parse(file.read_text(encoding="utf-8"))
    terms = {t.term: t for t in _terms(file, document)}
    _refuse_shared_synonyms(file, terms)
    return Definitions(terms)


def _terms(file: Path, document: Mapping[str, Any]) -> Iterator[Term]:
    for entity, section in document.items():
        if unknown := set(section) - {"owner", "source", "published"}:
            raise DefinitionError(f"{file}: {entity}: unknown {sorted(unknown)}; allowed: owner, source, published")
        for group in ("source", "published"):
            for field, entry in (section.get(group) or {}).items():
                yield _term(file, f"{entity}.{field}", section.get("owner"), group == "source", entry)


def _term(file: Path, term: str, owner: str | None, linkable: bool, entry: Mapping[str, Any]) -> Term:
    lists = {key: tuple(entry.get(key, ())) for key in ("synonyms", "values")}
    values = {"owner": owner, **entry, **lists}
    values.setdefault("classification", CLASSIFICATION_OF.get(values.get("pii", "none"), "restricted"))
    if missing := [k for k in ("meaning", "type", "owner") if not values.get(k)]:
        raise DefinitionError(f"{file}: {term}: missing {', '.join(missing)}; every term needs them")
    try:
        made = Term(term=term, linkable=linkable, **values)
    except TypeError as fault:
        allowed = ", ".join(f for f in Term.__dataclass_fields__ if f not in ("term", "linkable"))
        raise DefinitionError(f"{file}: {term}: {fault}; allowed: {allowed}") from fault
    for key, allowed_values in ALLOWED.items():
        if getattr(made, key) not in allowed_values:
            raise DefinitionError(
                f"{file}: {term}.{key} is {getattr(made, key)!r}; allowed: {', '.join(map(str, allowed_values))}"
            )
    if made.pii in ("direct", "sensitive") and made.masking == "none":
        raise DefinitionError(f"{file}: {term} is {made.pii} personal data without masking; name one, or drop")
    return made


def _refuse_shared_synonyms(file: Path, terms: Mapping[str, Term]) -> None:
    seen: dict[str, str] = {}
    for term in terms.values():
        for synonym in term.synonyms:
            other = seen.setdefault(synonym.casefold(), term.term)
            if other != term.term:
                raise DefinitionError(
                    f"{file}: {other} and {term.term} share the synonym {synonym!r}; keep it with one of them"
                )
