"""A node as the statement that defines it in a module: a decorated function, or a call of its kind.

What the statement does not have to say is left out: the inputs a template reads, the outputs a kind
has, options that are as they are.
"""

from __future__ import annotations

import json
import keyword
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from flowbook.cells.declaring import completed
from flowbook.cells.function_form import as_function
from flowbook.errors import UsageError
from flowbook.graph.flow import Flow
from flowbook.graph.options import OPTIONS, Option, Options, print_options
from flowbook.graph.refs import NodeRef
from flowbook.graph.registry import Registry
from flowbook.graph.schemas import Schemas
from flowbook.graph.spec import FlowSpec, InputSpec, Json, Missing, NodeSpec, Wire
from flowbook.ids import FlowId, NodeId, PortName

_CALLABLE: Final = frozenset({"map", "foreach", "each_of", "group"})
"""Kinds that a flow has methods for which are called like those of all other kinds."""
_OWN: Final = frozenset({"inputs", "outputs", "options", "settings"})


@dataclass(frozen=True, slots=True)
class Names:
    """What a module calls what it is made of."""

    flow: str
    flow_type: str
    input_type: str


@dataclass(frozen=True, slots=True)
class Printer:
    """Prints nodes that stand behind those `above`."""

    names: Names
    registry: Registry
    above: Mapping[NodeId, NodeSpec]
    """The nodes that are defined by then."""
    nodes: Mapping[NodeId, NodeSpec]

    def node(self, node: NodeSpec) -> str:
        """The statement; `UsageError` for what no module can say."""
        if node.kind not in self.registry:
            raise UsageError(
                f"node {node.id!r} is of kind {node.kind}, which is not there",
                hint=self.registry.hint(node.kind),
            )
        if self.registry[node.kind].body == "python":
            return self._function(node)
        return self._made(node)

    # ------------------------------------------------------------ Python

    def _function(self, node: NodeSpec) -> str:
        dotted = [one.name for one in node.inputs if not str(one.name).isidentifier()]
        if dotted:
            raise UsageError(
                f"node {node.id!r} reads {dotted[0]}, which a function cannot",
                hint=f"say it in the head: {str(dotted[0]).replace('.', '_')}={dotted[0]}",
            )
        try:
            form = as_function(node.body, [str(one.name) for one in node.inputs], node.outputs)
        except UsageError as refused:
            refused.message = f"node {node.id!r}: {refused.message}"
            raise
        given = [f"kind={text_of(node.kind)}"] if node.kind != "python" else []
        returns = self._returns(node, form.text)
        if not returns and (node.returns or node.outputs != (PortName(node.id),)):
            given.append(f"outputs={_outputs(node)}")
        given += self._options(node.options, ())
        decorator = f"@{self.names.flow}.node"
        head = "async def" if form.is_async else "def"
        return "\n".join(
            [
                call(decorator, given) if given else decorator,
                f"{head} {node.id}({self._parameters(node)}){returns}:",
                form.text,
            ]
        )

    def _returns(self, node: NodeSpec, inside: str) -> str:
        """The return annotation, where it says all there is to say."""
        only = node.returns.get(PortName(node.id))
        if node.outputs != (PortName(node.id),) or only is None or "yield" in inside:
            return ""
        simple = re.fullmatch(r"[\w.]+(\[.*\])?( \| None)?", only, re.DOTALL)
        own = only.rpartition(".")[2].partition("[")[0] in ("Outputs", "Suspend", "Out")
        return f" -> {only}" if simple and not own else ""

    def _parameters(self, node: NodeSpec) -> str:
        parts, bare_after, seen = [], False, False
        for one in node.inputs:
            default = self._default(one)
            typed = f": {one.annotation}" if one.annotation else ""
            equals = " = " if typed else "="
            parts.append(f"{one.name}{typed}" + ("" if default is None else equals + default))
            bare_after = bare_after or (seen and default is None)
            seen = seen or default is not None
        return ", ".join(["*", *parts] if bare_after else parts)

    def _default(self, one: InputSpec) -> str | None:
        if one.wire is not None:
            return self._wire(one.wire)
        return None if isinstance(one.default, Missing) else value_text(one.default)

    def _wire(self, wire: Wire) -> str:
        node = self.above.get(wire.node)
        if node is not None and wire.port is None:
            return str(wire.node)
        if node is None or wire.port not in node.outputs:
            port = [] if wire.port is None else [text_of(str(wire.port))]
            return f"{self.names.flow}.wire({', '.join([text_of(str(wire.node)), *port])})"
        port_name = str(wire.port)
        taken = hasattr(NodeRef, port_name) or port_name in ("name", "flow", "function", "catch")
        plain = port_name.isidentifier() and not keyword.iskeyword(port_name) and not taken
        return f"{wire.node}.{port_name}" if plain else f"{wire.node}[{text_of(port_name)}]"

    # ------------------------------------------------------------ other kinds

    def _made(self, node: NodeSpec) -> str:
        node_type = self.registry[node.kind]
        traits = set(node_type.class_trait_names(config=True))
        named = node.kind if node.kind.isidentifier() else ""
        method = f"{named}_" if keyword.iskeyword(named) else named
        taken = hasattr(Flow, method) and node.kind not in _CALLABLE
        given = [text_of(str(node.id))]
        made = f"{self.names.flow}.{method}"
        if taken or not method:
            made, given = f"{self.names.flow}.add_kind", [text_of(node.kind), *given]
        if node_type.body != "config":
            given.append(text_of(node.body))
        given += self._inputs(node)
        if node.outputs != node_type.ports(replace(node, outputs=())) or node.returns:
            given.append(f"outputs={_outputs(node)}")
        given += _settings(node, traits)
        given += self._options(node.options, traits)
        return call(f"{node.id} = {made}", given)

    def _inputs(self, node: NodeSpec) -> list[str]:
        flow = FlowSpec(FlowId(""), tuple(self.nodes.values()))
        inferred = completed(flow, replace(node, inputs=()), self.registry).node.inputs
        said = [one for one in node.inputs if one not in inferred and "." not in one.name]
        if not said:
            return []
        return [f"inputs={{{', '.join(f'{text_of(i.name)}: {self._input(i)}' for i in said)}}}"]

    def _input(self, one: InputSpec) -> str:
        if one.annotation is None:
            return self._default(one) or "..."
        given = [text_of(str(one.name))]
        if one.wire is not None:
            port = [] if one.wire.port is None else [text_of(str(one.wire.port))]
            wire = ", ".join([text_of(str(one.wire.node)), *port])
            given.append(f"wire={self.names.flow}.wire({wire})")
        elif not isinstance(one.default, Missing):
            given.append(f"default={value_text(one.default)}")
        given.append(f"annotation={text_of(one.annotation)}")
        return f"{self.names.input_type}({', '.join(given)})"

    def _options(self, options: Options, traits: Any) -> list[str]:
        """Options as keywords; those that are settings or words too in a mapping."""
        plain, rest = [], []
        for name, text in print_options(options).items():
            option = OPTIONS[name]
            if name in ("inputs", "outputs"):
                rest.append(f"{text_of(name)}: {_schemas(getattr(options, name))}")
                continue
            value = option_value(option, text)
            if option.attribute in traits:
                rest.append(f"{text_of(option.attribute)}: {value}")
            else:
                plain.append(f"{option.attribute}={value}")
        return [*plain, *([f"options={{{', '.join(rest)}}}"] if rest else [])]


