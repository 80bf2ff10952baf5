"""ms until a lost run of 1,000 nodes goes on, against starting the same flow anew.

Half of a chain is done when the process dies; the other half is open. Everything is timed until
the first node runs. `start`: a fresh run. `take up`: `flow.recover(run_id)`, which like a start
reads the definition and makes the plan and the nodes. `resume`: what comes on top, with plan and
nodes at hand: events, fold, values, the record of it; `events` is reading the events alone. In
the second row the one value that is still read is a table of 100,000 rows.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

from flowbook.events import NodeCompleted
from flowbook.graph.codec import encode
from flowbook.graph.flow import Flow
from flowbook.graph.node import Node
from flowbook.graph.spec import InputSpec, NodeSpec, Wire
from flowbook.ids import NodeId, PortName
from flowbook.run.past import bring_past
from flowbook.session.project import Project
from flowbook.session.start import mint_run_id
from flowbook.session.work import kinds_of, work_for

NODES = 1000
ROUNDS = 7


REACHED = threading.Event()
"""What the first node that runs sets."""


class Link(Node):
    """A node that does nothing but say that it runs."""

    kind = "link"

    def run(self, context, inputs):
        REACHED.set()
        return 1


def flow_of(project, count):
    flow = Flow("long", host=project)
    for i in range(count):
        source = (InputSpec(PortName("x"), wire=Wire(NodeId(f"s{i - 1}"))),) if i else ()
        flow.add(Link(NodeSpec(NodeId(f"s{i}"), kind="link", inputs=source, outputs=("value",))))
    return flow


def leave_halfway(folder, count, value):
    """A run in `folder` whose process is gone with half of its nodes done."""
    with closing(Project(folder)) as project:
        project.store.settings.set("recover", "off")  # a start would take them up by itself
        flow = flow_of(project, count)
        events = flow.run().raise_for_status().events()
        half = sum(1 for event in events if isinstance(event, NodeCompleted)) // 2
        ref, run_id, kept, done = project.store.vault.put(value), mint_run_id(), [], 0
        for event in events:
            fields = {"run": run_id}
            if isinstance(event, NodeCompleted):
                done += 1
                fields["outputs"] = {"value": ref}
            kept.append(event.__class__(**{**as_fields(event), **fields}))
            if done == half:
                break
        project.store.record_flow("long", kept[0].version, encode(flow.spec()))
        project.store.sink.append(kept).result()
    return run_id


def as_fields(event):
    return {name: getattr(event, name) for name in event.__struct_fields__}


def until_reached(start):
    REACHED.clear()
    began = time.perf_counter()
    run = start()
    REACHED.wait()
    took = time.perf_counter() - began
    run.wait().raise_for_status()
    return took


def one(folder, count, value):
    lost = [leave_halfway(folder, count, value) for _ in range(2)]
    took = {}
    with closing(Project(folder)) as project:
        flow = flow_of(project, count)
        took["start"] = until_reached(flow.start)
        began = time.perf_counter()
        project.history.events(lost[0])
        took["events"] = time.perf_counter() - began
        took["resume"] = until_reached(resume(project, flow, lost[0]))
        took["take up"] = until_reached(lambda: flow.recover(lost[1]).runs[0])
    return took


def resume(project, flow, run_id):
    plan, kinds = project.plan(flow), kinds_of(flow, project.registry)
    work = work_for(plan, flow.spec(), kinds, flow.implementations, {})

    def start():
        past = bring_past(plan, project.history.events(run_id), project.store.vault)
        return project.engine.take_up(plan, work, {}, past)

    return start


def main(nodes: int = NODES, rounds: int = ROUNDS):
    """One row per kind of value."""
    import pandas as pd

    rows = []
    for name, value in (("small", 1), ("parquet", pd.DataFrame({"n": range(100_000)}))):
        taken = []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                taken.append(one(Path(folder), nodes, value))
        middle = {
            what: statistics.median(times[what] for times in taken) * 1000 for what in taken[0]
        }
        rows.append(
            {
                "value": name,
                **{f"{what} ms": ms for what, ms in middle.items()},
                "ratio to start": middle["take up"] / middle["start"],
            }
        )
    return rows
