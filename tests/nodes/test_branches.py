"""Two ways by a condition, many by a value."""

from __future__ import annotations

import pytest
from traitlets import TraitError

from flowbook.errors import ExpressionError, UsageError
from flowbook.nodes.branches import IfNode, SwitchNode
from flowbook.nodes.router import Branch, RouterNode

CASES = {"ok": 200, "gone": [404, 410]}


@pytest.mark.parametrize(("value", "port"), [(120, "true"), (80, "false")])
def test_if_passes_on_what_it_is_given(context, made, value, port):
    node = made.node(IfNode, inputs="total", condition="value > 100")
    given = node.run(context, {"total": value})
    assert given.ports == {port: value}
    assert given.result == {"matched_outputs": [port], "evaluated_value": value}


def test_a_condition_reads_all_inputs_and_the_first_goes_on(context, made):
    node = made.node(IfNode, inputs="order limit", condition="{{ order.total > limit }}")
    assert node.run(context, {"limit": 5, "order": {"total": 7}}).ports == {"true": {"total": 7}}
    node = made.node(IfNode, inputs="limit value", condition="value > limit")
    assert node.run(context, {"limit": 5, "value": 3}).ports == {"false": 3}


def test_an_if_without_a_condition_or_with_a_broken_one_says_so(context, made):
    with pytest.raises(UsageError, match="has no condition"):
        made.node(IfNode).run(context, {"x": 1})
    with pytest.raises(TraitError, match="the condition is empty"):
        made.node(IfNode, condition="{{ }}")
    node = made.node(IfNode, "is_big", condition="nobody > 1")
    with pytest.raises(ExpressionError, match="the condition of if 'is_big': nothing is called"):
        node.run(context, {"x": 1})


@pytest.mark.parametrize(
    ("value", "port"), [(200, "ok"), (410, "gone"), (500, "default"), (True, "default")]
)
def test_switch_takes_the_case_that_equals(context, made, value, port):
    node = made.node(SwitchNode, inputs="status", cases={**CASES, "one": 1})
    assert node.run(context, {"status": value}).ports == {port: value}


def test_switch_passes_on_what_it_is_given_whatever_it_compares(context, made):
    node = made.node(SwitchNode, inputs="order", value="SE", cases={"near": ["NO", "SE"]})
    given = node.run(context, {"order": {"id": 7}})
    assert given.ports == {"near": {"id": 7}}
    assert given.result == {"matched_outputs": ["near"], "evaluated_value": "SE"}
    node = made.node(SwitchNode, value=None, cases={"none": None}, default="else_")
    assert node.run(context, {"order": 1}).result["evaluated_value"] is None


def test_ports_are_the_cases_and_the_default(spec):
    assert IfNode.ports(spec()) == ("true", "false")
    assert SwitchNode.ports(spec(cases=CASES, default="other")) == ("ok", "gone", "other")
    assert SwitchNode.ports(spec(cases={"a b": 1, "x": 2}, default=3)) == ("x",)
    assert SwitchNode.ports(spec(cases="nonsense")) == ("default",)


def test_labels_and_colours_are_those_of_the_configuration(spec):
    big = spec(labels=["big", "small"], colors=["blue", "grey"])
    assert IfNode.branches(big) == (Branch("true", "big", "blue"), Branch("false", "small", "grey"))
    assert IfNode.branches(spec(labels=["one"]))[0] == Branch("true", "true", "green")
    cases = spec(cases=CASES, labels={"ok": "2xx"}, colors={"gone": "red"})
    assert SwitchNode.branches(cases) == (
        Branch("ok", "2xx"), Branch("gone", "gone", "red"), Branch("default", "default"),
    )  # fmt: skip
    routes = spec(conditions=[{"id": "a", "label": "A", "color": "green"}, "x"])
    assert RouterNode.branches(routes) == (Branch("a", "A", "green"), Branch("default", "default"))


@pytest.mark.parametrize(("setting", "message"), [
    ({"cases": {"a b": 1}}, "case 'a b' cannot name a port"),
    ({"default": "a b"}, "default 'a b' cannot name a port"),
])  # fmt: skip
def test_a_case_that_names_no_port_is_refused(made, setting, message):
    with pytest.raises(TraitError, match=message):
        made.node(SwitchNode, **setting)
