"""What expressions may read: direct upstream only, and the one node before as `previous`."""

from __future__ import annotations

import pytest
import traitlets

from flowbook.graph.edits import Connect, SetInputs
from flowbook.graph.node import Node
from flowbook.graph.options import Options
from flowbook.graph.registry import Registry
from flowbook.graph.spec import ParamSpec
from flowbook.ids import PortName
from flowbook.plan.check import check
from flowbook.plan.compile import compile_plan
from flowbook.plan.plan import FromStep


class Get(Node):
    kind = "get"
    url = traitlets.Unicode().tag(config=True)


class Choose(Node):
    kind = "choose"
    untemplated = ("condition",)
    expressions = ("condition",)
    brings = ("value",)
    condition = traitlets.Unicode().tag(config=True)


@pytest.fixture
def kinds(registry):
    return Registry([*registry.values(), Get, Choose])


@pytest.fixture
def get(node):
    """A node made in Python whose template reads what `url` says."""

    def get(name, url, *inputs, **fields):
        return node(name, *inputs, kind="get", config={"url": url}, **{"place": None} | fields)

    return get


@pytest.fixture
def found(flow, kinds):
    def found(*nodes, **fields):
        spec = flow(*nodes, **fields)
        return spec, check(spec, kinds)

    return found


@pytest.mark.parametrize(
    ("template", "wire", "edit"),
    [
        ("{{ server.url }}/x", "server.url", Connect("server", "url", "get", "server.url")),
        ("{{ city }}", "city.city", Connect("city", "city", "get", "city")),
        ("{{ city.name }}", "city.city", Connect("city", "city", "get", "city")),
        ("{{ port }}", "server.port", Connect("server", "port", "get", "port")),
    ],
)
def test_a_missing_wire_is_named_and_offered(found, kinds, node, get, template, wire, edit):
    server = node("server", outputs=["url", "port"])
    spec, (problem,) = found(node("city"), server, get("get", template))
    assert problem.message.endswith(f"is read, and there is no wire from {wire} to 'get'")
    assert problem.fix == edit
    assert check(problem.fix.apply(spec), kinds) == ()


def test_what_is_wired_is_no_problem(found, node, get):
    server = node("server", outputs=["url", "port"])
    read = "{{ server.url }} {{ x.name }} {{ $env.HOME }} {{ server }}"
    _, problems = found(node("city"), server, get("get", read, "server.url=server.url", "x=city"))
    assert problems == ()


def test_another_port_of_a_wired_node_needs_its_own_wire(found, node, get):
    server = node("server", outputs=["url", "port"])
    _, (problem,) = found(server, get("get", "{{ server.port }}", "server.url=server.url"))
    assert problem.fix == Connect("server", "port", "get", "server.port")


def test_a_wire_that_would_close_a_cycle_is_not_offered(found, node, get):
    _, (problem,) = found(get("get", "{{ late }}", "x=city"), node("late", "get"), node("city"))
    assert problem.fix is None
    assert "there can be none: it would close a cycle" in problem.hint


def test_what_is_inside_of_a_container_is_not_read_from_outside(found, node, get):
    inner = node("inner", options=Options(inside="box"))
    box = node("box", kind="python", outputs=["box"])
    _, problems = found(box, inner, get("get", "{{ inner }}"))
    (problem,) = [one for one in problems if one.node == "get"]
    assert problem.fix is None
    assert "inside of" in problem.hint


def test_a_parameter_is_offered_as_an_input(found, kinds, get):
    spec, (problem,) = found(get("get", "{{ city }}"), params=(ParamSpec(PortName("city")),))
    assert isinstance(problem.fix, SetInputs)
    assert check(problem.fix.apply(spec), kinds) == ()


def test_several_makers_and_several_outputs_are_for_the_user_to_choose(found, node, get):
    a, b = node("a", outputs=["x", "y"]), node("b", outputs=["x"])
    _, problems = found(a, b, get("get", "{{ x }} {{ a }}"))
    assert [one.hint for one in problems] == ["say which output: a.x or a.y",
                                              "say whose: a.x or b.x"]  # fmt: skip
    assert not any(one.fix for one in problems)


