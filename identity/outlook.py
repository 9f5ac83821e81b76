"""What a pair of records can weigh at most, told by what the two have in common, before anything costly is compared.

Put here: which levels of each comparison are still possible, for many pairs at once.
Keep out: the levels (comparisons.py), the weight itself (match_weight.py), which pairs meet (blocking.py).

Every level asks for something that is quickly looked up: one first letter, one house number. Of the candidates among a
million records nine in ten cannot reach the review; to see that costs a fifth of comparing them.
"""

from __future__ import annotations

from functools import cached_property
from math import log2

import numpy as np

from identity.comparisons import kinds_of
from identity.engine import Engine
from identity.match_weight import weight_at
from identity.model import MatchModel
from identity.spelling import may_be_alike, spell

SLACK = 1e-3  # log2 of odds: they are added up in 32 bits here
CHUNK = 50_000  # pairs looked at at once, so that they stay in the cache
_PARTS = {  # name -> (column, what of it is looked at)
    "first_initial": ("first_name", "ascii(first_name)"),
    "last_initial": ("last_name", "ascii(last_name)"),
    "street_initial": ("street_name", "ascii(street_name)"),
    "birth_start": ("birth_date", "left(birth_date, 4)"),
    "birth_end": ("birth_date", "right(birth_date, 4)"),
    "email_initial": ("email", "ascii(email)"),
    "email_name": ("email", "split_part(email, '@', 1)"),
    "initial_alone": ("first_name", "nullif(length(first_name) = 1, false)"),
    "given": ("is_given_name", "nullif(is_given_name, false)"),
}
Possible = tuple[np.ndarray, ...]  # which pairs can come to "one says nothing", to the first level, and so on


