"""A secret that a request was made with stands nowhere afterwards, whatever the server says."""

from __future__ import annotations

import base64

import pytest

import flowbook
from flowbook.graph.options import parse_options
from flowbook.graph.spec import NodeSpec

CANARY = "canary-7f3a9c/xyz+Q=="


@pytest.fixture
def project(monkeypatch, tmp_path, tmp_path_factory):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("FLOWBOOK_SECRET_API", CANARY)
    project = flowbook.Project(tmp_path)
    yield project
    project.engine.close()
    project.close()


def everything(project) -> bytes:
    project.store.fold()
    paths = sorted(project.store.root.rglob("*"))
    views = [project.history.table(f"SELECT * FROM {view}") for view in ("events", "node_runs")]
    return b"".join(path.read_bytes() for path in paths if path.is_file()) + repr(views).encode()


@pytest.mark.parametrize(
    "auth",
    [
        {"type": "bearer", "secret": "api"},
        {"type": "basic", "username": "ada", "secret": "api"},
        {"type": "query", "name": "who", "secret": "api"},
        {"type": "header", "name": "Authorization", "value": "{{ $secret.api }}"},
    ],
    ids=lambda auth: auth["type"],
)
def test_it_stands_nowhere(project, site, auth, caplog, capfd):
    caplog.set_level("DEBUG")

    @site.on("/x")
    def repeats(handler):
        told = f"{handler.path} {handler.headers.get('Authorization')} {CANARY}"
        handler.reply(told.encode(), 503, content_type="text/plain")

    flow = flowbook.Flow("asking", host=project)
    options = parse_options({"retries": 1, "backoff": "1ms"})
    config = {"url": f"{site.url}/x", "auth": auth}
    flow.add(NodeSpec("page", kind="http", options=options, config=config))
    run = flow.run()
    assert run.status == "failed"
    assert len(site.asked) == 2
    seen = (str(site.asked[0].path) + str(site.asked[0].headers)).encode()
    assert any(one in seen for one in spelt())
    told = everything(project) + (caplog.text + "".join(capfd.readouterr()) + repr(run)).encode()
    assert [one for one in spelt() if one in told] == []


def spelt() -> list[bytes]:
    """All ways in which it goes over the wire."""
    import urllib.parse

    pair = base64.b64encode(f"ada:{CANARY}".encode())
    return [CANARY.encode(), urllib.parse.quote(CANARY, "").encode(), pair]
