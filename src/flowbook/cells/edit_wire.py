"""Edits and cell patches as JSON: one closed union each, for every door that sends or takes them.

An edit is one object whose `type` says which it is, nodes and options in it as a stored flow has
them (`graph.codec`). A patch is one object whose `type` is `REPLACE_SOURCE`, `SET_METADATA`,
`DELETE_CELL` or `INSERT_CELL`; its cell is as a notebook file has it, the source one text.

What it refuses: an unknown `type`, a missing or a strange field, a field of the wrong kind; the
refusal names where in the object it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, get_args

import msgspec

from flowbook.cells.notebook import Cell, cell_from_json, cell_to_json
from flowbook.cells.patches import (
    CellPatch,
    DeleteCell,
    InsertCell,
    ReplaceSource,
    SetMetadata,
)
from flowbook.errors import FlowSyntaxError, UsageError
from flowbook.graph import edits
from flowbook.graph.codec import (
    LeanInput,
    LeanNode,
    LeanParam,
    input_of,
    lean_input,
    lean_node,
    lean_param,
    node_of,
    param_of,
)
from flowbook.graph.edits import Edit
from flowbook.graph.flow_edits import SetFlowOptions, SetParams, SetSetup
from flowbook.graph.flow_options import parse_flow_options, print_flow_options
from flowbook.graph.options import parse_options, print_options
from flowbook.graph.spec import Position
from flowbook.ids import CellId, NodeId, PortName


class _Message(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class AddNodeEdit(_Message, frozen=True, tag_field="type", tag="ADD_NODE"):
    """A new node, at `index` among the nodes; at the end without."""

    node: LeanNode
    index: int | None = None


class RemoveNodeEdit(_Message, frozen=True, tag_field="type", tag="REMOVE_NODE"):
    """A node goes."""

    node: NodeId


class RenameNodeEdit(_Message, frozen=True, tag_field="type", tag="RENAME_NODE"):
    """A node takes another name."""

    old: NodeId
    new: NodeId


class ReplaceNodeEdit(_Message, frozen=True, tag_field="type", tag="REPLACE_NODE"):
    """A node of that name is defined anew."""

    node: LeanNode


class SetBodyEdit(_Message, frozen=True, tag_field="type", tag="SET_BODY"):
    """Other code, SQL or YAML."""

    node: NodeId
    body: str


class SetConfigEdit(_Message, frozen=True, tag_field="type", tag="SET_CONFIG"):
    """Other settings, all of them."""

    node: NodeId
    config: dict[str, Any]


class SetOptionsEdit(_Message, frozen=True, tag_field="type", tag="SET_OPTIONS"):
    """Other options, all of them, as the user writes them; what is left out is the default."""

    node: NodeId
    options: dict[str, str]


class SetInputsEdit(_Message, frozen=True, tag_field="type", tag="SET_INPUTS"):
    """Other inputs, all of them."""

    node: NodeId
    inputs: tuple[LeanInput, ...]


class SetOutputsEdit(_Message, frozen=True, tag_field="type", tag="SET_OUTPUTS"):
    """Other outputs, all of them."""

    node: NodeId
    outputs: tuple[PortName, ...]


class ConnectEdit(_Message, frozen=True, tag_field="type", tag="CONNECT"):
    """A wire from `output` of `source` to `input` of `target`."""

    source: NodeId
    output: PortName
    target: NodeId
    input: PortName


class DisconnectEdit(_Message, frozen=True, tag_field="type", tag="DISCONNECT"):
    """What feeds `input` of `target` no longer does."""

    target: NodeId
    input: PortName


class MoveNodesEdit(_Message, frozen=True, tag_field="type", tag="MOVE_NODES"):
    """Other places on the canvas; null takes a node's place away."""

    positions: dict[NodeId, Position | None]


class SetParamsEdit(_Message, frozen=True, tag_field="type", tag="SET_PARAMS"):
    """Other parameters of the flow, all of them."""

    params: tuple[LeanParam, ...]


class SetSetupEdit(_Message, frozen=True, tag_field="type", tag="SET_SETUP"):
    """Other setup code."""

    setup: tuple[LeanNode, ...]


class SetFlowOptionsEdit(_Message, frozen=True, tag_field="type", tag="SET_FLOW_OPTIONS"):
    """What the flow says of its recording and its runs, all of it."""

    options: dict[str, str]


