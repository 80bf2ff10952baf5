"""A map of 10,000 items whose process is killed halfway, and what going on costs.

`run`: the whole map, undisturbed. `to go on`: from asking for recovery until the next item runs, in
a new process: read the journal, fold it, bring back what is still read. `the rest`: until the run
is over. `again`: items that ran in both processes, as their ends were not on disk yet.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from flowbook import Flow
from flowbook.session.project import Project

ITEMS = 10_000


def flow_of(project, ran):
    flow = Flow("long", host=project)

    @flow.node(pure=True)
    def numbers():
        return list(range(ITEMS))

    with flow.map("each", numbers):

        @flow.node(pure=True)
        async def one(item):
            ran(item)
            return item

    return flow


def run_until_killed(folder):
    def ran(item):
        print(item, flush=True)
        if item == ITEMS // 2:
            signal.pause()

    with closing(Project(folder)) as project:
        flow_of(project, ran).run()


def run_whole(folder):
    with closing(Project(folder)) as project:
        flow = flow_of(project, lambda item: None)
        began = time.perf_counter()
        flow.run().raise_for_status()
        print(json.dumps({"run": time.perf_counter() - began}))


def resume(folder):
    ran = []
    with closing(Project(folder)) as project:
        flow = flow_of(project, lambda item: ran.append((time.perf_counter(), item)))
        began = time.perf_counter()
        (run,) = flow.recover().runs
        run.wait().raise_for_status()
        over = time.perf_counter()
    items = [item for _, item in ran]
    print(json.dumps({"first": ran[0][0] - began, "rest": over - ran[0][0], "items": items}))


def child(what, folder):
    command = [sys.executable, str(Path(__file__)), what, folder]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def told(process):
    return json.loads(process.communicate()[0].splitlines()[-1])


def main():
    """One row."""
    with tempfile.TemporaryDirectory() as folder:
        whole = told(child("whole", folder))
    with tempfile.TemporaryDirectory() as folder:
        process = child("killed", folder)
        before = set()
        for line in process.stdout:
            before.add(int(line))
            if int(line) == ITEMS // 2:
                break
        process.kill()
        process.wait()
        after = told(child("resume", folder))
    return [
        {
            "items": ITEMS,
            "run ms": whole["run"] * 1e3,
            "to go on ms": after["first"] * 1e3,
            "the rest ms": after["rest"] * 1e3,
            "again": len(before & set(after["items"])),
            "left out": len(set(range(ITEMS)) - before - set(after["items"])),
        }
    ]


if __name__ == "__main__":
    {"killed": run_until_killed, "whole": run_whole, "resume": resume}[sys.argv[1]](
        Path(sys.argv[2])
    )
