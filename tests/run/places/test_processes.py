"""What only processes promise: they are killed, they survive each other, they load little."""

from __future__ import annotations

import os
import threading
import time

import pytest
from tests.run.plans import n, plan_of

from flowbook.run.rules.phase import Outcome


def busy(context, inputs):
    while not context.cancelled():
        time.sleep(0.01)


def test_a_process_is_kept_warm_and_killed_when_it_must_be(start, engines):
    def pid(context, inputs):
        return os.getpid()

    engine = engines()
    plan = plan_of(n("a", on="process"))
    one = start(plan, {"a": pid}, engine=engine).wait(20)["a"].output
    two = start(plan, {"a": pid}, engine=engine).wait(20)["a"].output
    assert one == two != os.getpid()
    stuck = start(plan, {"a": busy}, engine=engine)
    time.sleep(0.2)
    stuck.cancel()
    stuck.wait(5)
    with pytest.raises(ProcessLookupError):
        os.kill(one, 0)


def test_what_cannot_travel_says_so(start):
    plan = plan_of(n("a"), n("b", "a", on="process"))
    run = start(plan, {"a": lambda c, i: threading.Lock(), "b": lambda c, i: 1}).wait(20)
    assert "--on thread" in run["b"].error.message
    back = plan_of(n("a", on="process"))
    run = start(back, {"a": lambda c, i: (x for x in "ab")}).wait(20)
    assert "cannot leave its process" in run["a"].error.message


def test_a_worker_process_imports_nothing_heavy(start):
    def loaded(context, inputs):
        import sys

        return [name for name in ("pandas", "duckdb", "IPython", "numpy") if name in sys.modules]

    assert start(plan_of(n("a", on="process")), {"a": loaded}).wait(20)["a"].output == []


def test_a_worker_does_not_run_the_users_main_again(start):
    def main_of(context, inputs):
        import sys

        return getattr(sys.modules["__main__"], "__file__", None)

    run = start(plan_of(n("a", on="process")), {"a": main_of}).wait(20)
    assert run["a"].output is None


def test_what_native_code_prints_does_not_break_the_line(start, capfd):
    def native(context, inputs):
        os.write(1, b"from C\n")
        return 1

    run = start(plan_of(n("a", on="process")), {"a": native}).wait(20)
    assert run["a"].outcome is Outcome.SUCCEEDED
    assert capfd.readouterr().err == "from C\n"
