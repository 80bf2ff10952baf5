"""A real Jupyter server over an empty folder, with no kernel running."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import flowbook

TOKEN = "let-me-in"


@contextmanager
def serving(folder):
    """The base URL of the API of a server over a folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(flowbook.__file__).parents[1]),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root",
         f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
         f"--ServerApp.root_dir={folder}", "--ServerApp.jpserver_extensions", "flowbook=True"],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                httpx.get(f"http://127.0.0.1:{port}/api", timeout=1)
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/flowbook/api/v1"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """The base URL of a server, and the folder it serves."""
    folder = tmp_path_factory.mktemp("bare")
    with serving(folder) as base:
        yield base, folder


def ask(method: str, url: str, token: str | None = TOKEN, **options):
    """A request as its user makes it."""
    headers = {"Authorization": f"token {token}"} if token else {}
    return httpx.request(method, url, headers=headers, timeout=20, **options)
