"""Run a flow that calls another, or go on with it: `calling.py FOLDER [KEY]`; killed from outside.

With the key `turns` it is a flow that calls for each of two values, one after the other.

The sub-run says that it is under way by a file, and waits until another one lets it go on.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from flowbook.graph.edits import AddNode
from flowbook.graph.flow import Flow
from flowbook.graph.spec import InputSpec, NodeSpec, Wire
from flowbook.ids import NodeId, PortName
from flowbook.nodes.containers import MapNode
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


def turns_of(project):
    folder = project.path
    inner, outer = Flow("inner", host=project), Flow("outer", host=project)

    @inner.node
    def slow(x: int = 0):
        effect(folder, f"slow{x}")
        while x and not (folder / "go").exists():
            time.sleep(0.01)
        return x

    @outer.node
    def numbers():
        return [0, 1]

    each = NodeSpec(NodeId("each"), kind="map", config={"max_concurrent": 1})
    reads = (InputSpec(PortName("items"), Wire(NodeId("numbers"))),)
    outer.apply(AddNode(replace(each, inputs=reads, outputs=MapNode.ports(each))))
    outer.call(inner, name="sub", inputs={"x": "{{ item }}"}, options={"inside": "each"})
    return inner, outer


def effect(folder, name):
    with (folder / "ledger").open("a") as ledger:
        ledger.write(f"{name} {os.getpid()}\n")


if __name__ == "__main__":
    project = Project(Path(sys.argv[1]))
    key = sys.argv[2] if len(sys.argv) > 2 else None
    inner, outer = turns_of(project) if key == "turns" else flows_of(project)
    outer.run(key=key)
