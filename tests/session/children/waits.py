"""Run a flow that waits: `waits.py FOLDER exit|stay|recover`; prints the run's id and status."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from flowbook.events import RunStatus
from flowbook.graph.flow import Flow
from flowbook.graph.spec import NodeSpec
from flowbook.graph.suspension import Suspend, resumption
from flowbook.ids import NodeId
from flowbook.nodes.approval import ApprovalNode
from flowbook.session.project import Project


def flow_of(host, folder):
    """Two nodes that wait, each behind and before one that leaves a line in the ledger."""
    flow = Flow("waits", host=host)

    def effect(name):
        with (folder / "ledger").open("a") as ledger:
            ledger.write(f"{name}\n")

    @flow.node
    def before():
        effect("before")
        return 3

    @flow.node
    def paid(order=before):
        came = resumption()
        if came is None:
            effect("asked")
            return Suspend(f"payment of order {order}", signal="paid", data={"order": order})
        effect("paid")
        return {**came.data, **came.payload}

    @flow.node
    def after(what=paid):
        effect("after")
        return what["amount"]

    spec = NodeSpec(NodeId("ask"), kind="approval", config={"approvers": ["Ada", "Bob"]})
    flow.add(ApprovalNode(spec, approvers=["Ada", "Bob"], require="all", prompt="Ship it?"))

    @flow.node
    def nap():
        came = resumption()
        return Suspend("a nap", until=0.5) if came is None else came.by

    return flow


def ledger(folder):
    """Which nodes did something, in order."""
    return (folder / "ledger").read_text().split()


def until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.01)


@contextmanager
def waiting_run(folder, what):
    """A process that performs the run, and the run's id once it is suspended."""
    process = subprocess.Popen(
        [sys.executable, __file__, str(folder), what],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, process.stdout.readline().split()[0]
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()


def main(folder, what):
    project = Project(folder)
    flow = flow_of(project, folder)
    (run,) = flow.recover() if what == "recover" else (flow.start(),)
    until(lambda: run.status in (RunStatus.SUSPENDED, RunStatus.SUCCEEDED))
    print(run.id, os.getpid(), flush=True)
    if what == "stay":
        time.sleep(60)
    elif what == "recover":
        print(run.wait(30).status.value, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
