"""Outages: a source that is down or slow is asked again, for as long as the settings allow.

Put here: how often and how long. Keep out: which faults may pass by themselves (read_*.py raise OutageError for them).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from pipelines.ingest.errors import LandingError, OutageError

if TYPE_CHECKING:
    from tenacity import RetryCallState

PATIENCE, TIMEOUT, SETTLE = "C360_SOURCE_PATIENCE", "C360_SOURCE_TIMEOUT", "C360_FILE_SETTLE"
Answer = TypeVar("Answer")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How long sources are waited for, in seconds."""

    total: float = 60  # no try begins later than this after the first; 0: one try
    silence: float = 60  # to connect, and between two answers
    settle: float = 1  # a file changed less than this ago gets a second look

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Patience:
        """Read C360_SOURCE_PATIENCE, C360_SOURCE_TIMEOUT and C360_FILE_SETTLE.

        Raises:
            LandingError: one of them is no number of seconds.
        """
        settings = ((PATIENCE, cls.total), (TIMEOUT, cls.silence), (SETTLE, cls.settle))
        return cls(*(_seconds(env, name, default) for name, default in settings))


def outlast(ask: Callable[[], Answer], patience: Patience) -> Answer:
    """Ask a source, again while it is out: after a sixtieth of the patience, then twice as long each time.

    A source that says when to come back is taken at its word; if that is later than the patience allows, it has failed.

    Args:
        ask: starts from nothing on every call.
    Raises:
        OutageError: the source is still out; says how often and how long it was asked.
        LandingError: whatever will not pass by itself, at once.
    """
    # A fifth of a second, which definitions need not pay.
    from tenacity import Retrying, retry_if_exception_type, stop_before_delay, wait_exponential_jitter

    backoff = wait_exponential_jitter(initial=patience.total / 60, max=patience.total / 4, jitter=patience.total / 60)

    def wait(state: RetryCallState) -> float:
        return max(backoff(state), state.outcome.exception().retry_after)

    def tell(state: RetryCallState) -> None:
        logger.warning("%s; asked again in %.1f s", state.outcome.exception(), state.next_action.sleep)

    started, tries = monotonic(), 0
    try:
        for attempt in Retrying(
            retry=retry_if_exception_type(OutageError),
            stop=stop_before_delay(patience.total),
            wait=wait,
            before_sleep=tell,
            reraise=True,
        ):
            tries += 1
            with attempt:
                answer = ask()
        return answer
    except OutageError as fault:
        asked = f"asked {tries} times in {monotonic() - started:.1f} s" if tries > 1 else "asked once"
        later = f", it wants {fault.retry_after:.0f} s of rest" if fault.retry_after else ""
        raise OutageError(f"{fault}; {asked}{later}, {PATIENCE} allows {patience.total:g} s") from None


def _seconds(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name) or default
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < 86_400:
        raise LandingError(f"{name} is {text!r}; allowed: seconds, 0 to 86400; export another, or none")
    return seconds
