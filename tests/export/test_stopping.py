"""Who stops a job pulls its brake, once."""

from __future__ import annotations

import os
import signal
import time

from flowbook.export.exits import ExitCode
from flowbook.export.stopping import Brake


def test_a_kernel_that_does_not_let_go_is_killed(monkeypatch):
    sent: list[int] = []
    monkeypatch.setattr(os, "kill", lambda _pid, number: sent.append(number))
    brake = Brake(pid=1, grace=0.01)
    brake.pull(ExitCode.TIMEOUT)
    deadline = time.monotonic() + 5
    while len(sent) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sent == [signal.SIGINT, signal.SIGKILL]