class SeveralEdit(_Message, frozen=True, tag_field="type", tag="SEVERAL"):
    """Edits that are one gesture."""

    edits: tuple[EditMessage, ...]
    name: str = ""


EditMessage: TypeAlias = (
    AddNodeEdit
    | RemoveNodeEdit
    | RenameNodeEdit
    | ReplaceNodeEdit
    | SetBodyEdit
    | SetConfigEdit
    | SetOptionsEdit
    | SetInputsEdit
    | SetOutputsEdit
    | ConnectEdit
    | DisconnectEdit
    | MoveNodesEdit
    | SetParamsEdit
    | SetSetupEdit
    | SetFlowOptionsEdit
    | SeveralEdit
)

_SENT: Final[Mapping[type, Callable[[Any], EditMessage]]] = {
    edits.AddNode: lambda e: AddNodeEdit(lean_node(e.node), e.index),
    edits.RemoveNode: lambda e: RemoveNodeEdit(e.node),
    edits.RenameNode: lambda e: RenameNodeEdit(e.old, e.new),
    edits.ReplaceNode: lambda e: ReplaceNodeEdit(lean_node(e.node)),
    edits.SetBody: lambda e: SetBodyEdit(e.node, e.body),
    edits.SetConfig: lambda e: SetConfigEdit(e.node, dict(e.config)),
    edits.SetOptions: lambda e: SetOptionsEdit(e.node, print_options(e.options)),
    edits.SetInputs: lambda e: SetInputsEdit(e.node, tuple(map(lean_input, e.inputs))),
    edits.SetOutputs: lambda e: SetOutputsEdit(e.node, e.outputs),
    edits.Connect: lambda e: ConnectEdit(e.source, e.output, e.target, e.input),
    edits.Disconnect: lambda e: DisconnectEdit(e.target, e.input),
    edits.MoveNodes: lambda e: MoveNodesEdit(dict(e.positions)),
    SetParams: lambda e: SetParamsEdit(tuple(map(lean_param, e.params))),
    SetSetup: lambda e: SetSetupEdit(tuple(map(lean_node, e.setup))),
    SetFlowOptions: lambda e: SetFlowOptionsEdit(print_flow_options(e.options)),
    edits.Several: lambda e: SeveralEdit(tuple(map(_sent, e.edits)), e.name),
}
_TAKEN: Final[Mapping[type, Callable[[Any], Edit]]] = {
    AddNodeEdit: lambda m: edits.AddNode(node_of(m.node), m.index),
    RemoveNodeEdit: lambda m: edits.RemoveNode(m.node),
    RenameNodeEdit: lambda m: edits.RenameNode(m.old, m.new),
    ReplaceNodeEdit: lambda m: edits.ReplaceNode(node_of(m.node)),
    SetBodyEdit: lambda m: edits.SetBody(m.node, m.body),
    SetConfigEdit: lambda m: edits.SetConfig(m.node, m.config),
    SetOptionsEdit: lambda m: edits.SetOptions(m.node, parse_options(m.options)),
    SetInputsEdit: lambda m: edits.SetInputs(m.node, tuple(map(input_of, m.inputs))),
    SetOutputsEdit: lambda m: edits.SetOutputs(m.node, m.outputs),
    ConnectEdit: lambda m: edits.Connect(m.source, m.output, m.target, m.input),
    DisconnectEdit: lambda m: edits.Disconnect(m.target, m.input),
    MoveNodesEdit: lambda m: edits.MoveNodes(m.positions),
    SetParamsEdit: lambda m: SetParams(tuple(map(param_of, m.params))),
    SetSetupEdit: lambda m: SetSetup(tuple(map(node_of, m.setup))),
    SetFlowOptionsEdit: lambda m: SetFlowOptions(parse_flow_options(m.options)),
    SeveralEdit: lambda m: edits.Several(tuple(map(edit_of, m.edits)), m.name),
}


def encode(edit: Edit) -> dict[str, Any]:
    """`edit` as a JSON object that `decode` reads back.

    >>> encode(edits.RenameNode(NodeId("fetch"), NodeId("get")))
    {'type': 'RENAME_NODE', 'old': 'fetch', 'new': 'get'}
    """
    try:
        built: dict[str, Any] = msgspec.to_builtins(_sent(edit))
    except TypeError as error:
        raise UsageError(
            f"{edit.label}: it holds a value that JSON cannot: {error}",
            hint="settings and defaults are plain text, numbers, lists and mappings",
        ) from None
    return built


