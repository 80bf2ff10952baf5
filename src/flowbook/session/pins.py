"""Which versions of other flows a run calls, as far as that is settled when it begins.

A call with `version: snapshot` calls the flow as it was when the caller began, whatever becomes of
that flow until the node runs, or of the process. A replay calls what the run called that it
replays. Both stand in the run's first event (`RunCreated.called`), by node: a recovery, and a
replay of the replay, find the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from flowbook.errors import UsageError
from flowbook.events import RunCreated
from flowbook.graph.called import Call
from flowbook.ids import NodeId
from flowbook.session.recording import record_version

if TYPE_CHECKING:
    from collections.abc import Collection

    from flowbook.graph.flow import Flow
    from flowbook.graph.spec import FlowSpec, Json
    from flowbook.plan.plan import Plan, Step
    from flowbook.session.recording import Secrets
    from flowbook.store.history import History
    from flowbook.store.rows import RunRow
    from flowbook.store.store import Store

SNAPSHOT = "snapshot"


class Office(Protocol):
    """What pinning needs of its project."""

    @property
    def store(self) -> Store: ...
    @property
    def secrets(self) -> Secrets | None: ...

    def plan(self, flow: Flow, targets: Collection[NodeId] | None = None) -> Plan: ...


class Finder(Protocol):
    """Where flows are found by name."""

    def latest(self, name: str, caller: Flow) -> Flow: ...


def pinned(project: Office, finder: Finder, caller: Flow, plan: Plan) -> dict[str, str]:
    """The versions that calls of a snapshot mean now, by node; what they name is recorded.

    Raises `UsageError` for a flow that is not there, `InvalidFlow` for one that cannot run.
    """
    found: dict[str, str] = {}
    for node, config in _calls(plan.steps, caller.spec()):
        if config.get("version") == SNAPSHOT:
            name = str(config.get("flow", ""))
            if "{{" in name:
                raise UsageError(
                    f"call {node!r} names its flow by {name!r}, which nobody knows before it runs",
                    hint="write the name out, or let version be latest",
                )
            found[node] = record_version(project, finder.latest(name, caller))
    return found


def settled(wanted: Call, called: Mapping[str, str], path: str) -> Call | None:
    """The call with the version that its run settled on; None where it settled on none."""
    version = called.get(path) or called.get(path.rpartition(".")[2])
    if version is None:
        return None
    return Call(wanted.flow, wanted.params, version, wanted.output, wanted.timeout, wanted.detach)


def called_by(history: History, created: RunCreated, spec: FlowSpec) -> dict[str, str]:
    """The versions that a run has called, by node; by turn where turns called different ones."""
    named = {node.id: node.config.get("flow") for node in spec.nodes if node.kind_name == "call"}
    found: dict[str, dict[str, str]] = {}  # by node, then by turn
    for row in _children(history, created):
        path = str(row.calling_node)
        node = NodeId(path.rpartition(".")[2])
        if named.get(node) == row.flow:
            found.setdefault(node, {})[path] = row.version
    told = {path: version for path, version in created.called.items() if _known(path, named)}
    for name, by_path in found.items():
        one = set(by_path.values())
        told |= {name: one.pop()} if len(one) == 1 else by_path
    return told


def _known(path: str, named: Mapping[NodeId, Json]) -> bool:
    return NodeId(path.rpartition(".")[2]) in named


def _children(history: History, created: RunCreated) -> Iterator[RunRow]:
    """The runs that its nodes began, the latest last: of several tries, that one counts."""
    rows = history.children(created.run)
    return (row for row in sorted(rows, key=lambda row: row.id) if row.calling_node)


def _calls(steps: Iterable[Step], spec: FlowSpec) -> Iterator[tuple[NodeId, Mapping[str, Json]]]:
    for step in steps:
        if step.kind == "call" and step.node in spec.by_id:
            yield step.node, spec.by_id[step.node].config
        if step.inside is not None:
            for block in step.inside.blocks.values():
                yield from _calls(block.plan.steps, spec)
