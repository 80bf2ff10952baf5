"""A node as the text of its cell: written anew, or changed where an edit changed it.

What reading would infer is not written down: a head names inputs and outputs only where the body
does not say them already, or where it named them before.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Collection, KeysView, Mapping, Sequence
from dataclasses import replace
from typing import Final

from flowbook.cells.declaring import changed_sql_settings, with_sql_settings
from flowbook.cells.foreign import read_expressions, read_templates, write_yaml
from flowbook.cells.header import SETUP, Header, parse_cell
from flowbook.cells.printing import print_cell, with_options
from flowbook.cells.query import read_sql
from flowbook.cells.settings import with_settings
from flowbook.cells.splicing import with_head
from flowbook.cells.taking import analyse_body, inferred_outputs
from flowbook.errors import UsageError
from flowbook.graph.nesting import Nesting, own_outputs
from flowbook.graph.options import print_options
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, ParamSpec
from flowbook.ids import FlowId, PortName

_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def setup_source(node: NodeSpec) -> str:
    """A `%%flow setup` cell."""
    return print_cell(Header(kind=SETUP), node.body)


# ---------------------------------------------------------------- a new cell


def node_source(
    node: NodeSpec,
    nodes: Sequence[NodeSpec],
    registry: Registry,
    params: Sequence[ParamSpec] = (),
) -> str:
    """The cell of a node that has none yet; `nodes` and `params` are all names it could mean."""
    body = _body(node, registry)
    header = Header(
        kind=node.kind,
        name=node.id,
        inputs=_new_inputs(node, body, nodes, params, registry),
        outputs=node.outputs if node.returns else _new_outputs(node, body, registry),
        returns=node.returns,
        flags=print_options(node.options),
    )
    return print_cell(header, body)


def _language(node: NodeSpec, registry: Registry) -> str:
    return registry[node.kind].body if node.kind in registry else "config"


def _body(node: NodeSpec, registry: Registry) -> str:
    language = _language(node, registry)
    if language == "python":
        return function_body(node.body, node.id)
    if language == "config" and not node.body.strip() and node.config:
        return write_yaml(node.config)
    if language == "sql" and node.config:
        return with_sql_settings(node.body, node.config)
    return node.body


def _new_inputs(
    node: NodeSpec,
    body: str,
    nodes: Sequence[NodeSpec],
    params: Sequence[ParamSpec],
    registry: Registry,
) -> tuple[InputSpec, ...] | None:
    listed = tuple(one for one in node.inputs if "." not in one.name)
    if _language(node, registry) != "python":
        found = _inferred_names(node, body, registry)
        said = tuple(one for one in listed if one.name not in found or one != _bare(one))
        return (said if _keeps_order(listed, said, list(found)) else listed) or None
    if listed:
        return listed
    makers = {port for other in nodes if other.id != node.id for port in (*other.outputs, other.id)}
    makers |= {param.name for param in params}
    nesting = Nesting(FlowSpec(FlowId(""), tuple(nodes)))
    makers |= {name for _, names in nesting.frames(nesting.home(node.id)) for name in names}
    return () if _inferred_names(node, body, registry) & makers else None


def _keeps_order(
    listed: Sequence[InputSpec], said: Sequence[InputSpec], read: Sequence[str]
) -> bool:
    """True where inputs that are left out come back, as they are read, behind those said."""
    left = sorted((one for one in listed if one not in said), key=lambda one: read.index(one.name))
    return [*said, *left] == list(listed)


def _bare(one: InputSpec) -> InputSpec:
    """The input as reading its name in a body gives it."""
    return InputSpec(one.name, required=one.required)


def _inferred_names(node: NodeSpec, body: str, registry: Registry) -> KeysView[str]:
    """The names a body reads by itself, in that order."""
    language = _language(node, registry)
    if language == "python":
        reads = analyse_body(body)[0].reads
    elif language == "sql":
        reads = read_sql(body)[0]
    else:
        fixed = registry[node.kind].untemplated if node.kind in registry else ()
        reads = read_templates(node.config, body, fixed)
    return dict.fromkeys(one.root for one in reads).keys()


def _asked_names(node: NodeSpec, body: str, registry: Registry) -> set[PortName]:
    """The names that a node's own expressions read."""
    if node.kind not in registry:
        return set()
    kind = registry[node.kind]
    reads = read_expressions(node.config, body, kind.expressions, kind.brings)
    return {PortName(one.root) for one in reads}


def _new_outputs(node: NodeSpec, body: str, registry: Registry) -> tuple[PortName, ...] | None:
    if _language(node, registry) == "python":
        inferred = inferred_outputs(node.id, analyse_body(body)[0])
    elif node.kind in registry:
        inferred = registry[node.kind].ports(replace(node, outputs=()))
    else:
        inferred = (PortName(node.id),)
    return None if node.outputs in (inferred, ()) else node.outputs


