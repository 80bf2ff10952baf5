"""The kernel of a job comes up before papermill does, and is gone with its job. Real kernels."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jupyter_core.utils import run_sync

from flowbook.export import kernel as kernels
from flowbook.export.kernel import NATIVE, OwnKernelManager, kernel_named, started

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # jupyter_client leaves its sockets
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def told_by(kernel, code):
    """What a kernel says that it evaluated `code` to."""

    async def ask():
        client = kernel.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=60)
            reply = await client.execute_interactive(
                "", user_expressions={"told": code}, timeout=60
            )
        finally:
            client.stop_channels()
        return reply["content"]["user_expressions"]["told"]["data"]["text/plain"]

    return run_sync(ask)()


def is_there(pid):
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_a_kernel_has_what_it_was_started_with(tmp_path):
    code = (
        "__import__('os').getcwd(), __import__('os').environ['FLOWBOOK_FLOW'], "
        "get_ipython().history_manager.hist_file"
    )
    with started(NATIVE, {"FLOWBOOK_FLOW": "tour"}, tmp_path) as kernel:
        told = told_by(kernel, code)
    assert ast.literal_eval(told) == (str(tmp_path), "tour", ":memory:")


def test_a_kernel_that_nobody_came_to_is_gone_with_its_job(tmp_path):
    with started(NATIVE, {}, tmp_path) as kernel:
        pid = kernel.provisioner.pid
        assert is_there(pid)
    deadline = time.monotonic() + 20
    while is_there(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_there(pid)


def test_a_kernel_that_cannot_be_started_is_left_to_nbclient(tmp_path, monkeypatch):
    monkeypatch.setattr(kernels, "get_kernel_dict", lambda: {"argv": ["/no/such/program"]})
    with started(NATIVE, {}, tmp_path) as kernel:
        assert kernel is None


def test_a_kernel_that_is_not_installed_here_is_this_interpreter():
    assert kernel_named("no-such-kernel") == NATIVE
    assert kernel_named(NATIVE) == NATIVE


def test_a_kernel_waits_for_no_papermill():
    code = "import sys, flowbook.export.kernel; print('papermill' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert told.stdout == "False\n", told.stderr


def test_python3_is_this_interpreter_whatever_a_kernelspec_says():
    argv = OwnKernelManager(kernel_name="python3").kernel_spec.argv
    assert argv[0] == sys.executable
