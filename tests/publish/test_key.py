"""Where the masking key comes from, and who may read it.

Put here: the key and its pads. Keep out: tokens in SQL (tests/dbt/test_marts_masking.py).
"""

from __future__ import annotations

import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.publish.key import KeyFault, find_key, hmac_pads, make_key

LONG = "k" * 32


def test_find_key_prefers_the_variable_then_the_named_file_then_the_homes(tmp_path):
    named = tmp_path / "named"
    make_key(named)
    own = find_key(tmp_path / "home", {})
    assert find_key(tmp_path / "home", {"C360_PII_KEY": LONG, "C360_PII_KEY_FILE": str(named)}) == LONG.encode()
    assert find_key(tmp_path / "home", {"C360_PII_KEY_FILE": str(named)}) == named.read_bytes() != own
    assert find_key(tmp_path / "home", {}) == own


def test_find_key_makes_a_key_only_its_owner_can_read(tmp_path):
    find_key(tmp_path, {})
    assert (tmp_path / "private").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "private" / "key").stat().st_mode & 0o777 == 0o600
    assert len((tmp_path / "private" / "key").read_text()) == 64
    assert [f.name for f in (tmp_path / "private").iterdir()] == ["key"]


def test_find_key_makes_one_key_when_many_ask_at_once(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: find_key(tmp_path, {}), range(16)))) == 1


@pytest.mark.parametrize(
    ("content", "mode", "message"),
    [
        (None, None, "no key there"),
        ("", 0o600, "a key of 0 bytes"),
        ("tooshort", 0o600, "a key of 8 bytes"),
        (LONG, 0o644, "mode 644 lets others read the key; run chmod 600"),
    ],
)
def test_find_key_refuses_a_file_that_is_no_safe_key(tmp_path, content, mode, message):
    file = tmp_path / "key"
    if content is not None:
        file.write_text(content)
        file.chmod(mode)
    with pytest.raises(KeyFault, match=message) as fault:
        find_key(tmp_path, {"C360_PII_KEY_FILE": str(file)})
    assert str(file) in str(fault.value)
    assert not content or content not in str(fault.value)


@given(key=st.binary(min_size=32, max_size=100), text=st.binary(max_size=200))
def test_hmac_pads_give_the_standard_librarys_hmac(key, text):
    inner, outer = hmac_pads(key)
    inside = hashlib.sha256(inner + text).digest()
    assert hashlib.sha256(outer + inside).hexdigest() == hmac.new(key, text, hashlib.sha256).hexdigest()
