"""What `%flow show NODE` gives: one node, as it is written and as it went last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final

from flowbook.graph.options import print_options
from flowbook.graph.sources import Source, sources_of
from flowbook.graph.spec import NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.magics.kernel_notebook import KernelNotebook
from flowbook.magics.known import last_outputs
from flowbook.magics.status import NodeStatus, status_of
from flowbook.run.node_run import shown_seconds

_WIDE: Final = 200
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True, repr=False)
class NodeView:
    """One node: its definition, what it reads, and what it gave last.

    `text` is its cell, '' for one that has none. `captures` are names of the notebook that it
    reads. `values` is what it gave last, by port, as far as this process holds it.
    """

    node: NodeId
    kind: str
    text: str
    inputs: tuple[Source, ...]
    outputs: tuple[PortName, ...]
    captures: tuple[str, ...]
    options: Mapping[str, str]
    last: NodeStatus
    values: Mapping[PortName, Any] = field(default_factory=dict)

    def _rows(self) -> Iterator[tuple[str, str]]:
        for one in self.inputs:
            yield "setting" if one.setting else "input", str(one)
        yield "outputs", ", ".join(self.outputs) or "none"
        if self.captures:
            yield "captures", ", ".join(self.captures)
        if self.options:
            yield "options", ", ".join(f"{name}: {text}" for name, text in self.options.items())
        yield "last", _ended(self.last)
        for port, value in self.values.items():
            text = " ".join(repr(value).split())
            yield port, text if len(text) <= _WIDE else f"{text[: _WIDE - 1]}…"

    def __repr__(self) -> str:
        rows = list(self._rows())
        width = max(len(name) for name, _ in rows)
        lines = [
            f"{self.node} ({self.kind})",
            *(f"  {name:<{width}}  {text}" for name, text in rows),
        ]
        return "\n".join([*lines, *(["", self.text] if self.text else [])])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>"
            for name, text in self._rows()
        )
        text = f"<pre>{escape(self.text)}</pre>" if self.text else ""
        head = f"<b>{escape(self.node)}</b> ({escape(self.kind)})"
        return f"<p>{head}</p><table>{rows}</table>{text}"


def view_of(notebook: KernelNotebook, node: NodeId) -> NodeView:
    """The node as the notebook has it now; `UnknownNode` when there is none."""
    spec = notebook.flow.spec()
    found = spec.node(node)
    return NodeView(
        node=node,
        kind=found.kind,
        text=cell_text(notebook, found),
        inputs=sources_of(spec, node),
        outputs=found.outputs,
        captures=found.captures,
        options=print_options(found.options),
        last=next(one for one in status_of(notebook).nodes if one.node == node),
        values=last_outputs(notebook, node),
    )


def cell_text(notebook: KernelNotebook, node: NodeSpec) -> str:
    """The text of the cell that a node is written in; '' for a node that has none."""
    cell = notebook.live.cells.get(node.place.cell) if node.place else None
    return "" if cell is None else cell.source


def _ended(last: NodeStatus) -> str:
    if not last.outcome:
        return "not run"
    took = "" if last.seconds is None else f" in {shown_seconds(last.seconds)}"
    note = f"; {last.note}" if last.note else ""
    return f"{last.outcome}{took}{note}"
