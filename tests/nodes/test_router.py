"""A router sends its value down the branches whose condition it meets."""

from __future__ import annotations

import pytest
from traitlets import TraitError

from flowbook.errors import ExpressionError, UsageError
from flowbook.nodes.router import RouterNode

STATUS = [
    {"id": "ok", "label": "2xx", "expression": "value < 300", "color": "green"},
    {"id": "soon", "expression": "value < 500"},
]


def route(context, made, value, **config):
    node = made.node(RouterNode, "by_status", conditions=STATUS, **config)
    return node.run(context, {"value": value})


@pytest.mark.parametrize(("value", "port"), [(200, "ok"), (404, "soon"), (503, "default")])
def test_the_first_match_takes_the_value(context, made, value, port):
    given = route(context, made, value)
    assert given.ports == {port: value}
    assert given.result == {"matched_outputs": [port], "evaluated_value": value}


@pytest.mark.parametrize("mode", ["broadcast", "all_matches"])
def test_broadcast_takes_all_that_match(context, made, mode):
    assert route(context, made, 200, mode=mode).ports == {"ok": 200, "soon": 200}
    assert route(context, made, 503, mode=mode, default_output="lost").ports == {"lost": 503}


def test_the_rendered_route_by_is_what_is_routed(context, made):
    node = made.node(RouterNode, inputs="fetch", conditions=STATUS, route_by=404)
    assert node.run(context, {"fetch": {"status": 404}}).ports == {"soon": 404}


def test_without_route_by_the_only_input_is_routed(context, made):
    node = made.node(RouterNode, inputs="climate", conditions=STATUS)
    assert node.run(context, {"climate": 1}).ports == {"ok": 1}
    with pytest.raises(UsageError, match="has 2 inputs and none is called 'value'"):
        node.run(context, {"climate": 1, "other": 2})


def test_an_input_that_a_condition_names_is_not_what_is_routed(context, made):
    conditions = [{"id": "hot", "expression": "value > limit"}]
    node = made.node(RouterNode, inputs="climate limit", conditions=conditions)
    assert node.run(context, {"climate": 7, "limit": 5}).ports == {"hot": 7}


def test_conditions_that_say_the_same_are_asked_once(context, made):
    asked = []
    evaluate = context.evaluate
    context.evaluate = lambda text, names: asked.append(text) or evaluate(text, names)
    conditions = [
        {"id": "a", "expression": "value > 1"},
        {"id": "b", "expression": "{{ value > 1 }}"},
        {"id": "c", "expression": "value > 5"},
    ]
    node = made.node(RouterNode, conditions=conditions, mode="broadcast")
    assert list(node.run(context, {"value": 3}).ports) == ["a", "b"]
    assert asked == ["value > 1", "value > 5"]


def test_conditions_read_other_inputs_too(context, made):
    conditions = [{"id": "hot", "expression": "{{ value.days > limit }}"}]
    node = made.node(RouterNode, conditions=conditions, route_by={"days": 7})
    assert list(node.run(context, {"limit": 5}).ports) == ["hot"]
    assert list(node.run(context, {"limit": 9}).ports) == ["default"]


def test_a_condition_reads_a_port_of_another_node(context, made):
    conditions = [{"id": "late", "expression": "fetch.status > 499"}]
    node = made.node(RouterNode, conditions=conditions, route_by="body")
    given = node.run(context, {"fetch.status": 503, "fetch.url": "u"})
    assert given.ports == {"late": "body"}


def test_ports_are_the_conditions_and_the_default(spec):
    assert RouterNode.ports(spec(conditions=STATUS, default_output="else_")) == (
        "ok",
        "soon",
        "else_",
    )
    assert RouterNode.ports(spec(conditions=["x", {"id": 3}, {}, {"id": "a b"}])) == ("default",)
    assert RouterNode.ports(spec(conditions="nonsense")) == ("default",)


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ([{"expression": "true"}], "condition 1: has no 'id'"),
        ([{"id": "a"}], "condition 1: has no 'expression'"),
        ([{"id": "a b", "expression": "x"}], "id 'a b' cannot name a port"),
        ([{"id": "a", "expression": True}], "expression True is no text"),
        ([{"id": "a", "expression": "x", "colour": "red"}], "unknown key 'colour'.*'color'"),
        ([STATUS[0], STATUS[0]], "condition 2: two conditions have the id 'ok'"),
    ],
)
def test_a_malformed_condition_is_named(made, conditions, message):
    with pytest.raises(TraitError, match=message):
        made.node(RouterNode, conditions=conditions)


@pytest.mark.parametrize("config", [{"mode": "some"}, {"default_output": "not a port"}])
def test_a_wrong_setting_is_refused(made, config):
    with pytest.raises(TraitError, match=next(iter(config))):
        made.node(RouterNode, **config)


def test_an_error_in_an_expression_names_its_condition(context, made):
    node = made.node(RouterNode, "season", conditions=[{"id": "hot", "expression": "valeu > 1"}])
    with pytest.raises(ExpressionError, match=r"condition 'hot' of router 'season'.*'valeu'"):
        node.run(context, {"value": 1})


def test_a_condition_must_be_true_or_false(context, made):
    class Column:
        def __bool__(self):
            raise ValueError("ambiguous")

    node = made.node(RouterNode, "season", conditions=[{"id": "hot", "expression": "value"}])
    with pytest.raises(ExpressionError, match="gives a Column, which is neither") as caught:
        node.run(context, {"value": Column()})
    assert caught.value.code == "not_boolean"
