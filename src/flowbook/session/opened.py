"""What of a moment goes into a scratch: what its nodes had given, and what one of them reads."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from flowbook.errors import UsageError
from flowbook.events.values import ValueRef
from flowbook.graph.spec import FlowSpec, Missing, NodeSpec
from flowbook.graph.wiring import resolve
from flowbook.ids import NodeId, PortName
from flowbook.nodes.python import run_setup
from flowbook.session.saved import Moment
from flowbook.session.scratch import Lazy, Scratch, what_is
from flowbook.session.scratch_run import Office
from flowbook.store.values import Unavailable


def opened(office: Office, moment: Moment, name: str | None) -> Scratch:
    """The scratch of a moment; `UsageError` where its definition is not there to be read."""
    if moment.spec is None:
        raise UsageError(
            f"the definition of run {moment.run} is not there to be read",
            hint="moment[node].values has what its nodes gave",
        )
    scope, _, node = (name or "").rpartition(".")
    found = None
    if name is not None:
        moment[name]  # refuses a node that is not there
        found = moment.spec.node(NodeId(node))
    made = Scratch(office, moment, found)
    made.lazy.update(_outputs(moment, scope))
    for key, value in moment.params.items():
        if key not in made:
            made.lazy[key] = Lazy(partial(_given, value), what_is(value), "parameter")
    if found is not None:
        _take(made, office, found)
        made.lazy.update(_read(moment, found, scope))
    return made


def _outputs(moment: Moment, scope: str) -> Iterator[tuple[str, Lazy]]:
    """What nodes had given, by their names, else by those of their ports."""
    around = (*moment.nodes, *(one for one in moment.inside if scope and _in(one.node, scope)))
    for one in around:
        name = one.node.rpartition(".")[2]
        refs = dict(one.outputs)
        if not refs or (one.by_hand and "." in one.node and not scope):
            continue
        for port, ref in refs.items():
            if str(port) != name:
                yield str(port), Lazy(partial(one.real, ref), _told(ref), f"{one.node}.{port}")
        whole = one.result or refs.get(PortName(name)) or next(iter(refs.values()))
        yield name, Lazy(partial(one.real, whole), _told(whole), str(one.node))


def _in(key: str, scope: str) -> bool:
    return key.rpartition(".")[0] == scope


def _read(moment: Moment, node: NodeSpec, scope: str) -> Iterator[tuple[str, Lazy]]:
    """What a node reads, by the names of its inputs."""
    assert moment.spec is not None  # noqa: S101 - asked of what has one only
    for one in node.inputs:
        if not isinstance(one.default, Missing):
            value = moment.params.get(one.name, one.default)
            yield str(one.name), Lazy(partial(_given, value), what_is(value), "default")
    wiring = resolve(moment.spec)
    for use in wiring.params:
        if use.target == node.id and use.frame is not None:
            yield str(use.input), _of_turn(moment, node, use.input, scope)
        elif use.target == node.id and use.param in moment.params:
            value = moment.params[use.param]
            yield (
                str(use.input),
                Lazy(partial(_given, value), what_is(value), f"parameter {use.param}"),
            )
    for edge in wiring.edges:
        if edge.target == node.id:
            yield str(edge.input), _wired(moment, edge.source, edge.output, scope)
    for own in moment.nodes:  # given by hand for a replay, to this input alone
        if own.by_hand and own.node.startswith(f"{node.id}."):
            port = own.node.rpartition(".")[2]
            ref = next(iter(own.outputs.values()))
            yield port, Lazy(partial(own.real, ref), _told(ref), "given by hand")


def _of_turn(moment: Moment, node: NodeSpec, name: PortName, scope: str) -> Lazy:
    """What a turn of a container gives its nodes: that is known to a run of this process alone."""
    shelf = moment[f"{scope}.{node.id}"].shelf
    near = {} if shelf is None else shelf.inputs(f"{scope}.{node.id}")
    why = "what a turn is given is known to the process of its run alone"
    value = near.get(name, Unavailable("item", why, None))
    told = repr(value) if isinstance(value, Unavailable) else what_is(value)
    return Lazy(partial(_given, value), told, f"turn {scope}")


def _wired(moment: Moment, source: NodeId, port: PortName, scope: str) -> Lazy:
    known = {one.node: one for one in (*moment.nodes, *moment.inside)}
    near = known.get(NodeId(f"{scope}.{source}")) if scope else None
    one = near or known.get(source)
    ref = None if one is None else one.outputs.get(port)
    if one is None or ref is None:
        status = "not there" if one is None else one.status
        gone = Unavailable("value", f"{source} had given nothing: it was {status}", None)
        return Lazy(partial(_given, gone), repr(gone), str(source))
    named = str(source) if str(port) == str(source) else f"{source}.{port}"
    return Lazy(partial(one.real, ref), _told(ref), named)


def _take(made: Scratch, office: Office, node: NodeSpec) -> None:
    """The names that the node takes from the kernel, or from setup cells."""
    spec = made.moment.spec
    assert spec is not None  # noqa: S101 - as above
    namespace: Mapping[str, Any] = {}
    for flow in office.live:
        if flow.spec().id == made.moment.flow:
            namespace = office.live.of(flow).attached or {}
    missing = [name for name in node.captures if name not in namespace]
    setup = _set_up(spec) if missing else {}
    for name in node.captures:
        if name in namespace:
            made[name] = namespace[name]
        elif name in setup:
            made[name] = setup[name]
        elif not hasattr(builtins, name):
            made[name] = Unavailable("name", "nothing here binds it: run the cell that does", None)


def _set_up(spec: FlowSpec) -> dict[str, Any]:
    """What the setup cells of a definition make."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in spec.setup:
        run_setup(cell, namespace)
    return namespace


def _given(value: Any) -> Any:
    return value


def _told(ref: ValueRef) -> str:
    rows = "" if ref.rows is None else f", {ref.rows:,} rows"
    return f"{ref.type}{rows}" if ref.exact else f"{ref.type} ({ref.reason or 'redacted'})"
