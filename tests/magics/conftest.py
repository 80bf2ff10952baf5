from __future__ import annotations

import atexit
import os
import time
from contextlib import contextmanager

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from jedi import settings
from jupyter_client.manager import start_new_kernel
from traitlets.config import Config


class Kernel:
    """A real kernel in a folder of its own; `run` returns what a cell showed."""

    def __init__(self, folder, env=None):
        self.manager, self.client = start_new_kernel(
            kernel_name="python3", cwd=str(folder), env={**os.environ, **(env or {})}
        )
        self.cells = 0

    def run(self, source, cell=None, timeout=60, deleted=()):
        """Execute one cell; the outputs as (kind, text) and the error as (name, text)."""
        self.cells += 1
        return Reply(self.collect(self.send(source, cell, deleted), timeout))

    def send(self, source, cell=None, deleted=()):
        message = self.client.session.msg(
            "execute_request",
            {
                "code": source,
                "silent": False,
                "store_history": True,
                "user_expressions": {},
                "allow_stdin": False,
                "stop_on_error": True,
            },
        )
        message["metadata"]["cellId"] = cell or f"cell{self.cells}"
        message["metadata"]["deletedCells"] = list(deleted)
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def collect(self, msg_id, timeout=60):
        found = []
        deadline = time.monotonic() + timeout
        while True:
            message = self.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            if message["msg_type"] == "status":
                if message["content"]["execution_state"] == "idle":
                    return found
            else:
                found.append(message)

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


class Reply:
    """What a cell showed."""

    def __init__(self, messages):
        self.messages = messages

    @property
    def text(self):
        parts, before = [], None
        for message in self.messages:
            content, stream = message["content"], None
            if message["msg_type"] == "stream":
                stream = content["name"]
                if stream == before:  # one print may come in pieces
                    parts[-1] += content["text"]
                else:
                    parts.append(content["text"])
            elif message["msg_type"] in ("display_data", "execute_result"):
                parts.append(content["data"].get("text/plain", ""))
            before = stream
        return "\n".join(parts)

    @property
    def error(self):
        found = [m["content"] for m in self.messages if m["msg_type"] == "error"]
        return "\n".join(found[0]["traceback"]) if found else None


@pytest.fixture(scope="module")
def kernel_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kernel")


@pytest.fixture(scope="module")
def kernel(kernel_folder):
    started = Kernel(kernel_folder)
    yield started
    started.close()


class Shell:
    """An IPython shell in this process with the magics loaded; a cell that fails raises."""

    def __init__(self, inner, folder):
        self.inner = inner
        self.folder = folder
        self.cells = 0
        self.said = ""
        """What the last cell wrote, both streams."""
        self.shown = []
        """What it displayed, as MIME bundles."""

    @property
    def notebook(self):
        return self.inner._flowbook.notebook

    def run(self, source, cell=None):
        """Run one cell as a front end would; its value."""
        self.cells += 1
        with capture_output() as captured:
            result = self.inner.run_cell(
                source, store_history=True, cell_id=cell or f"cell{self.cells}"
            )
        self.said = captured.stdout + captured.stderr
        self.shown = [one.data for one in captured.outputs]
        result.raise_error()
        return result.result

    def flow(self, line):
        """The value of `%flow …`."""
        return self.run(f"%flow {line}")

    def load(self, *extensions):
        for one in extensions:
            self.inner.run_line_magic("load_ext", one)

    def complete(self, text, cursor=None):
        """What is offered at the end of `text`, or where `|` is."""
        if cursor is None:
            cursor = text.find("|") if "|" in text.replace("#|", "  ") else len(text)
        with provisionalcompleter():
            return [one.text for one in self.inner.Completer.completions(text, cursor)]


@pytest.fixture(scope="session", autouse=True)
def _own_jedi(tmp_path_factory):
    """What jedi writes down is ours: it gives up on what another process is just writing."""
    before = settings.cache_directory
    settings.cache_directory = str(tmp_path_factory.mktemp("jedi"))
    yield
    settings.cache_directory = before


@pytest.fixture
def shell(tmp_path):
    """A shell in a folder of its own, as `ipython` starts it, `%load_ext flowbook` done."""
    with open_shell(tmp_path) as opened:
        opened.load("flowbook")
        yield opened


@pytest.fixture
def unloaded(tmp_path):
    """The same without flowbook."""
    with open_shell(tmp_path) as opened:
        yield opened


@contextmanager
def open_shell(folder):
    quiet = Config()
    quiet.HistoryManager.enabled = False
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in ("JPY_SESSION_NAME", "FLOWBOOK_FLOW", "FLOWBOOK_PROJECT", "FLOWBOOK_TRIGGER"):
            patch.delenv(name, raising=False)
        patch.setenv("IPYTHONDIR", str(folder / ".ipython"))
        inner = InteractiveShell(config=quiet)
        atexit.unregister(inner.atexit_operations)
        patch.setattr(InteractiveShell, "_instance", inner)
        opened = Shell(inner, folder)
        yield opened
        if getattr(inner, "_flowbook", None) is not None:
            opened.notebook.project.close()
