"""Where the words of a node go: to the cell that started it and to the node, and nowhere else."""

from __future__ import annotations

import re
import time

import pytest

pytestmark = pytest.mark.kernel

EACH_LETTER = """\
import time
for letter in "{letter}" * 12:
    print(letter, end="", flush=True)
    time.sleep(0.01)
"""
ALL_KINDS = """\
import logging, sys, warnings
from IPython.display import HTML, display
print("to stdout")
print("to stderr", file=sys.stderr)
logging.getLogger("mine").warning("logged")
warnings.warn("take care")
display(HTML("<b>bold</b>"))
for i in range(3):
    print(f"\\r{i} of 2", end="")
"""
GATED = """\
import asyncio, threading, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from IPython.display import HTML, display
print("began")
while not Path("gate").exists():
    time.sleep(0.02)
print("itself")
with ThreadPoolExecutor(2) as pool:
    pool.submit(print, "in a pool").result()
thread = threading.Thread(target=print, args=("in a raw thread",))
thread.start()
thread.join()
display(HTML("<i>rich</i>"))
"""
GATED_ASYNC = """\
import asyncio
from pathlib import Path
while not Path("gate").exists():
    await asyncio.sleep(0.02)
await asyncio.to_thread(print, "to a thread")
await asyncio.get_running_loop().run_in_executor(None, print, "to an executor")
"""
GATED_PROCESS = """\
import threading, time
from pathlib import Path
while not Path("gate").exists():
    time.sleep(0.02)
print("in a process")
thread = threading.Thread(target=print, args=("in its thread",))
thread.start()
thread.join()
"""


class Ear:
    """Hears all that a kernel publishes, by the cell that it is shown under."""

    def __init__(self, kernel):
        self.kernel, self.cells = kernel, {}
        self.heard = []

    def send(self, source, cell):
        msg_id = self.kernel.send(source, cell=cell)
        self.cells[msg_id] = cell
        return msg_id

    def until(self, done, timeout=30):
        """Listen until `done()`; it is asked after each message."""
        deadline = time.monotonic() + timeout
        while not done():
            assert time.monotonic() < deadline, self.heard
            message = self.kernel.client.get_iopub_msg(timeout=timeout)
            cell = self.cells.get(message["parent_header"].get("msg_id"), "nobody")
            self.heard.append((cell, message["msg_type"], message["content"]))

    def run(self, source, cell):
        """Execute a cell to its end."""
        self.send(source, cell)
        self.until(lambda: self.is_idle(cell))
        return self

    def is_idle(self, cell):
        return any(
            one == cell and kind == "status" and content["execution_state"] == "idle"
            for one, kind, content in self.heard
        )

    def said(self, cell):
        """The stream text under a cell."""
        return "".join(
            content["text"] for one, kind, content in self.heard if one == cell and kind == "stream"
        )

    def shown(self, cell):
        """The rich outputs under a cell."""
        return [
            content["data"]
            for one, kind, content in self.heard
            if one == cell and kind == "display_data"
        ]


@pytest.fixture(scope="module", autouse=True)
def loaded(kernel):
    assert kernel.run("%load_ext flowbook", cell="load").error is None


@pytest.fixture
def defining(kernel):
    kernel.run("%flow mode define")
    yield
    kernel.run("%flow mode run")


@pytest.fixture
def ear(kernel, kernel_folder):
    (kernel_folder / "gate").unlink(missing_ok=True)
    return Ear(kernel)


def test_every_kind_of_output_is_under_the_cell_and_on_the_node(ear):
    ear.run(f"%%flow kinds\n{ALL_KINDS}", "kinds")
    said = ear.said("kinds")
    for text in ("to stdout\n", "to stderr\n", "logged\n", "UserWarning: take care", "\r2 of 2"):
        assert text in said
    assert "<b>bold</b>" in [one.get("text/html") for one in ear.shown("kinds")]
    ear.run("run = %flow run kinds\nlogs = run['kinds'].logs", "again")
    kept = ear.run("print(repr(logs))", "kept").said("kept")
    for text in ("to stdout", "to stderr", "logged", "take care", "2 of 2"):
        assert text in kept


@pytest.mark.usefixtures("defining")
def test_nodes_that_print_at_once_do_not_mix(ear):
    for letter in "ab":
        ear.run(f"%%flow says_{letter}\n{EACH_LETTER.format(letter=letter)}", letter)
    ear.run("run = %flow run says_a says_b", "both")
    kept = ear.run("print(run['says_a'].logs, run['says_b'].logs)", "kept").said("kept")
    assert kept == f"{'a' * 12} {'b' * 12}\n"


@pytest.mark.usefixtures("defining")
def test_what_runs_behind_speaks_under_the_cell_that_started_it(ear, kernel_folder):
    for name, options, body in (
        ("gated", "", GATED),
        ("gated_async", "", GATED_ASYNC),
        ("gated_process", "--on process", GATED_PROCESS),
    ):
        ear.run(f"%%flow {name} {options}\n{body}", name)
    ear.run("run = %flow run gated gated_async gated_process --bg", "starts")
    ear.run("print('elsewhere')", "elsewhere")
    ear.send("import time\nwhile not run.status.over: time.sleep(0.02)\nprint('seen')", "busy")
    ear.until(lambda: "began" in ear.said("starts"))
    (kernel_folder / "gate").touch()
    ear.until(lambda: ear.is_idle("busy"))
    ear.until(lambda: "in its thread" in ear.said("starts"))

    said = ear.said("starts")
    for text in (
        *("began", "itself", "in a pool", "in a raw thread", "to a thread", "to an executor"),
        *("in a process", "in its thread"),
    ):
        assert said.count(text) == 1
    assert "<i>rich</i>" in [one.get("text/html") for one in ear.shown("starts")]
    assert ear.said("elsewhere") == "elsewhere\n"
    assert ear.said("busy") == "seen\n"
    assert [one for one in ear.heard if one[0] == "nobody" and one[1] == "stream"] == []

    names = ("gated", "gated_async", "gated_process")
    kept = ear.run(f"for name in {names}: print(name, repr(run[name].logs))", "kept").said("kept")
    logs = dict(re.findall(r"^(\w+) '(.*)'$", kept, re.MULTILINE))
    assert logs["gated"] == r"began\nitself\nin a pool\nin a raw thread\n"
    assert logs["gated_async"] == r"to a thread\nto an executor\n"
    assert logs["gated_process"] == r"in a process\nin its thread\n"


def test_a_pool_that_outlives_a_node_goes_on_for_whoever_asks(ear):
    ear.run(
        "from concurrent.futures import ThreadPoolExecutor\nshared = ThreadPoolExecutor(1)", "pool"
    )
    ear.run("%%flow one\n_ = shared.submit(print, 'of the node').result()", "one")
    ear.run("shared.submit(print, 'of the cell').result()", "plain")
    assert ear.said("one") == "of the node\n"
    assert "of the cell" not in ear.said("one")
