"""Run a flow whose nodes share a limit of the project: `limited.py FOLDER NAME NODES [PRIORITY]`.

Each node says in the ledger when it begins and when it ends, and ends when the file `go` is there.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from flowbook.graph.flow import Flow
from flowbook.session.project import Project


def say(folder, *words):
    line = " ".join(map(str, words)) + "\n"
    fd = os.open(folder / "ledger", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(fd, line.encode())
    os.close(fd)


def flow_of(project, name, nodes):
    folder, flow = project.path, Flow(name, host=project)

    def add(i):
        def work():
            say(folder, "+", f"{name}.{i}", os.getpid())
            deadline = time.monotonic() + 30
            while not (folder / "go").exists() and time.monotonic() < deadline:
                time.sleep(0.005)
            say(folder, "-", f"{name}.{i}", os.getpid())

        work.__name__ = f"work{i}"
        flow.node(tags=["gpu"])(work)

    for i in range(nodes):
        add(i)
    return flow


if __name__ == "__main__":
    project = Project(Path(sys.argv[1]))
    flow = flow_of(project, sys.argv[2], int(sys.argv[3]))
    priority = int(sys.argv[4]) if len(sys.argv) > 4 else None
    run = flow.start(priority=priority)
    print("started", run.id, flush=True)
    print(run.wait(60).status.value, flush=True)
    project.close()
