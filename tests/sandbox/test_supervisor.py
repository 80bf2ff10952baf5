"""One worker, asked by everybody, replaced when it does not answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from flowbook.sandbox.javascript import evaluate
from flowbook.sandbox.limits import Limits
from flowbook.sandbox.supervisor import Supervisor, WorkerEnded, here

pytestmark = pytest.mark.js

BOUND_S = 60


@pytest.fixture
def own():
    """A supervisor of this test alone."""
    made = Supervisor()
    yield made
    made.close()


def ask(one, limits=None):
    request = b'{"source":"1","names":[],"others":[],"values":[],"seed":[1,2,3,4]}'
    return one.ask(request, limits or Limits())


def is_gone(pid):
    for _ in range(BOUND_S * 20):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_one_worker_serves_all():
    evaluate("1", {})
    first = here().pid
    assert [evaluate("x * 2", {"x": n}) for n in range(20)] == [n * 2 for n in range(20)]
    assert here().pid == first


def test_threads_wait_for_each_other():
    found = {}

    def work(number):
        found[number] = evaluate("x + 1", {"x": number})

    threads = [threading.Thread(target=work, args=(n,)) for n in range(12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(BOUND_S)
    assert found == {n: n + 1 for n in range(12)}


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")
def test_a_worker_that_does_not_answer_is_killed_and_replaced(own):
    assert ask(own) == "=1"
    stuck = own.pid
    os.kill(stuck, signal.SIGSTOP)
    with pytest.raises(WorkerEnded):
        ask(own, Limits(wall_s=0.1, grace_s=0.1))
    assert is_gone(stuck)
    assert ask(own) == "=1"
    assert own.pid != stuck


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")
def test_a_worker_that_died_is_replaced(own):
    ask(own)
    died = own.pid
    os.kill(died, signal.SIGKILL)
    try:
        first = ask(own)
    except WorkerEnded:
        first = None  # it died while it was asked
    assert first in ("=1", None)
    assert ask(own) == "=1"
    assert own.pid != died


def test_a_request_that_is_too_large_for_its_limits_ends_the_worker_not_us(own):
    with pytest.raises(WorkerEnded):
        own.ask(b" " * 2000, Limits(input_bytes=1000))
    assert ask(own) == "=1"


def test_closing_ends_the_process(own):
    ask(own)
    pid = own.pid
    own.close()
    assert is_gone(pid)
    assert own.pid is None


def test_it_ends_with_its_interpreter():
    code = "from flowbook.sandbox.javascript import evaluate as e; e('1', {});"
    code += "from flowbook.sandbox.supervisor import here; print(here().pid)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert is_gone(int(done.stdout))


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")
def test_it_ends_when_its_interpreter_is_killed():
    code = textwrap.dedent(
        """
        import os, signal
        from flowbook.sandbox.javascript import evaluate
        from flowbook.sandbox.supervisor import here
        evaluate("1", {})
        print(here().pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert is_gone(int(done.stdout))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_a_worker_of_its_own():
    code = textwrap.dedent(
        """
        import os
        from flowbook.sandbox.javascript import evaluate
        from flowbook.sandbox.supervisor import here
        evaluate("1", {})
        parents = here().pid
        child = os.fork()
        if child == 0:
            fine = evaluate("2", {}) == 2 and here().pid != parents
            here().close()
            os._exit(0 if fine else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), evaluate("3", {}),
              here().pid == parents)
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "3", "True"]
