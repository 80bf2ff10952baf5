"""`FlowSpec` as JSON text, and the bytes that stand for what a flow means.

The text is for keeping and sending: fields in a fixed order, what is empty left out, options as
the user writes them. `format` says which shape it has; a newer one is refused, an older one goes
through `UPGRADES` first. Numbers JSON has no form for (NaN, infinities) are refused rather than
turned into null.

`canonical` leaves out layout, cells, line numbers and what the flow says about its recording, and
sorts what has no order, so two specs that mean the same give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from flowbook.errors import FlowSyntaxError, UsageError
from flowbook.graph.flow_options import FlowOptions, parse_flow_options, print_flow_options
from flowbook.graph.options import parse_options, print_options
from flowbook.graph.spec import (
    MISSING,
    FlowSpec,
    InputSpec,
    Missing,
    NodeSpec,
    ParamSpec,
    Place,
    Position,
    Wire,
)
from flowbook.ids import FlowId, NodeId, PortName

FORMAT: Final = 1
Upgrade: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
UPGRADES: Final[Mapping[int, Upgrade]] = {}
"""For each older format, what makes the next one of it."""


class _Lean(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class LeanInput(_Lean, frozen=True):
    """An input as JSON has it."""

    name: PortName
    wire: Wire | None = None
    default: Any = UNSET
    annotation: str | None = None
    required: bool = True


class LeanNode(_Lean, frozen=True):
    """A node as JSON has it, its options as the user writes them."""

    id: NodeId
    kind: str = "python"
    inputs: tuple[LeanInput, ...] = ()
    outputs: tuple[PortName, ...] = ()
    body: str = ""
    config: dict[str, Any] = {}
    options: dict[str, str] = {}
    captures: tuple[str, ...] = ()
    place: Place | None = None
    body_line: int = 1
    position: Position | None = None
    returns: dict[str, str] = {}


class LeanParam(_Lean, frozen=True):
    """A parameter as JSON has it."""

    name: PortName
    default: Any = UNSET
    annotation: str | None = None
    help: str | None = None


class _Flow(_Lean, frozen=True):
    id: FlowId
    params: tuple[LeanParam, ...] = ()
    nodes: tuple[LeanNode, ...] = ()
    setup: tuple[LeanNode, ...] = ()
    options: dict[str, str] = {}


def encode(spec: FlowSpec, *, indent: int | None = None) -> str:
    """`spec` as JSON text that `decode` reads back; `UsageError` for what JSON cannot hold."""
    return _dump(
        {"format": FORMAT, **_builtins(spec)}, indent=indent, separators=_separators(indent)
    )


def decode(text: str | bytes) -> FlowSpec:
    """The spec in `text`; `UsageError` naming what is wrong and where.

    >>> decode('{"format": 1, "id": "tour", "nodes": [{"id": "fetch"}]}').nodes[0].kind
    'python'
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise UsageError(f"this is not JSON: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("format"), int):
        raise UsageError("this is no flow: it does not say its format", hint='begin "format": 1')
    document = upgraded(document)
    document.pop("format")
    try:
        return _spec(msgspec.convert(document, _Flow))
    except (msgspec.ValidationError, FlowSyntaxError) as error:
        raise UsageError(f"this is no flow: {error}") from None


def upgraded(
    document: dict[str, Any], upgrades: Mapping[int, Upgrade] = UPGRADES, newest: int = FORMAT
) -> dict[str, Any]:
    """`document` in the format `newest`, one upgrade after the other."""
    found: int = document["format"]
    if found > newest:
        raise UsageError(
            f"this flow has format {found}; this flowbook reads formats up to {newest}",
            hint="upgrade flowbook",
        )
    for older in range(found, newest):
        if older not in upgrades:
            raise UsageError(f"this flow has format {found}, which was never in use")
        document = {**upgrades[older](document), "format": older + 1}
    return document


def canonical(spec: FlowSpec) -> bytes:
    """What `spec` computes, as bytes to hash: no layout, no cells, no order where none matters.

    Nodes and parameters are sorted by name, since moving a cell changes nothing; setup cells run
    in their order and keep it; their names only tell where they stand.
    """
    meant = replace(
        spec,
        nodes=tuple(sorted(map(_meaning, spec.nodes), key=lambda node: node.id)),
        params=tuple(sorted(spec.params, key=lambda param: param.name)),
        setup=tuple(replace(_meaning(cell), id=NodeId("setup")) for cell in spec.setup),
        options=FlowOptions(),
    )
    return _dump(_builtins(meant), sort_keys=True, separators=(",", ":")).encode()


def _meaning(node: NodeSpec) -> NodeSpec:
    return replace(node, place=None, position=None, body_line=1)


def _separators(indent: int | None) -> tuple[str, str]:
    return (",", ":") if indent is None else (",", ": ")


def _dump(document: dict[str, Any], **style: Any) -> str:
    try:
        # ASCII keeps lone surrogates, which UTF-8 has no form for, through every store.
        return json.dumps(document, allow_nan=False, ensure_ascii=True, **style)
    except (ValueError, TypeError) as error:
        raise _not_json(document["id"], error) from None


def _builtins(spec: FlowSpec) -> dict[str, Any]:
    lean = _Flow(
        spec.id,
        tuple(map(lean_param, spec.params)),
        tuple(map(lean_node, spec.nodes)),
        tuple(map(lean_node, spec.setup)),
        print_flow_options(spec.options),
    )
    try:
        built: dict[str, Any] = msgspec.to_builtins(lean)
    except TypeError as error:
        raise _not_json(spec.id, error) from None
    return built


def _not_json(flow: FlowId, error: Exception) -> UsageError:
    return UsageError(
        f"flow {flow!r} holds a value that JSON cannot: {error}",
        hint="configuration and defaults are plain text, finite numbers, lists and mappings",
    )


def lean_node(node: NodeSpec) -> LeanNode:
    """`node` as JSON has it; `node_of` reads it back."""
    return LeanNode(
        node.id,
        node.kind,
        tuple(map(lean_input, node.inputs)),
        node.outputs,
        node.body,
        dict(node.config),
        print_options(node.options),
        node.captures,
        node.place,
        node.body_line,
        # 0 and 0.0 are one place: they get one text.
        node.position and Position(float(node.position.x), float(node.position.y)),
        {str(port): text for port, text in node.returns.items()},
    )


def lean_input(one: InputSpec) -> LeanInput:
    """An input as JSON has it; `input_of` reads it back."""
    return LeanInput(one.name, one.wire, _default(one.default), one.annotation, one.required)


def lean_param(one: ParamSpec) -> LeanParam:
    """A parameter as JSON has it; `param_of` reads it back."""
    return LeanParam(one.name, _default(one.default), one.annotation, one.help)


def _default(value: Any) -> Any:
    return UNSET if isinstance(value, Missing) else value


def _given(value: Any) -> Any:
    return MISSING if isinstance(value, UnsetType) else value


def _spec(lean: _Flow) -> FlowSpec:
    return FlowSpec(
        lean.id,
        tuple(map(node_of, lean.nodes)),
        tuple(map(param_of, lean.params)),
        tuple(map(node_of, lean.setup)),
        parse_flow_options(lean.options),
    )


def node_of(lean: LeanNode) -> NodeSpec:
    """The node of its JSON form; `FlowSyntaxError` for options that cannot be."""
    return NodeSpec(
        id=lean.id,
        kind=lean.kind,
        inputs=tuple(map(input_of, lean.inputs)),
        outputs=lean.outputs,
        body=lean.body,
        config=lean.config,
        options=parse_options(lean.options),
        captures=lean.captures,
        place=lean.place,
        body_line=lean.body_line,
        position=lean.position,
        returns={PortName(port): text for port, text in lean.returns.items()},
    )


def param_of(lean: LeanParam) -> ParamSpec:
    """The parameter of its JSON form."""
    return ParamSpec(lean.name, _given(lean.default), lean.annotation, lean.help)


def input_of(lean: LeanInput) -> InputSpec:
    """The input of its JSON form."""
    return InputSpec(lean.name, lean.wire, _given(lean.default), lean.annotation, lean.required)
