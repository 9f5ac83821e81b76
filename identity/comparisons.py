"""How two people are compared: one comparison per kind of evidence, and which pairs are compared at all.

Put here: the levels of each comparison, what is expected of them before any training, the blocking rules.
Keep out: numbers found in data (train.py), the columns themselves (evidence.py).

Household members share an address, a family name and often a mailbox, so the address is one comparison, not four: its
parts would otherwise be counted as independent evidence. A family name compared crosswise counts once, with the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from identity.levels import (
    BOTH_SWAPPED,
    NEAR_ADDRESS,
    NEAR_LAST_NAME,
    NO_ADDRESS,
    NO_LAST_NAME,
    OTHER_PLACE,
    SAME_ADDRESS,
    SAME_LAST_NAME,
    SAME_YEAR,
    SHARED_PART,
    SHORT_FORM,
    SWAPPED,
    both,
    either,
    near,
    one_letter,
    same,
    unknown,
)

UNKNOWN = -1  # in place of a level, where one of the two says nothing
DIFFERENT = "different"  # label of the last level of every comparison


@dataclass(frozen=True)
class Kind:
    """One kind of evidence.

    missing: SQL for "one of the two says nothing"; levels: (label, SQL) from the strongest down, then "different".
    expected: share of true matches at each level and at "different", used where training could not tell.
    frequency: (level, column) where rare values of the column count more.
    narrowed: (SQL, levels) that spares costly tests: where the SQL holds, one of these levels or "different" is left.
    """

    name: str
    missing: str
    levels: tuple[tuple[str, str], ...]
    expected: tuple[float, ...]
    frequency: tuple[tuple[str, str], ...] = ()
    narrowed: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Of all levels, the strongest first."""
        return (*(label for label, _ in self.levels), DIFFERENT)

    @property
    def columns(self) -> frozenset[str]:
        """The columns of the evidence it looks at."""
        return frozenset(re.findall(r"(\w+)_l\b", " ".join((self.missing, *(sql for _, sql in self.levels)))))


KINDS = (
    Kind(
        "first_name",
        unknown("first_name"),
        (
            same("first_name"),
            ("swapped with the last name", BOTH_SWAPPED),
            ("one in place of the other", SWAPPED),
            ("short form", SHORT_FORM),
            ("initial", "least(length(first_name_l), length(first_name_r)) = 1 "
                        "and left(first_name_l, 1) = left(first_name_r, 1)"),
            ("typo", either(near("first_name", 0.92), one_letter("first_name"))),
            ("similar", near("first_name", 0.82)),
        ),
        (0.84, 0.01, 0.01, 0.03, 0.02, 0.04, 0.02, 0.03),
        (("same", "first_name"),),
    ),
    Kind(
        "family",
        either(NO_ADDRESS, NO_LAST_NAME),
        (
            ("same name, same address", f"{SAME_LAST_NAME} and {SAME_ADDRESS}"),
            ("similar name, same address", both(SAME_ADDRESS, NEAR_LAST_NAME)),
            ("other name, same address", SAME_ADDRESS),
            ("same name nearby", f"{SAME_LAST_NAME} and {NEAR_ADDRESS}"),
            ("similar name nearby", both(NEAR_ADDRESS, NEAR_LAST_NAME)),
            ("same name elsewhere", SAME_LAST_NAME),
            ("similar name elsewhere", NEAR_LAST_NAME),
            ("other name nearby", NEAR_ADDRESS),
        ),
        (0.565, 0.053, 0.032, 0.13, 0.012, 0.174, 0.016, 0.008, 0.01),
        (("same name, same address", "home"), ("same name nearby", "last_name"), ("same name elsewhere", "last_name")),
        ((OTHER_PLACE, ("same name elsewhere", "similar name elsewhere")),),
    ),
    Kind(
        "last_name",
        either(f"not ({NO_ADDRESS})", NO_LAST_NAME),
        (
            same("last_name"),
            ("typo", either(near("last_name", 0.92), one_letter("last_name"))),
            ("shares a part", SHARED_PART),
            ("similar", near("last_name", 0.82)),
        ),
        (0.87, 0.05, 0.01, 0.02, 0.05),
        (("same", "last_name"),),
    ),
    Kind("middle_initial", unknown("middle_initial"), (same("middle_initial"),), (0.95, 0.05),
         (("same", "middle_initial"),)),
    Kind(
        "birth_date",
        unknown("birth_date"),
        (
            same("birth_date"),
            ("one digit", one_letter("birth_date")),
            ("day and month swapped", both(SAME_YEAR,
                "(substr(birth_date_l, 6, 2) = right(birth_date_r, 2) "
                "and right(birth_date_l, 2) = substr(birth_date_r, 6, 2))")),
            ("two of year, month and day", both(f"{SAME_YEAR} or right(birth_date_l, 5) = right(birth_date_r, 5)",
                f"(({SAME_YEAR})::int "
                "+ (substr(birth_date_l, 6, 2) = substr(birth_date_r, 6, 2))::int "
                "+ (right(birth_date_l, 2) = right(birth_date_r, 2))::int = 2)")),
        ),
        (0.92, 0.03, 0.01, 0.02, 0.02),
    ),
    Kind("gender", unknown("gender"), (same("gender"),), (0.98, 0.02)),
    Kind(
        "address",
        either(NO_ADDRESS, f"not {NO_LAST_NAME}"),
        (("same", SAME_ADDRESS), ("near", NEAR_ADDRESS)),
        (0.65, 0.15, 0.2),
        (("same", "address"),),
    ),
    Kind(
        "email",
        unknown("email"),
        (
            same("email"),
            ("same before the @", "split_part(email_l, '@', 1) = split_part(email_r, '@', 1)"),
            ("similar", near("email", 0.92)),
        ),
        (0.6, 0.1, 0.05, 0.25),
    ),
    Kind("phone", unknown("phone"), (same("phone"), ("one digit", one_letter("phone"))), (0.6, 0.05, 0.35)),
    Kind(
        "government_id",
        unknown("government_id"),
        (same("government_id"), ("one digit", one_letter("government_id"))),
        (0.93, 0.04, 0.03),
    ),
)  # fmt: skip

