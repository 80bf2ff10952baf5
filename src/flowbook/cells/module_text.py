"""A flow as the text of a Python module: each `# %%` is one of the notebook's cells.

A `Document` is what notebook and module have in common: markdown, parameters, setup code and nodes,
in order. Plain cells are no part of the flow and stay with the notebook. Printing is a function of
what a document means, so that a cell whose node did not change prints the very text it did.
"""

from __future__ import annotations

import builtins
import json
import re
from dataclasses import dataclass, field, replace
from typing import Final

from flowbook.cells.declaring import completed
from flowbook.cells.function_form import lines_in_strings
from flowbook.cells.module_nodes import Names, Printer, call, option_value, text_of, value_text
from flowbook.cells.taking import analyse_body
from flowbook.errors import UsageError
from flowbook.graph.flow_options import FLOW_OPTIONS, FlowOptions, print_flow_options
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, Missing, NodeSpec, ParamSpec
from flowbook.ids import CellId, FlowId, NodeId

MARKER: Final = "# %%"
ESCAPED: Final = re.compile(r"(\\*)%%")


@dataclass(frozen=True, slots=True)
class Item:
    """One cell of the flow: `text` of markdown or setup code, `params`, or a `node`.

    `cell` is where it stands in a notebook, `source` and `line` what a module says it with.
    """

    text: str = ""
    params: tuple[ParamSpec, ...] | None = None
    node: NodeSpec | None = None
    setup: bool = False
    cell: CellId | None = None
    source: str = ""
    line: int = 0

    @property
    def sort(self) -> str:
        """`node`, `parameters`, `setup` or `markdown`."""
        if self.node is not None:
            return "node"
        return "parameters" if self.params is not None else "setup" if self.setup else "markdown"


@dataclass(frozen=True, slots=True)
class Document:
    """A flow as a notebook and as a module have it."""

    flow: FlowId
    options: FlowOptions = field(default_factory=FlowOptions)
    items: tuple[Item, ...] = ()

    def spec(self, registry: Registry) -> FlowSpec:
        """The flow, with what reading it as cells would infer."""
        nodes = tuple(one.node for one in self.items if one.node is not None)
        params = {param.name: param for one in self.items for param in one.params or ()}
        setup = tuple(
            NodeSpec(NodeId(f"setup_{at}"), kind="setup", body=one.text)
            for at, one in enumerate(self.items)
            if one.setup
        )
        spec = FlowSpec(self.flow, nodes, tuple(params.values()), setup, self.options)
        for _ in range(2):  # what is read first may be defined last
            made = (completed(spec, one, registry, listed=True).node for one in nodes)
            spec = replace(spec, nodes=tuple(made))
        return spec

    def settled(self, registry: Registry) -> Document:
        """The same, its nodes with all that is inferred."""
        found = self.spec(registry).by_id
        items = (
            replace(one, node=found[one.node.id]) if one.node is not None else one
            for one in self.items
        )
        return replace(self, items=tuple(items))


def print_head(document: Document, registry: Registry) -> str:
    """What stands above the first cell, but for the line about what it was in step with."""
    names = _names_of(document)
    imported = [_imported("Flow", names.flow_type)]
    if any(_has_written_inputs(one, registry) for one in document.items):
        imported.append(_imported("InputSpec", names.input_type))
    given = [text_of(document.flow)]
    printed = print_flow_options(document.options).items()
    given += [f"{name}={option_value(FLOW_OPTIONS[name], text)}" for name, text in printed]
    return "\n".join(
        [
            "# ruff: noqa: E402, RUF100",
            "from __future__ import annotations",
            "",
            f"from flowbook import {', '.join(imported)}",
            "",
            call(f"{names.flow} = {names.flow_type}", given),
        ]
    )


def print_items(document: Document, registry: Registry) -> list[str]:
    """The text of each item, from its marker on; the document is settled.

    Raises `UsageError` for what no module can say.
    """
    names = _names_of(document)
    nodes = {one.node.id: one.node for one in document.items if one.node is not None}
    above: dict[NodeId, NodeSpec] = {}
    texts = []
    for item in document.items:
        if item.node is None:
            texts.append(_plain_item(item, names))
            continue
        printer = Printer(names, registry, dict(above), nodes)
        texts.append(f"{MARKER}\n{printer.node(item.node)}")
        above[item.node.id] = item.node
    return texts


def _plain_item(item: Item, names: Names) -> str:
    if item.params is not None:
        lines = [_param(param, names) for param in item.params]
        return "\n".join([f"{MARKER} parameters", *lines])
    if item.setup:
        return f"{MARKER} setup\n{escaped(item.text)}".rstrip()
    if "\r" in item.text or "\f" in item.text or "\0" in item.text:
        return f"{MARKER} [markdown] {json.dumps(item.text)}"
    lines = [f"# {ESCAPED.sub(_longer, one, count=1)}" if one else "#" for one in _lines(item.text)]
    return "\n".join([f"{MARKER} [markdown]", *lines])


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _longer(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


def escaped(code: str) -> str:
    r"""Setup code in which no comment looks like the beginning of a cell.

    >>> escaped("# %% mine")
    '# \\%% mine'
    """
    inside = lines_in_strings(code)
    return "\n".join(
        line if number in inside or not line.startswith("# ") else _escaped_comment(line)
        for number, line in enumerate(code.split("\n"), 1)
    )


def _escaped_comment(line: str) -> str:
    found = ESCAPED.match(line, 2)
    return line if found is None else f"# \\{line[2:]}"


def _param(param: ParamSpec, names: Names) -> str:
    given = [text_of(param.name)]
    if not isinstance(param.default, Missing):
        given.append(value_text(param.default))
    if param.annotation:
        given.append(f"type={text_of(param.annotation)}")
    if param.help:
        given.append(f"help={text_of(param.help)}")
    return call(f"{names.flow}.param", given)


def _names_of(document: Document) -> Names:
    """Names out of the way of nodes and setup code."""
    taken: set[str] = set()
    shared: set[str] = set()
    for item in document.items:
        if item.node is not None:
            taken.add(str(item.node.id))
        if item.setup:
            shared |= analyse_body(item.text, shared=True)[0].known
    both = sorted(taken & shared)
    if both:
        raise UsageError(
            f"{both[0]!r} is a node and a name of the setup code, and a module has it once",
            hint="rename one of them",
        )
    taken |= shared
    return Names(*(_free(name, taken) for name in ("flow", "Flow", "InputSpec")))


def _free(name: str, taken: set[str]) -> str:
    while name in taken or name in dir(builtins):
        name += "_"
    return name


def _imported(name: str, alias: str) -> str:
    return name if name == alias else f"{name} as {alias}"


def _has_written_inputs(item: Item, registry: Registry) -> bool:
    """True for a call that says an input with its type."""
    node = item.node
    if node is None or node.kind not in registry or registry[node.kind].body == "python":
        return False
    return any(one.annotation is not None for one in node.inputs)
