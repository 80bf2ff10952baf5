"""ms to take up a lost run of 1,000 nodes, against reading its events alone.

Half of a chain is done when the process dies; the other half is open. `take up` is from asking
until the first node runs again: finding the run, its events, the fold, the plan, the values and
the record of it; `with parquet`: the one value that is still read is a table of 100,000 rows.
`compile` is what compiling the flow, a part of it, takes alone.
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
from flowbook.session.project import Project
from flowbook.session.start import mint_run_id

NODES = 1000
ROUNDS = 7


class Reached(threading.Event):
    """What the first node that runs again sets."""


REACHED = Reached()


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


def one(folder, count, value):
    run_id = leave_halfway(folder, count, value)
    took = {}
    with closing(Project(folder)) as project:
        flow = flow_of(project, count)
        project.history.events("nobody's")  # DuckDB is loaded, and the store open
        project.engine  # noqa: B018 - its threads are not what is measured
        began = time.perf_counter()
        project.history.events(run_id)
        took["events"] = time.perf_counter() - began
        began = time.perf_counter()
        project.plan(flow)
        took["compile"] = time.perf_counter() - began
        REACHED.clear()
        began = time.perf_counter()
        (run,) = flow.recover(run_id)
        REACHED.wait()
        took["take up"] = time.perf_counter() - began
        run.wait()
        run.raise_for_status()
    return took


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
                "ratio to events": middle["take up"] / middle["events"],
            }
        )
    return rows
