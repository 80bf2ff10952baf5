"""`scheduling.py FOLDER [dying]`: a scheduler with little patience.

A `dying` one is killed between its word and its deed: once a run is decided on, before a process
is started for it.
"""

from __future__ import annotations

import os
import signal
import sys

from flowbook.session.project import project
from flowbook.session.scheduler import Scheduler


def main(folder: str, how: str = "") -> None:
    home = project(folder)
    if how == "dying":
        home.schedules.launch = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    print("ready", flush=True)
    Scheduler(home, poll=0.2, unstarted=8).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
