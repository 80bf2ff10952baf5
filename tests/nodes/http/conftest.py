"""A server on this machine that does what a test tells it to, faults included."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from flowbook.expr.evaluate import evaluate
from flowbook.expr.parse import parse
from flowbook.nodes.http import HttpNode


@dataclass
class Asked:
    """A request as it arrived; `socket` tells one connection from another."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    socket: int


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.asked = self.read_request()
        self.server.site.asked.append(self.asked)
        route = self.server.site.routes.get(self.path.partition("?")[0])
        if route is None:
            self.reply(b"no such page", 404, content_type="text/plain")
        else:
            route(self)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_PROPFIND = do_GET

    def read_request(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = b""
        if "chunked" in headers.get("transfer-encoding", ""):
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(headers.get("content-length", 0)))
        return Asked(self.command, self.path, headers, body, self.client_address[1])

    def reply(self, body=b"", status=200, **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"content_type": "application/json", "content_length": len(body)} | headers
        self.send_response(status)
        for name, value in named.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def begin(self, **headers):
        """Status and headers of an answer whose body the test sends bit by bit."""
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 200

    def get_request(self):
        accepted = super().get_request()
        self.site.sockets += 1
        return accepted

    def shutdown_request(self, request):
        super().shutdown_request(request)
        self.site.closed += 1

    def handle_error(self, request, client_address):
        """A client that goes away is part of the tests."""


class Site:
    """Pages by their path, what was asked for, and how many connections there were."""

    def __init__(self, context=None):
        self.routes, self.asked, self.sockets, self.closed = {}, [], 0, 0
        self.let_go = threading.Event()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.site = self
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def page(self, path, body=b"", status=200, **headers):
        self.routes[path] = lambda handler: handler.reply(body, status, **headers)

    def on(self, path):
        """Decorates what answers at `path`; it is given the handler."""

        def put(route):
            self.routes[path] = route
            return route

        return put

    @property
    def paths(self):
        return [one.path for one in self.asked]

    def close(self):
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def site():
    served = Site()
    yield served
    served.close()


@pytest.fixture
def other():
    """Another server: another port is another origin."""
    served = Site()
    yield served
    served.close()


@pytest.fixture
def services(context):
    return context.services


@pytest.fixture
def context(context, tmp_path):
    """The context of nodes' tests in an empty folder, with artefacts and the real expressions."""
    context.services.folder = tmp_path
    context.made = {}
    context.progressed = []
    context.evaluate = lambda text, names: evaluate(parse(text), names)
    context.progress = lambda *told: context.progressed.append(told)

    def artefact(name, content, media_type=None):
        context.made[name] = (content, media_type)

    context.artefact = artefact
    return context


@pytest.fixture
def run(context, made, spec, site):
    """Runs a node against the site and gives its ports; `written` is its config in the cell."""

    def run(path="/", *, outputs="", inputs=None, written=None, **config):
        url = path if "://" in path else site.url + path
        told = spec("fetch", kind="http", outputs=outputs, **(written or {}))
        node = HttpNode(told, url=url, **config)
        return dict(asyncio.run(node.run(context, inputs or {})).ports)

    return run


@pytest.fixture
def fetch(run):
    """The same, for the body alone."""
    return lambda *args, **config: run(*args, **config)["fetch"]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """An authority of our own, and a server's certificate for 127.0.0.1 that it has signed."""
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "flowbook test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificates")
    paths = SimpleNamespace(certificate=folder / "ca.pem", key=folder / "key.pem")
    paths.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


@pytest.fixture
def secure(certificates):
    """A server over TLS with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    served = Site(context)
    yield served
    served.close()


@pytest.fixture
def packed():
    """Text as gzip."""
    return lambda text: gzip.compress(text if isinstance(text, bytes) else text.encode())
