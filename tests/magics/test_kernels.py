"""The same notebook on the ipykernel that is installed and on the oldest that is supported.

The oldest is fetched with pip into a folder of the test's own and put in front of the other;
without a package index these tests are skipped.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.magics.conftest import Kernel, Reply

pytestmark = pytest.mark.kernel

OLDEST = "ipykernel==7.0.*"
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
CANVAS = """\
import flowbook
board = flowbook.Flow("board")
@board.node
def waits(seconds: float = 30.0):
    import time
    context = flowbook.context()
    print("said by the node")
    while not context.cancelled():
        time.sleep(0.01)
canvas = board.canvas()
canvas.comm.comm_id
"""
HELPERS = """\
import asyncio, time
until = time.monotonic() + 20
def status():
    try:
        return board.last_run().status.value
    except flowbook.UsageError:
        return "not run"
def done():
    return status() == "cancelled" or time.monotonic() > until
"""


@pytest.fixture(scope="module")
def oldest(tmp_path_factory):
    """A folder with the oldest ipykernel."""
    folder = tmp_path_factory.mktemp("oldest")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder)]
    try:
        done = subprocess.run([*pip, OLDEST], capture_output=True, text=True, timeout=100)
    except subprocess.TimeoutExpired:
        pytest.skip("no package index answers")
    if done.returncode:
        pytest.skip(f"{OLDEST} cannot be had: {done.stderr.strip().splitlines()[-1:]}")
    return folder


@pytest.fixture(scope="module", params=["installed", "oldest"])
def kernel(request, tmp_path_factory):
    env = {}
    if request.param == "oldest":
        first = str(request.getfixturevalue("oldest"))
        env["PYTHONPATH"] = os.pathsep.join(filter(None, (first, os.environ.get("PYTHONPATH"))))
    started = Kernel(tmp_path_factory.mktemp("kernel"), env)
    try:
        loaded = started.run("%load_ext flowbook\nimport ipykernel\nipykernel.__version__")
        assert loaded.error is None
        assert ("'7.0." in loaded.text) is (request.param == "oldest")
        yield started
    finally:
        started.close()


def test_a_cell_defines_its_node_and_runs_it(kernel):
    assert kernel.run("%%flow numbers\nnumbers = [1, 2]", cell="numbers").error is None
    reply = kernel.run("%%flow total\ntotal = sum(numbers)", cell="total")
    assert (reply.error, reply.text.strip()) == (None, "3")


def test_a_failing_line_is_pointed_at(kernel):
    reply = kernel.run("%%flow broken\nx = 1\nbroken = x / 0", cell="broken")
    shown = COLOURS.sub("", reply.error)
    assert re.search(r"Cell In\[\d+\], line 3, in broken\(\)", shown)
    assert "----> 3 broken = x / 0" in shown
    assert "flowbook/" not in shown


def test_an_interrupt_stops_the_run_in_one_line(tmp_path):
    # Of the installed ipykernel alone, and in a kernel of its own: one before 7.4 may answer
    # nothing any more once it was interrupted, with flowbook or without.
    kernel = Kernel(tmp_path)
    try:
        _interrupt(kernel)
    finally:
        kernel.close()


def _interrupt(kernel):
    assert kernel.run("%load_ext flowbook").error is None
    begun = Path(kernel.run("import os\nos.getcwd()").text.strip().strip("'")) / "begun"
    source = "%%flow slow\nopen('begun', 'w').close()\nimport asyncio\nawait asyncio.sleep(60)"
    sent = kernel.send(source, cell="slow")
    deadline = time.monotonic() + 30
    while not begun.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    kernel.manager.interrupt_kernel()
    shown = COLOURS.sub("", Reply(kernel.collect(sent, timeout=20)).error)
    assert len(shown.splitlines()) == 1
    assert shown.startswith("KeyboardInterrupt: run ")


def test_what_runs_behind_prints_under_the_cell_that_started_it(kernel):
    source = (
        "%%flow behind\nimport threading, time\nfrom pathlib import Path\n"
        "while not Path('gate').exists(): time.sleep(0.02)\n"
        "print('from the node')\n"
        "thread = threading.Thread(target=print, args=('from its thread',))\n"
        "thread.start()\nthread.join()"
    )
    kernel.run("%flow mode define")
    kernel.run(source, cell="behind")
    kernel.run("%flow mode run")
    started = kernel.send("run = %flow run behind --bg", cell="starts")
    kernel.collect(started)
    busy = kernel.send("open('gate', 'w').close()\nrun.wait()\nprint('seen')", cell="busy")
    said = {started: "", busy: ""}
    while "from its thread" not in said[started] or "seen" not in said[busy]:
        message = kernel.client.get_iopub_msg(timeout=20)
        if message["msg_type"] == "stream":
            said[message["parent_header"]["msg_id"]] += message["content"]["text"]
    assert "from the node\n" in said[started]
    assert said[busy] == "seen\n"


class FrontEnd:
    """The part of a notebook's front end that speaks with a canvas, on a subshell."""

    def __init__(self, kernel, comm):
        self.kernel, self.client, self.comm = kernel, kernel.client, comm
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        reply = self.client.control_channel.get_msg(timeout=20)
        self.subshell = reply["content"]["subshell_id"]

    def send(self, kind, **fields):
        content = {"type": kind, **fields}
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": self.comm, "data": data})
        message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def until(self, event, busy):
        """Wait for an event of the run on the canvas; False when the busy cell ended before."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            message = self.client.get_iopub_msg(timeout=30)
            content = message["content"]
            if message["msg_type"] == "comm_msg" and f"'{event}'" in str(content["data"]):
                return True
            if message["parent_header"].get("msg_id") == busy and (
                content.get("execution_state") == "idle"
            ):
                return False
        return False


@pytest.mark.parametrize(
    "busy",
    [
        "while not done(): time.sleep(0.02)",
        "while not done(): await asyncio.sleep(0.02)",
        "while not done(): pass",
        "while not done():\n    canvas.send({'type': 'noise'})\n    time.sleep(0.05)",
    ],
    ids=["sleep", "await", "loop", "progress"],
)
def test_run_and_cancel_are_answered_while_a_cell_is_busy(kernel, busy):
    canvas = kernel.send(CANVAS, cell="canvas")
    comm = Reply(kernel.collect(canvas)).text.strip().strip("'")
    assert kernel.run(HELPERS, cell="helpers").error is None
    front = FrontEnd(kernel, comm)
    sent = kernel.send(f"{busy}\nprint(status())", cell="busy")
    front.send("RUN", params={})
    assert front.until("NODE_STARTED", sent)
    front.send("CANCEL")
    shown = Reply(kernel.collect(sent, timeout=30)).text
    assert "cancelled" in shown
    assert "said by the node" not in shown  # it is the canvas's cell that started the run
