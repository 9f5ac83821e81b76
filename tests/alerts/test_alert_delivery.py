"""A message gets to a mail server, a webhook and a file; what may help is tried again, what cannot is said at once."""

from __future__ import annotations

import json
import socket
from contextlib import nullcontext
from time import monotonic

import pytest
from aiosmtpd.smtp import AuthResult
from receivers import run_mail_server

from pipelines.alerts.deliver import DeliveryError, Patience, Post, deliver
from pipelines.alerts.message import Message
from quality.channel import Channel

MESSAGE = Message("r1:data–team", "shop: 1 blocking", "O1 does not hold\nkey r1", {"key": "r1:data–team", "alerts": []})
QUICK = Patience(total=2, each=1, first_wait=0.01)
TEAM = Channel("mailto:team@shop.example")


@pytest.fixture
def post(tmp_path, mail_box):
    return Post(tmp_path, {"C360_SMTP_URL": mail_box.url}, "c360@shop.example", QUICK)


def test_a_mail_carries_the_words_and_the_key(post, mail_box):
    deliver(TEAM, MESSAGE, post)
    [mail] = mail_box.mails
    assert (mail["From"], mail["To"], mail["Subject"]) == ("c360@shop.example", "team@shop.example", MESSAGE.title)
    assert mail["Idempotency-Key"] == "r1:data%E2%80%93team"
    assert mail.get_content().splitlines() == MESSAGE.text.splitlines()


def test_a_mail_server_that_is_busy_is_asked_again(post, mail_box):
    mail_box.answers = ["451 busy", "421 later"]
    deliver(TEAM, MESSAGE, post)
    assert len(mail_box.mails) == 1


def test_a_mail_that_is_refused_is_not_sent_again(post, mail_box):
    mail_box.answers = ["554 no", "554 no"]
    with pytest.raises(DeliveryError, match="refuses the message \\(554\\)"):
        deliver(TEAM, MESSAGE, post)
    assert mail_box.answers == ["554 no"]


@pytest.mark.parametrize("url", ["", "localhost:25", "smtp://"])
def test_without_a_mail_server_it_is_said_which_setting_is_missing(tmp_path, url):
    with pytest.raises(DeliveryError, match="C360_SMTP_URL"):
        deliver(TEAM, MESSAGE, Post(tmp_path, {"C360_SMTP_URL": url}, "c360@shop.example", QUICK))


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize(("host", "is_given"), [("127.0.0.1", True), ("127.0.0.2", False)])
def test_a_password_leaves_this_machine_only_encrypted(tmp_path, host, is_given):
    asked = []

    def check(_server, _session, _envelope, _mechanism, login):
        asked.append((login.login, login.password))
        return AuthResult(success=True)

    with run_mail_server(host, authenticator=check, auth_require_tls=False, auth_required=True) as box:
        env = {"C360_SMTP_URL": box.url.replace("//", "//c360:p%40ss@")}
        with nullcontext() if is_given else pytest.raises(DeliveryError, match="no encryption"):
            deliver(TEAM, MESSAGE, Post(tmp_path, env, "c360@shop.example", QUICK))
    assert asked == ([(b"c360", b"p@ss")] if is_given else [])
    assert len(box.mails) == is_given


def test_a_webhook_gets_json_and_the_key(post, hook):
    deliver(Channel(hook.url), MESSAGE, post)
    assert hook.bodies == [MESSAGE.body]
    assert hook.headers[0]["Idempotency-Key"] == "r1:data%E2%80%93team"
    assert hook.headers[0]["Content-Type"] == "application/json"


def test_an_address_in_the_environment_is_not_repeated_in_a_fault(post, hook):
    hook.answers = [404]
    env = {"TEAM_HOOK": f"{hook.url}?key=s3cret"}
    with pytest.raises(DeliveryError) as fault:
        deliver(Channel("${TEAM_HOOK}"), MESSAGE, Post(post.home, env, post.sender, QUICK))
    assert "404" in str(fault.value) and "s3cret" not in str(fault.value) and "127.0.0.1" not in str(fault.value)
    with pytest.raises(DeliveryError, match="TEAM_HOOK is not set"):
        deliver(Channel("${TEAM_HOOK}"), MESSAGE, post)


@pytest.mark.parametrize("answers", [[500, 503], ["hang up", 429]])
def test_a_webhook_that_stumbles_is_called_again_with_the_same_key(post, hook, answers):
    hook.answers = answers
    deliver(Channel(hook.url), MESSAGE, post)
    assert len({h["Idempotency-Key"] for h in hook.headers}) == 1 and len(hook.bodies) == 3


@pytest.mark.parametrize("answer", [302, 400, 404])
def test_a_webhook_that_says_no_is_called_once_and_not_followed(post, hook, answer):
    hook.answers = [answer]
    with pytest.raises(DeliveryError, match=f"answers {answer}"):
        deliver(Channel(hook.url), MESSAGE, post)
    assert len(hook.bodies) == 1


@pytest.mark.parametrize("answer", [500, "hang up"])
def test_trying_again_ends_with_the_patience(tmp_path, hook, answer):
    hook.answers = [answer] * 1000
    with pytest.raises(DeliveryError, match="webhook"):
        deliver(Channel(hook.url), MESSAGE, Post(tmp_path, {}, "c360@shop.example", Patience(0.3, 1, 0.01)))
    assert 1 < len(hook.bodies) < 100


@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}/hook", "mailto:team@shop.example"])
def test_a_server_that_never_answers_is_left_after_the_patience(tmp_path, address):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        post = Post(
            tmp_path, {"C360_SMTP_URL": f"smtp://127.0.0.1:{port}"}, "c360@shop.example", Patience(0.2, 0.2, 0.01)
        )
        started = monotonic()
        with pytest.raises(DeliveryError, match="does not answer"):
            deliver(Channel(address.format(port=port)), MESSAGE, post)
        assert monotonic() - started < 5


def test_a_file_gets_one_line_of_json_each(post):
    for _ in range(2):
        deliver(Channel("file:alerts/team.jsonl"), MESSAGE, post)
    lines = (post.home / "alerts" / "team.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [MESSAGE.body] * 2
