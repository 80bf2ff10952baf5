"""Messages of the inspector: what a node, or the flow, can be told, and what was changed of it.

A `Form` has everything that one node can be told, as it is written: templates unrendered. A change
is one setting, option, text or port; `flowbook.cells.revising` makes the smallest edit of it, and
`Edited` answers, or `Refused`, and nothing was changed then. Questions about expressions, joins and
called flows are answered from the last run's values, of which nothing large is loaded.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from flowbook.ids import NodeId, PortName
from flowbook.widget.edit_protocol import PortRef
from flowbook.widget.views import Column, ParamView


class AskForm(msgspec.Struct, frozen=True, tag_field="type", tag="FORM"):
    """What can be told this node? Answered with `Form`."""

    view: str
    rid: int
    node: NodeId


class SetSetting(msgspec.Struct, frozen=True, tag_field="type", tag="SET"):
    """Give one setting of a node another value; `unset` takes it away, and the default counts."""

    view: str
    rid: int
    node: NodeId
    name: str
    value: Any = None
    unset: bool = False


class SetOption(msgspec.Struct, frozen=True, tag_field="type", tag="OPTION"):
    """Give one option another value, as the user writes it; '' is the default.

    Without a `node` it is an option of the flow.
    """

    view: str
    rid: int
    name: str
    value: str
    node: NodeId | None = None


class SetText(msgspec.Struct, frozen=True, tag_field="type", tag="BODY"):
    """Other code, SQL or YAML for a node; what it reads and gives follows."""

    view: str
    rid: int
    node: NodeId
    body: str


class SetInput(msgspec.Struct, frozen=True, tag_field="type", tag="INPUT"):
    """One input of a node as it is to be; `name` '' adds one, and `remove` takes it away.

    `to` is its new name, where that changes. Without a `source` it is fed by its name. `default`
    is JSON text of a run parameter's default, '' for none.
    """

    view: str
    rid: int
    node: NodeId
    name: PortName
    to: str = ""
    source: PortRef | None = None
    required: bool = True
    default: str = ""
    remove: bool = False


class SetPorts(msgspec.Struct, frozen=True, tag_field="type", tag="OUTPUTS"):
    """Other outputs of a node; of as many as before, one that is called anew stays wired."""

    view: str
    rid: int
    node: NodeId
    outputs: tuple[PortName, ...]


class AskCompletions(msgspec.Struct, frozen=True, tag_field="type", tag="COMPLETE"):
    """What may stand at `at` (characters) of this text of a setting? Answered with `Completions`.

    `bare`: the text is one expression, without braces.
    """

    view: str
    rid: int
    node: NodeId
    field: str
    text: str
    at: int
    bare: bool = False


class AskValue(msgspec.Struct, frozen=True, tag_field="type", tag="EVALUATE"):
    """What would this text of a setting be, with the last run's values? Answered with `Value`."""

    view: str
    rid: int
    node: NodeId
    field: str
    text: str
    bare: bool = False


class Condition(msgspec.Struct, frozen=True):
    """One condition of a router."""

    id: str
    expression: str


class AskRoute(msgspec.Struct, frozen=True, tag_field="type", tag="ROUTE"):
    """Which of these conditions hold of the last run's value? Answered with `Routed`."""

    view: str
    rid: int
    node: NodeId
    conditions: tuple[Condition, ...]
    route_by: Any = None
    mode: str = "first_match"


class AskMatch(msgspec.Struct, frozen=True, tag_field="type", tag="MATCH"):
    """How do the inputs of a merge fit together by `key`? Answered with `Matched`."""

    view: str
    rid: int
    node: NodeId
    key: Any = None
    nulls: str = "differ"


class AskFlows(msgspec.Struct, frozen=True, tag_field="type", tag="FLOWS"):
    """Which flows may this node call, and what do they take? Answered with `Flows`."""

    view: str
    rid: int
    node: NodeId


class MakeFlow(msgspec.Struct, frozen=True, tag_field="type", tag="ITERATOR"):
    """Make a notebook with a new flow that this node calls: `Edited` has its `path`.

    Of a `map` the flow takes the item and its number, and the call of it is put inside; of a
    `call` it takes what the node is given.
    """

    view: str
    rid: int
    node: NodeId
    name: str


class AskFlowForm(msgspec.Struct, frozen=True, tag_field="type", tag="FLOW_FORM"):
    """What can be told the flow as a whole? Answered with `FlowForm`."""

    view: str
    rid: int


FormAsked: TypeAlias = (
    AskForm
    | SetSetting
    | SetOption
    | SetText
    | SetInput
    | SetPorts
    | AskCompletions
    | AskValue
    | AskRoute
    | AskMatch
    | AskFlows
    | MakeFlow
    | AskFlowForm
)


class OptionView(msgspec.Struct, frozen=True):
    """One option: its text now and by default, what it does, which words it takes."""

    name: str
    group: str
    help: str
    default: str
    text: str
    flag: bool = False
    choices: tuple[str, ...] = ()


