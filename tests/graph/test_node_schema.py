"""The configuration of every kind as a JSON Schema, made of its traits and true to them."""

from __future__ import annotations

import json

import pytest
import traitlets
from jsonschema import Draft202012Validator
from traitlets import Bool, CaselessStrEnum, Dict, Enum, Float, Int, List, Unicode, Union

from flowbook.expr.template import Template
from flowbook.graph.node import Node
from flowbook.graph.node_schema import settings_of
from flowbook.graph.spec import NodeSpec
from flowbook.ids import NodeId


class Sample(Node):
    """A node with a setting of each sort.

    More about it.
    """

    kind = "sample"
    untemplated = ("condition", "plain")
    expressions = ("condition",)

    condition = Unicode(help="Goes on while it holds.").tag(config=True)
    count = Int(3, min=0, max=9, help="How many\n  of them.").tag(config=True, examples=[1, 5])
    flag = Bool(False).tag(config=True)
    inner = Unicode("not a setting")
    key = Unicode(help="Who you are.").tag(config=True, secret=True, required=True)
    mode = Enum(("fast", "slow"), default_value="fast").tag(config=True)
    names = List(Unicode(), minlen=1, default_value=["x"]).tag(config=True)
    plain = Int(1).tag(config=True)
    rates = Dict(value_trait=Float(min=0)).tag(config=True)
    said = traitlets.Any(None).tag(config=True, schema={"type": "integer", "multipleOf": 5})
    share = Float(0.5, min=0, max=1, allow_none=True).tag(config=True)
    shaped = Dict(per_key_traits={"a": Int(), "b": Unicode()}).tag(config=True)
    twofold = Union([Int(), Unicode()], default_value=1).tag(config=True)
    verb = CaselessStrEnum(("GET", "PUT"), default_value="GET").tag(config=True)
    whatever = traitlets.Any(None).tag(config=True)


SCHEMA = Sample.schema()
SETTINGS = SCHEMA["properties"]


def fits(name: str, value: object) -> bool:
    return Draft202012Validator(SCHEMA).is_valid({"key": "k", name: value})


def test_it_is_a_json_schema_of_plain_data():
    Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["title"] == "sample"
    assert SCHEMA["description"].startswith("A node with a setting of each sort.\n\nMore")
    assert SCHEMA["x-version"] == 1


def test_only_configuration_is_in_it_and_nothing_else_may_be():
    assert "inner" not in SETTINGS
    assert not fits("inner", "x")


def test_what_has_to_be_said_is_required():
    assert SCHEMA["required"] == ["key"]
    assert not Draft202012Validator(SCHEMA).is_valid({})


def test_help_default_and_examples_go_with_a_setting():
    assert SETTINGS["count"]["description"] == "How many of them."
    assert SETTINGS["count"]["default"] == 3
    assert SETTINGS["count"]["examples"] == [1, 5]
    assert SETTINGS["key"]["x-secret"] is True


def test_what_stays_as_written_says_so():
    assert SETTINGS["condition"]["x-untemplated"] is True
    assert SETTINGS["condition"]["x-expression"] is True
    assert SETTINGS["plain"] == {"type": "integer", "default": 1, "x-untemplated": True}
    assert not fits("plain", "{{ n }}")


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("count", 0, -1),
        ("count", 9, 10),
        ("count", 1, "1"),
        ("flag", True, "yes"),
        ("mode", "slow", "medium"),
        ("names", ["a"], []),
        ("names", ["a"], [1]),
        ("rates", {"a": 0.5}, {"a": -1}),
        ("said", 10, 7),
        ("share", None, 1.5),
        ("shaped", {"a": 1, "b": "x"}, {"a": "x"}),
        ("twofold", "x", []),
        ("verb", "PUT", "POST"),
        ("whatever", {"any": ["thing"]}, None),
    ],
)
def test_it_takes_what_the_trait_takes(name, good, bad):
    assert fits(name, good)
    assert bad is None or not fits(name, bad)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", "{{ n }}"),
        ("flag", "{{ n > 1 }}"),
        ("mode", "{{ mode }}"),
        ("names", "{{ names }}"),
        ("names", ["{{ name }}", "x"]),
        ("rates", {"a": "{{ rate }}"}),
        ("shaped", {"a": "{{ n }}", "b": "x{{ y }}"}),
        ("key", "{{ secrets.key }}"),
        ("share", "{{ share }}"),
    ],
)
def test_a_template_may_stand_for_any_value_it_makes(name, value):
    assert fits(name, value)


def test_the_pattern_of_a_template_is_what_a_template_is():
    pattern = SCHEMA["$defs"]["template"]["pattern"]
    assert Draft202012Validator({"pattern": pattern}).is_valid("a {{ b }}")
    assert Template.parse("a {{ b }}").reads
    assert not Draft202012Validator({"pattern": pattern}).is_valid("a { b }")


def test_the_defaults_of_a_kind_fit_its_own_schema():
    defaults = {name: one["default"] for name, one in SETTINGS.items() if "default" in one}
    assert [
        name for name in defaults if name not in ("said",) and not fits(name, defaults[name])
    ] == []


def test_a_version_without_words_of_its_own_has_those_of_the_one_before():
    class Silent(Sample):
        type_version = 2

    assert Silent.schema()["description"] == SCHEMA["description"]
    assert Silent.schema()["x-version"] == 2


def test_rows_for_people_say_type_default_and_range():
    rows = {one.name: one for one in settings_of(Sample)}
    assert rows["count"].type == "whole number from 0 to 9"
    assert rows["count"].default == "3"
    assert rows["names"].type == "list of texts"
    assert rows["mode"].type == "fast, slow"
    assert rows["whatever"].type == "any value"
    assert rows["share"].type == "number from 0 to 1 or nothing"
    assert rows["key"].secret
    assert rows["key"].required
    assert not rows["condition"].templated
    assert list(rows) == sorted(rows)


def test_a_value_that_the_trait_takes_is_one_the_node_can_have():
    """The schema is made of the traits, so that both agree on what the tests above tried."""
    node = Sample(NodeSpec(NodeId("a"), kind="sample"), count=9, mode="slow", share=None, key="k")
    assert (node.count, node.mode, node.share) == (9, "slow", None)
