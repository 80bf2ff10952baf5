"""What verbs take: nodes of the notebook's flow, moments in time; each knows how to complete."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from flowbook.graph.flow_options import FLOW_OPTIONS
from flowbook.graph.wiring import resolve
from flowbook.ids import NodeId
from flowbook.session.moments import moment

if TYPE_CHECKING:
    from flowbook.magics.kernel_notebook import KernelNotebook


class NodeName(click.ParamType[NodeId]):
    """A node of the notebook's flow; `UnknownNode` with the closest name for any other."""

    name = "node"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> NodeId:
        name = NodeId(str(value))
        if ctx is not None and not ctx.resilient_parsing:
            notebook: KernelNotebook = ctx.obj
            notebook.flow.spec().node(name)
        return name

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,
        incomplete: str,
    ) -> list[CompletionItem[Any]]:
        notebook: KernelNotebook = ctx.obj
        said = {str(one) for value in ctx.params.values() for one in _several(value)}
        return [
            CompletionItem(node.id, help=node.kind)
            for node in notebook.flow.spec().nodes
            if node.id.startswith(incomplete) and node.id not in said
        ]


class Parameter(click.ParamType[str]):
    """A parameter of the flow and its value, as `name=value`; typed when the run is started."""

    name = "parameter"

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,
        incomplete: str,
    ) -> list[CompletionItem[Any]]:
        notebook: KernelNotebook = ctx.obj
        spec = notebook.flow.spec()
        used = (one.param for one in resolve(spec).params if one.frame is None)
        names = dict.fromkeys((*(one.name for one in spec.params), *used))
        return [CompletionItem(f"{one}=") for one in names if one.startswith(incomplete)]


def complete_setting(
    ctx: click.Context,  # noqa: ARG001 - click's signature
    param: click.Parameter,  # noqa: ARG001 - as above
    incomplete: str,
) -> list[CompletionItem[Any]]:
    """What may stand in `%flow options`: a name, or behind `=` one of its words."""
    name, equals, _ = incomplete.partition("=")
    options = FLOW_OPTIONS.values()
    if equals:
        option = FLOW_OPTIONS.get(name)
        words = () if option is None else option.choices or ("true", "false") * option.flag
        found = [f"{name}={word}" for word in words]
    else:
        found = [one.name if one.flag else f"{one.name}=" for one in options]
    return [CompletionItem(one) for one in found if one.startswith(incomplete)]


class Moment(click.ParamType[datetime]):
    """An ISO date or time, local without a zone, or so long ago: 7d, 24h."""

    name = "moment"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return moment(str(value))
        except ValueError as refused:
            self.fail(str(refused), param, ctx)


def _several(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)
