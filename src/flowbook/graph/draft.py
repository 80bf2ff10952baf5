"""A definition being edited: the current spec, the code behind it, undo, and who is told.

Every change is one edit applied whole or not at all; undo applies its inverse, so observers see
nothing but edits. Not safe to use from two threads at once: whoever has threads serialises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

from flowbook.graph.edits import Edit, RemoveNode, RenameNode, Several, apply, inverse, label
from flowbook.graph.flow_options import FlowOptions
from flowbook.graph.spec import FlowSpec, Missing, NodeSpec, ParamSpec
from flowbook.ids import NodeId

Observer: TypeAlias = Callable[[FlowSpec, "Edit | None"], None]


@dataclass(frozen=True, slots=True)
class Code:
    """What runs when a node defined in Python does: a function, or a `Node` object.

    `declared` is the node as that code declared it, before any edit from elsewhere. `types` are
    classes it was given as schemas, by side and port.
    """

    implementation: Any
    declared: NodeSpec
    types: Mapping[tuple[str, str], Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _State:
    spec: FlowSpec
    code: Mapping[NodeId, Code]


@dataclass(frozen=True, slots=True)
class _Done:
    """One change: the edit and its inverse, with what was before and after it."""

    edit: Edit
    undo: Edit
    before: _State
    after: _State


class Draft:
    """A spec under edit.

    >>> from flowbook.graph.edits import AddNode
    >>> from flowbook.ids import FlowId
    >>> draft = Draft(FlowSpec(FlowId("tour")))
    >>> draft.apply(AddNode(NodeSpec(NodeId("fetch"))))
    >>> draft.undo(), len(draft.spec().nodes)
    ('Add fetch', 0)
    """

    def __init__(self, spec: FlowSpec) -> None:
        self._start_afresh(spec, {})

    def _start_afresh(self, spec: FlowSpec, code: Mapping[NodeId, Code]) -> None:
        self._state = _State(spec, code)
        self._undo: list[_Done] = []
        self._redo: list[_Done] = []
        self._observers: dict[object, Observer] = {}

    def spec(self) -> FlowSpec:
        """The definition as it is now; frozen."""
        return self._state.spec

    def __iter__(self) -> Iterator[NodeId]:
        return iter(self.spec().by_id)

    @property
    def name(self) -> str:
        """The flow's name, unique in its project."""
        return self.spec().id

    @property
    def options(self) -> FlowOptions:
        """What the flow says about its own recording."""
        return self.spec().options

    @property
    def params(self) -> tuple[ParamSpec, ...]:
        """What a run may be given: the flow's parameters, then its nodes' literal defaults."""
        found = {param.name: param for param in self.spec().params}
        for node in self.spec().nodes:
            for one in node.inputs:
                if one.wire is None and not isinstance(one.default, Missing):
                    param = ParamSpec(one.name, one.default, one.annotation)
                    found.setdefault(one.name, param)
        return tuple(found.values())

    @property
    def implementations(self) -> Mapping[NodeId, Any]:
        """The function, or `Node` object, behind each node that was defined in Python."""
        return MappingProxyType(
            {node: code.implementation for node, code in self._state.code.items()}
        )

    @property
    def types(self) -> Mapping[NodeId, Mapping[tuple[str, str], Any]]:
        """The classes that nodes defined in Python were given as schemas, by side and port."""
        return {node: code.types for node, code in self._state.code.items() if code.types}

    def apply(self, edit: Edit, code: Mapping[NodeId, Code] | None = None) -> None:
        """Change the definition; `EditRejected` says why not, and then nothing has changed.

        `code` is what runs from then on when nodes defined in Python do; without it, code stays
        with its nodes.
        """
        self._change(edit, _followed(edit, self._state.code) if code is None else code)

    def code_of(self, node: NodeId, wanted: Callable[[NodeSpec], bool]) -> Code | None:
        """What ran for that node while its definition was the wanted one; None if nothing did.

        Looked for in the definition as it is, then in what undo and redo still hold.
        """
        held = [state for one in (*self._undo, *self._redo) for state in (one.before, one.after)]
        for state in (self._state, *reversed(held)):
            spec, code = state.spec.by_id.get(node), state.code.get(node)
            if spec is not None and code is not None and wanted(spec):
                return code
        return None

    def _change(self, edit: Edit, code: Mapping[NodeId, Code]) -> None:
        before = self._state
        after = _State(apply(before.spec, edit), code)
        self._undo.append(_Done(edit, inverse(before.spec, edit), before, after))
        self._redo.clear()
        self._enter(after, edit)

    def _amend(self, edit: Edit) -> None:
        """Change the definition as part of the last change: undo takes both back at once."""
        done = self._undo.pop()
        after = _State(apply(self._state.spec, edit), self._state.code)
        whole = Several((done.edit, edit), label(done.edit))
        self._undo.append(_Done(whole, inverse(done.before.spec, whole), done.before, after))
        self._enter(after, edit)

    @property
    def undoable(self) -> str | None:
        """What `undo` would take back, for a menu; None when there is nothing."""
        return label(self._undo[-1].edit) if self._undo else None

    @property
    def redoable(self) -> str | None:
        """What `redo` would do again; None when there is nothing."""
        return label(self._redo[-1].edit) if self._redo else None

    def undo(self) -> str | None:
        """Take the last change back; what it was, or None when there was none."""
        undone = self.undoable
        if self._undo:
            done = self._undo.pop()
            self._redo.append(done)
            self._enter(done.before, done.undo)
        return undone

    def redo(self) -> str | None:
        """Do what was undone last once more; what it was, or None when there was nothing."""
        redone = self.redoable
        if self._redo:
            done = self._redo.pop()
            self._undo.append(done)
            self._enter(done.after, done.edit)
        return redone

    def replace_spec(self, spec: FlowSpec, code: Mapping[NodeId, Code] | None = None) -> None:
        """Take a definition made elsewhere, such as the notebook read anew.

        Undo starts afresh: it is the document's own from here on. Without `code`, code stays with
        the nodes that still have its name.
        """
        if code is None:
            code = {node: one for node, one in self._state.code.items() if node in spec.by_id}
        self._undo.clear()
        self._redo.clear()
        self._enter(_State(spec, code), None)

    def observe(self, callback: Observer) -> Callable[[], None]:
        """Call `callback(spec, edit)` after each change; returns what stops that.

        `edit` is None when the whole spec was replaced.
        """
        key = object()
        self._observers[key] = callback

        def unsubscribe() -> None:
            self._observers.pop(key, None)

        return unsubscribe

    def _enter(self, state: _State, edit: Edit | None) -> None:
        self._state = state
        for observer in tuple(self._observers.values()):
            observer(state.spec, edit)


def _followed(edit: Any, code: Mapping[NodeId, Code]) -> Mapping[NodeId, Code]:
    """The code after an edit that renames or removes nodes."""
    if isinstance(edit, Several):
        for one in edit.edits:
            code = _followed(one, code)
        return code
    if isinstance(edit, RenameNode):
        return {edit.new if node == edit.old else node: one for node, one in code.items()}
    if isinstance(edit, RemoveNode):
        return {node: one for node, one in code.items() if node != edit.node}
    return code
