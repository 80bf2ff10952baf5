"""Every input and every setting of a node answers where it comes from."""

from __future__ import annotations

import pytest

from flowbook.errors import UnknownNode
from flowbook.graph.flow_options import FlowOptions
from flowbook.graph.options import Options
from flowbook.graph.sources import Origin, Source, sources_of
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, ParamSpec, Wire


def node(name, *inputs, kind="python", inside="", **config):
    return NodeSpec(
        name, kind, inputs=inputs, outputs=(name,), config=config, options=Options(inside=inside)
    )


def told(spec, name):
    return {one.name: (one.origin.value, one.text) for one in sources_of(spec, name)}


def test_an_input_is_upstream_a_parameter_or_nothing():
    spec = FlowSpec(
        "f",
        (
            node("fetch"),
            node(
                "clean",
                InputSpec("rows", Wire("fetch")),
                InputSpec("fetch"),
                InputSpec("city"),
                InputSpec("top", default=3),
                InputSpec("lost"),
            ),
        ),
        (ParamSpec("city", "Oslo"),),
    )
    assert told(spec, "clean") == {
        "rows": ("upstream", "fetch.fetch"),
        "fetch": ("upstream", "fetch.fetch"),
        "city": ("parameter", "city"),
        "top": ("parameter", "top"),
        "lost": ("nothing", ""),
    }
    defaults = {one.name: one.default for one in sources_of(spec, "clean")}
    assert (defaults["city"], defaults["top"], defaults["rows"]) == ("Oslo", "3", "")


def test_a_name_of_the_turn_is_upstream_of_its_container():
    spec = FlowSpec(
        "f",
        (
            node("each", kind="map", over="{{ items }}"),
            node("double", InputSpec("item"), inside="each"),
        ),
    )
    assert told(spec, "double") == {"item": ("upstream", "each.item")}


def test_a_setting_is_a_literal_an_expression_or_a_secret():
    spec = FlowSpec(
        "f",
        (
            node(
                "get",
                kind="http",
                url="{{ base }}/x",
                method="GET",
                params={"q": "{{ city }}", "n": 3},
                headers={"authorization": "Bearer {{ secrets.TOKEN }}"},
                auth="{{ secret('TOKEN') }}",
                secretary="x",
            ),
            node("route", kind="router", conditions=[{"id": "hot", "expression": "x > 3"}]),
        ),
    )
    assert told(spec, "get") == {
        "url": ("expression", "{{ base }}/x"),
        "method": ("literal", "GET"),
        "params": ("expression", "{{ city }}"),
        "headers": ("secret", "Bearer {{ secrets.TOKEN }}"),
        "auth": ("secret", "{{ secret('TOKEN') }}"),
        "secretary": ("literal", "x"),
    }
    assert told(spec, "route") == {"conditions": ("expression", "x > 3")}


def test_a_literal_that_the_flow_keeps_to_itself_is_not_shown():
    spec = FlowSpec(
        "f",
        (node("get", InputSpec("api-key", default="hunter2"), kind="http", api_key="hunter2"),),
        options=FlowOptions(sensitive_fields=("API key",)),
    )
    assert "hunter2" not in repr(sources_of(spec, "get"))


def test_a_long_literal_is_cut():
    (one,) = sources_of(FlowSpec("f", (node("get", kind="http", body="x" * 5000),)), "get")
    assert len(one.text) < 200


def test_a_node_of_nobody_is_refused():
    with pytest.raises(UnknownNode):
        sources_of(FlowSpec("f"), "get")


def test_a_source_reads_as_one_line():
    assert str(Source("city", Origin.PARAMETER, "city", "Oslo")) == "city: parameter city = Oslo"
