"""Run a flow that calls another, or go on with it: `calling.py FOLDER [KEY]`; killed from outside.

The sub-run says that it is under way by a file, and waits until another one lets it go on.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from flowbook.graph.flow import Flow
from flowbook.session.project import Project


def flows_of(project):
    folder = project.path
    inner, outer = Flow("inner", host=project), Flow("outer", host=project)

    @inner.node
    def first():
        effect(folder, "first")
        return 1

    @inner.node
    def slow(first):
        effect(folder, "slow")
        while not (folder / "go").exists():
            time.sleep(0.01)
        return first + 1

    outer.call(inner, name="sub")

    @outer.node
    def after(sub):
        effect(folder, "after")
        return sub["child_output"]["slow"]

    return inner, outer


def effect(folder, name):
    with (folder / "ledger").open("a") as ledger:
        ledger.write(f"{name} {os.getpid()}\n")


if __name__ == "__main__":
    project = Project(Path(sys.argv[1]))
    inner, outer = flows_of(project)
    outer.run(key=sys.argv[2] if len(sys.argv) > 2 else None)
