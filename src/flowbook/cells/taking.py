"""One `%%flow` cell read by itself: its node as far as it tells, and what is wrong with it.

Nothing here knows another cell, so what is found of a cell holds as long as its text does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from flowbook.cells.analyse import Names, Read, analyse
from flowbook.cells.foreign import read_expressions, read_templates, read_yaml
from flowbook.cells.header import SETUP, Fault, Header, declared_name, parse_cell
from flowbook.cells.naming import TEST
from flowbook.cells.notebook import Cell
from flowbook.cells.placeholders import placeholder
from flowbook.cells.query import read_sql
from flowbook.cells.resolve import Draft
from flowbook.graph.node import Node
from flowbook.graph.registry import Registry
from flowbook.graph.spec import NodeSpec, Place
from flowbook.ids import NodeId, PortName

_BOUND = re.compile(
    r"^(?:(?:async )?def |class )(\w+)|^([A-Za-z_][\w, ]*)(?::[^=\n]*)?=(?!=)", re.MULTILINE
)


NOTHING: Final = Names()


@dataclass(frozen=True, slots=True)
class Taken:
    """What one cell says: a head too broken has no `spec`, a setup cell no `draft`.

    `faults` are of its head; `excused` are names it evidently declares, if it is broken.
    """

    cell: Cell
    index: int
    spec: NodeSpec | None = None
    draft: Draft | None = None
    names: Names = NOTHING
    """What a setup cell binds."""
    faults: tuple[Fault, ...] = ()
    body_faults: tuple[Fault, ...] = ()
    excused: frozenset[str] = frozenset()


def take_flow_cell(cell: Cell, index: int, registry: Registry) -> Taken:
    """The cell, which stands at `index`, taken apart."""
    parts = parse_cell(cell.source)
    header = parts.header
    if header is None:
        evident = frozenset(_evident_names(cell.source))
        return Taken(cell, index, faults=parts.faults, excused=evident)
    spec = NodeSpec(
        id=header.name,
        kind=header.kind,
        body=parts.body,
        options=header.options,
        place=Place(cell.id, index),
        body_line=parts.body_line,
        position=cell.position,
    )
    if header.kind == SETUP:
        return _setup(cell, index, spec, parts.faults)
    draft, found = _draft(header, spec, registry)
    faults = tuple(_moved(fault, spec) for fault in found)
    excused: set[str] = _evident_names(cell.source) if faults else set()
    if header.kind not in registry:  # `check` says so
        excused |= _evident_names(spec.body)
    return Taken(cell, index, draft.spec, draft, NOTHING, parts.faults, faults, frozenset(excused))


def moved(taken: Taken, index: int) -> Taken:
    """The same cell, standing at `index`."""
    if taken.index == index or taken.spec is None:
        return taken
    spec = replace(taken.spec, place=Place(taken.cell.id, index))
    if taken.draft is None:
        spec = replace(spec, id=_setup_name(index))
    draft = replace(taken.draft, spec=spec) if taken.draft else None
    return replace(taken, index=index, spec=spec, draft=draft)


def _setup_name(index: int) -> NodeId:
    return NodeId(f"setup_{index}")


def _setup(cell: Cell, index: int, spec: NodeSpec, faults: tuple[Fault, ...]) -> Taken:
    names, found = analyse_body(spec.body, shared=True)
    spec = replace(spec, id=_setup_name(index))
    told = (*faults, *(_moved(fault, spec) for fault in found))
    excused = frozenset(_evident_names(cell.source) if found else ())
    return Taken(cell, index, spec, None, names, told, (), excused)


def _draft(header: Header, spec: NodeSpec, registry: Registry) -> tuple[Draft, Sequence[Fault]]:
    """What is known of a node before the others are."""
    spec = replace(spec, outputs=header.outputs or (), returns=header.returns)
    node_type: type[Node] | None = registry.get(spec.kind)
    if node_type is None:
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
        found, faults = read_sql(spec.body)
        reads = tuple(one for one in found if not one.soft)
        asks = tuple(replace(one, soft=False) for one in found if one.soft)
    elif node_type.body == "text":
        reads, faults = (), ()
    elif node_type.body == "template":
        reads, faults = read_templates({"body": spec.body}, spec.body), ()
    else:
        settings, faults = read_yaml(spec.body)
        spec = replace(spec, config=settings or {})
        reads = read_templates(spec.config, spec.body, node_type.untemplated)
        asks = read_expressions(spec.config, spec.body, node_type.expressions, node_type.brings)
    spec = replace(spec, outputs=node_type.ports(spec))
    draft = Draft(spec, header, reads, asks=asks, adds=True, folds=node_type.body == "sql")
    return replace(draft, tolerant=node_type.tolerant), faults


def _asserting(draft: Draft, faults: Sequence[Fault]) -> tuple[Draft, Sequence[Fault]]:
    """A test has no outputs, and runs after the node it is called like, even if it reads none."""
    if draft.header.outputs:
        line = 2 - draft.spec.body_line
        hint = "take them out of its head: what is behind the ->"
        faults = (*faults, Fault("a test has no outputs", line, hint))
    of = str(draft.spec.id).removeprefix(f"{TEST}_")
    return replace(draft, spare=(), asks=(Read((of,), 1),)), faults


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
        told = re.sub(r" on line \d+", "", broken.msg)  # a line of the body, and not of the cell
        return Names(), (Fault(f"this is not Python: {told}", line, hint),)
    except (ValueError, RecursionError, MemoryError) as broken:
        return Names(), (Fault(f"this is not Python: {broken}", 1),)


def inferred_outputs(node: NodeId, names: Names) -> tuple[PortName, ...]:
    """`return` or a last expression: one output called like the node; else what it binds."""
    return (PortName(node),) if names.speaks or not names.public else _ports(names.public)


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


def _ports(names: Sequence[str]) -> tuple[PortName, ...]:
    return tuple(map(PortName, names))
