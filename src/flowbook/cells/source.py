"""A notebook's cells read as a flow, without executing any of them.

Two passes. The first takes every cell apart: heads, bodies, the names they read and bind, the
parameters, the names plain cells leave behind. The second knows all outputs, and turns what each
body reads into inputs, captured names or problems. What is broken is reported and left out or
stands in with what its head declares, so one bad cell does not drown the others in problems.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from flowbook.cells.analyse import Names, Read, analyse
from flowbook.cells.foreign import read_sql, read_templates, read_yaml
from flowbook.cells.header import (
    SETUP,
    Fault,
    Header,
    declared_name,
    is_flow_cell,
    parse_cell,
)
from flowbook.cells.notebook import METADATA_KEY, Cell, Notebook
from flowbook.cells.params import TAG, read_params
from flowbook.cells.resolve import Draft, Scope, resolve_draft
from flowbook.graph.node import Node
from flowbook.graph.problem import Problem, Severity
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, NodeSpec, ParamSpec, Place
from flowbook.ids import CellId, FlowId, NodeId, PortName

_MAGIC = re.compile(r"^(\s*)(?:%|!|\?).*$", re.MULTILINE)
_ASSIGNED_MAGIC = re.compile(r"^(\s*[\w, ]+=\s*)[%!].*$", re.MULTILINE)


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
    own = notebook.metadata.get(METADATA_KEY)
    named = own.get("flow") if isinstance(own, dict) else None
    reader = _Reader(registry, frozenset(ambient), frozenset(parameters))
    for index, cell in enumerate(notebook.cells):
        if cell.type == "code":
            reader.take(cell, index)
    return reader.parsed(FlowId(str(named)) if named else flow_id or FlowId("flow"))


@dataclass
class _Reader:
    registry: Registry
    ambient: frozenset[str]
    tagged: frozenset[CellId]
    drafts: dict[NodeId, Draft] = field(default_factory=dict)
    params: dict[PortName, ParamSpec] = field(default_factory=dict)
    setup: list[NodeSpec] = field(default_factory=list)
    shared: set[str] = field(default_factory=set)
    """Names that setup cells bind."""
    loose: dict[str, CellId] = field(default_factory=dict)
    """Names that plain cells bind, which only a kernel has."""
    excused: set[str] = field(default_factory=set)
    """Names that cells too broken to read evidently declare."""
    problems: list[Problem] = field(default_factory=list)

    # ------------------------------------------------------------ first pass

    def take(self, cell: Cell, index: int) -> None:
        if is_flow_cell(cell.source):
            self._flow_cell(cell, index)
        elif TAG in cell.tags or cell.id in self.tagged:
            params, faults = read_params(cell.source)
            self.params.update({param.name: param for param in params})
            self._report(cell, faults)
        else:
            names = _plain_names(cell.source)
            if names is not None:
                self.loose.update(dict.fromkeys(names.known, cell.id))

    def _flow_cell(self, cell: Cell, index: int) -> None:
        parts = parse_cell(cell.source)
        header = parts.header
        if header is None:
            self._report(cell, parts.faults)
            name = declared_name(cell.source)
            self.excused |= {name} if name else set()
            return
        place = Place(cell.id, index)
        spec = NodeSpec(
            id=header.name,
            kind=header.kind,
            body=parts.body,
            options=header.options,
            place=place,
            body_line=parts.body_line,
            position=cell.position,
        )
        self._report(cell, parts.faults, spec.id)
        if header.kind == SETUP:
            self._setup_cell(cell, spec, index)
        else:
            self._node_cell(cell, header, spec, broken=bool(parts.faults))

    def _setup_cell(self, cell: Cell, spec: NodeSpec, index: int) -> None:
        names, faults = _python_names(spec.body)
        self._report(cell, [_moved(fault, spec) for fault in faults])
        self.shared |= names.known
        self.setup.append(replace(spec, id=NodeId(f"setup_{index}")))

    def _node_cell(self, cell: Cell, header: Header, spec: NodeSpec, *, broken: bool) -> None:
        first = self.drafts.get(spec.id)
        if first is not None:
            other = first.spec.place.cell if first.spec.place else "?"
            message = f"node {spec.id!r} is written in cell {other} already"
            self._report(cell, [Fault(message, 1, "give this one a new name")], spec.id)
            return
        draft, faults = self._draft(header, spec)
        self._report(cell, [_moved(fault, spec) for fault in faults], spec.id)
        self.drafts[spec.id] = replace(draft, broken=broken or bool(faults))

    def _draft(self, header: Header, spec: NodeSpec) -> tuple[Draft, Sequence[Fault]]:
        """What is known of a node before the others are."""
        node_type: type[Node] | None = self.registry.get(spec.kind)
        language = node_type.body if node_type else "config"
        if language == "python":
            names, faults = _python_names(spec.body)
            outputs = header.outputs or _inferred_outputs(spec.id, names)
            spare = () if header.outputs or names.speaks else _ports(names.defines)
            draft = Draft(replace(spec, outputs=outputs), header, names.reads, names.known, spare)
            return draft, faults
        if language == "sql":
            reads, faults = read_sql(spec.body)
            spec = replace(spec, outputs=header.outputs or (PortName(spec.id),))
            return Draft(spec, header, reads), faults
        settings, faults = read_yaml(spec.body)
        spec = replace(spec, config=settings or {}, outputs=header.outputs or ())
        if node_type is not None:
            spec = replace(spec, outputs=node_type.ports(spec))
        elif not spec.outputs:
            spec = replace(spec, outputs=(PortName(spec.id),))
        templates = read_templates(settings or {}, spec.body) if settings else ()
        tolerant = node_type is not None and node_type.tolerant
        return Draft(spec, header, templates, adds=True, tolerant=tolerant), faults

    # ------------------------------------------------------------ second pass

    def parsed(self, flow_id: FlowId) -> Parsed:
        drafts = _with_wanted_functions(list(self.drafts.values()))
        scope = Scope(
            outputs={draft.spec.id: draft.spec.outputs for draft in drafts},
            params=frozenset(self.params),
            shared=frozenset(self.shared),
            loose=self.loose,
            ambient=self.ambient,
            excused=frozenset(self.excused),
        )
        nodes = []
        for draft in drafts:
            node, problems = resolve_draft(draft, scope)
            nodes.append(node)
            self.problems += problems
        spec = FlowSpec(flow_id, tuple(nodes), tuple(self.params.values()), tuple(self.setup))
        return Parsed(spec, tuple(self.problems))

    def _report(self, cell: Cell, faults: Sequence[Fault], node: NodeId | None = None) -> None:
        self.problems += [
            Problem(Severity.ERROR, one.message, node or None, cell.id, one.line, one.hint)
            for one in faults
        ]


def _moved(fault: Fault, spec: NodeSpec) -> Fault:
    """A fault of a body line as one of the cell's line."""
    return replace(fault, line=fault.line + spec.body_line - 1)


