"""A Python function as a node: its signature is the header, its source the body.

A parameter whose default is a node, a port or a `Wire` is a wire; one with a literal default is a
run parameter; one without a default is wired by its name. Nothing is evaluated: annotations are
kept as text, `Out("first", "second: int")` and `tuple[int, str]` as one for each output.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flowbook.errors import FlowSyntaxError, UsageError
from flowbook.graph.options import OPTIONS, Options, did_you_mean, parse_options
from flowbook.graph.refs import NodeRef, PortRef
from flowbook.graph.schemas import Columns
from flowbook.graph.spec import InputSpec, NodeSpec, Wire
from flowbook.ids import NodeId, PortName, as_node_id, as_port_name

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_OWN = ("kind", "outputs", "options")
_STREAMS = ("AsyncGenerator", "AsyncIterable", "AsyncIterator", "Generator", "Iterable", "Iterator")


class Out:
    """A return annotation that names a function's outputs: `-> Out("report", "rejected: int")`."""

    def __init__(self, *names: str) -> None:
        self.names = names


def read_function(function: Callable[..., Any], given: Mapping[str, Any]) -> NodeSpec:
    """The node a function declares with the decorator's arguments `given`.

    Raises `FlowSyntaxError` naming the parameter or the option and what would be accepted.

    >>> def fetch(city="Oslo", *, station): ...
    >>> [one.name for one in read_function(fetch, {"retries": 3}).inputs]
    ['city', 'station']
    """
    name = as_node_id(function.__name__)
    options = {key: value for key, value in given.items() if key not in _OWN}
    signature = inspect.signature(function)
    said, schemas = outputs_given(given.get("outputs") or named_in(signature.return_annotation))
    if schemas is not None:
        options["outputs"] = schemas
        said = outputs_given(named_in(signature.return_annotation))[0] or said
    returns = {port: text for port, text in said.items() if text is not None}
    outputs = tuple(said) or (PortName(name),)
    return NodeSpec(
        name,
        kind=str(given.get("kind", "python")),
        inputs=tuple(_input(name, one) for one in signature.parameters.values()),
        outputs=outputs,
        body=source_of(function),
        options=options_given(name, {**options, **(given.get("options") or {})}),
        returns=returns
        or returns_said(
            outputs, _annotation(signature.return_annotation), streams=_streams(function)
        ),
    )


def outputs_given(given: Any) -> tuple[dict[PortName, str | None], Mapping[str, Any] | None]:
    """The outputs that `outputs=` says with their annotations, and their schemas where it has any.

    Names may have a type as in the head of a cell.

    >>> outputs_given(["rows: list[int]", "n"])
    ({'rows': 'list[int]', 'n': None}, None)
    """
    if isinstance(given, Mapping):
        return {as_port_name(name): None for name in given}, given
    found: dict[PortName, str | None] = {}
    for one in (given,) if isinstance(given, str) else given or ():
        name, colon, text = str(one).partition(":")
        port = as_port_name(name.strip())
        if port in found:
            raise UsageError(f"two outputs are called {port!r}", hint="rename one of them")
        found[port] = annotation_text(text, port) if colon else None
    return found, None


