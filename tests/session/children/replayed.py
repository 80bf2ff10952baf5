"""Run a flow, or replay a run of it with a frame given by hand, and be killed inside of one node.

`replayed.py FOLDER run|replay NODE [RUN_ID]`. Says the id of a run it came through.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from flowbook.graph.flow import Flow
from flowbook.session.project import Project

DEADLY = ""


def flow_of(host, folder):
    flow = Flow("replayed", host=host)

    @flow.node
    def numbers(n: int = 40):
        effect(folder, "numbers")
        return list(range(n))

    @flow.node
    def frame(rows=numbers):
        import pandas as pd

        effect(folder, "frame")
        return pd.DataFrame({"n": rows})

    @flow.node
    def count(df=frame):
        effect(folder, "count")
        return len(df)

    @flow.node
    def last(n=count):
        effect(folder, "last")
        return f"{n} rows"

    return flow


def effect(folder, name):
    """One line of the ledger, and the end where it is the deadly one."""
    with (folder / "ledger").open("a") as ledger:
        ledger.write(f"{name}\n")
    if name == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)


def effects(folder):
    """Which nodes did their effect, in order."""
    return (folder / "ledger").read_text().split()


if __name__ == "__main__":
    import pandas as pd

    where, what, DEADLY, *origin = sys.argv[1:]
    project = Project(Path(where))
    flow = flow_of(project, Path(where))
    if what == "run":
        run = flow.run()
    else:
        run = flow.replay(origin[0], inputs={"count.df": pd.DataFrame({"n": [1, 2, 3]})}).wait()
    print(run.id)
    project.close()
