"""A real JupyterLab in a real Chromium, with nothing of the user's in reach.

The server gets its own configuration, data, runtime and IPython folders and a project made for the
test; the labextension is the one that was built into the source tree.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from tests.ui.cells import FLOW_CELLS

ROOT = Path(__file__).parents[2]
ARTEFACTS = Path(__file__).parent / "artefacts"
BOOT_SECONDS = 60
COLLABORATION = importlib.util.find_spec("jupyter_server_ydoc") is not None
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
QUIET = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
}


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests are no part of a test's output."""


@pytest.fixture(scope="session")
def harness() -> Iterator[str]:
    """The address of the page that developers look at: scenes of the canvas without a kernel."""
    node = shutil.which("node")
    assert node, "install node"
    subprocess.run([node, "scripts/build-harness.mjs"], cwd=ROOT / "js", check=True)
    handler = functools.partial(Quiet, directory=str(ROOT / "js" / "dev"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/harness.html"
        server.shutdown()


def pytest_configure() -> None:
    ARTEFACTS.mkdir(exist_ok=True)


@dataclass(frozen=True)
class Lab:
    """A running server and the project folder it serves."""

    url: str
    folder: Path

    def notebook(self, name: str, cells: list[str]) -> str:
        """Write a notebook of code cells; its URL."""
        document = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"cell-{i}",
                    "metadata": {},
                    "execution_count": None,
                    "outputs": [],
                    "source": source,
                }
                for i, source in enumerate(cells)
            ],
        }
        (self.folder / name).write_text(json.dumps(document), encoding="utf-8")
        return self.open(name)

    def open(self, name: str) -> str:
        """The URL that opens a file in a clean workspace."""
        return f"{self.url}/doc/tree/{name}?reset"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A server of the module's own: the kernels of all modules at once slow a machine down."""
    with serving(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="session")
def shared_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One where everybody who opens a notebook has the same document."""
    if not COLLABORATION:
        pytest.skip("jupyter-collaboration is not installed: pip install jupyter-collaboration")
    with serving(tmp_path_factory.mktemp("shared"), collaborative=True) as running:
        yield running


@contextmanager
def serving(home: Path, *, collaborative: bool = False) -> Iterator[Lab]:
    """A server with a home of its own, for a project in the folder `project` of it."""
    project = home / "project"
    project.mkdir(exist_ok=True)
    _install_labextension(home / "data")
    for name, settings in QUIET.items():
        path = home / "settings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings), encoding="utf-8")
    port = _free_port()
    log = (home / "server.log").open("w")
    server = subprocess.Popen(
        _command(port, project, collaborative),
        cwd=project,
        env=_environment(home),
        stdout=log,
        stderr=log,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/api", server, home / "server.log")
        yield Lab(url, project)
    finally:
        _end(server)
        log.close()


def _end(server: subprocess.Popen[bytes]) -> None:
    """Stop it; its kernels end with it.

    One that is told to while it restarts a kernel goes on: jupyter_client asks whether that kernel
    has failed before it can know.
    """
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(20)


def _install_labextension(data: Path) -> None:
    built = ROOT / "src" / "flowbook" / "labextension"
    assert (built / "package.json").is_file(), "run `npm --prefix js run build:prod` first"
    shutil.copytree(built, data / "labextensions" / "flowbook")


def _command(port: int, folder: Path, collaborative: bool) -> list[str]:
    alone = ["--YDocExtension.disable_rtc=True"] if COLLABORATION and not collaborative else []
    return [
        sys.executable,
        "-m",
        "jupyterlab",
        "--allow-root",
        "--no-browser",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}",
        "--IdentityProvider.token=",
        "--ServerApp.disable_check_xsrf=True",
        "--LabApp.extension_manager=readonly",
        "--LabApp.expose_app_in_browser=True",
        *alone,
    ]


def _environment(home: Path) -> dict[str, str]:
    ours = {
        name: str(home / folder)
        for name, folder in (
            ("JUPYTER_CONFIG_DIR", "config"),
            ("JUPYTER_DATA_DIR", "data"),
            ("JUPYTER_RUNTIME_DIR", "runtime"),
            ("JUPYTERLAB_SETTINGS_DIR", "settings"),
            ("JUPYTERLAB_WORKSPACES_DIR", "workspaces"),
            ("IPYTHONDIR", "ipython"),
        )
    }
    path = os.pathsep.join(filter(None, (str(ROOT / "src"), os.environ.get("PYTHONPATH", ""))))
    # An installed labextension must not come before the one of the source tree.
    return {**os.environ, **ours, "PYTHONPATH": path, "JUPYTER_PREFER_ENV_PATH": "0"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, "install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1500, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page
    page.screenshot(path=ARTEFACTS / f"{request.node.name}-end.png")
    context.close()


@dataclass(frozen=True)
class NotebookPage:
    """A notebook open in JupyterLab."""

    page: Page

    def open(self, url: str) -> NotebookPage:
        self.page.goto(url)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.page.wait_for_function(
            "() => jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status"
            " === 'idle'"
        )
        return self

    def run_cell(self, index: int, *, wait: bool = True) -> None:
        """Run a cell; again if the request got lost, which happens right after a kernel starts."""
        cell = self.page.locator(".jp-Notebook .jp-Cell").nth(index)
        prompt = cell.locator(".jp-InputPrompt").first
        for _ in range(5):
            cell.locator(".jp-Editor .cm-content").first.click()
            self.page.keyboard.press("Control+Enter")
            try:
                expect(prompt).not_to_have_text("[ ]:", timeout=3_000)
                break
            except AssertionError:
                continue
        if wait:
            expect(prompt).not_to_have_text("[*]:", timeout=60_000)

    def run_all(self, count: int) -> None:
        for index in range(count):
            self.run_cell(index)

    def node(self, name: str) -> Locator:
        return self.page.locator(f'.fb-root .react-flow__node[data-id="{name}"]')

    def status(self, name: str) -> Locator:
        return self.node(name).locator(".fb-node")

    def expect_status(self, name: str, *statuses: str, timeout: float = 20_000) -> None:
        wanted = re.compile(f"^({'|'.join(statuses)})$")
        expect(self.status(name)).to_have_attribute("data-status", wanted, timeout=timeout)

    def action(self, name: str) -> Locator:
        return self.page.locator(f'.fb-root [data-action="{name}"]')

    def shot(self, name: str) -> None:
        self.page.locator(".fb-root").screenshot(path=ARTEFACTS / f"{name}.png")


@pytest.fixture
def flow_page(lab: Lab, page: Page, request: pytest.FixtureRequest) -> NotebookPage:
    """A notebook with a small flow made by decorators, its canvas shown."""
    notebook = NotebookPage(page).open(lab.notebook(f"{request.node.name}.ipynb", FLOW_CELLS))
    notebook.run_all(3)
    page.wait_for_selector(".fb-root .react-flow__node")
    page.locator(".fb-root").scroll_into_view_if_needed()
    return notebook


@pytest.fixture
def notebook_page(page: Page) -> NotebookPage:
    return NotebookPage(page)
