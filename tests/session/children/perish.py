"""Run a flow, or go on with one, and be killed on the way: `perish.py FOLDER MOMENT [recover]`.

A moment is a look at the engine's clock or a node's beginning or end. Says how many there were if
it came through all of them.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

from flowbook.graph.flow import Flow
from flowbook.run.engine import Engine
from flowbook.session.project import Project


class Fate:
    """Kills this process at the moment of that number, counted over all threads."""

    def __init__(self, moment):
        self.left, self.seen, self.lock = moment, 0, threading.Lock()

    def __call__(self):
        with self.lock:
            self.seen += 1
            if self.seen == self.left:
                os.kill(os.getpid(), signal.SIGKILL)

    def clock(self):
        self()
        return time.time()


FATE = Fate(0)
FOLDER = Path()


def effect(name):
    """One line of the ledger: this node did its effect now, in this process."""
    FATE()
    line = f"{name} {os.getpid()}\n".encode()
    ledger = os.open(FOLDER / "ledger", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(ledger, line)
    os.close(ledger)
    FATE()


def effects(folder):
    """Which nodes did their effect, each time, in order."""
    ledger = folder / "ledger"
    lines = ledger.read_text().splitlines() if ledger.exists() else []
    return [line.split()[0] for line in lines]


def flow_of(host):
    flow = Flow("doomed", host=host)
    branches(flow, *sources(flow))
    return flow


def sources(flow):

    @flow.node
    def source(count: int = 4000):
        effect("source")
        return list(range(count))

    @flow.node
    def table(numbers=source):
        import pandas as pd

        effect("table")
        return pd.DataFrame({"n": numbers[:50]})

    @flow.node(retries=3, backoff="fixed 5ms")
    def flaky(numbers=source):
        effect("flaky")
        if effects(FOLDER).count("flaky") < 3:
            raise ConnectionError("not yet")
        return len(numbers)

    return table, flaky


def branches(flow, table, flaky):
    @flow.node(outputs=("even", "odd"))
    def parity(count=flaky):
        from flowbook import Outputs

        effect("parity")
        return Outputs({"even" if count % 2 == 0 else "odd": count})

    @flow.node
    def halved(count=parity.even):
        effect("halved")
        return count // 2

    @flow.node
    def rounded(count=parity.odd):
        effect("rounded")
        return count + 1

    @flow.node(pure=True)
    def total(rows=table):
        return int(rows["n"].sum())

    @flow.node
    def report(sum=total, half=halved):
        effect("report")
        return {"total": sum, "half": half}

    @flow.node
    def archive(text=report, rows=table):
        effect("archive")
        return f"{text} {len(rows)}"


def main(folder, moment, recover):
    global FATE, FOLDER
    FOLDER = Path(folder)
    project = Project(FOLDER)
    flow = flow_of(project)
    FATE = Fate(int(moment))
    project.engine = Engine(project.store.sink, project.store.vault, clock=FATE.clock)
    if recover:
        flow.recover().wait()
    else:
        flow.run()
    FATE.left = 0
    print(FATE.seen, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], "recover" in sys.argv[3:])
