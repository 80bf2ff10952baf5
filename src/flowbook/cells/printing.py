"""A flow cell's head as text: what `cells.header` reads back as the very same header."""

from __future__ import annotations

import shlex
from dataclasses import replace

from flowbook.cells.header import PYTHON, Header
from flowbook.cells.naming import written_name
from flowbook.cells.ports import print_outputs
from flowbook.graph.options import OPTIONS, Options, parse_options, print_options
from flowbook.graph.spec import InputSpec, Missing


def print_cell(header: Header, body: str) -> str:
    r"""A cell's text, which `parse_cell` takes apart into the same header and body.

    >>> from flowbook.ids import NodeId
    >>> print_cell(Header(name=NodeId("clean"), flags={"retries": "3"}), "df = raw")
    '%%flow clean --retries 3\ndf = raw'
    """
    lines = [print_header(header), *(f"#| {name}: {value}" for name, value in header.lines.items())]
    return "\n".join([*lines, body]) if body or header.lines else lines[0]


def print_header(header: Header) -> str:
    """The `%%flow` line; `UsageError` for a test whose name is none of a test's."""
    words = ["%%flow"]
    if header.kind != PYTHON:
        words.append(header.kind)
    if header.name:
        inputs = header.inputs
        name = written_name(header.kind, header.name)
        words.append(name + ("" if inputs is None else print_inputs(inputs)))
    if header.outputs is not None:
        words.append(f"-> {print_outputs(header.outputs, header.returns)}")
    words += [print_flag(name, value) for name, value in header.flags.items()]
    return " ".join(words)


def print_flag(name: str, value: str) -> str:
    """One option on the head line."""
    alone = OPTIONS[name].flag and value == "true"
    if alone:
        return f"--{name}"
    glue = "=" if value.startswith("--") else " "  # so that it is not taken for an option
    return f"--{name}{glue}{shlex.quote(value)}"


def print_inputs(inputs: tuple[InputSpec, ...]) -> str:
    """The signature in its parentheses.

    >>> from flowbook.graph.spec import Wire
    >>> from flowbook.ids import NodeId, PortName
    >>> print_inputs((InputSpec(PortName("rows"), Wire(NodeId("clean"), PortName("df"))),))
    '(rows=clean.df)'
    """
    return f"({', '.join(map(print_input, inputs))})"


def print_input(one: InputSpec) -> str:
    """One input of the signature."""
    shown = _print_default(one)
    annotation = f": {one.annotation}" if one.annotation else ""
    equals = " = " if one.annotation else "="
    return one.name + annotation + ("" if shown is None else equals + shown)


def _print_default(one: InputSpec) -> str | None:
    if one.wire is not None:
        port = one.wire.port
        if port is None:
            return str(one.wire.node)
        return f"{one.wire.node}.{port}" if port.isidentifier() else f'{one.wire.node}["{port}"]'
    return None if isinstance(one.default, Missing) else repr(one.default)


def with_options(header: Header, options: Options) -> Header:
    """`header` saying `options`, each option where it was, new ones as flags.

    An option that says already what it should stays in its author's words.
    """
    wanted = print_options(options)
    said = {**header.lines, **header.flags}
    kept = {
        name: text if _says(name, text, options) else wanted[name]
        for name, text in said.items()
        if name in wanted or _says(name, text, options)
    }
    added = {name: text for name, text in wanted.items() if name not in said}
    return replace(
        header,
        lines={name: kept[name] for name in header.lines if name in kept},
        flags={**{name: kept[name] for name in header.flags if name in kept}, **added},
    )


def _says(name: str, text: str, options: Options) -> bool:
    field = OPTIONS[name].attribute
    return bool(getattr(parse_options({name: text}), field) == getattr(options, field))
