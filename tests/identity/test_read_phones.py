"""Phone numbers: as phonenumbers writes them, in however many processes.

Put here: reading numbers. Keep out: which are junk, what is done with them (test_normalise.py).
"""

from __future__ import annotations

import phonenumbers
import pytest

from identity import read_phones
from identity.read_phones import normalise_phone, normalise_phones

NUMBERS = [
    ("+49 151 1000-0335", ""), ("0151/10000335", "DE"), ("0049 (0)30 2000 0016", "DE"), ("06 12 34 56 78", "FR"),
    ("06 1234 5678", "IT"), ("+39 06 1234 5678", ""), ("020 7946 0018 x12", "GB"), ("(650) 253-0000 ext. 7", "US"),
    ("+1 800 FLOWERS", ""), ("0800-CALL-NOW", "DE"), ("110", "DE"), ("+800 1234 5678", ""),
    ("no number", "DE"), ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("value", "country"), NUMBERS)
def test_a_possible_number_is_written_as_e164_and_any_other_in_its_digits(value, country):
    try:
        number = phonenumbers.parse(value, country or None)
        possible = phonenumbers.is_possible_number(number)
    except phonenumbers.NumberParseException:
        possible = False
    if possible:
        assert normalise_phone(value, country) == phonenumbers.format_number(
            number, phonenumbers.PhoneNumberFormat.E164
        )
    else:
        assert normalise_phone(value, country) == "".join(filter(str.isdigit, value))


def test_many_numbers_are_read_in_several_processes_as_in_one(monkeypatch):
    values, countries = zip(*NUMBERS, strict=True)
    alone = normalise_phones(values, countries, 1)
    monkeypatch.setattr(read_phones, "MANY", 2)
    assert normalise_phones(values, countries, 3) == alone
