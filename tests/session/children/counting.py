"""Count in the memory of a flow and be killed before the node is over: `counting.py FOLDER`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from flowbook import memory
from flowbook.graph.flow import Flow
from flowbook.session.project import Project


def flow_of(project, *, dies):
    flow = Flow("counting", host=project)

    @flow.node
    def ticket(order: int = 1):
        mine = memory().update("tickets", lambda last: last + 1, 0)
        memory()["last order"] = order
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)
        return mine

    return flow


if __name__ == "__main__":
    flow_of(Project(Path(sys.argv[1])), dies=True).run(order=7)
