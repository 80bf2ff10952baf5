"""State machines and variables in real flows: over runs, processes, retries and kills."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest

import flowbook
from flowbook.errors import InvalidFlow
from flowbook.graph.options import Options
from flowbook.graph.spec import InputSpec, NodeSpec, Wire
from flowbook.ids import NodeId, PortName
from flowbook.nodes.machine import StateMachineNode
from flowbook.nodes.variables import GetVariableNode, SetVariableNode

WAYS = [
    {"from": "idle", "on": "start", "to": "running", "set": {"starts": "data.starts + 1"}},
    {"from": "running", "on": "stop", "to": "idle"},
    {"from": "running", "on": "fail", "to": "broken", "when": "data.starts > 2"},
    {"from": "broken", "on": "mend", "to": "idle", "set": {"starts": 0}},
]
EVENTS = ("start", "stop", "fail", "mend")


def reference(state, starts, event):
    """The same machine by hand: its next state and data, or None where nothing leads on."""
    if (state, event) == ("idle", "start"):
        return "running", starts + 1
    if (state, event) == ("running", "stop"):
        return "idle", starts
    if (state, event) == ("running", "fail") and starts > 2:
        return "broken", starts
    if (state, event) == ("broken", "mend"):
        return "idle", 0
    return None


CODE = """
import json, random, sys, flowbook
from flowbook.graph.spec import InputSpec, NodeSpec
from flowbook.nodes.machine import StateMachineNode
folder, seed, ways, count = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3]), int(sys.argv[4])
project = flowbook.project(folder)
if "state_machine" not in project.registry:
    project.registry.register(StateMachineNode)
flow = flowbook.Flow("machines", host=project)
@flow.node
def happened(event="start"):
    return event
config = {"key": "one", "initial": "idle", "transitions": ways, "unknown": "ignore",
          "data": {"starts": 0}, "event": "{{ happened }}"}
flow.add(StateMachineNode(NodeSpec("m", kind="state_machine",
                                   inputs=(InputSpec("happened"),), config=config)))
chance = random.Random(seed)
for _ in range(count):
    event = chance.choice(["start", "stop", "fail", "mend"])
    run = flow.run(event=event)
    run.raise_for_status()
    gave = dict(run["m"].outputs)
    told = [run.id, event, gave["previous"], gave["state"], gave["data"]["starts"]]
    print(json.dumps(told))
"""


def test_two_processes_drive_one_machine_and_every_event_counts_once(project):
    seed = random.randrange(10**6)
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CODE, str(project.path), str(seed + n), json.dumps(WAYS), "15"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(2)
    ]
    told = {}
    for child in children:
        out, err = child.communicate(timeout=300)
        assert child.returncode == 0, err
        told |= {line[0]: line[1:] for line in map(json.loads, out.splitlines())}
    assert len(told) == 30
    changes = reversed(project.memory.of("machines").history("machines/m/one"))
    records = [project.store.vault.get(one.ref) for one in changes]
    state, starts = "idle", 0
    for number, record in enumerate(records, start=1):
        run_id = record["by"].split(":")[0]
        event, previous, then, counted = told.pop(run_id)  # KeyError: one event counted twice
        expected = reference(state, starts, event)
        assert expected is not None, f"seed {seed}: {event} in {state}"
        assert (record["previous"], previous, record["transitions"]) == (state, state, number)
        state, starts = expected
        assert (record["state"], then) == (state, state), f"seed {seed}"
        assert (record["data"]["starts"], counted) == (starts, starts), f"seed {seed}"
    for event, previous, then, counted in told.values():  # those that led nowhere
        assert previous == then
        assert reference(previous, counted, event) is None, f"seed {seed}"


def machine(project, **config):
    for kind in (StateMachineNode, SetVariableNode, GetVariableNode):
        if kind.kind not in project.registry:
            project.registry.register(kind)
    flow = flowbook.Flow("orders", host=project)
    given = {"key": "17", "initial": "a", "transitions": {"a": {"go": "b"}, "b": {"go": "c"}}}
    spec = NodeSpec(NodeId("order"), kind="state_machine", config={**given, **config})
    flow.add(StateMachineNode(spec))
    return flow


def test_a_retried_attempt_does_not_move_twice(project):
    """The node fails behind its change, as it may when a process runs out of memory."""

    class Failing(StateMachineNode):
        kind = "failing_machine"

        def run(self, context, inputs):
            given = super().run(context, inputs)
            if context.attempt == 1:
                raise OSError("gone")
            return given

    project.registry.register(Failing)
    flow = flowbook.Flow("orders", host=project)
    config = {"key": "17", "initial": "a", "event": "go"}
    config["transitions"] = {"a": {"go": "b"}, "b": {"go": "c"}}
    flow.add(
        Failing(
            NodeSpec(NodeId("order"), kind=Failing.kind, config=config, options=Options(retries=1))
        )
    )
    run = flow.run()
    assert (run["order"].attempts, run["order"].outputs["state"]) == (2, "b")
    assert flow.run()["order"].outputs["state"] == "c"


def test_a_machine_that_cannot_be_meant_is_no_flow(project):
    flow = machine(project, event="go", final=["b"])
    with pytest.raises(InvalidFlow, match="leads on from the final state 'b'"):
        flow.run()


def test_only_the_branch_of_the_new_state_is_taken(project):
    flow = machine(project, event="go", route=True)

    @flow.node
    def in_b(b="{{ order.b }}"):
        return b

    spec = flow.spec().node(NodeId("order"))
    assert StateMachineNode.ports(spec) == ("a", "b", "c")
    assert dict(flow.run()["order"].outputs)["b"]["previous"] == "a"


def test_a_machine_and_variables_are_not_taken_from_the_cache(project):
    machine(project)
    flow = flowbook.Flow("reading", host=project)
    config = {"variable": "n", "default": 0}
    options = Options(cache=True)
    flow.add(
        GetVariableNode(NodeSpec(NodeId("n"), kind="get_variable", config=config, options=options))
    )
    assert flow.run()["n"].outputs["value"] == 0
    flow.memory["n"] = 5
    assert flow.run()["n"].outputs["value"] == 5


def test_variables_go_from_run_to_run_by_nodes_alone(project):
    machine(project)
    flow = flowbook.Flow("reading", host=project)
    flow.add(
        GetVariableNode(
            NodeSpec(NodeId("since"), kind="get_variable", config={"variable": "n", "default": 0})
        )
    )
    flow.add(
        SetVariableNode(
            NodeSpec(
                NodeId("then"),
                kind="set_variable",
                inputs=(
                    InputSpec(PortName("since"), wire=Wire(NodeId("since"), PortName("value"))),
                ),
                config={"variable": "n", "value": "{{ since + 10 }}"},
            )
        )
    )
    assert [flow.run()["then"].outputs["value"] for _ in range(3)] == [10, 20, 30]
