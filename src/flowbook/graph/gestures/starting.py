"""What a new node of a kind begins with: a cell that runs, or says clearly what is missing.

A kind says so itself (`Node.begins`); code has the name it reads in it. Inputs are those that the
gesture feeds it by, named like the output they take.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from flowbook.graph.node import Node
from flowbook.graph.spec import InputSpec, Json, NodeSpec
from flowbook.ids import NodeId, PortName

_BY_BODY: Final = {
    "python": "# What it gives is its last line.\n{input}",
    "sql": "select * from {input}",
}
_WITHOUT_INPUT: Final = {"sql": "select 1 as one"}
_RESERVED: Final = (
    "all and any as asc between by case cast check column create cross default delete desc "
    "distinct else end except exists false for from full group having if in index inner "
    "insert intersect into is join key left like limit natural not null offset on or order "
    "outer over partition primary references right select set table then to true union unique "
    "update using when where window with"
)
_SQL_WORDS: Final = frozenset(_RESERVED.split())


def begin(node_type: type[Node], kind: str, name: NodeId, fed_by: PortName | None) -> NodeSpec:
    """A node of `kind` called `name`, with an input where it is `fed_by` an output."""
    into = None if fed_by is None else input_name(node_type, fed_by)
    body = starting_body(node_type, name, into)
    inputs = () if into is None or node_type.body == "text" else (InputSpec(into),)
    made = NodeSpec(name, kind=kind, inputs=inputs, body=body)
    return replace(made, outputs=node_type.ports(made))


def input_name(node_type: type[Node], output: PortName) -> PortName:
    """What an input is called that takes `output`: the same, where that can be a name in a body."""
    name = str(output)
    if node_type.body == "sql":
        return PortName("data" if name.lower() in _SQL_WORDS else name)
    hidden = keyword.iskeyword(name) or hasattr(builtins, name)
    return PortName("value" if hidden else name)


def starting_body(node_type: type[Node], name: NodeId, into: PortName | None) -> str:
    """The text below the head."""
    said = node_type.begins or _BY_BODY.get(node_type.body, "")
    if into is None:
        said = _WITHOUT_INPUT.get(node_type.body, said)
    return said.replace("{input}", into or "None").replace("{name}", name)


def given(body: str | None, config: Mapping[str, Json], start: NodeSpec) -> NodeSpec:
    """`start` with the body and the settings that the user gave, if any."""
    if body is not None:
        return replace(start, body=body, config=config)
    return replace(start, body="", config=config) if config else start
