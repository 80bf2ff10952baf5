"""A call that gives what its flow does not take is told of before it runs."""

from __future__ import annotations

import pytest

from flowbook.errors import RunFailed
from flowbook.graph.edits import SetParams
from flowbook.graph.flow import Flow
from flowbook.graph.problem import Severity
from flowbook.graph.spec import InputSpec, NodeSpec, ParamSpec
from flowbook.ids import NodeId, PortName


@pytest.fixture
def inner(project):
    flow = Flow("inner", host=project)

    @flow.node
    def shout(city, loud: bool = True):
        return city.upper() if loud else city

    flow.apply(SetParams((ParamSpec(PortName("city"), annotation="str"),)))
    return flow


def caller(project, **config):
    flow = Flow("outer", host=project)
    inputs = config.pop("ports", ())
    flow.add(
        NodeSpec(
            NodeId("sub"),
            kind="call",
            inputs=tuple(InputSpec(PortName(one), default="Oslo") for one in inputs),
            config={"flow": "inner", **config},
        )
    )
    return flow


@pytest.mark.parametrize("name", ["inputs", "input_mapping", "inputMapping"])
def test_the_mapping_goes_by_any_of_its_names(project, inner, name):
    flow = caller(project, ports=["place"], **{name: {"city": "{{ place }}"}})
    assert flow.check() == ()
    run = flow.run()
    assert run["sub"].output["child_output"] == {"shout": "OSLO"}


def test_two_names_at_once_are_a_problem(project, inner):
    flow = caller(project, inputs={"city": "a"}, inputMapping={"city": "b"})
    assert any("say the same thing" in one.message for one in flow.check())


def test_a_parameter_that_is_none_is_told_with_the_nearest(project, inner):
    (problem,) = caller(project, inputMapping={"city": "x", "loudd": True}).check()
    assert problem.message == "flow 'inner' has no parameter 'loudd'"
    assert (problem.hint, problem.severity) == ("did you mean 'loud'?", Severity.WARNING)
    assert problem.node == "sub"


def test_a_parameter_that_is_needed_is_told(project, inner):
    (problem,) = caller(project).check()
    assert problem.message == "flow 'inner' needs its parameter 'city'"
    assert caller(project, ports=["city"]).check() == ()


def test_what_nobody_can_know_yet_is_left_to_the_run(project, inner):
    assert caller(project, flow="{{ which }}", ports=["which"]).check() == ()
    assert caller(project, flow="later").check() == ()
    assert caller(project, version="snapshot").check() == ()


def test_when_it_runs_the_same_misfit_is_an_error(project, inner):
    run = caller(project, inputs={"city": "x", "lodu": 1}).run()
    with pytest.raises(RunFailed, match="has no parameter 'lodu'"):
        run.raise_for_status()


def test_flows_that_call_each_other_are_checked(project):
    left, right = Flow("left", host=project), Flow("right", host=project)
    left.call("right", name="sub", m=1)
    right.call("left", name="sub", n=1)
    told = [one.message for one in [*left.check(), *right.check()]]
    assert told == ["flow 'right' has no parameter 'm'", "flow 'left' has no parameter 'n'"]


def test_a_notebook_that_is_called_is_read(project, inner):
    project.write_notebook(caller(project, ports=["city"]), project.path / "middle.ipynb")
    flow = Flow("top", host=project)
    flow.add(NodeSpec(NodeId("sub"), kind="call", config={"flow": "middle", "inputs": {"citi": 1}}))
    assert [one.hint for one in flow.check()] == ["did you mean 'city'?"]
