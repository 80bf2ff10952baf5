"""Run flows that die with their process, or open their project again: `reopened.py FOLDER WHAT`.

`pure` and `effects` run until somebody kills the process, in the middle of a node of that sort;
`nap` waits for a time. `open` starts another run of the flow named by a third word, and ends.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from flowbook.graph.flow import Flow
from flowbook.graph.suspension import Suspend, resumption
from flowbook.session.project import Project


def flow_of(project, name, *, factor=2):
    folder = project.path
    flow = Flow(name, host=project)

    def leave(what):
        with (folder / "ledger").open("a") as ledger:
            ledger.write(f"{what}\n")

    @flow.node(pure=True)
    def first(n: int = 1):
        leave("first")
        return n * 2

    if name == "nap":

        @flow.node
        def slow(first):
            came = resumption()
            leave("asked" if came is None else "woken")
            return Suspend("a nap", until=3.0) if came is None else first

    else:

        @flow.node(pure=name != "effects")
        def slow(first):
            leave("slow")
            while first == 2 and not (folder / "go").exists():
                time.sleep(0.01)
            return first

    if factor == 2:

        @flow.node
        def last(slow):
            leave("last")
            return slow * 2

    else:

        @flow.node
        def last(slow):
            return slow * 3

    return flow


if __name__ == "__main__":
    project = Project(Path(sys.argv[1]))
    if sys.argv[2] == "open":
        flow_of(project, sys.argv[3]).run(n=2)
    else:
        run = flow_of(project, sys.argv[2]).start()
        print(run.id, flush=True)
        time.sleep(60)
