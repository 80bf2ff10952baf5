"""A bit of everything, killed again and again: `mixed.py FOLDER SEED KILLS`.

This process imports, opens nothing and has no thread; it forks the doomed ones, kills each at a
moment drawn from the seed, and lets the last one come to the end. It says how often each was born
to do something. A node's effect goes to somebody who does a thing once for each idempotency key,
and who keeps a log of all that was asked.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from random import Random
from urllib.parse import quote

import duckdb  # noqa: F401  # imported for the forks
import pyarrow  # noqa: F401  # likewise

import flowbook.session.recovery  # noqa: F401  # likewise
from flowbook.graph.choices import Backoff, BackoffKind
from flowbook.graph.flow import Flow
from flowbook.graph.node import Node
from flowbook.graph.options import Options
from flowbook.graph.spec import InputSpec, NodeSpec, Wire
from flowbook.graph.suspension import Suspend, resumption
from flowbook.ids import NodeId, PortName
from flowbook.nodes.approval import SIGNAL, ApprovalNode
from flowbook.session.project import Project

FOLDER = Path()
ITEMS, NAP, PAUSE = 100, 0.2, 0.05


class Effect(Node):
    """Asks somebody outside to do a thing, and gives on what it was given."""

    kind = "effect"

    def run(self, context, inputs):
        ask_for(context.idempotency_key, context.path)
        return inputs.get("value")


class Flaky(Effect):
    """Is heard at the third time."""

    kind = "flaky"

    def run(self, context, inputs):
        ask_for(f"{context.idempotency_key}/{context.attempt}", context.path)
        if len([path for _, path, _ in asked(FOLDER) if path == "flaky"]) < 3:
            raise ConnectionError("busy")
        return inputs.get("value")


def ask_for(key, path):
    line = f"{key}\t{path}\t{time.time()}\n".encode()
    log = os.open(FOLDER / "asked", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(log, line)
    os.close(log)
    done = FOLDER / "done"
    done.mkdir(exist_ok=True)
    (done / quote(key, safe="")).touch()


def asked(folder):
    """Key, path and time of every time that somebody was asked for an effect."""
    log = folder / "asked"
    lines = log.read_text().splitlines() if log.exists() else []
    return [(key, path, float(at)) for key, path, at in (line.split("\t") for line in lines)]


def effect(flow, name, reads=None, kind=Effect, **options):
    inputs = (InputSpec(PortName("value"), Wire(NodeId(reads))),) if reads else ()
    said = Options(backoff=Backoff(BackoffKind.FIXED, PAUSE), **options)
    flow.add(kind(NodeSpec(NodeId(name), kind=kind.kind, inputs=inputs, options=said)))


def flows_of(host):
    host.registry.register(Effect)
    host.registry.register(Flaky)
    inner, flow = Flow("inner", host=host), Flow("mixed", host=host)

    @inner.node
    def bill(amount: int = 0):
        return amount + 1

    effect(inner, "billed", "bill")

    @flow.node
    def items():
        return list(range(ITEMS))

    with flow.map("each", items, max_concurrent=10):

        @flow.node(pure=True)
        def fetched(item):
            if item % 10 == 7:
                raise ValueError(item)
            return item * 2

    effect(flow, "stored", "fetched", inside="each")
    effect(flow, "flaky", "items", kind=Flaky, retries=5)
    waits(flow)
    guarded(flow)
    flow.call(inner, name="sub", inputs={"amount": "{{ total }}"})
    effect(flow, "shipped", "sub")
    return flow, inner


def waits(flow):
    @flow.node
    def nap(flaky):
        came = resumption()
        return Suspend("a nap", until=NAP) if came is None else came.by

    @flow.node
    def paid(items):
        came = resumption()
        return Suspend("payment", signal="paid") if came is None else came.payload["amount"]

    spec = NodeSpec(NodeId("agreed"), kind="approval", outputs=(PortName("agreed"),))
    flow.add(ApprovalNode(spec, approvers=["Ada", "Bob"], require="all"))

    @flow.node
    def total(nap, paid, agreed, each_values, each_summary):
        return sum(each_values) + paid + each_summary["failed"] + 1000 * (not agreed["approved"])


def guarded(flow):
    with flow.try_("guard") as guard:

        @flow.node
        def broken(nap):
            raise OSError("no")

        with guard.catch:

            @flow.node
            def instead(error):
                return error["message"]

        effect(flow, "mended", "instead", inside="guard.catch")


def runs_of(project):
    return [row.id for row in project.history.runs().runs if row.flow == "mixed"]


def live(ready):
    """Begin the run, or go on with it, to its end."""
    project = Project(FOLDER)
    flow, _ = flows_of(project)
    known = runs_of(project)
    os.write(ready, b"!")
    going = [*project.recover()] if known else [flow.start()]
    while not known:  # until its beginning is on disk, nobody can send it anything
        time.sleep(0.005)
        known = runs_of(project)
    if not (FOLDER / "sent").exists() and going:
        project.signal(known[0], "paid", {"amount": 12})
        for person in ("Ada", "Bob"):
            said = {"approved": True, "by": person}
            project.signal(known[0], SIGNAL.format("agreed"), said)
        (FOLDER / "sent").touch()
    for run in going:
        run.wait(60)
    project.close()


def born():
    """A new process that lives; its id, once it is about to do something."""
    told, ready = os.pipe()
    pid = os.fork()
    if not pid:
        code = 1
        try:
            os.close(told)
            live(ready)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(ready)
    os.read(told, 1)
    os.close(told)
    return pid


def main(folder, seed, kills):
    global FOLDER
    FOLDER = Path(folder)
    chance = Random(seed)
    for number in range(kills + 1):
        pid = born()
        if number < kills:
            time.sleep(min(chance.expovariate(3.0), 1.0))
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            break
    code = os.waitstatus_to_exitcode(status)
    print(json.dumps({"lives": number + 1, "code": code}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
