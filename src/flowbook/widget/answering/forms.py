"""Answers to what can be told a node or the flow, and to what somebody told it."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, Final, TypeAlias

from flowbook.cells.declaring import completed
from flowbook.cells.renamed_ports import with_input, with_outputs
from flowbook.cells.revising import reread, revision, with_setting, written_settings
from flowbook.errors import UsageError
from flowbook.graph.edits import Edit, label
from flowbook.graph.flow_edits import SetFlowOptions
from flowbook.graph.flow_options import FLOW_OPTIONS, FlowOptions
from flowbook.graph.node_schema import configuration_schema, help_of
from flowbook.graph.option_groups import FLOW_GROUPS, GROUPS, Row, rows
from flowbook.graph.options import OPTIONS, Options, did_you_mean, parse_by
from flowbook.graph.reach import reachable, unreachable
from flowbook.graph.registry import Registry
from flowbook.graph.sources import fed_by, input_sources, setting_sources
from flowbook.graph.spec import MISSING, FlowSpec, InputSpec, Json, Missing, NodeSpec, Wire
from flowbook.graph.wiring import resolve
from flowbook.ids import PortName, as_port_name
from flowbook.plan.check import setting_problems
from flowbook.widget.edit_protocol import Edited, PortRef
from flowbook.widget.form_protocol import (
    AskFlowForm,
    AskForm,
    FlowForm,
    Form,
    InputField,
    OptionView,
    SetInput,
    SetOption,
    SetPorts,
    SetSetting,
    SetText,
)
from flowbook.widget.host import CanvasHost
from flowbook.widget.picture import param_views

Answering: TypeAlias = Callable[[CanvasHost, Any], Any]
_LANGUAGES: Final[Mapping[str, str]] = {
    "python": "python", "sql": "sql", "template": "jinja", "text": "text", "config": "yaml",
}  # fmt: skip
_MOST_SOURCES: Final = 400


# ---------------------------------------------------------------- what there is


def form(host: CanvasHost, asked: AskForm) -> Form:
    """All that can be told a node."""
    spec, registry = host.spec(), host.registry
    node = spec.node(asked.node)
    kind = registry.get(node.kind)
    schema: dict[str, Any] = {} if kind is None else configuration_schema(kind)
    config = written_settings(node, registry)
    told = replace(node, config=config)
    return Form(
        asked.view,
        asked.rid,
        node.id,
        node.kind,
        doc="" if kind is None else help_of(kind),
        settings=schema,
        config=dict(config),
        badges={one.name: one.origin.value for one in setting_sources(told, spec)},
        options=_node_options(node),
        inputs=_inputs(spec, node, registry),
        outputs=node.outputs,
        body=node.body,
        language=_language(node, registry),
        has_ports=_names_ports(node, registry),
        sources=_sources(spec, node),
        errors=_lines(host, node),
    )


def flow_form(host: CanvasHost, asked: AskFlowForm) -> FlowForm:
    """All that can be told the flow."""
    spec = host.spec()
    found = rows(FLOW_OPTIONS, FLOW_GROUPS, spec.options, FlowOptions())
    return FlowForm(asked.view, asked.rid, param_views(spec), tuple(map(_option, found)))


def _node_options(node: NodeSpec) -> tuple[OptionView, ...]:
    return tuple(map(_option, rows(OPTIONS, GROUPS, node.options, Options())))


def _option(row: Row) -> OptionView:
    one = row.option
    choices = tuple(map(str, one.choices))
    return OptionView(one.name, row.group, one.help, row.default, row.text, one.flag, choices)


def _language(node: NodeSpec, registry: Registry) -> str:
    kind = registry.get(node.kind)
    if kind is None:
        return "text"
    if node.kind_name == "javascript":
        return "javascript"
    return _LANGUAGES.get(kind.body, "text")


def _names_ports(node: NodeSpec, registry: Registry) -> bool:
    """True where its author says what its outputs are called."""
    kind = registry.get(node.kind)
    other = (PortName("one"), PortName("other"))
    return kind is not None and kind.ports(replace(node, outputs=other)) == other


def _inputs(spec: FlowSpec, node: NodeSpec, registry: Registry) -> tuple[InputField, ...]:
    kind = registry.get(node.kind)
    free = completed(spec, replace(node, inputs=()), registry).node
    read = () if kind is None or kind.body == "python" else tuple(one.name for one in free.inputs)
    edges = {edge.input: edge for edge in resolve(spec).edges if edge.target == node.id}
    told = input_sources(node, fed_by(resolve(spec)), spec)
    return tuple(
        InputField(
            one.name,
            source.origin.value,
            source.text,
            None if (edge := edges.get(one.name)) is None else PortRef(edge.source, edge.output),
            one.required,
            "" if isinstance(one.default, Missing) else json.dumps(one.default),
            one.annotation or "",
            one.name in read,
        )
        for one, source in zip(node.inputs, told, strict=True)
    )


def _sources(spec: FlowSpec, node: NodeSpec) -> tuple[PortRef, ...]:
    """Outputs that an input of the node may be wired to, as far as a list is of use."""
    found = (
        PortRef(name, port) for name in reachable(spec, node.id) for port in spec.node(name).outputs
    )
    return tuple(islice(found, _MOST_SOURCES))


def _lines(host: CanvasHost, node: NodeSpec) -> dict[int, str]:
    """What is wrong with the text of a node, by its own lines."""
    found: dict[int, str] = {}
    for one in host.problems():
        if one.node == node.id and one.line is not None and one.line >= node.body_line:
            found.setdefault(one.line - node.body_line + 1, one.message)
    return found


# ---------------------------------------------------------------- what is told


def set_setting(host: CanvasHost, asked: SetSetting) -> Edited:
    """Give one setting another value."""
    spec, registry = host.spec(), host.registry
    was = spec.node(asked.node)
    value: Json | Missing = MISSING if asked.unset else asked.value
    now = with_setting(was, asked.name, value, registry)
    kind = registry.get(was.kind)
    if kind is not None and kind.body in ("config", "sql") and not asked.unset:
        settings = written_settings(now, registry)
        _refuse_wrong(replace(now, config={asked.name: settings[asked.name]}), kind)
    now = reread(spec, now, registry)
    return _done(host, asked, revision(spec, now, f"Change {asked.name} of {was.id}"))


def _refuse_wrong(node: NodeSpec, kind: Any) -> None:
    found = setting_problems(node, kind)
    if found:
        raise UsageError(found[0].message, hint=found[0].hint)


def set_option(host: CanvasHost, asked: SetOption) -> Edited:
    """Give one option of a node, or of the flow, another value."""
    spec = host.spec()
    schema = FLOW_OPTIONS if asked.node is None else OPTIONS
    option = schema.get(asked.name)
    if option is None:
        hint = did_you_mean(asked.name, schema)
        raise UsageError(f"there is no option {asked.name!r}", hint=hint)
    usual: Any = FlowOptions() if asked.node is None else Options()
    said = parse_by(schema, {asked.name: asked.value}) if asked.value.strip() else {}
    given = said.get(option.attribute, getattr(usual, option.attribute))
    edit: Edit | None
    if asked.node is None:
        flow_options = replace(spec.options, **{option.attribute: given})
        edit = SetFlowOptions(flow_options) if flow_options != spec.options else None
    else:
        was = spec.node(asked.node)
        now = replace(was, options=replace(was.options, **{option.attribute: given}))
        edit = revision(spec, now, f"Change {asked.name} of {was.id}")
    return _done(host, asked, edit)


def set_text(host: CanvasHost, asked: SetText) -> Edited:
    """Give a node another text; what it reads and gives follows."""
    spec = host.spec()
    was = spec.node(asked.node)
    now = reread(spec, replace(was, body=asked.body), host.registry)
    return _done(host, asked, revision(spec, now, f"Change {was.id}"))


def set_input(host: CanvasHost, asked: SetInput) -> Edited:
    """Change, add or remove one input of a node."""
    spec = host.spec()
    was = spec.node(asked.node)
    if asked.remove:
        kept = tuple(one for one in was.inputs if one.name != asked.name)
        now = replace(was, inputs=kept)
        return _done(host, asked, revision(spec, now, f"Remove {asked.name} of {was.id}"))
    made = _input(spec, was, asked)
    now = with_input(was, asked.name, made, host.registry)
    return _done(host, asked, revision(spec, now, f"Change input {made.name} of {was.id}"))


def _input(spec: FlowSpec, node: NodeSpec, asked: SetInput) -> InputSpec:
    name = as_port_name(asked.to or asked.name)
    known = node.input(asked.name) or InputSpec(name)
    if asked.name and node.input(asked.name) is None:
        raise UsageError(f"{node.id!r} has no input {asked.name!r}")
    wire, default = None, MISSING if not asked.default.strip() else _json(asked.default)
    if asked.source is not None:
        source = spec.node(asked.source.node)
        why = unreachable(spec, source.id, node.id, asked.name or name)
        if why is not None:
            raise UsageError(f"no wire can go from {source.id!r} to {node.id!r}: {why}")
        only = len(source.outputs) == 1
        wire = Wire(source.id, None if only else asked.source.port)
        by_itself = known.wire is None and asked.to in ("", asked.name)
        if by_itself and _feeds(spec, node, asked):
            wire = None
    if wire is not None and not isinstance(default, Missing):
        raise UsageError(
            f"input {name!r} is wired and has a default",
            hint="only a parameter of the run has one: take the wire away first",
        )
    return replace(known, name=name, wire=wire, default=default, required=asked.required)


def _feeds(spec: FlowSpec, node: NodeSpec, asked: SetInput) -> bool:
    """True where the input is fed by that output today."""
    wanted = asked.source
    return wanted is not None and any(
        (edge.target, edge.input) == (node.id, asked.name)
        and (edge.source, edge.output) == (wanted.node, wanted.port)
        for edge in resolve(spec).edges
    )


def _json(text: str) -> Json:
    try:
        value: Json = json.loads(text)
    except ValueError:
        try:
            value = json.loads(json.dumps(ast.literal_eval(text)))
        except (ValueError, SyntaxError, TypeError, RecursionError):
            hint = 'write text in quotes, a number, true, null, [1, 2] or {"a": 1}'
            raise UsageError(f"{text!r} is no value", hint=hint) from None
    return value


def set_ports(host: CanvasHost, asked: SetPorts) -> Edited:
    """Give a node other outputs; of as many as before, what is called anew stays wired."""
    spec = host.spec()
    was = spec.node(asked.node)
    if not _names_ports(was, host.registry):
        raise UsageError(
            f"the outputs of {was.id!r} follow from its settings", hint="change those instead"
        )
    outputs = tuple(as_port_name(one) for one in asked.outputs)
    now = with_outputs(was, outputs, host.registry)
    return _done(host, asked, revision(spec, now, f"Change outputs of {was.id}"))


def _done(host: CanvasHost, asked: Any, edit: Edit | None) -> Edited:
    """Do it; what changes nothing is done already."""
    node = asked.node
    nodes = () if node is None else (node,)
    if edit is None:
        return Edited(asked.view, asked.rid, "Nothing changed", nodes)
    host.apply(edit)
    return Edited(asked.view, asked.rid, label(edit), nodes)


ANSWERS: Final[Mapping[type, Answering]] = {
    AskForm: form,
    AskFlowForm: flow_form,
    SetSetting: set_setting,
    SetOption: set_option,
    SetText: set_text,
    SetInput: set_input,
    SetPorts: set_ports,
}