class InputField(msgspec.Struct, frozen=True):
    """One input as it is written, and what feeds it; `fixed`: the node's text reads it."""

    name: PortName
    origin: str
    source: str = ""
    wire: PortRef | None = None
    required: bool = True
    default: str = ""
    annotation: str = ""
    fixed: bool = False


class Form(msgspec.Struct, frozen=True, tag_field="type", tag="FORM"):
    """All that can be told a node.

    `settings` is the JSON Schema of its kind (`flowbook.graph.node_schema`), `config` what is
    written, `badges` where each written setting comes from (`literal`, `expression`, `secret`,
    `upstream`). `expressions`: settings without braces. `body` and `language`: its text.
    `has_ports`: its outputs may be named. `sources`: outputs that its inputs may be wired to.
    """

    view: str
    rid: int
    node: NodeId
    kind: str
    doc: str
    settings: dict[str, Any]
    config: dict[str, Any]
    badges: dict[str, str]
    options: tuple[OptionView, ...]
    inputs: tuple[InputField, ...]
    outputs: tuple[PortName, ...]
    body: str
    language: str
    has_ports: bool = False
    sources: tuple[PortRef, ...] = ()
    errors: dict[int, str] = {}
    """What is wrong with the text, by its lines from 1."""


class Completion(msgspec.Struct, frozen=True):
    """One thing that may stand there.

    `group`: `upstream`, `parameter`, `turn`, `field`, `function`, `snippet`, `env`, `secret`,
    `variable` or `wire` (a node that is not wired yet, and will be). `preview`: its last value.
    """

    label: str
    group: str
    insert: str
    detail: str = ""
    preview: str = ""


class Completions(msgspec.Struct, frozen=True, tag_field="type", tag="COMPLETIONS"):
    """What may stand in place of the characters from `start` to `end`, best first."""

    view: str
    rid: int
    start: int
    end: int
    items: tuple[Completion, ...] = ()


class Value(msgspec.Struct, frozen=True, tag_field="type", tag="VALUE"):
    """What a text gives, shown short, and its type; or why it gives nothing.

    `pending`: nothing is wrong, there is no run yet to take values of. `partly`: only the first
    rows of a value were at hand.
    """

    view: str
    rid: int
    shown: str = ""
    is_a: str = ""
    error: str = ""
    column: int | None = None
    pending: bool = False
    partly: bool = False


class Verdict(msgspec.Struct, frozen=True):
    """Whether a condition holds (None: not asked, or it cannot be said) and why it is unknown."""

    condition: str
    holds: bool | None = None
    error: str = ""


class Pattern(msgspec.Struct, frozen=True):
    """An expression people write again and again, to be put in."""

    name: str
    help: str
    text: str


class Routed(msgspec.Struct, frozen=True, tag_field="type", tag="ROUTED"):
    """Where the last run's value would go: what it is, each condition's verdict, outputs taken."""

    view: str
    rid: int
    value: Value
    verdicts: tuple[Verdict, ...] = ()
    taken: tuple[PortName, ...] = ()
    patterns: tuple[Pattern, ...] = ()


class SideView(msgspec.Struct, frozen=True):
    """One input of a merge: its columns and rows in the last run; `note` says why there are none.

    `unmatched` counts its rows without a partner on the side before it, `samples` are keys of such.
    """

    name: PortName
    columns: tuple[Column, ...] = ()
    rows: int = 0
    unmatched: int | None = None
    samples: tuple[str, ...] = ()
    note: str = ""


class Matched(msgspec.Struct, frozen=True, tag_field="type", tag="MATCHED"):
    """How the inputs of a merge fit: `matched` pairs of rows, keys that would do, best first.

    `partly`: only the first rows were looked at.
    """

    view: str
    rid: int
    sides: tuple[SideView, ...]
    suggestions: tuple[Any, ...] = ()
    matched: int | None = None
    samples: tuple[str, ...] = ()
    error: str = ""
    partly: bool = False


class CallableFlow(msgspec.Struct, frozen=True):
    """A flow that can be called: its parameters, and the nodes whose output it gives."""

    name: str
    params: tuple[ParamView, ...] = ()
    outputs: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


class Flows(msgspec.Struct, frozen=True, tag_field="type", tag="FLOWS"):
    """Flows that a node may call, secrets it may hand on, and how long it may take at most."""

    view: str
    rid: int
    flows: tuple[CallableFlow, ...]
    secrets: tuple[str, ...] = ()
    deadline: float | None = None


class FlowForm(msgspec.Struct, frozen=True, tag_field="type", tag="FLOW_FORM"):
    """All that can be told the flow."""

    view: str
    rid: int
    params: tuple[ParamView, ...]
    options: tuple[OptionView, ...]


FormAnswer: TypeAlias = Form | Completions | Value | Routed | Matched | Flows | FlowForm