def function_body(source: str, name: str) -> str:
    r"""The inside of the function `name` when that is all of `source`, else `source`.

    >>> function_body("def score(rows):\n    # count\n    return len(rows)", "score")
    '# count\nreturn len(rows)'
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return source
    only = tree.body[0] if len(tree.body) == 1 else None
    if not isinstance(only, ast.FunctionDef | ast.AsyncFunctionDef) or only.name != name:
        return source
    lines = source.split("\n")
    start = only.body[0].lineno - 1
    while start > only.lineno and lines[start - 1].strip().startswith("#"):
        start -= 1
    text = textwrap.dedent("\n".join(lines[start:])).rstrip()
    inside = ast.Module(only.body, type_ignores=[])
    try:
        same = ast.dump(ast.parse(text)) == ast.dump(inside)
    except SyntaxError:
        same = False
    # A body on the line of its `def`, or with text lines that hang left, is printed by Python.
    return text if same else ast.unparse(inside)


# ---------------------------------------------------------------- a changed cell


def rewritten(source: str, was: NodeSpec, now: NodeSpec, registry: Registry) -> str:
    """The cell's text once node `was` is `now`; `UsageError` for what no text can say."""
    parts = parse_cell(source)
    header, body = parts.header, parts.body
    if header is None:
        raise UsageError(f"the cell of {was.id!r} does not read", hint="mend it first")
    if parts.faults and replace(now, body=was.body, config=was.config) != was:
        fault = parts.faults[0]
        raise UsageError(
            f"the head of {was.id!r} does not read: {fault.message}",
            hint=f"mend line {fault.line} of its cell first",
        )
    read = _new_body(body, was, now, registry)
    wanted = with_options(header, now.options) if now.options != was.options else header
    wanted = replace(
        wanted,
        kind=now.kind,
        name=now.id,
        inputs=_changed_inputs(header, was, now, registry, read),
        outputs=now.outputs if now.returns else _changed_outputs(header, was, now, registry),
        returns=now.returns,
    )
    body = _with_renamed_paths(read, was, now, registry)
    return with_head(source, header, wanted, None if body == parts.body else body)


def _new_body(body: str, was: NodeSpec, now: NodeSpec, registry: Registry) -> str:
    if now.body != was.body:
        return now.body
    if now.config == was.config:
        return body
    sql = _language(now, registry) == "sql"
    return (changed_sql_settings if sql else with_settings)(body, was.config, now.config)


def _changed_inputs(
    header: Header, was: NodeSpec, now: NodeSpec, registry: Registry, body: str
) -> tuple[InputSpec, ...] | None:
    if now.inputs == was.inputs:
        return header.inputs
    plain = tuple(one for one in now.inputs if "." not in one.name)
    read = {*_inferred_names(now, body, registry), *_asked_names(now, body, registry)}
    if _language(now, registry) == "python":
        itself = now.body != was.body and all(
            one.name in read and one == _bare(one) for one in plain
        )
        return None if itself and header.inputs is None else plain
    listed = {one.name for one in header.inputs or ()}
    left = {one.name for one in now.inputs if "." not in one.name or one.wire is not None}
    gone = [one.name for one in was.inputs if one.name not in listed and one.name not in left]
    if now.body != was.body or now.config != was.config:  # what it reads no more may go
        gone = [name for name in gone if name in read]
    if gone:
        raise UsageError(
            f"the body of {was.id!r} reads {gone[0]!r}", hint="take it out of the body instead"
        )
    new = [one for one in plain if one not in was.inputs]
    spoken = {one.name for one in new if one.name in read and one == _bare(one)}
    kept = tuple(
        one for one in plain if one.name in listed or (one in new and one.name not in spoken)
    )
    return kept if kept or header.inputs is not None else None


def _changed_outputs(
    header: Header, was: NodeSpec, now: NodeSpec, registry: Registry
) -> tuple[PortName, ...] | None:
    if header.outputs is None and now.outputs == _inferred_outputs(now, registry):
        return None
    if now.outputs == was.outputs:
        kept = header.outputs is None and any(was.outputs == ports for one, ports in _own(was))
        return now.outputs if kept and now.id != was.id else header.outputs
    itself = all(one.outputs in (ports, ports[:1]) for one, ports in _own(was, now))
    return None if itself and header.outputs is None else now.outputs


def _inferred_outputs(node: NodeSpec, registry: Registry) -> tuple[PortName, ...]:
    """What a body or a configuration says by itself that it gives."""
    language = _language(node, registry)
    if language == "python":
        return inferred_outputs(node.id, analyse_body(node.body)[0])
    if language == "config" and node.kind in registry:
        return registry[node.kind].ports(replace(node, outputs=()))
    return ()


def _own(*nodes: NodeSpec) -> list[tuple[NodeSpec, tuple[PortName, ...]]]:
    return [(node, own_outputs(node.id, node.kind)) for node in nodes]


def _with_renamed_paths(body: str, was: NodeSpec, now: NodeSpec, registry: Registry) -> str:
    """`{{ node.port }}`, and the same table in SQL, where its wire has gone to another node."""
    wires = {one.name: one.wire for one in was.inputs if "." in one.name}
    moved = {
        one.name: str(one.wire)
        for one in now.inputs
        if one.name in wires and one.wire is not None and one.wire != wires[one.name]
    }
    if not moved:
        return body
    if _language(now, registry) == "sql":
        return _replaced(body, moved)
    return _TEMPLATE.sub(lambda found: _replaced(found[0], moved), body)


def _replaced(text: str, moved: Mapping[PortName, str]) -> str:
    paths = _alternatives(moved)
    return re.sub(rf"(?<![\w.])(?:{paths})(?!\w)", lambda found: moved[PortName(found[0])], text)


def _alternatives(names: Collection[str]) -> str:
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
