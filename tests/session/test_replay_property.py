"""Whatever the flow and wherever it is cut: a replay gives what the undisturbed run gave."""

from __future__ import annotations

import inspect
import itertools
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flowbook
from flowbook.events import NodeCompleted, NodeReused
from flowbook.graph.node import Outputs
from flowbook.graph.topology import Topology
from flowbook.run.rules.phase import Outcome
from flowbook.session.project import Project

_numbers = itertools.count()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    opened = Project(tmp_path_factory.mktemp("replays"))
    yield opened
    opened.close()


@st.composite
def shapes(draw):
    """Per node: which ports of earlier nodes it reads, which of its two ports live, its size."""
    shape = []
    for i in range(draw(st.integers(1, 7))):
        read = (
            draw(st.lists(st.tuples(st.integers(0, i - 1), st.booleans()), max_size=3)) if i else []
        )
        alive = draw(st.sampled_from([(0, 1), (0, 1), (0,), (1,)]))
        shape.append((sorted(set(read)), alive, draw(st.sampled_from([1, 4000]))))
    return shape


def flow_of(home, shape):
    """A flow of that shape, and the count of what its nodes did."""
    flow = flowbook.Flow(f"random{next(_numbers)}", host=home)
    done = Counter()
    for i, (read, alive, size) in enumerate(shape):

        def body(i=i, alive=alive, size=size, **inputs):
            done[f"n{i}"] += 1
            value = [i, *(one[:3] for _, one in sorted(inputs.items()))] * size
            return Outputs({f"n{i}_{port}": [port, *value] for port in alive})

        body.__name__ = f"n{i}"
        body.__signature__ = inspect.Signature(
            [
                inspect.Parameter(
                    f"from{j}_{int(port)}",
                    inspect.Parameter.KEYWORD_ONLY,
                    default=flow[f"n{j}"][f"n{j}_{int(port)}"],
                )
                for j, port in read
            ]
        )
        flow.node(outputs=(f"n{i}_0", f"n{i}_1"), pure=i % 2 == 0)(wrapped(body))
    return flow, done


def wrapped(body):
    """A function of that signature; its own defaults are none of the node's business."""

    def node(**inputs):
        return body(**inputs)

    node.__name__, node.__signature__ = body.__name__, body.__signature__
    return node


def outputs(run):
    return {
        node: (run[node].outcome is Outcome.SKIPPED) or dict(run[node].outputs)
        for node in run.state.nodes
    }


def counted(run):
    return Counter(one.node for one in run.events() if isinstance(one, NodeCompleted))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(shape=shapes(), data=st.data())
def test_from_any_event_what_was_done_is_given_and_all_else_runs_once(home, shape, data):
    flow, done = flow_of(home, shape)
    origin = flow.run().raise_for_status()
    whole = Counter(done)
    at = data.draw(st.integers(0, len(origin.events()) - 1), label="cut")
    before = {one.node for one in origin.events()[: at + 1] if isinstance(one, NodeCompleted)}
    plan = flow.replay_plan(origin, at=at)
    done.clear()
    again = flow.replay(origin, at=at).wait().raise_for_status()
    assert outputs(again) == outputs(origin)
    assert done == whole - Counter(before) == counted(again)
    assert {one.node for one in again.events() if isinstance(one, NodeReused)} == before
    assert set(plan.taken) == before
    assert set(whole) - before <= set(plan.runs)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(shape=shapes(), data=st.data())
def test_from_any_node_it_and_all_that_follows_run_once(home, shape, data):
    flow, done = flow_of(home, shape)
    origin = flow.run().raise_for_status()
    node = f"n{data.draw(st.integers(0, len(shape) - 1), label='from')}"
    topology, after, ahead = Topology(flow.spec()), set(), [node]
    while ahead:
        one = ahead.pop()
        if one not in after:
            after.add(one)
            ahead += topology.feeds[one]
    whole = Counter(done)
    done.clear()
    again = flow.replay(origin, from_=node).wait().raise_for_status()
    assert outputs(again) == outputs(origin)
    assert done == Counter({one: 1 for one in whole if one in after})
