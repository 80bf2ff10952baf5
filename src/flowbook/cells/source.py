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

from flowbook.cells.analyse import Names, Read, analyse, analyse_plain
from flowbook.cells.flow_line import OptionLine, split_options, twice
from flowbook.cells.foreign import read_expressions, read_sql, read_templates, read_yaml
from flowbook.cells.header import (
    SETUP,
    Fault,
    Header,
    declared_name,
    is_flow_cell,
    parse_cell,
)
from flowbook.cells.naming import TEST
from flowbook.cells.notebook import METADATA_KEY, Cell, Notebook
from flowbook.cells.params import TAG, read_params
from flowbook.cells.placeholders import placeholder, with_wanted_ports
from flowbook.cells.resolve import Draft, Scope, possible, resolve_draft
from flowbook.graph.flow_options import parse_flow_options
from flowbook.graph.nesting import Nesting
from flowbook.graph.node import Node
from flowbook.graph.problem import Problem, Severity
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, Missing, NodeSpec, ParamSpec, Place
from flowbook.ids import CellId, FlowId, NodeId, PortName

_BOUND = re.compile(
    r"^(?:(?:async )?def |class )(\w+)|^([A-Za-z_][\w, ]*)(?::[^=\n]*)?=(?!=)", re.MULTILINE
)


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
    options: dict[str, str] = field(default_factory=dict)
    """What the flow says about its recording."""
    open: bool = False
    """A setup cell imports `*`."""
    problems: list[Problem] = field(default_factory=list)

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
        parts = parse_cell(cell.source)
        header = parts.header
        if header is None:
            self._report(cell, parts.faults)
            self.excused |= _evident_names(cell.source)
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
            self._node_cell(cell, header, spec)

    def _setup_cell(self, cell: Cell, spec: NodeSpec, index: int) -> None:
        names, faults = analyse_body(spec.body, shared=True)
        self._report(cell, [_moved(fault, spec) for fault in faults])
        self.shared |= names.known
        self.open = self.open or names.stars
        if faults:
            self.excused |= _evident_names(cell.source)
        self.setup.append(replace(spec, id=NodeId(f"setup_{index}")))

    def _node_cell(self, cell: Cell, header: Header, spec: NodeSpec) -> None:
        first = self.drafts.get(spec.id)
        if first is not None:
            other = first.spec.place.cell if first.spec.place else "?"
            message = f"node {spec.id!r} is written in cell {other} already"
            self._report(cell, [Fault(message, 1, "give this one a new name")], spec.id)
            return
        draft, faults = self._draft(header, spec)
        self._report(cell, [_moved(fault, spec) for fault in faults], spec.id)
        self.drafts[spec.id] = draft
        if faults:
            self.excused |= _evident_names(cell.source)

    def _draft(self, header: Header, spec: NodeSpec) -> tuple[Draft, Sequence[Fault]]:
        """What is known of a node before the others are."""
        spec = replace(spec, outputs=header.outputs or (), returns=header.returns)
        node_type: type[Node] | None = self.registry.get(spec.kind)
        if node_type is None:  # `check` says so
            self.excused |= _evident_names(spec.body)
            return placeholder(header, spec), ()
        reads: tuple[Read, ...]
        asks: tuple[Read, ...] = ()
        if node_type.body == "python":
            names, faults = analyse_body(spec.body)
            spare = () if header.outputs or names.speaks else _ports(names.defines)
            inferred = header.outputs or inferred_outputs(spec.id, names)
            spec = replace(spec, outputs=node_type.ports(replace(spec, outputs=inferred)))
            draft = Draft(spec, header, names.reads, names.known, spare)
            return _asserting(draft, faults) if node_type.asserts else (draft, faults)
        if node_type.body == "sql":
            reads, faults = read_sql(spec.body)
        elif node_type.body == "text":
            reads, faults = (), ()
        else:
            settings, faults = read_yaml(spec.body)
            spec = replace(spec, config=settings or {})
            reads = read_templates(spec.config, spec.body, node_type.untemplated)
            asks = read_expressions(spec.config, spec.body, node_type.expressions, node_type.brings)
        spec = replace(spec, outputs=node_type.ports(spec))
        tolerant = node_type.tolerant
        return Draft(spec, header, reads, asks=asks, adds=True, tolerant=tolerant), faults

    # ------------------------------------------------------------ second pass

    def parsed(self, flow_id: FlowId) -> Parsed:
        drafts = _with_wanted_functions(list(self.drafts.values()))
        drafts = with_wanted_ports(drafts, self.registry)
        scope = Scope(
            nesting=Nesting(FlowSpec(flow_id, tuple(map(_with_listed, drafts)))),
            outputs={draft.spec.id: draft.spec.outputs for draft in drafts},
            params=frozenset(self.params),
            shared=frozenset(self.shared),
            loose=self.loose,
            ambient=self.ambient,
            excused=frozenset(self.excused),
            open=self.open,
            owned=_owned(drafts),
        )
        nodes = []
        for draft in drafts:
            node, problems = resolve_draft(draft, scope)
            nodes.append(node)
            self.problems += problems
        spec = FlowSpec(
            flow_id,
            tuple(nodes),
            tuple(self.params.values()),
            tuple(self.setup),
            parse_flow_options(self.options),
        )
        told = (replace(one, fix=possible(one.fix, spec)) for one in self.problems)
        return Parsed(spec, tuple(told))

    def _report(self, cell: Cell, faults: Sequence[Fault], node: NodeId | None = None) -> None:
        self.problems += [
            Problem(Severity.ERROR, one.message, node or None, cell.id, one.line, one.hint)
            for one in faults
        ]