def _settings(node: NodeSpec, traits: set[str]) -> Iterator[str]:
    rest = {}
    for name, value in node.config.items():
        spelled = f"{name}_" if keyword.iskeyword(name) else name
        if name in traits and name not in _OWN and spelled.isidentifier():
            yield f"{spelled}={value_text(value)}"
        else:
            rest[name] = value
    if rest:
        yield f"settings={value_text(rest)}"


def _outputs(node: NodeSpec) -> str:
    said = [
        f"{port}: {node.returns[port]}" if port in node.returns else str(port)
        for port in node.outputs
    ]
    return value_text(list(said))


def _schemas(schemas: Schemas) -> str:
    return value_text({port: json.loads(text) for port, text in schemas})


def option_value(option: Option, text: str) -> str:
    """The value in Python, where its text has a plainer form."""
    if option.flag and text == "true":
        return "True"
    if re.fullmatch(r"-?\d{1,9}", text):
        try:
            if option.parse(int(text)) == option.parse(text):
                return text
        except ValueError:
            pass
    return text_of(text)


def value_text(value: Json) -> str:
    """A plain value as Python reads it; `UsageError` for one that has no such form.

    >>> print(value_text({"a": [1, None], "b": "it's"}))
    {"a": [1, None], "b": "it's"}
    """
    if isinstance(value, str):
        return text_of(value)
    if isinstance(value, list):
        return f"[{', '.join(map(value_text, value))}]"
    if isinstance(value, dict):
        inner = (f"{text_of(name)}: {value_text(one)}" for name, one in value.items())
        return f"{{{', '.join(inner)}}}"
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"{value} cannot be written into a module")
    return repr(value)


def text_of(text: str) -> str:
    r'''A text as Python reads it, over several lines where it has them.

    >>> print(text_of("select 1"), text_of("a\nb"))
    "select 1" """a
    b"""
    '''
    lines = text.split("\n")
    if "\\" in text or text.endswith('"') or not all(map(str.isprintable, lines)):
        return repr(text)
    if len(lines) > 1:
        return repr(text) if '"""' in text else f'"""{text}"""'
    return repr(text) if '"' in text else f'"{text}"'


def call(what: str, given: Sequence[str]) -> str:
    """A call on one line, or with one argument a line."""
    line = f"{what}({', '.join(given)})"
    if len(line) <= 88 and "\n" not in line:
        return line
    return "\n".join([f"{what}(", *(f"    {one}," for one in given), ")"])
