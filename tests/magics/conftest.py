from __future__ import annotations

import os
import time

import pytest
from jupyter_client.manager import start_new_kernel


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
        parts = []
        for message in self.messages:
            content = message["content"]
            if message["msg_type"] == "stream":
                parts.append(content["text"])
            elif message["msg_type"] in ("display_data", "execute_result"):
                parts.append(content["data"].get("text/plain", ""))
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
