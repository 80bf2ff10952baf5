"""A module of a flow read as a document: by its text alone, nothing of it is imported or run.

Read is the form that `module_text` writes, however it is laid out. What is not in that form is
refused with its line, so that nothing is lost on the way to the notebook.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from flowbook.cells.function_form import lines_in_strings
from flowbook.cells.module_nodes import Names
from flowbook.cells.module_statements import Reader, literal, refuse
from flowbook.cells.module_text import MARKER, Document, Item
from flowbook.errors import FlowSyntaxError
from flowbook.graph.flow_options import parse_flow_options
from flowbook.graph.options import did_you_mean
from flowbook.graph.registry import Registry
from flowbook.graph.signature import annotation_text
from flowbook.graph.spec import MISSING, ParamSpec
from flowbook.ids import FlowId, as_port_name

_UNESCAPED: Final = re.compile(r"# \\(\\*%%)")


def read_module(text: str, registry: Registry) -> Document:
    r"""The flow that a module defines, its nodes as they are written there.

    Raises `FlowSyntaxError` with the line of what is not in the form of such a module.

    >>> from flowbook.graph.registry import Registry
    >>> text = 'from flowbook import Flow\n\nflow = Flow("tour")\n\n# %% [markdown]\n# Hello.\n'
    >>> [one.text for one in read_module(text, Registry()).items]
    ['Hello.']
    """
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as broken:
        line = getattr(broken, "lineno", None) or 1
        refuse(f"this is not Python: {getattr(broken, 'msg', broken)}", line)
    lines = text.split("\n")
    starts = _marked(text)
    head = _Head.read("\n".join(lines[: starts[0] - 1 if starts else len(lines)]))
    items: list[Item] = []
    for at, start in enumerate(starts):
        end = starts[at + 1] - 1 if at + 1 < len(starts) else len(lines)
        items += _block(_Block(tuple(lines[start - 1 : end]), start), head.names, registry)
    _refuse_strangers(items)
    return Document(head.flow, parse_flow_options(head.options), tuple(items))


def _marked(text: str) -> list[int]:
    """The lines, from 1, that begin a cell."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        comment = token.type == tokenize.COMMENT and token.start[1] == 0
        if comment and re.match(rf"{MARKER}(\s|$)", token.string):
            found.append(token.start[0])
    return found


@dataclass(frozen=True, slots=True)
class _Head:
    flow: FlowId
    names: Names
    options: dict[str, Any]

    @classmethod
    def read(cls, text: str) -> _Head:
        """What stands above the first cell: imports, and the flow."""
        aliases: dict[str, str] = {}
        found: _Head | None = None
        for statement in ast.parse(text).body:
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                continue
            if isinstance(statement, ast.ImportFrom) and statement.module == "flowbook":
                aliases |= {one.name: one.asname or one.name for one in statement.names}
            elif found is None and "Flow" in aliases and isinstance(statement, ast.Assign):
                found = _flow(statement, aliases)
            elif not _is_docstring(statement):
                refuse(
                    "this stands above the first cell, and is no part of the flow",
                    statement.lineno,
                    f"put shared code below a line '{MARKER} setup'",
                )
        if found is None:
            refuse("no flow is made here", 1, 'begin with flow = Flow("name")')
        return found


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _flow(made: ast.Assign, aliases: dict[str, str]) -> _Head:
    target, call = made.targets[0], made.value
    is_flow = (
        isinstance(target, ast.Name)
        and isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == aliases["Flow"]
        and len(call.args) == 1
    )
    if not is_flow:
        refuse("this makes no flow", made.lineno, 'write flow = Flow("name")')
    assert isinstance(call, ast.Call)  # noqa: S101 - looked at above
    assert isinstance(target, ast.Name)  # noqa: S101 - as above
    options = {str(one.arg): literal(one.value) for one in call.keywords}
    names = Names(target.id, aliases["Flow"], aliases.get("InputSpec", "InputSpec"))
    return _Head(FlowId(str(literal(call.args[0]))), names, options)


