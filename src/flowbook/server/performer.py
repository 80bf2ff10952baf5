"""`python -m flowbook.server.performer`: perform one run that the server was asked for.

What to do comes as JSON on standard input; the answer is one line of JSON on standard output, as
soon as the run is there to be looked at. Then nobody listens any more, and the process stays until
the run is over.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import IO, Any

import msgspec

from flowbook.errors import FlowbookError, UsageError
from flowbook.events import RunStatus
from flowbook.run.handle import Run
from flowbook.server.routes import refusal
from flowbook.session.ordered import Order, performed
from flowbook.session.project import Project, project
from flowbook.store.audit import acting

VISIBLE_SECONDS = 10.0
"""For so long a run that is not in the history is waited for; some are never written."""


def main() -> int:
    """Take the order, answer, and stay until the run is over."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    with os.fdopen(os.dup(1), "wb") as answer:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)  # what nodes print belongs to the run
        home = project(Path(order.project))
        with acting(actor=order.actor or None, source=order.source or None):
            try:
                run = performed(home, order)
            except FlowbookError as refused:
                _say(answer, refused=refusal(refused))
                return 2
        _await_seen(home, run)
        _say(answer, run=run.id)
    run.wait()
    home.close()
    return 0


def _say(answer: IO[bytes], **told: Any) -> None:
    answer.write(msgspec.json.encode(told) + b"\n")
    answer.flush()


def _await_seen(home: Project, run: Run) -> None:
    """Wait until others see the run; one that waits for its turn is not written yet."""
    deadline = time.monotonic() + VISIBLE_SECONDS
    while time.monotonic() < deadline and run.status is not RunStatus.QUEUED:
        try:
            home.history.run(run.id)
        except UsageError:
            time.sleep(0.02)
        else:
            return


if __name__ == "__main__":
    sys.exit(main())
