"""Start a run with a key, when told to: `keyed.py FOLDER KEY`; prints the id of the run it got."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from flowbook.graph.flow import Flow
from flowbook.session.keys import hold_name
from flowbook.session.project import Project


def flow_of(project):
    flow = Flow("nightly", host=project)

    @flow.node
    def effect():
        with (project.path / "ledger").open("a") as ledger:
            ledger.write(f"{os.getpid()}\n")
        return 7

    return flow


if __name__ == "__main__":
    project = Project(Path(sys.argv[1]))
    flow = flow_of(project)
    held = "hold" in sys.argv and project.own(hold_name("nightly", sys.argv[2]))
    print("ready", flush=True)
    sys.stdin.readline()
    run = flow.run(key=sys.argv[2])
    print(run.id, run.status.value, run["effect"].output, flush=True)
    project.close()