def test_a_name_that_nothing_has_is_told_with_the_closest(found, node, get):
    _, (problem,) = found(node("city"), get("get", "{{ ctiy }}"))
    assert (problem.message, problem.hint) == (
        "url: 'ctiy' is no input of 'get'", "did you mean 'city'?",
    )  # fmt: skip


def test_conditions_are_held_to_the_same_rule_but_for_their_own_names(found, node):
    def choose(*inputs):
        config = {"condition": "value > limit and city == 'Oslo'"}
        return node("choose", *inputs, kind="choose", config=config, place=None)

    _, (problem,) = found(node("city"), node("limit"), choose("limit"))
    assert problem.fix == Connect("city", "city", "choose", "city")
    assert found(node("city"), node("limit"), choose("limit", "city"))[1] == ()


def test_a_condition_in_a_cell_that_names_nothing_is_told_too(found, node):
    _, (problem,) = found(node("choose", kind="choose", config={"condition": "nobody > 1"}))
    assert problem.message == "condition: 'nobody' is no input of 'choose'"


def test_a_broken_condition_is_told_once(found, node):
    config = {"condition": "value >"}
    _, (problem,) = found(node("choose", kind="choose", config=config, place=None))
    assert problem.message.startswith("condition: this is not an expression")


# ---------------------------------------------------------------- previous


def previous_of(plan, name):
    step = next(one for one in plan.steps if one.node == name)
    return {
        one.input: (plan.steps[one.source.step].node, one.source.port)
        for one in step.bindings
        if isinstance(one.source, FromStep) and one.input.startswith("previous")
    }


def test_previous_is_the_one_node_that_feeds_it(found, kinds, node, get):
    reads = "{{ previous.name }} {{ previous }}"
    spec, problems = found(node("city"), get("get", reads, "x=city"))
    assert problems == ()
    assert previous_of(compile_plan(spec, kinds), "get") == {"previous": ("city", "city")}


def test_previous_of_several_outputs_goes_by_their_names(found, kinds, node, get):
    server = node("server", outputs=["url", "port"])
    spec, problems = found(server, get("get", "{{ previous.port }}", "x=server.url"))
    assert problems == ()
    assert previous_of(compile_plan(spec, kinds), "get") == {
        "previous.port": ("server", "port")
    }  # fmt: skip


def test_previous_of_several_outputs_is_the_one_that_is_wired(found, kinds, node, get):
    server = node("server", outputs=["url", "port"])
    spec, problems = found(
        server, get("get", "{{ previous.host }}{{ previous.url }}", "x=server.url")
    )
    assert problems == ()
    assert previous_of(compile_plan(spec, kinds), "get") == {"previous": ("server", "url")}


def test_previous_of_several_wired_outputs_says_which(found, kinds, node, get):
    server = node("server", outputs=["url", "port"])
    wires = ("x=server.url", "y=server.port")
    _, (problem,) = found(server, get("get", "{{ previous.host }}", *wires))
    assert problem.hint == "say which: previous.url or previous.port"
    spec, problems = found(server, get("get", "{{ previous }}", *wires))
    assert problems == ()
    assert list(previous_of(compile_plan(spec, kinds), "get")) == ["previous.url", "previous.port"]


@pytest.mark.parametrize(
    ("inputs", "told"), [(("a", "b"), "a, b feed it"), ((), "nothing feeds it")]
)
def test_previous_of_none_or_several_names_them(found, node, get, inputs, told):
    _, (problem,) = found(node("a"), node("b"), get("get", "{{ previous }}", *inputs))
    assert told in problem.message


def test_a_node_called_previous_is_that_node(found, kinds, node, get):
    _, (problem,) = found(node("a"), node("previous"), get("get", "{{ previous }}", "a"))
    assert problem.fix == Connect("previous", "previous", "get", "previous")
