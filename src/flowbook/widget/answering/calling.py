"""Answers about flows that a node calls: which there are, and a new one made for it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias

from flowbook.cells.declaring import completed
from flowbook.cells.revising import reread, revision, with_setting
from flowbook.errors import FlowbookError, UsageError
from flowbook.events import RunCreated, RunRetried
from flowbook.expr.template import Template
from flowbook.graph.edits import AddNode, Edit, label
from flowbook.graph.flow_schema import last_nodes
from flowbook.graph.nesting import frame_names
from flowbook.graph.options import Options, parse_options
from flowbook.graph.spec import FlowSpec, InputSpec, Json, NodeSpec, ParamSpec
from flowbook.ids import FlowId, NodeId, PortName
from flowbook.nodes.tables import family
from flowbook.session.any_desk import refuse_locked
from flowbook.widget.answering.expressions import offered
from flowbook.widget.edit_protocol import Edited
from flowbook.widget.form_protocol import AskFlows, CallableFlow, Flows, MakeFlow
from flowbook.widget.host import CanvasHost, CanvasOffers, Offering
from flowbook.widget.picture import param_views
from flowbook.widget.seen import LastValues

Answering: TypeAlias = Callable[[CanvasHost, Any], Any]
_NAME: Final = re.compile(r"[A-Za-z_][\w-]*(?: [\w-]+)*")
_RESULT: Final = NodeId("result")
_MOST_TEXT: Final = 2_000


def flows(host: CanvasHost, asked: AskFlows) -> Flows:
    """The flows that may be called, the secrets that may be handed on, and the time there is."""
    spec = host.spec()
    spec.node(asked.node)
    found = host.offers.flows() if isinstance(host, Offering) else ()
    return Flows(
        asked.view,
        asked.rid,
        tuple(
            CallableFlow(
                one.id,
                param_views(one),
                tuple(node.id for node in last_nodes(one)),
                tuple(dict.fromkeys(_secrets(one))),
            )
            for one in found
        ),
        offered(host).secrets,
        _deadline(host, spec),
    )


def _secrets(spec: FlowSpec) -> Iterator[str]:
    """The secrets that templates of a flow ask for by name."""
    for node in spec.nodes:
        for text in _texts(node.config):
            try:
                reads = Template.parse(text).reads
            except FlowbookError:
                continue
            yield from (path[1] for path in sorted(reads) if path[0] == "$secret" and path[1:])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if "$secret" in value:
            yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)


def _deadline(host: CanvasHost, spec: FlowSpec) -> float | None:
    """Seconds that a run of the flow has left, or has in all where none goes on."""
    limit = spec.options.timeout
    run = host.current_run()
    if limit is None or run is None or run.status.over:
        return limit
    told = (one.deadline for one in run.events() if isinstance(one, RunCreated | RunRetried))
    *_, ends = (None, *told)
    return limit if ends is None else max(0.0, ends - time.time())


# ---------------------------------------------------------------- a new one


def make_flow(host: CanvasHost, asked: MakeFlow) -> Edited:
    """A notebook with a new flow, and the node calling it."""
    offers = _offers(host)
    name = asked.name.strip()
    if _NAME.fullmatch(name) is None:
        raise UsageError(f"{name!r} cannot name a flow", hint="write words of letters and digits")
    last = LastValues(host)
    node = last.spec.node(asked.node)
    if node.kind_name in ("map", "foreach", "each_of"):
        made, edit, called = _iterator(host, last, node, name)
    elif node.kind_name == "call":
        made, edit, called = _called(host, last, node, name)
    else:
        raise UsageError(f"{node.id!r} calls no flow", hint="choose a map, a foreach or a call")
    if edit is not None:
        refuse_locked(edit, host.locked)
        edit.apply(last.spec)  # before a file is written
    path = offers.make_flow(made)
    if edit is not None:
        host.apply(edit)
    return Edited(
        asked.view, asked.rid, "Create flow" if edit is None else label(edit), (called,), path
    )


def _offers(host: CanvasHost) -> CanvasOffers:
    if not isinstance(host, Offering):
        raise UsageError("there is no project here to put a flow into")
    return host.offers


def _iterator(
    host: CanvasHost, last: LastValues, node: NodeSpec, name: str
) -> tuple[FlowSpec, Edit | None, NodeId]:
    """A flow of one item and its number, and the node inside that calls it for each."""
    item, *rest = frame_names(node)
    index = rest[:1]
    samples: dict[PortName, Json] = {item: _first_item(last, node), **dict.fromkeys(index, 0)}
    made = _flow(name, samples)
    called = _free(last.spec, re.sub(r"\W", "_", name))
    config: dict[str, Json] = {
        "flow": name,
        "inputs": {str(one): f"{{{{ {one} }}}}" for one in samples},
    }
    call = NodeSpec(
        called,
        "call",
        outputs=(PortName(called),),
        config=config,
        options=Options(inside=node.id),
    )
    at = last.spec.nodes.index(node) + 1
    whole = replace(last.spec, nodes=(*last.spec.nodes[:at], call, *last.spec.nodes[at:]))
    return made, AddNode(completed(whole, call, host.registry).node, at), called


def _called(
    host: CanvasHost, last: LastValues, node: NodeSpec, name: str
) -> tuple[FlowSpec, Edit | None, NodeId]:
    """A flow that takes what the call gives it."""
    mapped = node.config.get("inputs")
    names = list(mapped) if isinstance(mapped, dict) and mapped else [*map(_plain, node.inputs)]
    seen = last.inputs(node)
    samples = {
        PortName(one): _json(seen[PortName(one)].value if PortName(one) in seen else None)
        for one in names
    }
    now = reread(last.spec, with_setting(node, "flow", name, host.registry), host.registry)
    edit = revision(last.spec, now, f"Call {name} by {node.id}")
    return _flow(name, samples), edit, node.id


def _plain(one: Any) -> str:
    return str(one.name).replace(".", "_")


def _flow(name: str, samples: Mapping[PortName, Json]) -> FlowSpec:
    """A flow that takes these, and gives a record of them by a node that says so."""
    pairs = ", ".join(f'"{one}": {one}' for one in samples)
    options = parse_options({"outputs": {str(_RESULT): "dict"}})
    result = NodeSpec(
        _RESULT,
        inputs=tuple(map(InputSpec, samples)),
        outputs=(PortName(_RESULT),),
        body=f"result = {{{pairs}}}",
        options=options,
    )
    params = tuple(ParamSpec(one, sample) for one, sample in samples.items())
    return FlowSpec(FlowId(name), (result,), params)


def _first_item(last: LastValues, node: NodeSpec) -> Json:
    """An item as the last run had it, where there was a list or a table."""
    for seen in last.inputs(node).values():
        own = family(seen.value)
        if own is not None and own.count(seen.value):
            return _json(own.records(own.picked(seen.value, [0]))[0])
        if isinstance(seen.value, list) and seen.value:
            return _json(seen.value[0])
    return None


def _json(value: Any) -> Json:
    """A small plain value; None for any other."""
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return None
    found: Json = json.loads(text) if len(text) <= _MOST_TEXT else None
    return found


def _free(spec: FlowSpec, wanted: str) -> NodeId:
    taken = {*spec.by_id, *(port for one in spec.nodes for port in one.outputs)}
    names = (f"{wanted}{end}" for end in ("", *(f"_{n}" for n in range(2, 10_000))))
    return NodeId(next(one for one in names if one not in taken))


ANSWERS: Final[Mapping[type, Answering]] = {AskFlows: flows, MakeFlow: make_flow}
