"""The tests of which the levels of comparisons are made, as SQL over the two records of a pair.

Put here: one test each, the cheap part first. Keep out: which levels a comparison has (comparisons.py).
"""

from __future__ import annotations


def _initials(left: str, right: str) -> str:
    """One first letter; `ascii` gives its number, at half the cost of `left`."""
    return f"ascii({left}) = ascii({right})"


def near(column: str, at_least: float) -> str:
    """Alike, and of one first letter: a wrong first letter is left to `one_letter`, at a twentieth of the cost."""
    left, right = f"{column}_l", f"{column}_r"
    return (
        f"case when {_initials(left, right)} then jaro_winkler_similarity({left}, {right}) >= {at_least} else false end"
    )


def one_letter(column: str) -> str:
    """One letter wrong, missing, added, or two swapped. The distance is costly: words of one length that differ in more
    than two places, and others of which neither half is the same, never get that far. `hamming` counts bytes."""
    left, right = f"{column}_l", f"{column}_r"
    half = f"greatest(least(length({left}), length({right})) - 1, 0) // 2"
    return (
        f"case when case abs(strlen({left}) - strlen({right})) when 0 then hamming({left}, {right}) <= 2 "
        f"when 1 then true else false end then case when left({left}, {half}) = left({right}, {half}) "
        f"or right({left}, {half}) = right({right}, {half}) then damerau_levenshtein({left}, {right}) <= 1 "
        "else false end else false end"
    )


def unknown(column: str) -> str:
    return f"{column}_l is null or {column}_r is null"


def same(column: str) -> tuple[str, str]:
    return "same", f"{column}_l = {column}_r"


def both(cheap: str, costly: str) -> str:
    """The second where the first holds, else false: of an `and`, DuckDB computes every part for every pair."""
    return f"case when {cheap} then {costly} else false end"


def either(*conditions: str) -> str:
    """The first of the conditions that holds, the cheapest given first: of an `or` too."""
    return f"case {' '.join(f'when {c} then true' for c in conditions[:-1])} else {conditions[-1]} end"


_FIRST_AS_LAST = _initials("first_name_l", "last_name_r")
_LAST_AS_FIRST = _initials("last_name_l", "first_name_r")
_CROSSWISE = (
    f"(case when {_FIRST_AS_LAST} then (jaro_winkler_similarity(first_name_l, last_name_r) >= 0.9)::int else 0 end"
    f" + case when {_LAST_AS_FIRST} then (jaro_winkler_similarity(last_name_l, first_name_r) >= 0.9)::int else 0 end)"
)
_OTHER_NAMES = "first_name_l <> first_name_r and last_name_l <> last_name_r"
SWAPPED = both(f"{_FIRST_AS_LAST} or {_LAST_AS_FIRST}", f"({_OTHER_NAMES} and {_CROSSWISE} >= 1)")
BOTH_SWAPPED = both(f"{_FIRST_AS_LAST} and {_LAST_AS_FIRST}", f"({_OTHER_NAMES} and {_CROSSWISE} = 2)")
SHORT_FORM = both("is_given_name_l or is_given_name_r", "list_has_any(formal_l, formal_r)")  # no other has several
_SAME_NUMBER = "street_number_l = street_number_r"
_NEAR_STREET = f"({near('street_name', 0.85)})"
_SAME_PLACE = "(coalesce(postcode_l = postcode_r, false) or coalesce(city_l = city_r, false))"
OTHER_PLACE = f"((postcode_l <> postcode_r or city_l <> city_r) and not {_SAME_PLACE})"
_HERE = f"not coalesce({OTHER_PLACE}, false)"
SAME_ADDRESS = both(_SAME_NUMBER, f"coalesce({_NEAR_STREET} and {_HERE}, false)")
NEAR_ADDRESS = f"(coalesce({_NEAR_STREET} and {_HERE}, false) or {_SAME_PLACE})"
NO_ADDRESS = (
    "(street_name_l is null or street_name_r is null) and (postcode_l is null or postcode_r is null) "
    "and (city_l is null or city_r is null)"
)
NO_LAST_NAME = f"(last_name_l is null or last_name_r is null or coalesce({SWAPPED}, false))"
SAME_LAST_NAME = "last_name_l = last_name_r"
SHARED_PART = (
    "case when contains(last_name_l, ' ') or contains(last_name_r, ' ') "
    "then list_has_any(string_split(last_name_l, ' '), string_split(last_name_r, ' ')) else false end"
)
NEAR_LAST_NAME = either(
    "jaro_winkler_similarity(last_name_l, last_name_r) >= 0.85", one_letter("last_name"), SHARED_PART
)
SAME_YEAR = "left(birth_date_l, 4) = left(birth_date_r, 4)"
_SHARED = {
    "has_near_last_name": NEAR_LAST_NAME,
    "has_no_last_name": NO_LAST_NAME,
    "has_near_address": NEAR_ADDRESS,
    "has_same_address": SAME_ADDRESS,
    "is_swapped": SWAPPED,
    "has_no_address": NO_ADDRESS,
    "has_other_place": OTHER_PLACE,
}


def tell_once(levels: str) -> tuple[str, str]:
    """SQL over a pair, in which each test that several levels ask is a column, and these columns, to select beneath it.

    The database would find each again wherever it is asked, and plan it as often.
    """
    told = {}
    for name, test in sorted(_SHARED.items(), key=lambda shared: -len(shared[1])):  # some hold others
        if test in levels:
            levels = levels.replace(test, name)
            told[name] = test
    return levels, "".join(f", {test} as {name}" for name, test in told.items())
