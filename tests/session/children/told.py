"""Runs that fail, in a process that tells of them: `told.py FOLDER FLOW COUNT [how]`.

`dies`: killed when a run is over and nothing is told of it. `waits`: says `over` and goes on until
it is killed.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from flowbook.graph.flow import Flow
from flowbook.session.project import Project
from flowbook.session.telling import Telling


def main(folder, name, count, how=""):
    if how == "dies":
        Telling.sweep = lambda self: os.kill(os.getpid(), signal.SIGKILL)
    flow = Flow(name, host=Project(Path(folder)))

    @flow.node
    def broken():
        raise KeyError("rain")

    for _ in range(int(count)):
        flow.run()
    print("over", flush=True)
    if how:
        time.sleep(120)


if __name__ == "__main__":
    main(*sys.argv[1:])
