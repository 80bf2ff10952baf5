"""A body becomes a file: whole or not at all, without being in memory."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
import textwrap
import threading

import pytest

from flowbook.errors import HttpFailed, NotGranted, UsageError
from flowbook.nodes.http import HttpNode

CONTENT = bytes(range(256)) * 20_000


@pytest.fixture(autouse=True)
def page(site):
    site.page("/file", CONTENT, content_type="application/x-rain")


def left(folder):
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


def test_a_body_is_written_and_told(fetch, tmp_path, context):
    assert fetch("/file", save_to="data/rain.bin") == {
        "path": "data/rain.bin",
        "size": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "content_type": "application/x-rain",
    }
    assert (tmp_path / "data/rain.bin").read_bytes() == CONTENT
    assert left(tmp_path) == ["data/rain.bin"]
    done = [told[0] for told in context.progressed]
    assert done == sorted(done)
    assert context.progressed[-1] == (len(CONTENT), len(CONTENT), "data/rain.bin")


def test_status_and_headers_are_ports_as_ever(run):
    given = run("/file", save_to="rain.bin", outputs="saved status")
    assert (given["saved"]["size"], given["status"]) == (len(CONTENT), 200)


def test_a_packed_body_is_written_unpacked(fetch, site, tmp_path, packed):
    site.page("/packed", packed(CONTENT), content_encoding="gzip")
    assert fetch("/packed", save_to="rain.bin")["size"] == len(CONTENT)
    assert (tmp_path / "rain.bin").read_bytes() == CONTENT


def test_an_empty_body_is_an_empty_file(fetch, site, tmp_path):
    site.page("/empty", b"")
    assert fetch("/empty", save_to="rain.bin")["size"] == 0
    assert left(tmp_path) == ["rain.bin"]


def test_a_body_that_breaks_off_leaves_the_file_that_was_there(fetch, site, tmp_path):
    @site.on("/short")
    def short(handler):
        handler.reply(CONTENT, content_length=len(CONTENT) + 1)
        handler.close_connection = True

    (tmp_path / "rain.bin").write_text("as it was")
    with pytest.raises(HttpFailed, match="got no answer"):
        fetch("/short", save_to="rain.bin")
    assert (tmp_path / "rain.bin").read_text() == "as it was"
    assert left(tmp_path) == ["rain.bin"]


def test_a_refusal_is_no_file(fetch, tmp_path):
    with pytest.raises(HttpFailed, match="404"):
        fetch("/nowhere", save_to="rain.bin")
    assert left(tmp_path) == []


def test_a_file_has_a_limit_if_one_is_set(fetch, tmp_path):
    with pytest.raises(HttpFailed, match="beyond max_size: 1MB"):
        fetch("/file", save_to="rain.bin", max_size="1MB")
    assert left(tmp_path) == []


def test_a_place_outside_the_project_is_refused_before_it_is_written(fetch, tmp_path):
    with pytest.raises(NotGranted):
        fetch("/file", save_to="../rain.bin")
    assert left(tmp_path) == []


def test_a_place_that_cannot_be_written_is_told(fetch, tmp_path):
    (tmp_path / "rain.bin").mkdir()
    with pytest.raises(UsageError, match=r"rain\.bin cannot be written"):
        fetch("/file", save_to="rain.bin")


def test_a_file_may_be_somewhere_else(fetch, services):
    import fsspec

    services.allowed_urls.append("memory://")
    assert fetch("/file", save_to="memory://rain.bin")["path"] == "memory://rain.bin"
    with fsspec.open("memory://rain.bin") as file:
        assert file.read() == CONTENT


def test_a_download_that_is_cancelled_leaves_nothing(context, made, site, tmp_path):
    begun = threading.Event()

    @site.on("/slow")
    def slow(handler):
        handler.begin(content_length=10 * len(CONTENT))
        handler.wfile.write(CONTENT)
        begun.set()
        site.let_go.wait(5)

    async def cancelled():
        node = made.node(HttpNode, url=f"{site.url}/slow", save_to="rain.bin")
        running = asyncio.create_task(node.run(context, {}))
        await asyncio.to_thread(begun.wait, 5)
        while not context.progressed:
            await asyncio.sleep(0.005)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return running.cancelled()

    assert asyncio.run(cancelled())
    assert left(tmp_path) == []


def test_a_disk_that_is_full_ends_the_download(fetch, tmp_path, monkeypatch):
    from flowbook.nodes.http import download

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download._Blocks, "write", full)
    with pytest.raises(OSError, match="No space left"):
        fetch("/file", save_to="rain.bin")
    assert left(tmp_path) == []


def test_a_body_is_an_artefact(fetch, context):
    given = fetch("/file", artefact="rain.bin")
    assert context.made == {"rain.bin": (CONTENT, "application/x-rain")}
    assert (given["path"], given["size"]) == ("rain.bin", len(CONTENT))


def test_a_large_body_takes_little_memory(site, tmp_path):
    """In a process of its own, whose peak is its own."""

    @site.on("/large")
    def large(handler):
        handler.begin(content_length=200 << 20)
        for _ in range(200):
            handler.wfile.write(bytes(1 << 20))

    code = f"""
        import asyncio, resource
        from pathlib import Path
        from types import SimpleNamespace
        from flowbook.graph.spec import NodeSpec
        from flowbook.nodes.http import HttpNode
        services = SimpleNamespace(effects=True, keep=lambda key, make, close: make(),
            file=lambda path, writing=False: "{tmp_path}/" + path)
        context = SimpleNamespace(log=lambda text: None, attempt=1, services=services,
            progress=lambda *told: None)
        def peak():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        def fetch(path, **config):
            node = HttpNode(NodeSpec("page", kind="http"), url="{site.url}" + path, **config)
            return asyncio.run(node.run(context, {{}})).ports["page"]
        fetch("/file", save_to="small.bin")
        before = peak()
        print(fetch("/large", save_to="large.bin")["size"], peak() - before)
    """
    asked = [sys.executable, "-c", textwrap.dedent(code)]
    size, grown = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    assert int(size) == 200 << 20
    assert int(grown) < 50_000  # kilobytes


def test_a_body_goes_to_one_place(made):
    with pytest.raises(UsageError, match="has save_to and artefact"):
        made.node(HttpNode, artefact="rain.bin", save_to="rain.bin")