def annotation_text(text: str, of: str) -> str:
    """An annotation as Python writes it; `FlowSyntaxError` for a text that is none."""
    try:
        return ast.unparse(ast.parse(text.strip(), mode="eval"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FlowSyntaxError(
            f"the type of {of!r} does not read: {text.strip()}", hint="such as list[int]"
        ) from None


def options_given(node: NodeId, given: Mapping[str, Any]) -> Options:
    """Options from keywords, in which nodes may stand for their names.

    Raises `FlowSyntaxError` naming the option and what would be accepted.
    """
    known = [option.attribute for option in OPTIONS.values()]
    for key in given:
        if key not in known and key not in OPTIONS:
            raise FlowSyntaxError(
                f"node {node!r}: unknown option {key!r}", hint=did_you_mean(key, (*known, *_OWN))
            )
    return _options(node, {name: _names(value) for name, value in given.items()})


def _names(value: Any) -> Any:
    if isinstance(value, NodeRef):
        return str(value.name)
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)(_names(one) for one in value)
    return value


def types_given(options: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """The classes among the schemas a decorator is given, by side (`input`, `output`) and port.

    They are at hand in this process alone, and may check more than their schema can say.
    """
    return {
        (side, str(port)): schema
        for side in ("input", "output")
        for port, schema in _mapping(options.get(f"{side}s")).items()
        if not isinstance(schema, str | Mapping | Columns)
    }


def _mapping(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, Mapping) else {}


def _streams(function: Callable[..., Any]) -> bool:
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def returns_said(
    outputs: tuple[PortName, ...], text: str | None, *, streams: bool
) -> dict[PortName, str]:
    """What the return annotation of a function says of each output."""
    try:
        tree = ast.parse(text or "", mode="eval").body
    except SyntaxError:
        return {}
    if isinstance(tree, ast.Call):  # `Out(…)` says names
        return {}
    word, inner = _applied(tree)
    if streams:
        if word not in _STREAMS:
            return {}
        tree = ast.parse(f"list[{ast.unparse(inner[0])}]" if inner else "list", mode="eval").body
    elif len(outputs) > 1:
        if word.lower() != "tuple" or len(inner) != len(outputs):
            return {}
        return {port: ast.unparse(one) for port, one in zip(outputs, inner, strict=True)}
    return {outputs[0]: ast.unparse(tree)} if word not in _OURS else {}


_OURS = ("Outputs", "Suspend")


def _applied(tree: ast.expr) -> tuple[str, list[ast.expr]]:
    """`list[int]` taken apart: the last word of what is applied, and what it is applied to."""
    if not isinstance(tree, ast.Subscript):
        return ast.unparse(tree).rpartition(".")[2], []
    inner = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
    return ast.unparse(tree.value).rpartition(".")[2], inner


def _options(node: NodeId, given: Mapping[str, Any]) -> Options:
    try:
        return parse_options(given)
    except FlowSyntaxError as refused:
        raise FlowSyntaxError(f"node {node!r}: {refused.message}", hint=refused.hint) from None


def _input(node: NodeId, parameter: inspect.Parameter) -> InputSpec:
    if parameter.kind not in _NAMED:
        raise FlowSyntaxError(
            f"node {node!r}: the parameter {parameter} cannot be an input",
            hint="give every input a name of its own, without *, ** and /",
        )
    name, text = as_port_name(parameter.name), _annotation(parameter.annotation)
    default = parameter.default
    if default is parameter.empty:
        return InputSpec(name, annotation=text)
    if isinstance(default, NodeRef | PortRef | Wire):
        wire = default if isinstance(default, Wire) else default.wire
        return InputSpec(name, wire, annotation=text)
    if not is_json(default):
        raise FlowSyntaxError(
            f"node {node!r}: the default of {name!r} is a {type(default).__name__}, which no run "
            "parameter can hold",
            hint="use None, text, a number, a list or a mapping; or wire it to a node",
        )
    return InputSpec(name, default=default, annotation=text)


def is_json(value: Any) -> bool:
    """True for what a run parameter can hold."""
    if isinstance(value, list):
        return all(map(is_json, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_json(one) for key, one in value.items())
    return value is None or type(value) in (bool, int, float, str)


def _annotation(annotation: Any) -> str | None:
    if annotation is inspect.Parameter.empty:
        return None
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def named_in(returns: Any) -> Iterable[str]:
    """The outputs that a return annotation names with `Out`."""
    if isinstance(returns, Out):
        return returns.names
    if not isinstance(returns, str):
        return ()
    try:
        call = ast.parse(returns, mode="eval").body
    except SyntaxError:
        return ()
    if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "Out":
        return [str(one.value) for one in call.args if isinstance(one, ast.Constant)]
    return ()


def source_of(function: Callable[..., Any]) -> str:
    """The function's text from its `def` on, decorators left out; '' when there is none to get."""
    try:
        text = textwrap.dedent(inspect.getsource(function))
        first = ast.parse(text).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return ""
    if not isinstance(first, ast.FunctionDef | ast.AsyncFunctionDef):
        return text.strip()
    return "\n".join(text.splitlines()[first.lineno - 1 :]).rstrip()