def decode(document: object) -> Edit:
    """The edit a JSON object stands for; `UsageError` that names what is wrong with it, and where.

    >>> decode({"type": "SET_OPTIONS", "node": "get", "options": {"retries": "3"}}).options.retries
    3
    """
    try:
        return edit_of(msgspec.convert(document, EditMessage))
    except (msgspec.ValidationError, RecursionError) as error:
        raise UsageError(f"this is no edit: {error}", hint=_HINT) from None
    except FlowSyntaxError as refused:
        raise UsageError(f"this is no edit: {refused.message}", hint=refused.hint) from None


def _sent(edit: Edit) -> EditMessage:
    return _SENT[type(edit)](edit)


def edit_of(message: EditMessage) -> Edit:
    """The edit a message stands for; `FlowSyntaxError` for options that are none."""
    return _TAKEN[type(message)](message)


TYPES: Final[tuple[str, ...]] = tuple(
    str(one.__struct_config__.tag) for one in get_args(EditMessage)
)
"""Every `type` an edit can have."""
_HINT: Final = f'write an object with a "type", one of {", ".join(TYPES)}'


# ---------------------------------------------------------------- patches


class ReplaceSourcePatch(_Message, frozen=True, tag_field="type", tag="REPLACE_SOURCE"):
    """Another text for a cell."""

    cell: CellId
    source: str


class SetMetadataPatch(_Message, frozen=True, tag_field="type", tag="SET_METADATA"):
    """Other metadata for a cell, whole."""

    cell: CellId
    metadata: dict[str, Any]


class DeleteCellPatch(_Message, frozen=True, tag_field="type", tag="DELETE_CELL"):
    """A cell goes."""

    cell: CellId


class InsertCellPatch(_Message, frozen=True, tag_field="type", tag="INSERT_CELL"):
    """A new cell, as a notebook has it, so that it stands at `index`."""

    index: int
    cell: dict[str, Any]


PatchMessage: TypeAlias = ReplaceSourcePatch | SetMetadataPatch | DeleteCellPatch | InsertCellPatch


def patch_to_json(patch: CellPatch) -> dict[str, Any]:
    """`patch` as a JSON object that `patch_from_json` reads back.

    >>> patch_to_json(ReplaceSource(CellId("c1"), "x = 1"))
    {'type': 'REPLACE_SOURCE', 'cell': 'c1', 'source': 'x = 1'}
    """
    built: dict[str, Any] = msgspec.to_builtins(_patch_sent(patch))
    return built


def patch_from_json(document: object) -> CellPatch:
    """The patch a JSON object stands for; `UsageError` that names what is wrong with it."""
    try:
        message = msgspec.convert(document, PatchMessage)
    except (msgspec.ValidationError, RecursionError) as error:
        hint = "its type is REPLACE_SOURCE, SET_METADATA, DELETE_CELL or INSERT_CELL"
        raise UsageError(f"this is no patch: {error}", hint=hint) from None
    if isinstance(message, ReplaceSourcePatch):
        return ReplaceSource(message.cell, message.source)
    if isinstance(message, SetMetadataPatch):
        return SetMetadata(message.cell, message.metadata)
    if isinstance(message, DeleteCellPatch):
        return DeleteCell(message.cell)
    return InsertCell(message.index, cell_from_json(message.cell))


def _patch_sent(patch: CellPatch) -> PatchMessage:
    if isinstance(patch, ReplaceSource):
        return ReplaceSourcePatch(patch.cell, patch.source)
    if isinstance(patch, SetMetadata):
        return SetMetadataPatch(patch.cell, dict(patch.metadata))
    if isinstance(patch, DeleteCell):
        return DeleteCellPatch(patch.cell)
    return InsertCellPatch(patch.index, cell_to_json(patch.cell))


def cells_from_json(documents: object) -> tuple[Cell, ...]:
    """Cells as a notebook file or a front end has them; `UsageError` for what is none."""
    if not isinstance(documents, list):
        raise UsageError("cells are a list", hint='write [{"id": …, "source": …}]')
    return tuple(cell_from_json(one, number) for number, one in enumerate(documents))
