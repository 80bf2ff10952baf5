"""A Ctrl-C in a cell: whatever runs stops at once, one line is shown, and all goes on working."""

from __future__ import annotations

import re
import time

import pytest
from tests.magics.conftest import Reply

pytestmark = pytest.mark.kernel

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
BEGUN = "open('begun', 'w').close()"
SERVER = """\
import http.server, threading, time
from pathlib import Path
class Slow(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        Path("begun").touch()
        time.sleep(20)
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
port = server.server_port
"""


@pytest.fixture(scope="module", autouse=True)
def loaded(kernel):
    assert kernel.run("%load_ext flowbook", cell="load").error is None
    assert kernel.run("%%flow sql warm\nselect 1 as one", cell="warm").error is None


@pytest.fixture(autouse=True)
def nothing_begun(kernel_folder):
    (kernel_folder / "begun").unlink(missing_ok=True)


@pytest.fixture
def interrupt(kernel, kernel_folder, request):
    """Run a cell, interrupt it once its node is at work; what it shows, in plain text."""

    def interrupted(source, cell, times=1, begun=None):
        sent = kernel.send(source, cell=cell)
        deadline = time.monotonic() + 30
        while not (begun() if begun else (kernel_folder / "begun").exists()):
            assert time.monotonic() < deadline, f"{cell} did not begin"
            time.sleep(0.02)
        started = time.monotonic()
        for _ in range(times):
            kernel.manager.interrupt_kernel()
        reply = Reply(kernel.collect(sent, timeout=20))
        seconds = round(time.monotonic() - started, 2)
        request.node.user_properties.append(("seconds until idle", seconds))
        return COLOURS.sub("", reply.error or reply.text)

    return interrupted


@pytest.fixture
def still_works(kernel):
    """After the test a node runs as ever, here and in a process."""
    yield
    for name, on in (("quick", "thread"), ("apart", "process")):
        reply = kernel.run(f"%%flow {name} --on {on}\n6 * 7", cell=name)
        assert reply.error is None
        assert reply.text.strip().endswith("42")


def is_one_line(shown):
    return len(shown.splitlines()) == 1 and shown.startswith("KeyboardInterrupt: run ")


@pytest.mark.usefixtures("still_works")
@pytest.mark.parametrize(
    ("name", "options", "body"),
    [
        ("awaits", "", "import asyncio\nawait asyncio.sleep(60)"),
        (
            "heeds",
            "",
            "import flowbook\nwhile not flowbook.context().cancelled():\n    pass",
        ),
        ("apart", "--on process", "import time\ntime.sleep(60)"),
        ("spins", "--on process", "while True:\n    pass"),
    ],
)
def test_what_can_be_stopped_is(interrupt, name, options, body):
    shown = interrupt(f"%%flow {name} {options}\n{BEGUN}\n{body}", name)
    assert is_one_line(shown)
    assert shown.endswith(" was cancelled")


@pytest.mark.usefixtures("still_works")
def test_a_thread_that_does_not_look_is_left_behind_and_named(interrupt):
    body = "import time\nend = time.time() + 4\nwhile time.time() < end: time.sleep(0.01)"
    shown = interrupt(f"%%flow stays\n{BEGUN}\n{body}\nprint('too late')", "stays")
    assert is_one_line(shown)
    assert "; stays cannot be stopped: what still comes of it is ignored" in shown


def test_no_process_of_a_node_is_left(interrupt, kernel):
    source = f"%%flow apart --on process\n{BEGUN}\nimport os, time\nos.getpid()\ntime.sleep(60)"
    interrupt(source, "apart")
    count = "import os, psutil\nfound = psutil.Process().children(recursive=True)\n"
    assert kernel.run(f"{count}[one for one in found if one.status() != 'zombie']").text == "[]"


@pytest.mark.usefixtures("still_works")
def test_a_query_is_stopped(interrupt, kernel_folder):
    query = "select sum(a.range * b.range) as s from range(1000000) a, range(1000000) b"
    journal = kernel_folder / ".flowbook"
    size = sum(one.stat().st_size for one in journal.rglob("*") if one.is_file())

    def begun():
        """The node's start is on disk."""
        return sum(one.stat().st_size for one in journal.rglob("*") if one.is_file()) > size

    shown = interrupt(f"%%flow sql large\n{query}", "large", begun=begun)
    assert is_one_line(shown)
    assert shown.endswith(" was cancelled")


@pytest.mark.usefixtures("still_works")
def test_a_request_is_given_up(interrupt, kernel):
    port = kernel.run(f"{SERVER}\nport", cell="server").text.strip()
    shown = interrupt(f'%%flow http slow\nurl: "http://127.0.0.1:{port}/"', "slow")
    assert is_one_line(shown)


@pytest.mark.usefixtures("still_works")
def test_a_pause_between_attempts_is_no_reason_to_wait(interrupt):
    shown = interrupt(f"%%flow tries --retries 3 --backoff 60s\n{BEGUN}\n1 / 0", "tries")
    assert is_one_line(shown)


@pytest.mark.usefixtures("still_works")
@pytest.mark.parametrize(
    "waits",
    [
        "%flow run endless",
        "flow.run()",
        "flow.start().wait()",
        "await flow.start()",
        "run = flow.start()\nrun.rest()",
    ],
)
def test_however_a_cell_waits(interrupt, kernel, waits):
    kernel.run("%flow mode define")
    kernel.run(f"%%flow endless\n{BEGUN}\nimport asyncio\nawait asyncio.sleep(60)", cell="endless")
    for name in ("awaits", "heeds", "spins", "stays", "large", "slow", "tries"):
        kernel.run(f"%flow rm {name}")
    try:
        shown = interrupt(waits, "waits")
    finally:
        kernel.run("%flow mode run")
        kernel.run("%flow rm endless")
    assert shown.splitlines()[-1].startswith("KeyboardInterrupt: run ")
    assert "waiting.py" not in shown


@pytest.mark.usefixtures("still_works")
def test_two_in_a_row_are_as_good_as_one(interrupt):
    body = "import asyncio\nawait asyncio.sleep(60)"
    shown = interrupt(f"%%flow twice\n{BEGUN}\n{body}", "twice", times=2)
    assert "KeyboardInterrupt" in shown
    assert len(shown.splitlines()) < 5


def test_workers_of_a_cluster_outlive_it(interrupt, kernel):
    kernel.run("%%flow far --on dask\nimport os\nos.getppid()", cell="far")
    nanny = "run = %flow run far\nrun['far'].output"
    before = kernel.run(nanny).text.split()[-1]
    shown = interrupt(f"%%flow afar --on dask\n{BEGUN}\nimport time\ntime.sleep(60)", "afar")
    assert is_one_line(shown)
    assert kernel.run(nanny).text.split()[-1] == before
