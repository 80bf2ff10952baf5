"""Messages that change the definition: plain edits, and gestures that become edits.

An *edit* is exact (`flowbook.cells.edit_wire` has its JSON). A *gesture* says what the user did,
and `flowbook.graph.gestures` decides what that means: which name a new node gets, which wires a
node that is dropped on an edge takes over. Each of these messages is answered with `Edited`, or
with `Refused`, by the same `view` and `rid`; nothing was changed then.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from flowbook.cells.edit_wire import EditMessage
from flowbook.ids import NodeId, PortName


class EdgeRef(msgspec.Struct, frozen=True):
    """The edge that feeds `input` of `target`."""

    target: NodeId
    input: PortName


class PortRef(msgspec.Struct, frozen=True):
    """One output of a node."""

    node: NodeId
    port: PortName


class ChangeFlow(msgspec.Struct, frozen=True, tag_field="type", tag="EDIT"):
    """Do exactly this edit."""

    view: str
    rid: int
    edit: EditMessage


class InsertNode(msgspec.Struct, frozen=True, tag_field="type", tag="INSERT"):
    """Put a new node of `kind` at `x`, `y` (canvas pixels; None: where there is room).

    `on`: into that edge. `after`: fed by that output. `inside`: in that container. A `name` that is
    taken gets a number; none makes one of the kind.
    """

    view: str
    rid: int
    kind: str
    x: float | None = None
    y: float | None = None
    name: str = ""
    body: str | None = None
    config: dict[str, Any] = {}
    on: EdgeRef | None = None
    after: PortRef | None = None
    inside: NodeId | None = None


class BringFile(msgspec.Struct, frozen=True, tag_field="type", tag="BRING"):
    """Make a node of a file: a call of the flow of a notebook, what reads any other.

    `path` begins at the folder of the notebook; the rest is as with `InsertNode`.
    """

    view: str
    rid: int
    path: str
    x: float | None = None
    y: float | None = None
    on: EdgeRef | None = None
    inside: NodeId | None = None


class SpliceNode(msgspec.Struct, frozen=True, tag_field="type", tag="SPLICE"):
    """Put a node that is there already into an edge, and to `x`, `y` where it was dropped there.

    They count as `NodeView` says; without both it stays where it is.
    """

    view: str
    rid: int
    node: NodeId
    on: EdgeRef
    x: float | None = None
    y: float | None = None


class RemoveNodes(msgspec.Struct, frozen=True, tag_field="type", tag="REMOVE"):
    """These nodes and these edges go; `heal`: what fed a removed node feeds what it fed."""

    view: str
    rid: int
    nodes: tuple[NodeId, ...] = ()
    edges: tuple[EdgeRef, ...] = ()
    heal: bool = False


class DuplicateNodes(msgspec.Struct, frozen=True, tag_field="type", tag="DUPLICATE"):
    """Copies of these nodes beside them; wires among them are copied, those from outside kept."""

    view: str
    rid: int
    nodes: tuple[NodeId, ...]
    dx: float = 40.0
    dy: float = 40.0


class CopyNodes(msgspec.Struct, frozen=True, tag_field="type", tag="COPY"):
    """Answered with `Clip`: these nodes as text for the clipboard, cells of a notebook."""

    view: str
    rid: int
    nodes: tuple[NodeId, ...]


class PasteNodes(msgspec.Struct, frozen=True, tag_field="type", tag="PASTE"):
    """Nodes from the clipboard, of this flow or another, or cells as text, around `x`, `y`."""

    view: str
    rid: int
    text: str
    x: float | None = None
    y: float | None = None


class GroupNodes(msgspec.Struct, frozen=True, tag_field="type", tag="GROUP"):
    """Put these nodes into a new `group`; what leaves them becomes its outputs."""

    view: str
    rid: int
    nodes: tuple[NodeId, ...]
    name: str = ""


class UngroupNodes(msgspec.Struct, frozen=True, tag_field="type", tag="UNGROUP"):
    """A container goes, its nodes stay and stay fed."""

    view: str
    rid: int
    node: NodeId


class ExtractFlow(msgspec.Struct, frozen=True, tag_field="type", tag="EXTRACT"):
    """Make these nodes, or what is in a group, a flow of its own that this one calls."""

    view: str
    rid: int
    nodes: tuple[NodeId, ...]
    name: str = ""


class InlineFlow(msgspec.Struct, frozen=True, tag_field="type", tag="INLINE"):
    """Put the nodes of a called flow in the place of the call, as a group."""

    view: str
    rid: int
    node: NodeId


class UndoEdit(msgspec.Struct, frozen=True, tag_field="type", tag="UNDO"):
    """Take the last change back; a host that is a document does so itself."""

    view: str
    rid: int


class RedoEdit(msgspec.Struct, frozen=True, tag_field="type", tag="REDO"):
    """Do again what was undone last."""

    view: str
    rid: int


class AskTargets(msgspec.Struct, frozen=True, tag_field="type", tag="TARGETS"):
    """Where may this output lead? Answered with `Targets`."""

    view: str
    rid: int
    source: NodeId
    output: PortName


class AskKinds(msgspec.Struct, frozen=True, tag_field="type", tag="KINDS"):
    """What nodes are there to add? Answered with `Kinds`."""

    view: str
    rid: int


EditAsked: TypeAlias = (
    ChangeFlow
    | InsertNode
    | BringFile
    | SpliceNode
    | RemoveNodes
    | DuplicateNodes
    | CopyNodes
    | PasteNodes
    | GroupNodes
    | UngroupNodes
    | ExtractFlow
    | InlineFlow
    | UndoEdit
    | RedoEdit
    | AskTargets
    | AskKinds
)


class Edited(msgspec.Struct, frozen=True, tag_field="type", tag="EDITED"):
    """Done: what to call it in an undo menu, and the nodes that are new or meant.

    `path`: a notebook that was made, from the folder of this one on. `note`: what else the user
    should know, such as a wire that a pasted node has lost.
    """

    view: str
    rid: int
    label: str
    nodes: tuple[NodeId, ...] = ()
    path: str | None = None
    note: str = ""


class Clip(msgspec.Struct, frozen=True, tag_field="type", tag="CLIP"):
    """The nodes that were asked for, as text."""

    view: str
    rid: int
    text: str


class Target(msgspec.Struct, frozen=True):
    """An input an output may be led to; `refused` says why it may not, '' when it may.

    `input` is '' for a new input of that node. `replaces`: what feeds it now.
    """

    node: NodeId
    input: PortName
    refused: str = ""
    replaces: str = ""


class Targets(msgspec.Struct, frozen=True, tag_field="type", tag="TARGETS"):
    """Every input of every other node, and whether the output may lead there."""

    view: str
    rid: int
    targets: tuple[Target, ...]


class KindView(msgspec.Struct, frozen=True):
    """A kind of node that can be added: what it is called, what it is for, where it belongs.

    `body`: what its cell holds (`python`, `sql`, `config` for YAML, …). `missing`: what has to be
    installed first, '' when nothing.
    """

    kind: str
    title: str
    summary: str
    family: str
    body: str
    contains: bool = False
    missing: str = ""
    words: tuple[str, ...] = ()
    """What else one may look for it by."""


class Kinds(msgspec.Struct, frozen=True, tag_field="type", tag="KINDS"):
    """Every kind, in the order of the palette."""

    view: str
    rid: int
    kinds: tuple[KindView, ...]


EditAnswer: TypeAlias = Edited | Clip | Targets | Kinds
