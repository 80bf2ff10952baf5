"""A notebook's cells read as a flow, without executing any of them.

Two passes. The first takes every cell apart: heads, bodies, the names they read and bind, the
parameters, the names plain cells leave behind. The second knows all outputs, and turns what each
body reads into inputs, captured names or problems. What is broken is reported and left out or
stands in with what its head declares, so one bad cell does not drown the others in problems.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from flowbook.cells.analyse import Read, analyse_plain
from flowbook.cells.flow_line import OptionLine, split_options, twice
from flowbook.cells.header import (
    Fault,
    is_flow_cell,
)
from flowbook.cells.notebook import METADATA_KEY, Cell, Notebook
from flowbook.cells.params import TAG, read_params
from flowbook.cells.placeholders import with_wanted_ports
from flowbook.cells.resolve import Draft, Made, Scope, possible, resolve_draft
from flowbook.cells.taking import Taken, moved, take_flow_cell
from flowbook.graph.flow_options import parse_flow_options
from flowbook.graph.nesting import Nesting
from flowbook.graph.problem import Problem, Severity
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, Missing, NodeSpec, ParamSpec
from flowbook.ids import CellId, FlowId, NodeId, PortName


@dataclass(frozen=True, slots=True)
class Parsed:
    """A flow as its cells say it, and everything wrong with the cells."""

    spec: FlowSpec
    problems: tuple[Problem, ...] = ()


def read(
    notebook: Notebook,
    registry: Registry,
    flow_id: FlowId | None = None,
    *,
    ambient: Collection[str] = (),
    parameters: Collection[CellId] = (),
) -> Parsed:
    """The flow in `notebook`; never raises for what a cell says.

    `flow_id` names the flow unless the notebook's metadata does. `ambient` are names a kernel
    holds already; `parameters` are cells known to be tagged so.
    """
    reader = Reader(registry, frozenset(ambient), frozenset(parameters))
    return reader.read(notebook, flow_named(notebook, flow_id))


def flow_named(notebook: Notebook, flow_id: FlowId | None) -> FlowId:
    """What the notebook calls its flow, else `flow_id`."""
    own = notebook.metadata.get(METADATA_KEY)
    named = own.get("flow") if isinstance(own, dict) else None
    return FlowId(str(named)) if named else flow_id or FlowId("flow")


@dataclass
class Reader:
    """Reads one notebook. `known` is what its cells said when they were read before."""

    registry: Registry
    ambient: frozenset[str]
    tagged: frozenset[CellId]
    known: dict[CellId, Taken] = field(default_factory=dict)
    drafts: dict[NodeId, Draft] = field(default_factory=dict)
    params: dict[PortName, ParamSpec] = field(default_factory=dict)
    setup: list[NodeSpec] = field(default_factory=list)
    shared: set[str] = field(default_factory=set)
    """Names that setup cells bind."""
    loose: dict[str, CellId] = field(default_factory=dict)
    """Names that plain cells bind, which only a kernel has."""
    excused: set[str] = field(default_factory=set)
    """Names that cells too broken to read evidently declare."""
    options: dict[str, str] = field(default_factory=dict)
    """What the flow says about its recording."""
    open: bool = False
    """A setup cell imports `*`."""
    problems: list[Problem] = field(default_factory=list)
    """What is wrong with cells by themselves."""
    scope: Scope | None = None
    resolved: dict[NodeId, tuple[NodeSpec, list[Problem]]] = field(default_factory=dict)
    """Every node with its inputs, and what its reads make wrong."""

    def read(self, notebook: Notebook, flow_id: FlowId) -> Parsed:
        """The whole notebook, once."""
        for index, cell in enumerate(notebook.cells):
            if cell.type == "code":
                self.take(cell, index)
        self.resolve(flow_id)
        return self.parsed(flow_id)

    # ------------------------------------------------------------ first pass

    def take(self, cell: Cell, index: int) -> None:
        source, lines = split_options(cell.source)
        if lines:
            self._take_options(cell, lines)
            cell = replace(cell, source=source)
        if is_flow_cell(cell.source):
            self._flow_cell(cell, index)
        elif TAG in cell.tags or cell.id in self.tagged:
            params, faults = read_params(cell.source)
            self.params.update({param.name: param for param in params})
            self._report(cell, faults)
        else:
            names = analyse_plain(cell.source)
            if names is not None:
                self.loose.update(dict.fromkeys(names.known, cell.id))

    def _take_options(self, cell: Cell, lines: Sequence[OptionLine]) -> None:
        for line in lines:
            repeated = [name for name in line.given if name in self.options]
            self._report(cell, [*line.faults, *(twice(name, line.number) for name in repeated)])
            self.options.update({n: v for n, v in line.given.items() if n not in repeated})

    def _flow_cell(self, cell: Cell, index: int) -> None:
        taken = self.known.get(cell.id)
        if taken is None or taken.cell != cell:
            taken = take_flow_cell(cell, index, self.registry)
        self.known[cell.id] = taken = moved(taken, index)
        spec = taken.spec
        self._report(cell, taken.faults, spec.id if spec else None)
        if spec is None:
            self.excused |= taken.excused
        elif taken.draft is None:
            self.shared |= taken.names.known
            self.open = self.open or taken.names.stars
            self.excused |= taken.excused
            self.setup.append(spec)
        elif spec.id in self.drafts:
            place = self.drafts[spec.id].spec.place
            message = f"node {spec.id!r} is written in cell {place.cell if place else '?'} already"
            self._report(cell, [Fault(message, 1, "give this one a new name")], spec.id)
        else:
            self._report(cell, taken.body_faults, spec.id)
            self.excused |= taken.excused
            self.drafts[spec.id] = taken.draft

    # ------------------------------------------------------------ second pass

    def resolve(self, flow_id: FlowId) -> None:
        """Turn what every draft reads into inputs, captured names or problems."""
        drafts = _with_wanted_functions(list(self.drafts.values()))
        drafts = with_wanted_ports(drafts, self.registry)
        self.drafts = {draft.spec.id: draft for draft in drafts}
        self.scope = Scope(
            nesting=Nesting(FlowSpec(flow_id, tuple(map(_with_listed, drafts)))),
            made=Made({draft.spec.id: draft.spec.outputs for draft in drafts}),
            params=frozenset(self.params),
            shared=frozenset(self.shared),
            loose=self.loose,
            ambient=self.ambient,
            excused=frozenset(self.excused),
            open=self.open,
            owned=owned(drafts),
        )
        self.resolved = {draft.spec.id: resolve_draft(draft, self.scope) for draft in drafts}

    def parsed(self, flow_id: FlowId) -> Parsed:
        """What has been read, as a flow."""
        spec = FlowSpec(
            flow_id,
            tuple([node for node, _ in self.resolved.values()]),
            tuple(self.params.values()),
            tuple(self.setup),
            parse_flow_options(self.options),
        )
        found = [*self.problems, *(one for _, own in self.resolved.values() for one in own)]
        return Parsed(spec, possible(found, spec))

    def _report(self, cell: Cell, faults: Sequence[Fault], node: NodeId | None = None) -> None:
        self.problems += [
            Problem(Severity.ERROR, one.message, node or None, cell.id, one.line, one.hint)
            for one in faults
        ]


def owned(drafts: Sequence[Draft]) -> dict[str, NodeId]:
    """Parameters declared by a default in some node's head."""
    found: dict[str, NodeId] = {}
    for draft in drafts:
        for one in draft.header.inputs or ():
            if not isinstance(one.default, Missing):
                found.setdefault(one.name, draft.spec.id)
    return found


def _with_listed(draft: Draft) -> NodeSpec:
    """The node with the inputs its head lists: names that a container gives to those inside."""
    return replace(draft.spec, inputs=draft.header.inputs or ())


def _with_wanted_functions(drafts: list[Draft]) -> list[Draft]:
    """A function or class a cell defines is an output when another node asks for it."""
    made = {port for draft in drafts for port in draft.spec.outputs}
    wanted = {read.root for draft in drafts for read in asked(draft)} - made
    return [
        replace(draft, spec=replace(draft.spec, outputs=_added(draft, wanted)))
        if any(port in wanted for port in draft.spare)
        else draft
        for draft in drafts
    ]


def _added(draft: Draft, wanted: set[str]) -> tuple[PortName, ...]:
    extra = tuple(port for port in draft.spare if port in wanted)
    itself = PortName(draft.spec.id)
    only_itself = draft.spec.outputs == (itself,) and itself not in draft.known
    return extra if only_itself else (*draft.spec.outputs, *extra)


def asked(draft: Draft) -> Iterator[Read]:
    """What a node asks others for by name, in its body or its head."""
    yield from draft.reads
    for one in draft.header.inputs or ():
        if one.wire is None:
            yield Read((one.name,), 1)
