"""A company's identity.yml: which identifiers count, their limits, guards, stitching bounds and survivorship rules.

Put here: reading identity.yml, filling in defaults, and saying exactly what is wrong with it.
Keep out: default values (defaults.py), kinds of values (config_reader.py), section `model` (model_rules.py), what the
rules do (edges.py, guard.py, stitch.py, survivorship.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from identity import defaults
from identity.config_reader import Reader
from identity.model_rules import ModelRules, read_model_rules


@dataclass(frozen=True)
class IdentityConfig:
    """Rules of one company. Limits are keyed `type` or `type@namespace`; no entry means unlimited."""

    strong: tuple[str, ...]  # strongest first
    weak: tuple[str, ...]  # most trusted first
    cardinality: Mapping[str, int | None] = field(default_factory=dict)  # distinct values per customer
    fan_out: Mapping[str, int | None] = field(default_factory=dict)  # person records per value
    guarded: tuple[str, ...] = defaults.GUARDED
    match_address: bool = True
    allow_typos: bool = True  # one wrong letter in a first name of five or more does not contradict
    blocklist: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(defaults.BLOCKLIST))
    role_mailboxes: tuple[str, ...] = defaults.ROLE_MAILBOXES
    public_mail_domains: tuple[str, ...] = defaults.PUBLIC_MAIL_DOMAINS
    strip_plus_tags: bool = False
    dotless_domains: tuple[str, ...] = ()  # dots before the @ mean nothing there
    country: str | None = None  # of phone numbers without one; else the company's
    forward_days: int = defaults.FORWARD_DAYS
    look_back_days: int = defaults.LOOK_BACK_DAYS
    logout_touchpoints: tuple[str, ...] = ()
    shared_device_customers: int | None = None  # more customers than this: no look-back
    survivorship: Mapping[str, str] = field(default_factory=dict)  # attribute or group -> rule
    model: ModelRules = ModelRules()

    def cardinality_of(self, identifier_type: str, namespace: str) -> int | None:
        """Distinct values one customer may have; None is unlimited."""
        return self.cardinality.get(f"{identifier_type}@{namespace}", self.cardinality.get(identifier_type))

    @property
    def known_once(self) -> tuple[str, ...]:
        """Datasets that have one record of each person at most."""
        return tuple(
            key.partition("@")[2]
            for key, limit in sorted(self.cardinality.items())
            if limit == 1 and key.startswith(f"{defaults.RECORD}@")
        )

    def survivorship_of(self, unit: str) -> str:
        """Rule that chooses the record of an attribute or group."""
        return self.survivorship.get(unit, self.survivorship.get("default", "source_priority"))


_SHAPE: dict[str, tuple[str, ...] | None] = {
    "identifiers": ("strong", "weak"),
    "limits": ("cardinality", "fan_out"),
    "guard": ("identifiers", "match_address", "allow_typos"),
    "normalise": ("strip_plus_tags", "dotless_domains", "country"),
    "blocklist": None,
    "role_mailboxes": None,
    "public_mail_domains": None,
    "stitching": ("forward_days", "look_back_days", "logout_touchpoints", "shared_device_customers"),
    "survivorship": None,
    "model": ("enabled", "precision", "match", "review", "candidates", "blocking", "comparisons"),
}


def load_config(path: Path | None, terms: Mapping[str, Any]) -> IdentityConfig:
    """Read a company's identity.yml over the defaults of the standard terms.

    Args:
        path: the file; None, or a file that is not there, gives the defaults.
        terms: `identifier.<type>` -> an entry with strength, order, cardinality, fan_out (others are passed over).
    Raises:
        IdentityConfigError: an unknown key or identifier type, or a value of the wrong kind.
    """
    types = {
        name.removeprefix("identifier."): term
        for name, term in terms.items()
        if name.startswith("identifier.") and getattr(term, "strength", None)
    }
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) if path and path.is_file() else None
    reader = Reader(str(path), types)
    sections = reader.mapping("", document, tuple(_SHAPE))
    given = {name: sections.get(name) for name in _SHAPE}
    for name, keys in _SHAPE.items():
        if keys:
            given[name] = reader.mapping(name, given[name], keys)
    return _build(reader, given)


def _build(reader: Reader, given: Mapping[str, Any]) -> IdentityConfig:
    identifiers, limits, guard = given["identifiers"], given["limits"], given["guard"]
    normalise, stitching = given["normalise"], given["stitching"]
    blocklist = {k: tuple(v) for k, v in defaults.BLOCKLIST.items()}
    for kind, patterns in reader.mapping("blocklist", given["blocklist"], (*reader.types, defaults.ANY)).items():
        blocklist[kind] = (*blocklist.get(kind, ()), *reader.patterns(f"blocklist.{kind}", patterns))
    fan_out = {"address": defaults.ADDRESS_FAN_OUT, **reader.default_limits("fan_out")}
    country = normalise.get("country")
    if country is not None and not re.fullmatch("[A-Z]{2}", str(country)):
        raise reader.error("normalise.country", country, "two capital ISO letters, such as GB")
    return IdentityConfig(
        strong=reader.types_of("identifiers.strong", identifiers.get("strong"), "strong"),
        weak=reader.types_of("identifiers.weak", identifiers.get("weak"), "weak"),
        cardinality=reader.limits(
            "limits.cardinality",
            limits.get("cardinality"),
            reader.default_limits("cardinality"),
            extra=(defaults.RECORD,),
        ),
        fan_out=reader.limits("limits.fan_out", limits.get("fan_out"), fan_out, extra=("address",)),
        guarded=reader.types_of("guard.identifiers", guard.get("identifiers", list(defaults.GUARDED)), "strong"),
        match_address=reader.flag("guard.match_address", guard.get("match_address", True)),
        allow_typos=reader.flag("guard.allow_typos", guard.get("allow_typos", True)),
        blocklist=blocklist,
        role_mailboxes=tuple(
            dict.fromkeys((*defaults.ROLE_MAILBOXES, *reader.texts("role_mailboxes", given["role_mailboxes"])))
        ),
        public_mail_domains=(
            *defaults.PUBLIC_MAIL_DOMAINS,
            *reader.texts("public_mail_domains", given["public_mail_domains"]),
        ),
        strip_plus_tags=reader.flag("normalise.strip_plus_tags", normalise.get("strip_plus_tags", False)),
        dotless_domains=reader.texts("normalise.dotless_domains", normalise.get("dotless_domains")),
        country=country,
        forward_days=reader.days("stitching.forward_days", stitching.get("forward_days", defaults.FORWARD_DAYS)),
        look_back_days=reader.days(
            "stitching.look_back_days", stitching.get("look_back_days", defaults.LOOK_BACK_DAYS)
        ),
        logout_touchpoints=reader.texts("stitching.logout_touchpoints", stitching.get("logout_touchpoints")),
        shared_device_customers=reader.limit(
            "stitching.shared_device_customers", stitching.get("shared_device_customers")
        ),
        survivorship=reader.survivorship(given["survivorship"]),
        model=read_model_rules(reader, given["model"]),
    )
