"""A notice reaches a real server, byte for byte, and its address is told to nobody else."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import ssl
import subprocess
import sys
import threading
from email import message_from_string, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.nodes.jail import JailedServices
from tests.nodes.notify.sink import Sink
from traitlets import TraitError

from flowbook.errors import FlowbookError, HttpFailed, NotGranted, SecretMissing, UsageError
from flowbook.nodes.notify.delivery import Delivery
from flowbook.nodes.notify.mail import Mail
from flowbook.nodes.notify.node import NotifyNode
from flowbook.nodes.notify.payloads import Notice


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        self.send_response(self.server.answer)
        if self.server.answer == 429:
            self.send_header("Retry-After", "7")
        if self.server.answer == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.daemon_threads = True
    served.got, served.answer = [], 200
    thread = threading.Thread(target=served.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{served.server_port}/hooks/T0P/s3cr3t"
    yield served
    served.shutdown()
    thread.join()
    served.server_close()


@pytest.fixture
def notify(made, context, tmp_path):
    context.services = JailedServices(tmp_path, secrets={"hook": "", "mail": "open sesame"})
    context.flow = "Daily Report"

    def send(**config):
        return asyncio.run(made.node(NotifyNode, "told", **config).run(context, {}))

    send.context = context
    return send


@pytest.mark.parametrize("channel", ["webhook", "slack", "discord"])
def test_a_failed_run_is_told_byte_for_byte(notify, receiver, channel):
    given = notify(channel=channel, url=receiver.url, event="run_failed", message="no answer")
    assert given == {"channel": channel, "event": "run_failed", "status": 200}
    ((path, headers, body),) = receiver.got
    assert path == "/hooks/T0P/s3cr3t"
    assert headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"] == notify.context.idempotency_key
    run = notify.context.run_id
    title = "⚠️ Workflow 'Daily Report' failed"
    expected = {
        "webhook": {
            "event": "run_failed",
            "workflow_id": "Daily Report",
            "workflow_name": "Daily Report",
            "run_id": run,
            "error": "no answer",
            "timestamp": json.loads(body).get("timestamp"),
        },
        "slack": {
            "text": title,
            "attachments": [
                {
                    "color": "danger",
                    "fields": [
                        {"title": "Run ID", "value": run, "short": True},
                        {"title": "Error", "value": "no answer", "short": False},
                    ],
                }
            ],
        },
        "discord": {
            "content": title,
            "embeds": [
                {
                    "color": 15158332,
                    "fields": [
                        {"name": "Run ID", "value": run, "inline": True},
                        {"name": "Error", "value": "no answer"},
                    ],
                }
            ],
        },
    }[channel]
    assert body == json.dumps(expected, ensure_ascii=False).encode()


def test_the_address_may_be_a_secret(notify, receiver):
    notify.context.services.secrets["hook"] = receiver.url
    notify(secret="hook", message="hello")
    assert json.loads(receiver.got[0][2])["message"] == "hello"
    with pytest.raises(SecretMissing):
        notify(secret="nothing", message="hello")


@pytest.mark.parametrize(
    ("answer", "final"), [(400, True), (404, True), (429, False), (500, False), (302, False)]
)
def test_an_answer_that_is_none_fails_the_attempt(notify, receiver, answer, final):
    receiver.answer = answer
    with pytest.raises(HttpFailed, match=f"slack answered {answer}") as failed:
        notify(channel="slack", url=receiver.url, message="x")
    assert (failed.value.final, failed.value.status) == (final, answer)
    assert failed.value.retry_after == (7.0 if answer == 429 else None)
    assert len(receiver.got) == 1


def test_the_address_is_told_to_nobody(notify, receiver, caplog):
    caplog.set_level(logging.DEBUG)
    receiver.answer = 500
    told = []
    for url in (receiver.url, receiver.url.replace("http:", "ftp:"), "http://127.0.0.1:1/s3cr3t"):
        with pytest.raises(FlowbookError) as failed:
            notify(channel="slack", url=url, message="x")
        told.append(f"{failed.value} {failed.value.__dict__}")
    assert "s3cr3t" not in " ".join([*told, *notify.context.logged, caplog.text])


def test_a_client_of_somebody_else_logs_as_before(notify, receiver, caplog):
    notify(url=receiver.url, message="x")
    caplog.set_level(logging.INFO, "httpx")
    logging.getLogger("httpx").info("HTTP Request: GET /mine")
    assert "/mine" in caplog.text


def test_a_test_run_tells_nobody(notify, receiver):
    notify.context.services.effects = False
    with pytest.raises(NotGranted, match="tells nobody in a test run"):
        notify(url=receiver.url, message="x")
    assert receiver.got == []


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"channel": "slakc"}, "no channel is called 'slakc'"),
        ({"channel": "slack"}, "slack needs an address that begins with https://"),
        ({"url": "http://x.test", "secret": "hook"}, "has url and secret"),
        ({"channel": "email"}, "email is not set up: it has no server"),
        ({"channel": "email", "server": "x", "sender": "a@b.c"}, "it has no to"),
        ({"channel": "email", "server": "x", "sender": "me", "to": "a@b.c"}, "no e-mail address"),
    ],
)
def test_what_cannot_be_sent_is_refused(notify, config, said):
    with pytest.raises(UsageError, match=said):
        notify(message="x", **config)


def test_a_timeout_is_a_duration(notify):
    with pytest.raises(TraitError, match="timeout cannot be 'soon'"):
        notify(timeout="soon")


def test_a_server_that_says_nothing_is_given_up(notify):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(HttpFailed, match="webhook gave no answer: ReadTimeout"):
            notify(url=f"http://127.0.0.1:{port}", message="x", timeout="200ms")


def test_a_channel_of_another_package_is_found_by_its_name(notify, tmp_path, monkeypatch):
    (tmp_path / "carrier.py").write_text(
        "sent = []\n"
        "class Pigeon:\n"
        "    async def send(self, notice, delivery):\n"
        "        sent.append((notice.text, delivery.address))\n"
        "        return {'pigeons': 1}\n"
    )
    about = tmp_path / "carrier-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Name: carrier\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[flowbook.channels]\npigeon = carrier:Pigeon\n")
    monkeypatch.syspath_prepend(tmp_path)
    given = notify(channel="pigeon", message="coo", url="roof")
    assert given["pigeons"] == 1
    assert sys.modules["carrier"].sent == [("coo", "roof")]
    with pytest.raises(UsageError, match="did you mean 'pigeon'"):
        notify(channel="pidgeon", message="coo")


def letter_of(sink):
    ((sender, to, letter),) = sink.letters
    return sender, to, message_from_string(letter, policy=policy.default)


def test_a_mail_has_what_is_to_be_told(notify):
    with Sink(password="open sesame") as sink:
        given = notify(
            channel="email", server=f"127.0.0.1:{sink.port}", security="none", user="me",
            secret="mail", sender="Flows <flows@acme.test>", to=["ada@acme.test", "bob@acme.test"],
            message="Ærlig talt", fields={"rows": 3}, subject="Report\r\nBcc: eve@x.test",
        )  # fmt: skip
    assert given == {"channel": "email", "event": "notification", "accepted": 2}
    sender, to, letter = letter_of(sink)
    assert "flows@acme.test" in sender
    assert len(to) == 2
    assert letter["Subject"] == "Report Bcc: eve@x.test"
    assert letter["Bcc"] is None
    assert letter["Message-ID"].endswith("@flowbook>")
    assert "Ærlig talt" in letter.get_content()
    assert "rows: 3" in letter.get_content()


def test_a_wrong_password_is_told_and_not_shown(notify):
    notify.context.services.secrets["mail"] = "wr0ng"
    with Sink(password="right") as sink, pytest.raises(UsageError) as refused:
        notify(
            channel="email", server=f"127.0.0.1:{sink.port}", security="none", user="me",
            secret="mail", sender="a@acme.test", to="b@acme.test", message="x",
        )  # fmt: skip
    assert "does not take this user and password" in str(refused.value)
    assert "wr0ng" not in str(refused.value)


def test_a_mail_nobody_may_have_fails_the_attempt(notify):
    with Sink(refuse=("b@acme.test",)) as sink, pytest.raises(HttpFailed, match="refused 1 addr"):
        notify(
            channel="email", server=f"127.0.0.1:{sink.port}", security="none",
            sender="a@acme.test", to="b@acme.test", message="x",
        )  # fmt: skip


def test_no_server_fails_the_attempt(notify):
    with pytest.raises(HttpFailed, match=r"127\.0\.0\.1 did not take the message"):
        notify(
            channel="email", server="127.0.0.1:1", sender="a@acme.test", to="b@acme.test",
            message="x",
        )  # fmt: skip


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    made = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost"
    also = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*made.split(), *also], check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert, key)
    return server, ssl.create_default_context(cafile=str(cert))


NOTICE = Notice("x", "w", "w", "r", "2026-05-01T10:00:00Z", message="hello")


def mailed(sink, security, trusted=None):
    settings = {
        "server": f"localhost:{sink.port}",
        "security": security,
        "sender": "a@acme.test",
        "to": ["b@acme.test"],
    }
    delivery = Delivery("", "key", 5.0, settings)
    return asyncio.run(Mail(trusted).send(NOTICE, delivery))


def test_a_mail_goes_through_tls_from_the_start(certificate):
    server, trusted = certificate
    with Sink(tls=server) as sink:
        assert mailed(sink, "ssl", trusted) == {"accepted": 1}
    assert sink.secure == [True]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the sink takes up TLS with start_tls")
def test_a_mail_goes_through_tls_taken_up_later(certificate):
    server, trusted = certificate
    with Sink(starttls=server) as sink:
        assert mailed(sink, "starttls", trusted) == {"accepted": 1}
    assert sink.secure == [True]


def test_a_server_without_tls_gets_nothing_unless_that_is_asked_for():
    with Sink() as sink, pytest.raises(HttpFailed, match="did not take the message"):
        mailed(sink, "starttls")
    assert sink.letters == []


def test_a_certificate_nobody_knows_is_not_believed(certificate):
    server, _ = certificate
    with Sink(tls=server) as sink, pytest.raises(HttpFailed, match="CERTIFICATE_VERIFY_FAILED"):
        mailed(sink, "ssl")
    assert sink.letters == []