def _python_names(body: str) -> tuple[Names, tuple[Fault, ...]]:
    try:
        return analyse(body), ()
    except SyntaxError as broken:
        text = (broken.text or "").strip()
        hint = f"look at: {text}" if text else None
        return Names(), (Fault(f"this does not parse: {broken.msg}", broken.lineno or 1, hint),)
    except (ValueError, RecursionError, MemoryError) as broken:
        return Names(), (Fault(f"this does not parse: {broken}", 1),)


def _plain_names(source: str) -> Names | None:
    """What a plain cell binds; magics and shell lines are blanked out first."""
    if source.startswith("%%"):
        return None
    text = _MAGIC.sub(r"\1pass", _ASSIGNED_MAGIC.sub(r"\1None", source))
    try:
        return analyse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _inferred_outputs(node: NodeId, names: Names) -> tuple[PortName, ...]:
    """`return` or a last expression: one output called like the node; else what it binds."""
    return (PortName(node),) if names.speaks or not names.binds else _ports(names.binds)


def _ports(names: Sequence[str]) -> tuple[PortName, ...]:
    return tuple(map(PortName, names))


def _with_wanted_functions(drafts: list[Draft]) -> list[Draft]:
    """A function or class a cell defines is an output when another node asks for it."""
    made = {port for draft in drafts for port in draft.spec.outputs}
    wanted = {read.root for draft in drafts for read in _asked(draft)} - made
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


def _asked(draft: Draft) -> Iterator[Read]:
    yield from draft.reads
    for one in draft.header.inputs or ():
        if one.wire is None:
            yield Read((one.name,), 1)
