"""The reference page names everything a user can name; forgetting one fails here.

(The front-door names are held by `tests/test_exported_members.py`.)
"""

from __future__ import annotations

import re
import typing
from pathlib import Path

import msgspec
import pytest
from traitlets import Unicode

from flowbook import events
from flowbook.events import values
from flowbook.graph.choices import On
from flowbook.graph.flow_options import FLOW_OPTIONS, FlowOptions
from flowbook.graph.node import Node, NodeContext, UsageAmounts
from flowbook.graph.options import OPTIONS, Options, print_options
from flowbook.server.table import ROUTES
from flowbook.store.audit import Action
from flowbook.store.export import NODE_IO
from flowbook.store.schema import VIEWS
from flowbook.store.settable import SETTINGS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
FACTS = typing.get_args(events.Event)


def section(title: str) -> str:
    """The text below a heading, up to the next of its level or higher."""
    match = re.search(rf"^(#+) {re.escape(title)}$", PAGE, re.MULTILINE)
    assert match, f"no section {title!r} in docs/reference.md"
    rest = PAGE[match.end() :]
    end = re.search(rf"^#{{1,{len(match[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def first_column(text: str) -> list[str]:
    """Names in the first column of the tables of `text`."""
    return re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)


def test_every_event_is_documented_with_its_meaning():
    tags = {fact.__struct_config__.tag: fact for fact in FACTS}
    text = section("Events")
    assert sorted(first_column(text)) == sorted(tags)


def test_everything_a_node_may_ask_for_is_documented():
    names = [name for name in vars(NodeContext) if not name.startswith("_")]
    assert first_column(section("What a running node may ask for")) == names
    amounts = next(line for line in PAGE.splitlines() if line.startswith("| `record_usage`"))
    assert [one for one in UsageAmounts.__annotations__ if f"`{one}`" not in amounts] == []


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_every_field_of_an_event_is_documented(fact):
    row = next(
        line
        for line in section("Events").splitlines()
        if line.startswith(f"| `{fact.__struct_config__.tag}`")
    )
    shared = {field.name for field in msgspec.structs.fields(events.Fact)}
    own = [f.name for f in msgspec.structs.fields(fact) if f.name not in shared]
    assert [name for name in own if f"`{name}`" not in row] == []


@pytest.mark.parametrize(
    ("title", "members"),
    [
        ("Run status", events.RunStatus),
        ("Triggers", events.TriggerKind),
        ("Why a node is skipped", events.SkipReason),
        ("How a value is kept", values.ValueFormat),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_word_of_an_event_is_documented(title, members):
    assert sorted(first_column(section(title))) == sorted(members)


def test_every_option_is_documented_with_its_default():
    rows = dict(
        re.findall(r"^\| `(\w+)` \| [^|]+ \| `([^`]*)` \|", section("Node options"), re.MULTILINE)
    )
    defaults = Options()
    assert rows == {
        name: one.print(getattr(defaults, one.attribute)) for name, one in OPTIONS.items()
    }
    assert print_options(defaults) == {}


def test_every_flow_option_is_documented_with_its_default():
    rows = dict(
        re.findall(r"^\| `(\w+)` \| [^|]+ \| `([^`]*)` \|", section("Flow options"), re.MULTILINE)
    )
    defaults = FlowOptions()
    assert rows == {name: one.print(getattr(defaults, name)) for name, one in FLOW_OPTIONS.items()}


def test_every_place_to_run_is_documented():
    assert [place for place in On if f"`{place}`" not in section("Node options")] == []


def test_every_word_of_our_own_in_a_schema_is_documented():
    class Whole(Node):
        kind = "whole"
        untemplated = expressions = ("said",)
        said = Unicode().tag(config=True, secret=True)

    schema = Whole.schema()
    words = {*schema, *schema["properties"]["said"]}
    own = sorted(word for word in words if word.startswith("x-"))
    assert sorted(first_column(section("Node kinds"))) == own


@pytest.mark.parametrize("view", VIEWS)
def test_every_column_of_the_history_is_documented(view):
    assert first_column(section(f"`{view}`")) == list(VIEWS[view])


def test_every_column_of_the_export_of_inputs_and_outputs_is_documented():
    assert first_column(section("`node_io`")) == list(NODE_IO)


def test_every_setting_is_documented_with_its_default():
    rows = re.findall(
        r"^\| `(\w+)` \| .+ \| `([^`]+)` \| (yes|no) \|$", section("Settings"), re.MULTILINE
    )
    assert {name: (default, own == "yes") for name, default, own in rows} == {
        name: (
            one.default if isinstance(one.default, str) else str(one.default).lower(),
            one.per_flow,
        )
        for name, one in SETTINGS.items()
    }


def test_every_action_of_the_audit_is_documented():
    assert first_column(section("Audit actions")) == list(Action)


def test_every_route_of_the_server_is_documented_with_its_fields():
    found = re.findall(
        r"^\| `([A-Z]+ [^`]+)` \| ([^|]*) \| (.+) \|$", section("Server API"), re.MULTILINE
    )
    told = {name: (re.findall(r"`([^`]+)`", fields), says) for name, fields, says in found}
    assert told.pop("GET live")[0] == ["since"]
    assert told == {
        f"{route.method} {route.path}": (
            list(route.takes.__struct_encode_fields__ if route.takes else ()),
            route.summary.rstrip("."),
        )
        for route in ROUTES
    }


def test_every_environment_variable_is_documented():
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    used = {name for text in sources for name in re.findall(r"\bFLOWBOOK_[A-Z_]+\b", text)}
    assert sorted(first_column(section("Environment variables"))) == sorted(used)
