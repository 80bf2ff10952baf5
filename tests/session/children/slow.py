"""Runs that take their time, in a process of their own: `slow.py FOLDER [COUNT]`.

Prints their ids on one line and how they ended on the next. The first node of each goes on until
there is a file `go` in the folder.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from flowbook.graph.flow import Flow
from flowbook.session.project import Project


def flow_of(host):
    folder = host.path
    flow = Flow("slow", host=host)

    @flow.node
    async def first():
        while not (folder / "go").exists():
            await asyncio.sleep(0.01)
        return 1

    @flow.node
    def second(one=first):
        return one + 1

    return flow


def until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.01)


@contextmanager
def slow_runs(folder, count=1):
    """The process and the ids of its runs, which are under way; killed afterwards."""
    process = subprocess.Popen(
        [sys.executable, __file__, str(folder), str(count)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, process.stdout.readline().split()
    finally:
        process.kill()
        process.communicate()


def main(folder, count):
    project = Project(Path(folder))
    flow = flow_of(project)
    runs = [flow.start() for _ in range(count)]
    until(lambda: all(project.history.node_runs(run.id) for run in runs))
    print(*(run.id for run in runs), flush=True)
    print(*(run.wait().status.value for run in runs), flush=True)
    project.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