# Candidate pairs agree on every column of at least one of these; `left` and `right` count characters.
BLOCKING = (
    ("government_id",),
    ("email",),
    ("phone",),
    ("birth_date",),
    ("first_name", "last_name"),
    ("birth_date", "left(first_name, 1)"),
    ("birth_date", "left(last_name, 1)"),
    ("last_name", "left(birth_date, 4)"),
    ("first_name", "left(birth_date, 4)"),
    ("first_name", "right(birth_date, 5)"),
    ("last_name", "street_number", "street_name"),
    ("first_name", "street_number", "street_name"),
    ("street_number", "street_name", "left(first_name, 1)"),
    ("street_number", "street_name", "postcode"),
    ("street_number", "postcode"),
    ("street_name", "postcode"),
    ("first_name", "postcode", "left(last_name, 1)"),
    ("last_name", "postcode", "left(first_name, 1)"),
    ("first_name", "street_name"),
    ("last_name", "street_name"),
    ("first_name", "street_number"),
    ("last_name", "street_number"),
    ("last_name", "middle_initial", "left(first_name, 1)"),
    ("first_name", "middle_initial", "left(last_name, 2)"),
    ("left(first_name, 2)", "left(last_name, 2)", "birth_date"),
)
SWAPPED_NAMES = "l.first_name = r.last_name and l.last_name = r.first_name"


_SHARED = f"({SAME_ADDRESS} or coalesce(email_l = email_r, false) or coalesce(phone_l = phone_r, false))"
_VOUCHED = f"coalesce({one_letter('government_id')}, false)"
_TWO_NAMES = (
    "(is_given_name_l and is_given_name_r and first_name_l <> first_name_r and not list_has_any(formal_l, formal_r) "
    f"and not coalesce({SWAPPED}, false))"
)
_OTHER_FIRST_NAME = " and ".join(
    [
        "first_name_l <> first_name_r",
        f"not {near('first_name', 0.88)}",
        *(f"not coalesce({condition}, false)" for _, condition in KINDS[0].levels[:-1]),
    ]
)
_OTHER_BIRTH_DATE = " and ".join(
    ["birth_date_l <> birth_date_r", *(f"not ({c})" for k in KINDS if k.name == "birth_date" for _, c in k.levels)]
)
_GENERATION = "abs(left(birth_date_l, 4)::int - left(birth_date_r, 4)::int) >= 14"
# People of one household share what weighs most, twins their birth date too, father and son their name.
ONLY_HOUSEHOLD = (
    f"({_SHARED} and not {_VOUCHED} and ({_OTHER_FIRST_NAME} or {_TWO_NAMES} or {_OTHER_BIRTH_DATE} and {_GENERATION}))"
)


def usable_kinds(known: Iterable[str], left_out: Iterable[str] = ()) -> tuple[Kind, ...]:
    """The comparisons whose own column (the street or the place, for an address) some records know.

    Args:
        left_out: comparisons that are not made all the same.
    """
    known, left_out = set(known), set(left_out)
    places = {"street_name", "postcode", "city"}
    own = {"address": places, "family": places}
    return kinds_of({k.name for k in KINDS if known & own.get(k.name, {k.name})} - left_out)


def kinds_of(names: Iterable[str]) -> tuple[Kind, ...]:
    """The comparisons of these names; without `family`, last name and address are compared each for itself."""
    names = set(names)
    alone = {} if "family" in names else {"last_name": NO_LAST_NAME, "address": NO_ADDRESS}
    return tuple(replace(kind, missing=alone.get(kind.name, kind.missing)) for kind in KINDS if kind.name in names)


def frequency_columns(kinds: Iterable[Kind]) -> tuple[str, ...]:
    """Columns of which the share of each value is needed."""
    return tuple(dict.fromkeys(column for kind in kinds for _, column in kind.frequency))


def level_of(kind: Kind, values: Sequence[object] | None = None, unknown: object = UNKNOWN) -> str:
    """SQL for the level two records are at: 0 the strongest, len(levels) where they differ.

    Args:
        values: SQL to give in place of the number of each level, "different" last.
        unknown: SQL to give where one of the two says nothing.
    """
    *given, different = range(len(kind.levels) + 1) if values is None else values
    told = {label: f"when {sql} then {value}" for (label, sql), value in zip(kind.levels, given, strict=True)}
    narrowed = "".join(
        f"when {sql} then case {' '.join(told[label] for label in labels)} else {different} end "
        for sql, labels in kind.narrowed
    )
    return f"case when {kind.missing} then {unknown} {narrowed}{' '.join(told.values())} else {different} end"