def _moved(fault: Fault, spec: NodeSpec) -> Fault:
    """A fault of a body line as one of the cell's line."""
    return replace(fault, line=fault.line + spec.body_line - 1)


def analyse_body(body: str, *, shared: bool = False) -> tuple[Names, tuple[Fault, ...]]:
    """The names of a Python body, and what is wrong with it by line of the body."""
    try:
        return analyse(body, shared=shared), ()
    except SyntaxError as broken:
        line = broken.lineno or 1
        lines = body.split("\n")
        text = lines[line - 1].strip() if line <= len(lines) else ""
        hint = f"look at: {text}" if text else None
        if text.startswith(("%", "!")):
            hint = "magics and shell lines belong in a cell of their own"
        return Names(), (Fault(f"this is not Python: {broken.msg}", line, hint),)
    except (ValueError, RecursionError, MemoryError) as broken:
        return Names(), (Fault(f"this is not Python: {broken}", 1),)


def inferred_outputs(node: NodeId, names: Names) -> tuple[PortName, ...]:
    """`return` or a last expression: one output called like the node; else what it binds."""
    return (PortName(node),) if names.speaks or not names.public else _ports(names.public)


def _asserting(draft: Draft, faults: Sequence[Fault]) -> tuple[Draft, Sequence[Fault]]:
    """A test has no outputs, and runs after the node it is called like, even if it reads none."""
    if draft.header.outputs:
        line = 2 - draft.spec.body_line
        hint = "take them out of its head: what is behind the ->"
        faults = (*faults, Fault("a test has no outputs", line, hint))
    of = str(draft.spec.id).removeprefix(f"{TEST}_")
    return replace(draft, spare=(), asks=(Read((of,), 1),)), faults


def _evident_names(source: str) -> set[str]:
    r"""Names that a cell nobody can parse still seems to declare: asking for them is no mistake.

    >>> sorted(_evident_names("%%flow load(\ndf = (\nn, m = 1, 2"))
    ['df', 'load', 'm', 'n']
    """
    name = declared_name(source)
    heads = [line.partition("->")[2].partition(" --")[0] for line in source.split("\n", 1)[:1]]
    bound = [found[1] or found[2] for found in _BOUND.finditer(source)]
    words = [word for text in (*heads, *bound) for word in re.findall(r"[A-Za-z_]\w*", text)]
    return {*words, *([str(name)] if name else [])}


def _owned(drafts: Sequence[Draft]) -> dict[str, NodeId]:
    """Parameters declared by a default in some node's head."""
    owned: dict[str, NodeId] = {}
    for draft in drafts:
        for one in draft.header.inputs or ():
            if not isinstance(one.default, Missing):
                owned.setdefault(one.name, draft.spec.id)
    return owned


def _with_listed(draft: Draft) -> NodeSpec:
    """The node with the inputs its head lists: names that a container gives to those inside."""
    return replace(draft.spec, inputs=draft.header.inputs or ())


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
