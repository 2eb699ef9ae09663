"""The ways out: e-mail against a server that speaks SMTP, and what is kept or refused instead."""

import socketserver
import threading
from dataclasses import replace
from email import message_from_string, policy

import pytest
from sqlalchemy import select

from backend.app import create_app
from backend.core.settings import SettingsError
from backend.data.channels import ChannelError, DemoMessage, Message, SmtpChannel, make_channels

MAIL = Message(channel="email", to="warga@example.org", subject="Kode\n Anda", text="Kode: 123456 🌊\n.\nselesai")


class PostOffice(socketserver.ThreadingTCPServer):
    """Takes mail as RFC 5321 says, or answers RCPT as it is told to."""

    allow_reuse_address = daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Counter)
        self.mails, self.answer = [], "250 ok"

    def channel(self, scheme="smtp"):
        return SmtpChannel(f"{scheme}://127.0.0.1:{self.server_address[1]}/?from=balai@kota.example")


class Counter(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self):
        self.say("220 here")
        for line in self.rfile:
            match line.split()[0].upper():
                case b"RCPT":
                    self.say(self.server.answer)
                case b"DATA":
                    self.say("354 go on")
                    lines = iter(self.rfile.readline, b".\r\n")
                    self.server.mails.append("".join(line.decode().removeprefix(".") for line in lines))
                    self.say("250 taken")
                case b"QUIT":
                    self.say("221 bye")
                    return
                case _:
                    self.say("250 ok")


@pytest.fixture
def office():
    with PostOffice() as office:
        threading.Thread(target=office.serve_forever, args=(0.01,), daemon=True).start()
        yield office
        office.shutdown()


def test_a_mail_arrives_whole_and_the_same_key_is_the_same_mail(office):
    ids = [office.channel().send(MAIL, key=key) for key in ("one", "one", "two")]
    assert ids[0] == ids[1] != ids[2]
    mail = message_from_string(office.mails[0], policy=policy.default)
    assert (mail["To"], mail["From"], mail["Subject"]) == ("warga@example.org", "balai@kota.example", "Kode Anda")
    assert mail["Message-ID"] == ids[0]
    assert ids[0].endswith("@kota.example>")
    assert mail.get_content().split() == MAIL.text.split()


@pytest.mark.parametrize(("answer", "permanent"), [("550 no such user", True), ("451 later", False)])
def test_a_refusal_says_whether_trying_again_makes_sense(office, answer, permanent):
    office.answer = answer
    with pytest.raises(ChannelError) as refused:
        office.channel().send(MAIL, key="k")
    assert refused.value.permanent is permanent
    assert "warga" not in str(refused.value)


def test_mail_is_not_sent_in_the_clear_when_the_address_asks_for_tls(office):
    for scheme in ("smtp+tls", "smtps"):
        with pytest.raises(ChannelError) as refused:
            office.channel(scheme).send(MAIL, key="k")
        assert not refused.value.permanent
    assert office.mails == []


def test_a_server_that_is_away_is_tried_again_later(office):
    channel = office.channel()
    office.shutdown()
    office.server_close()
    with pytest.raises(ChannelError) as refused:
        channel.send(MAIL, key="k")
    assert not refused.value.permanent


def test_an_address_that_smuggles_a_header_is_refused(office):
    with pytest.raises(ChannelError) as refused:
        office.channel().send(replace(MAIL, to="a@example.org\nBcc: b@example.org"), key="k")
    assert refused.value.permanent
    assert office.mails == []


@pytest.mark.parametrize(
    "url", ["mail.example.org", "http://x/?from=a@b", "smtp://host", "smtp:///?from=a@b", "smtp://h/?from=a"]
)
def test_an_address_of_no_mail_server_is_refused_at_the_start(url):
    with pytest.raises(SettingsError, match="BALAI_SMTP_URL"):
        SmtpChannel(url)


def test_the_demo_keeps_a_message_once_a_key(town):
    channel = town.ground.channels["sms"]
    message = Message(channel="sms", to="+6281299990000", text="satu")
    for key in ("k1", "k1", "k2"):
        channel.send(message, key=key)
    with town.unit() as ctx:
        kept = ctx.session.scalars(select(DemoMessage.text).where(DemoMessage.to == message.to)).all()
    assert kept == ["satu", "satu"]


def test_production_without_a_gateway_refuses_and_says_what_is_missing(town):
    settings = replace(town.ground.settings, environment="production", smtp_url="smtps://mail.example.org/?from=a@b.example")
    channels = make_channels(settings, town.ground.engine)
    assert isinstance(channels["email"], SmtpChannel)
    with pytest.raises(ChannelError, match="no gateway for sms is set up") as refused:
        channels["sms"].send(Message(channel="sms", to="+62812", text="x"), key="k")
    assert refused.value.permanent


def test_messages_can_be_read_back_in_the_demo_alone(town):
    production = replace(town.ground.settings, environment="production")
    rules = {rule.rule for rule in create_app(production, connections=2).url_map.iter_rules()}
    assert "/v1/auth/otp" in rules
    assert "/demo/messages" not in rules