@dataclass(frozen=True, slots=True)
class _Block:
    """The lines of a cell, the marker's first, and the number of that."""

    lines: tuple[str, ...]
    start: int

    @property
    def title(self) -> str:
        return self.lines[0].removeprefix(MARKER).strip()

    @property
    def source(self) -> str:
        return "\n".join(self.lines).strip("\n")


def _block(block: _Block, names: Names, registry: Registry) -> list[Item]:
    if block.title.startswith("[markdown]"):
        return [Item(_markdown(block), source=block.source, line=block.start)]
    if block.title == "setup":
        code = _unescaped("\n".join(block.lines[1:])).strip("\n")
        return [Item(code, setup=True, source=block.source, line=block.start)]
    return list(_statements(block, names, registry))


def _markdown(block: _Block) -> str:
    whole = block.title.removeprefix("[markdown]").strip()
    if whole:
        return str(json.loads(whole))
    lines = list(block.lines[1:])
    while lines and not lines[-1].strip():
        lines.pop()
    for number, line in enumerate(lines, block.start + 1):
        if not line.startswith("#"):
            refuse("this is no comment, in a cell of markdown", number, "begin it with '# '")
    return "\n".join(
        _UNESCAPED.sub(r"# \1", line, count=1).removeprefix("#").removeprefix(" ") for line in lines
    )


def _unescaped(code: str) -> str:
    inside = lines_in_strings(code)
    return "\n".join(
        line if number in inside or not _UNESCAPED.match(line) else f"# {line[3:]}"
        for number, line in enumerate(code.split("\n"), 1)
    )


def _statements(block: _Block, names: Names, registry: Registry) -> Iterator[Item]:
    """The parameters and nodes of a cell; what stands between two belongs to the second."""
    text = "\n" * (block.start - 1) + "\n".join(block.lines)
    reader = Reader(names, registry, tuple(text.split("\n")))
    params: list[ParamSpec] = []
    began, last = block.start, block.start
    for statement in ast.parse(text).body:
        end = reader.end_of(statement)
        param = _param(statement, names)
        if param is not None:
            params.append(param)
            last = end
            continue
        if params:
            yield _params_item(params, reader, began, last)
            params, began = [], last + 1
        node = reader.node(statement)
        source = "\n".join(reader.lines[began - 1 : end]).strip("\n")
        yield Item(node=node, source=source, line=statement.lineno)
        began = end + 1
    if params:
        yield _params_item(params, reader, began, last)


def _params_item(params: list[ParamSpec], reader: Reader, began: int, last: int) -> Item:
    source = "\n".join(reader.lines[began - 1 : last]).strip("\n")
    return Item(params=tuple(params), source=source, line=began)


def _param(statement: ast.stmt, names: Names) -> ParamSpec | None:
    """The parameter that a statement declares; None for one that declares none."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or ast.unparse(call.func) != f"{names.flow}.param":
        return None
    given = {str(one.arg): one.value for one in call.keywords}
    if not 1 <= len(call.args) <= 2 or not given.keys() <= {"type", "help"}:
        refuse("this declares no parameter", call.lineno, 'write flow.param("name", default)')
    kind = given.get("type")
    said = None if kind is None else literal(kind) if _is_text(kind) else ast.unparse(kind)
    name = str(literal(call.args[0]))
    return ParamSpec(
        as_port_name(name),
        literal(call.args[1]) if len(call.args) > 1 else MISSING,
        None if said is None else annotation_text(str(said), name),
        str(literal(given["help"])) if "help" in given else None,
    )


def _is_text(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _refuse_strangers(items: list[Item]) -> None:
    """Two nodes of one name, and wires from what is no node, are no flow."""
    lines: dict[str, int] = {}
    for item in items:
        if item.node is not None:
            first = lines.setdefault(str(item.node.id), item.line)
            if first != item.line:
                _twice(str(item.node.id), item.line, first)
    for item in items:
        for one in () if item.node is None else item.node.inputs:
            if one.wire is not None and str(one.wire.node) not in lines:
                refuse(
                    f"{one.wire.node!r} is no node", item.line, did_you_mean(one.wire.node, lines)
                )


def _twice(name: str, line: int, first: int) -> NoReturn:
    raise FlowSyntaxError(
        f"line {line}: node {name!r} is defined in line {first} already",
        hint="give this one a new name",
        line=line,
    )
