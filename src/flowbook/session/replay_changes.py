"""What differs in meaning between the definition a run had and the flow as it is."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping

from flowbook.graph.schemas import digest_of
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.graph.wiring import resolve
from flowbook.ids import NodeId

SCHEMA = "schema of its "


def changes_since(before: FlowSpec | None, now: FlowSpec) -> dict[NodeId, tuple[str, ...]]:
    """What differs in meaning in each node of `now`, in words; only the nodes that differ.

    >>> from flowbook.ids import FlowId, NodeId
    >>> one = FlowSpec(FlowId("f"), (NodeSpec(NodeId("a"), body="1"),))
    >>> changes_since(one, FlowSpec(FlowId("f"), (NodeSpec(NodeId("a"), body="2"),)))
    {'a': ('code changed',)}
    """
    if before is None:
        unknown = ("the definition of that run is not known",)
        return {node.id: unknown for node in now.nodes}
    setup = [cell.body for cell in before.setup] != [cell.body for cell in now.setup]
    was, wired = _sources(before), _sources(now)
    found = {}
    for node in now.nodes:
        old = before.by_id.get(node.id)
        if old is None:
            words = ["node added"]
        else:
            words = list(_differences(old, node))
            words += _rewired(was.get(node.id, {}), wired.get(node.id, {}))
            words += ["setup changed"] if setup and node.captures else []
        if words:
            found[node.id] = tuple(words)
    return found


def _differences(old: NodeSpec, now: NodeSpec) -> Iterator[str]:
    if old.kind != now.kind:
        yield f"kind changed ({old.kind} → {now.kind})"
    if (old.body, old.config, _taken(old)) != (now.body, now.config, _taken(now)):
        yield "code changed"
    if old.outputs != now.outputs:
        yield f"outputs changed ({', '.join(old.outputs)} → {', '.join(now.outputs)})"
    for side in ("inputs", "outputs"):
        then, here = (digest_of(getattr(one.options, side)) for one in (old, now))
        if then != here:
            yield f"{SCHEMA}{side} changed ({then or 'none'} → {here or 'none'})"


def _taken(node: NodeSpec) -> set[str]:
    """What it takes from the kernel; a kernel has an `open` of its own, which is that of Python."""
    return set(node.captures).difference(dir(builtins))


def _rewired(old: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    if old != now:
        names = [name for name in {**old, **now} if old.get(name) != now.get(name)]
        told = (
            f"{name}: {old.get(name, 'nothing')} → {now.get(name, 'nothing')}" for name in names
        )
        yield f"inputs rewired ({', '.join(told)})"


def _sources(spec: FlowSpec) -> dict[NodeId, dict[str, str]]:
    """What each input of each node reads, as `node.port` or the parameter's name."""
    wiring = resolve(spec)
    found: dict[NodeId, dict[str, str]] = {}
    for edge in wiring.edges:
        found.setdefault(edge.target, {})[edge.input] = f"{edge.source}.{edge.output}"
    for use in wiring.params:
        found.setdefault(use.target, {})[use.input] = f"parameter {use.param}"
    return found
