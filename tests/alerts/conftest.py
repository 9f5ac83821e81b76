"""Servers alerts are sent to, and evaluations as a run leaves them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from receivers import Hook, MailBox, run_hook, run_mail_server


@pytest.fixture
def mail_box() -> Iterator[MailBox]:
    with run_mail_server() as box:
        yield box


@pytest.fixture
def hook() -> Iterator[Hook]:
    with run_hook() as found:
        yield found
