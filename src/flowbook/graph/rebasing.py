"""An edit that was made on an older definition, as the same wish for the definition as it is now.

What an edit gives a value as a whole (all options, all settings) is taken apart: what the edit
does not differ in from the definition it was made on is left as others have made it since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from flowbook.errors import EditRejected
from flowbook.graph.edits import (
    Edit,
    ReplaceNode,
    SetConfig,
    SetInputs,
    SetOptions,
    Several,
    apply,
)
from flowbook.graph.flow_edits import SetFlowOptions, SetParams
from flowbook.graph.spec import FlowSpec


def rebased(edit: Edit, base: FlowSpec, now: FlowSpec) -> Edit:
    """`edit`, made on `base`, for `now`.

    >>> from flowbook.graph.options import Options
    >>> from flowbook.graph.spec import NodeSpec
    >>> base, now = (FlowSpec("f", (NodeSpec("a", options=Options(timeout=t)),)) for t in (None, 9))
    >>> rebased(SetOptions("a", Options(retries=3)), base, now).options.timeout
    9
    """
    if isinstance(edit, Several):
        return replace(edit, edits=tuple(_each(edit.edits, base, now)))
    if isinstance(edit, SetParams):
        return SetParams(_by_name(base.params, now.params, edit.params))
    if isinstance(edit, SetFlowOptions):
        return SetFlowOptions(_fieldwise(base.options, now.options, edit.options))
    if not isinstance(edit, SetOptions | SetConfig | SetInputs | ReplaceNode):
        return edit
    node = edit.node.id if isinstance(edit, ReplaceNode) else edit.node
    was, current = base.by_id.get(node), now.by_id.get(node)
    if was is None or current is None:
        return edit
    if isinstance(edit, SetOptions):
        return replace(edit, options=_fieldwise(was.options, current.options, edit.options))
    if isinstance(edit, SetConfig):
        return replace(edit, config=_keywise(was.config, current.config, edit.config))
    if isinstance(edit, SetInputs):
        return replace(edit, inputs=_by_name(was.inputs, current.inputs, edit.inputs))
    return ReplaceNode(_fieldwise(was, current, edit.node))


def _each(edits: tuple[Edit, ...], base: FlowSpec, now: FlowSpec) -> list[Edit]:
    """Edits of one gesture, each for what those before it leave.

    Those from the first that no longer applies on are left as they are, to be refused.
    """
    found: list[Edit] = []
    for one in edits:
        found.append(rebased(one, base, now))
        try:
            base, now = apply(base, one), apply(now, found[-1])
        except EditRejected:
            return [*found, *edits[len(found) :]]
    return found


def _fieldwise(was: Any, now: Any, wanted: Any) -> Any:
    changed = {
        field.name: getattr(wanted, field.name)
        for field in fields(wanted)
        if getattr(wanted, field.name) != getattr(was, field.name)
    }
    return replace(now, **changed)


def _keywise(
    was: Mapping[str, Any], now: Mapping[str, Any], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    kept = {name: value for name, value in now.items() if name in wanted or name not in was}
    return kept | {n: v for n, v in wanted.items() if n not in was or was[n] != v}


def _by_name(
    was: tuple[Any, ...], now: tuple[Any, ...], wanted: tuple[Any, ...]
) -> tuple[Any, ...]:
    return tuple(_keywise(_named(was), _named(now), _named(wanted)).values())


def _named(ones: tuple[Any, ...]) -> dict[str, Any]:
    return {one.name: one for one in ones}