class Outlook:
    """All records of `ir_comparable`, numbered from 0, as a model sees them.

    Of every value 32 bits of its hash are kept, 0 where it is unknown.
    """

    def __init__(self, engine: Engine, model: MatchModel) -> None:
        kinds = kinds_of(model.m)
        columns = {column for kind in kinds for column in kind.columns} - {"formal"}
        keys = {column: column for column in sorted(columns)}
        keys |= {name: sql for name, (column, sql) in _PARTS.items() if column in columns}
        self._keys = {name: number for number, name in enumerate(keys)}
        self._rare = {column: number for number, column in enumerate(model.frequency_columns)}
        looks = (f"case when {value} is null then 0 else hash({value}) >> 32 end" for value in keys.values())
        rarities = "".join(f", (-log2(tf_{column}))::float as rare_{column}" for column in self._rare)
        self._found = engine.fetch(
            f"select unique_id, last_name, [{', '.join(looks)}]::uint32[{len(keys)}] as looks{rarities} "
            "from ir_comparable"
        )
        self._prior = weight_at(model.prior)
        self._weights = {
            kind.name: [
                (log2(m / u), log2(u), dict(kind.frequency).get(label))
                for m, u, label in zip(model.m[kind.name], model.u[kind.name], kind.labels, strict=True)
            ]
            for kind in kinds
        }

    @cached_property
    def _records(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of each record: all values, the letters of the last name, rarities. Made where they are first asked for, in
        another thread than the database's if that is where pairs are looked at."""
        found, self._found = self._found, None
        # The values of a record lie side by side: to look at many of them costs no more than to look at one.
        values = np.empty((len(found), len(self._keys)), np.uint32)
        rarity = np.empty((len(found), len(self._rare)), np.float32)
        for part in found.to_batches():
            places = part["unique_id"].to_numpy()
            values[places] = part["looks"].flatten().to_numpy().reshape(len(part), len(self._keys))
            for column, number in self._rare.items():
                rarity[places, number] = part[f"rare_{column}"].to_numpy(zero_copy_only=False)
        last = np.empty(len(found), np.uint32)
        last[found["unique_id"].to_numpy()] = spell(found["last_name"])
        return values, last, rarity

    def may_weigh(self, left: np.ndarray, right: np.ndarray, at_least: float) -> np.ndarray:
        """Of each pair of records, whether its match weight, log2 of the odds, may be so high."""
        cuts = range(CHUNK, len(left), CHUNK)
        parts = zip(np.split(left, cuts), np.split(right, cuts), strict=True)
        return np.concatenate([self._find_most(*part) >= at_least - SLACK for part in parts])

    def find_possible(self, left: np.ndarray, right: np.ndarray) -> dict[str, Possible]:
        """Of each comparison, which pairs of records can come to what."""
        values, last, _ = self._records
        alike = may_be_alike(last.take(left), last.take(right))
        pairs = _Pairs(self._keys, values.take(left, axis=0), values.take(right, axis=0), alike)
        return {name: pairs.find_possible(name, "family" in self._weights) for name in self._weights}

    def _find_most(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        _, _, rarities = self._records
        rarity = np.fmin(rarities.take(left, axis=0), rarities.take(right, axis=0))
        most = np.full(len(left), self._prior, np.float32)
        for name, (unknown, *levels) in self.find_possible(left, right).items():
            of_kind = np.where(unknown, np.float32(0), np.float32(-np.inf))
            for is_possible, (weight, chance, rare) in zip(levels, self._weights[name], strict=True):
                if rare:
                    weight = weight + np.nan_to_num(chance + rarity[:, self._rare[rare]])
                np.maximum(of_kind, weight, out=of_kind, where=is_possible)
            most += of_kind
        return most


class _Pairs:
    """Pairs of records, and what the two of each have in common."""

    def __init__(self, keys: dict[str, int], left: np.ndarray, right: np.ndarray, last_alike: np.ndarray) -> None:
        self._keys, self._left, self._right, self._last_alike = keys, left, right, last_alike
        known = (left != 0) & (right != 0)
        self._known, self._same = (np.ascontiguousarray(of.T) for of in (known, (left == right) & known))

    def find_possible(self, kind: str, beside_family: bool) -> Possible:
        """The levels of a kind of evidence that each pair can come to.

        Args:
            beside_family: the address and the last name count alone only where `family` says nothing.
        """
        match kind:
            case "first_name":
                unknown, same, other = self._compare("first_name")
                near, short = other & self._agree("first_initial"), other & self._either("given")
                initial, crossed = near & self._either("initial_alone"), self._crossed
                return unknown, same, crossed, crossed, short, initial, other, near, other
            case "family":
                unknown, same, other = self._compare("last_name")
                same, other = same & self._placed, other & self._placed
                house, near, alike = other & self._house, other & self._near, other & self._last_alike
                unknown = unknown | self._crossed | ~self._placed
                same_house, same_near = same & self._house, same & self._near
                return unknown, same_house, house, house, same_near, near & alike, same, alike, near, other
            case "last_name":
                unknown, same, other = self._compare("last_name")
                if beside_family:
                    unknown, same, other = unknown | self._placed, same & ~self._placed, other & ~self._placed
                return unknown | self._crossed, same, other, other, other, other
            case "address":
                placed = self._placed
                unknown = ~placed
                if beside_family:
                    unknown, placed = unknown | self._has("last_name"), placed & ~self._surely_named
                return unknown, placed & self._house, placed & self._near, placed
            case "birth_date":
                unknown, same, other = self._compare("birth_date")
                year = other & self._agree("birth_start")
                half = year | other & self._agree("birth_end")
                return unknown, same, half, year, half, other
            case "email":
                unknown, same, other = self._compare("email")
                return unknown, same, other & self._agree("email_name"), other & self._agree("email_initial"), other
            case "phone" | "government_id":
                unknown, same, other = self._compare(kind)
                return unknown, same, other, other
        return self._compare(kind)

    @cached_property
    def _crossed(self) -> np.ndarray:
        """The first name of one may be the last name of the other."""
        first, last = self._keys["first_initial"], self._keys["last_initial"]
        alike = self._left[:, first] == self._right[:, last]
        alike |= self._left[:, last] == self._right[:, first]
        return alike & self._compare("first_name")[2] & self._compare("last_name")[2]

    @cached_property
    def _surely_named(self) -> np.ndarray:
        return self._has("last_name") & ~self._crossed

    @cached_property
    def _placed(self) -> np.ndarray:
        return self._has("street_name") | self._has("postcode") | self._has("city")

    @cached_property
    def _near(self) -> np.ndarray:
        there = self._agree("postcode") | self._agree("city")
        elsewhere = (self._has("postcode") | self._has("city")) & ~there
        return there | self._agree("street_initial") & ~elsewhere

    @cached_property
    def _house(self) -> np.ndarray:
        return self._near & self._agree("street_number")

    def _compare(self, column: str) -> Possible:
        """Unknown, the same, another one."""
        known, same = self._has(column), self._agree(column)
        return ~known, same, known & ~same

    def _has(self, column: str) -> np.ndarray:
        return self._known[self._keys[column]]

    def _agree(self, key: str) -> np.ndarray:
        return self._same[self._keys[key]]

    def _either(self, key: str) -> np.ndarray:
        return (self._left[:, self._keys[key]] != 0) | (self._right[:, self._keys[key]] != 0)
