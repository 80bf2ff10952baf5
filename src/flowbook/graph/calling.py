"""A flow that calls other flows: `flow.call(other, city=fetch)` is a node of kind `call`.

The definition names the called flow; the object itself is remembered beside it, so that what was
called is found again however many flows of that name there are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flowbook.errors import UsageError
from flowbook.graph.edits import AddNode, ReplaceNode
from flowbook.graph.hooks import Hooked
from flowbook.graph.options import parse_options
from flowbook.graph.refs import NodeRef, PortRef
from flowbook.graph.signature import is_json
from flowbook.graph.spec import FlowSpec, InputSpec, Json, NodeSpec
from flowbook.ids import NodeId, PortName, as_node_id, as_port_name

_SETTINGS = ("version", "output", "on_error", "timeout", "detach", "secrets")
_NAME = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")


class Calling(Hooked):
    """What a live flow needs to call others; `flowbook.Flow` is one."""

    def __init__(self, spec: FlowSpec) -> None:
        super().__init__(spec)
        self.called: dict[str, Calling] = {}
        """Flows that nodes of this one call, by name."""

    def call(
        self,
        other: Calling | str,
        /,
        *,
        name: str | None = None,
        inputs: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        **given: Any,
    ) -> NodeRef:
        """Call another flow from a node of its own; calling it again updates that node.

        Args:
            other: A flow, or the name of one that is found when the node runs.
            name: What the node is called; the flow's name when left out.
            inputs: Parameters of `other`: nodes and ports of this flow, or plain values. Inside of
                a container, `"{{ item }}"` is what a turn is about.
            options: Options of the node, such as `retries`, as in `flowbook.graph.options`.
            **given: `version`, `output`, `on_error`, `timeout`, `detach`, `secrets` as in kind
                `call`; everything else is one of `inputs`.

        Raises:
            UsageError: a parameter is neither plain data nor a node of this flow.
        """
        called = other if isinstance(other, str) else other.name
        node = as_node_id(name or re.sub(r"\W|^(?=\d)", "_", called))
        settings = {key: given.pop(key) for key in _SETTINGS if key in given}
        wanted = settings.get("output")
        if isinstance(wanted, str | tuple):
            settings["output"] = [wanted] if isinstance(wanted, str) else [*wanted]
        mapped = {str(key): value for key, value in {**(inputs or {}), **given}.items()}
        config: dict[str, Json] = {"flow": called, **settings}
        config["inputs"] = {key: self._value(node, key, value) for key, value in mapped.items()}
        if not mapped:
            del config["inputs"]
        spec = NodeSpec(
            node,
            kind="call",
            inputs=_inputs(mapped),
            outputs=(PortName(node),),
            config=config,
            options=parse_options(options or {}),
        )
        now = self.spec().by_id.get(node)
        if now is None:
            self.apply(AddNode(spec))
        else:
            self.apply(ReplaceNode(replace(spec, position=now.position, place=now.place)))
        if not isinstance(other, str):
            self.called[called] = other
        return NodeRef(node, self)

    def last_run(self) -> Any:
        """The newest run in this process."""
        raise NotImplementedError  # a flow has a host to ask

    def _value(self, node: NodeId, name: str, value: Any) -> Json:
        if isinstance(value, NodeRef | PortRef):
            source = value.node if isinstance(value, PortRef) else value
            if source.flow is not self:
                raise UsageError(
                    f"{name!r} of call {node!r} is wired to {source!r}",
                    hint="wires stay inside one flow",
                )
            return f"{{{{ {name} }}}}"
        if not is_json(value):
            raise UsageError(
                f"{name!r} of call {node!r} is a {type(value).__name__}, which no run parameter "
                "can hold",
                hint="use None, text, a number, a list or a mapping; or wire it to a node",
            )
        plain: Json = value
        return plain


def _inputs(mapped: Mapping[str, Any]) -> tuple[InputSpec, ...]:
    """What a call reads: what its parameters name, and what they are wired to."""
    names = filter(None, map(_named, mapped.values()))
    read = {name: InputSpec(as_port_name(name)) for name in names}
    for key, one in mapped.items():
        if isinstance(one, NodeRef | PortRef):
            read[key] = InputSpec(as_port_name(key), one.wire)
    return tuple(read.values())


def _named(value: Any) -> str | None:
    """The name that a text like `{{ item }}` stands for: an input that is wired by name."""
    found = _NAME.fullmatch(value) if isinstance(value, str) else None
    return None if found is None else found[1]
