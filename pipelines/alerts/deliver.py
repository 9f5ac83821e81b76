"""Delivery to one channel: a mail server, a webhook, a file; tried again for a while where that may help.

Put here: the three ways. Keep out: what is told (message.py), what was delivered already (state.py).
"""

from __future__ import annotations

import json
import re
import smtplib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import requests
from tenacity import Retrying, retry_if_exception_type, stop_before_delay, wait_exponential_jitter

from pipelines.alerts.message import Message
from quality.channel import Channel
from quality.contract import ContractError

SMTP_URL = "C360_SMTP_URL"
LOCAL = ("localhost", "127.0.0.1", "::1")


class DeliveryError(Exception):
    """A message did not get there; the words name no address, no secret and no content."""


class PassingError(DeliveryError):
    """The same, but another try may help."""


@dataclass(frozen=True)
class Patience:
    """How long one delivery may take, in seconds."""

    total: float = 15  # no try begins after that
    each: float = 5  # to connect, and to answer
    first_wait: float = 0.5  # doubled after every try


@dataclass(frozen=True)
class Post:
    """What delivery needs to know besides the message."""

    home: Path
    env: Mapping[str, str]
    sender: str
    patience: Patience = Patience()


def deliver(channel: Channel, message: Message, post: Post) -> None:
    """Bring a message to a channel; it may get there twice, with the same key.

    Raises:
        DeliveryError: it did not get there within the patience, or cannot.
    """
    try:
        there = channel.resolve(post.env)
    except ContractError as fault:
        raise DeliveryError(str(fault)) from None
    ways: dict[str, Callable[[str, Message, Post], None]] = {"mailto": _mail, "http": _call, "file": _append}
    for attempt in Retrying(
        stop=stop_before_delay(post.patience.total),
        wait=wait_exponential_jitter(initial=post.patience.first_wait, max=5, jitter=post.patience.first_wait),
        retry=retry_if_exception_type(PassingError),
        reraise=True,
    ):
        with attempt:
            ways[there.kind](there.address, message, post)


def _append(address: str, message: Message, post: Post) -> None:
    file = post.home / address.removeprefix("file:")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(message.body, ensure_ascii=False) + "\n")
    except OSError as fault:
        raise DeliveryError(f"the file cannot be written ({type(fault).__name__}); mend its folder") from None


def _call(address: str, message: Message, post: Post) -> None:
    headers = {"Idempotency-Key": quote(message.key, safe=":/")}
    try:
        # A redirect would lead the message to somebody the contract does not name.
        with requests.post(
            address, json=message.body, headers=headers, timeout=post.patience.each, allow_redirects=False, stream=True
        ) as answer:
            status = answer.status_code
    except (requests.ConnectionError, requests.Timeout) as fault:
        raise PassingError(f"the webhook does not answer ({type(fault).__name__})") from None
    except requests.RequestException as fault:
        raise DeliveryError(f"the webhook cannot be called ({type(fault).__name__}); correct its address") from None
    if status in (408, 425, 429) or status >= 500:
        raise PassingError(f"the webhook answers {status}")
    if not 200 <= status < 300:
        raise DeliveryError(f"the webhook answers {status}; correct its address")


def _mail(address: str, message: Message, post: Post) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = post.sender, address.removeprefix("mailto:"), message.title
    mail["Date"], mail["Idempotency-Key"] = formatdate(), quote(message.key, safe=":/")
    mail["Message-ID"] = f"<{quote(message.key, safe='')}@customer360>"
    mail.set_content(message.text)
    try:
        with _server(post) as server:
            server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as fault:
        code = next(iter(fault.recipients.values()))[0]
        raise _refusal(code, "the recipient") from None
    except smtplib.SMTPResponseException as fault:
        raise _refusal(fault.smtp_code, "the message") from None
    except smtplib.SMTPServerDisconnected:
        raise PassingError("the mail server does not answer, or hung up") from None
    except smtplib.SMTPException as fault:
        raise DeliveryError(f"the mail server cannot take it ({type(fault).__name__})") from None
    except OSError as fault:  # every fault of smtplib is an OSError, too
        raise PassingError(f"the mail server does not answer ({type(fault).__name__})") from None


def _refusal(code: int, what: str) -> DeliveryError:
    kind = PassingError if 400 <= code < 500 else DeliveryError
    return kind(f"the mail server refuses {what} ({code})")


def _server(post: Post) -> smtplib.SMTP:
    """A session with the mail server of C360_SMTP_URL: `smtp://user:password@host:587`, or `smtps://…`."""
    url = urlsplit(post.env.get(SMTP_URL, ""))
    if not re.fullmatch(r"smtps?://([^@/\s]+@)?[^@/\s]+/?", url.geturl()) or not url.hostname:
        raise DeliveryError(f"no mail server: {SMTP_URL} is not set, or not smtp://host:port; export it")
    secure, patience = ssl.create_default_context(), post.patience.each
    if url.scheme == "smtps":
        server = smtplib.SMTP_SSL(url.hostname, url.port or 465, timeout=patience, context=secure)
    else:
        server = smtplib.SMTP(url.hostname, url.port or 25, timeout=patience)
    try:
        server.ehlo()
        is_private = url.scheme == "smtps" or url.hostname in LOCAL
        if url.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=secure)
            is_private = True
        if url.username:
            if not is_private:
                raise DeliveryError(f"the mail server offers no encryption for a password; use smtps:// in {SMTP_URL}")
            server.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        server.close()
        raise
    return server
