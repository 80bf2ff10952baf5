"""Answers to what changes the definition: gestures made of the flow as it stands, and applied.

What a gesture means is `flowbook.graph.gestures`' to say. It is made of the host's flow at the
moment it is applied, so that nothing comes between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeAlias

import msgspec

from flowbook.cells.clipping import around, clipped, pasted, unclipped
from flowbook.cells.edit_wire import edit_of
from flowbook.cells.rereading import as_written
from flowbook.errors import UsageError
from flowbook.graph.edits import Edit, apply, label
from flowbook.graph.gestures.aiming import targets
from flowbook.graph.gestures.copying import Coming, bring, duplicate
from flowbook.graph.gestures.extracting import extract
from flowbook.graph.gestures.grouping import group, ungroup
from flowbook.graph.gestures.inlining import inline
from flowbook.graph.gestures.inserting import Wanted, insert, splice
from flowbook.graph.gestures.made import Gesture
from flowbook.graph.gestures.removing import remove, with_insides
from flowbook.graph.spec import Position
from flowbook.plan.fitting import misfit_of
from flowbook.session.any_desk import refuse_locked
from flowbook.widget.edit_protocol import (
    AskKinds,
    AskTargets,
    BringFile,
    ChangeFlow,
    Clip,
    CopyNodes,
    DuplicateNodes,
    EdgeRef,
    EditAnswer,
    Edited,
    ExtractFlow,
    GroupNodes,
    InlineFlow,
    InsertNode,
    Kinds,
    PasteNodes,
    RedoEdit,
    RemoveNodes,
    SpliceNode,
    Target,
    Targets,
    UndoEdit,
    UngroupNodes,
)
from flowbook.widget.host import CanvasHost, CanvasOffers, Offering
from flowbook.widget.palette import kinds

Answering: TypeAlias = Callable[[CanvasHost, Any], EditAnswer]


def change(host: CanvasHost, asked: ChangeFlow) -> Edited:
    """Do an edit as it is."""
    edit = edit_of(asked.edit)
    host.apply(edit)
    return Edited(asked.view, asked.rid, label(edit))


def insert_node(host: CanvasHost, asked: InsertNode) -> Edited:
    """A new node."""
    wanted = Wanted(
        kind=asked.kind,
        name=asked.name,
        at=place(asked.x, asked.y),
        body=asked.body,
        config=asked.config,
        on=None if asked.on is None else _into(asked.on),
        after=None if asked.after is None else (asked.after.node, asked.after.port),
        inside=asked.inside,
    )
    read = partial(as_written, registry=host.registry)
    return done(host, asked, insert(host.spec(), host.registry, wanted, host.positions(), read))


def bring_file(host: CanvasHost, asked: BringFile) -> Edited:
    """A new node that reads a file, or calls the flow that it holds."""
    found = offers_of(host).brought(asked.path)
    wanted = InsertNode(
        asked.view,
        asked.rid,
        found.kind,
        asked.x,
        asked.y,
        name=found.name,
        config=dict(found.config),
        on=asked.on,
        inside=asked.inside,
    )
    return insert_node(host, wanted)


def splice_node(host: CanvasHost, asked: SpliceNode) -> Edited:
    """A node that is there, into an edge."""
    at = place(asked.x, asked.y)
    gesture = splice(host.spec(), asked.node, _into(asked.on), at)
    return done(host, asked, gesture)


def remove_nodes(host: CanvasHost, asked: RemoveNodes) -> Edited:
    """Nodes and wires go."""
    edges = [_into(edge) for edge in asked.edges]
    return done(host, asked, remove(host.spec(), asked.nodes, edges, heal=asked.heal))


def duplicate_nodes(host: CanvasHost, asked: DuplicateNodes) -> Edited:
    """Copies beside the nodes."""
    by = Position(asked.dx, asked.dy)
    gesture = duplicate(host.spec(), host.registry, asked.nodes, host.positions(), by)
    return done(host, asked, gesture)


def copy_nodes(host: CanvasHost, asked: CopyNodes) -> Clip:
    """Nodes as text, with what is inside of them."""
    spec = host.spec()
    nodes = with_insides(spec, "Copy", asked.nodes)
    return Clip(asked.view, asked.rid, clipped(spec, nodes, host.registry, host.positions()))


def paste_nodes(host: CanvasHost, asked: PasteNodes) -> Edited:
    """Nodes of a text."""
    spec = host.spec()
    found = pasted(unclipped(asked.text), spec, host.registry)
    places = around(found.places, place(asked.x, asked.y))
    coming = Coming(found.nodes, found.edges, places)
    what = f"{len(found.nodes)} nodes" if len(found.nodes) > 1 else str(found.nodes[0].id)
    gesture = bring(spec, host.registry, coming, f"Paste {what}")
    return done(host, asked, replace(gesture, note="; ".join(found.lost)))


def group_nodes(host: CanvasHost, asked: GroupNodes) -> Edited:
    """Nodes into a new group."""
    return done(host, asked, group(host.spec(), asked.nodes, asked.name, host.positions()))


def ungroup_nodes(host: CanvasHost, asked: UngroupNodes) -> Edited:
    """What is inside of a container stays without it."""
    return done(host, asked, ungroup(host.spec(), asked.node, host.positions()))


def extract_flow(host: CanvasHost, asked: ExtractFlow) -> Edited:
    """Nodes into a notebook of their own, and a call of it here."""
    offers = offers_of(host)
    spec = host.spec()
    gesture, flow = extract(spec, asked.nodes, asked.name.strip())
    refuse_locked(gesture.edit, host.locked)
    apply(spec, gesture.edit)  # before a file is written
    path = offers.make_flow(flow)
    return msgspec.structs.replace(done(host, asked, gesture), path=path)


def inline_flow(host: CanvasHost, asked: InlineFlow) -> Edited:
    """The nodes of a called flow in the place of the call."""
    spec = host.spec()
    wanted = str(spec.node(asked.node).config.get("flow", ""))
    called = next((one for one in offers_of(host).flows() if str(one.id) == wanted), None)
    if called is None:
        raise UsageError(
            f"there is no flow {wanted!r} to put in the place of {asked.node!r}",
            hint="name a notebook of this project",
        )
    return done(host, asked, inline(spec, host.registry, asked.node, called))


def offers_of(host: CanvasHost) -> CanvasOffers:
    """The project behind a host; `UsageError` where there is none."""
    if not isinstance(host, Offering):
        raise UsageError("there is no project here", hint="start a kernel for this notebook")
    return host.offers


def ask_targets(host: CanvasHost, asked: AskTargets) -> Targets:
    """Where an output may lead."""
    spec = host.spec()
    misfit = misfit_of(spec, host.registry, asked.source, asked.output)
    aims = targets(spec, asked.source, asked.output, misfit)
    found = tuple(Target(one.node, one.input, one.refused, one.replaces) for one in aims)
    return Targets(asked.view, asked.rid, found)


def ask_kinds(host: CanvasHost, asked: AskKinds) -> Kinds:
    """Every kind there is to add."""
    return Kinds(asked.view, asked.rid, kinds(host.registry))


def undo(host: CanvasHost, asked: UndoEdit) -> Edited:
    """Take the last change back."""
    done = host.undo()
    return Edited(asked.view, asked.rid, "Nothing to undo" if done is None else f"Undo {done}")


def redo(host: CanvasHost, asked: RedoEdit) -> Edited:
    """Do again what was undone."""
    done = host.redo()
    return Edited(asked.view, asked.rid, "Nothing to redo" if done is None else f"Redo {done}")


def done(host: CanvasHost, asked: Any, gesture: Gesture) -> Edited:
    """Apply a gesture, and say so."""
    edit: Edit = gesture.edit
    host.apply(edit)
    return Edited(asked.view, asked.rid, gesture.label, gesture.nodes, note=gesture.note)


def place(x: float | None, y: float | None) -> Position | None:
    """A place that was given whole."""
    return None if x is None or y is None else Position(x, y)


def _into(edge: EdgeRef) -> tuple[Any, Any]:
    return edge.target, edge.input


ANSWERS: Final[Mapping[type, Answering]] = {
    ChangeFlow: change,
    InsertNode: insert_node,
    BringFile: bring_file,
    SpliceNode: splice_node,
    RemoveNodes: remove_nodes,
    DuplicateNodes: duplicate_nodes,
    CopyNodes: copy_nodes,
    PasteNodes: paste_nodes,
    GroupNodes: group_nodes,
    UngroupNodes: ungroup_nodes,
    ExtractFlow: extract_flow,
    InlineFlow: inline_flow,
    UndoEdit: undo,
    RedoEdit: redo,
    AskTargets: ask_targets,
    AskKinds: ask_kinds,
}
