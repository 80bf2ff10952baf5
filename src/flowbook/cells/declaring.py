"""A node that Python defines, with what reading its cell would have inferred.

A cell says less than a spec: what a body reads becomes inputs, what it binds or its kind says
becomes outputs, what setup cells bind is captured. A node that is defined in Python is completed
here by the very rules that read cells, against the flow as it is, so that both doors lead to the
same spec. Nothing is refused here: what cannot be resolved yet is left out, and `check` tells.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from flowbook.cells.analyse import Read
from flowbook.cells.foreign import read_expressions, read_templates, read_yaml
from flowbook.cells.header import Header
from flowbook.cells.query import read_sql
from flowbook.cells.resolve import Draft, Made, Scope, resolve_draft
from flowbook.cells.taking import analyse_body, inferred_outputs
from flowbook.errors import UsageError
from flowbook.graph.nesting import Nesting
from flowbook.graph.node import Node
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, Json, NodeSpec

_SETTING: Final = re.compile(r"\s*--\|\s*(\w+)\s*:")


@dataclass(frozen=True, slots=True)
class Completed:
    """The node, and whether something it reads is made by nobody yet."""

    node: NodeSpec
    awaits: bool = False


def completed(
    spec: FlowSpec, node: NodeSpec, registry: Registry, *, listed: bool = False
) -> Completed:
    """`node`, which is or will be one of `spec`, as its cell would be read.

    `listed`: its inputs are all it has, where its body is Python; templates and SQL add theirs in
    any case. A kind that is not there stays as it is.

    Raises `UsageError` for settings of a kind whose cells have no room for any.

    >>> from flowbook.ids import FlowId, NodeId
    >>> rows = NodeSpec(NodeId("rows"), body="[1]", outputs=(NodeId("rows"),))
    >>> top = NodeSpec(NodeId("top"), body="rows[:3]")
    >>> from flowbook.nodes.python import PythonNode
    >>> made = completed(FlowSpec(FlowId("f"), (rows,)), top, Registry([PythonNode])).node
    >>> [one.name for one in made.inputs], made.outputs
    (['rows'], ('top',))
    """
    node_type: type[Node] | None = registry.get(node.kind)
    if node_type is None:
        return Completed(node)
    node = _with_settings_in_body(node, node_type)
    draft = _draft(node, node_type, listed=listed)
    others = tuple(one for one in spec.nodes if one.id != node.id)
    scope = _scope(replace(spec, nodes=(*others, replace(draft.spec, inputs=node.inputs))))
    found, problems = resolve_draft(draft, scope)
    return Completed(found, bool(problems) and not listed)


def _draft(node: NodeSpec, node_type: type[Node], *, listed: bool) -> Draft:
    header = Header(
        node.kind,
        node.id,
        inputs=node.inputs if listed or node.inputs else None,
        outputs=node.outputs or None,
        returns=node.returns,
    )
    if node_type.body == "python":
        names, _ = analyse_body(node.body)
        outputs = node.outputs or inferred_outputs(node.id, names)
        made = replace(node, outputs=node_type.ports(replace(node, outputs=outputs)))
        return Draft(made, header, names.reads, names.known)
    reads, asks = _foreign(node, node_type)
    made = replace(node, outputs=node_type.ports(node))
    return Draft(made, header, reads, asks=asks, adds=True, tolerant=node_type.tolerant)


def _foreign(node: NodeSpec, node_type: type[Node]) -> tuple[tuple[Read, ...], tuple[Read, ...]]:
    if node_type.body == "sql":
        return read_sql(node.body)[0], ()
    if node_type.body == "text":
        return (), ()
    reads = read_templates(node.config, node.body, node_type.untemplated)
    asks = read_expressions(node.config, node.body, node_type.expressions, node_type.brings)
    return reads, asks


def _scope(spec: FlowSpec) -> Scope:
    shared = [analyse_body(cell.body, shared=True)[0] for cell in spec.setup]
    return Scope(
        nesting=Nesting(spec),
        made=Made({one.id: one.outputs for one in spec.nodes}),
        params=frozenset(str(one.name) for one in spec.params),
        shared=frozenset(name for names in shared for name in names.known),
        loose={},
        ambient=frozenset(),
        excused=frozenset(),
        open=any(names.stars for names in shared),
    )


def _with_settings_in_body(node: NodeSpec, node_type: type[Node]) -> NodeSpec:
    """Settings of a kind whose body is no configuration, where its cells have them."""
    if node_type.body == "config" or not node.config:
        return node
    if node_type.body != "sql":
        raise UsageError(
            f"node {node.id!r} of kind {node.kind} has no settings, and is given "
            f"{', '.join(node.config)}",
            hint="its text is all there is",
        )
    return replace(node, body=with_sql_settings(node.body, node.config), config={})


def with_sql_settings(body: str, settings: Mapping[str, Json]) -> str:
    r"""SQL that says `settings` in comments at its beginning, in place of what it said of them.

    >>> with_sql_settings("--| result: rows\nselect 1", {"result": "polars"})
    '--| result: polars\nselect 1'
    """
    kept = []
    for line in body.split("\n"):
        found = _SETTING.match(line)
        if found is None or found[1] not in settings:
            kept.append(line)
    said = (f"--| {name}: {_on_one_line(value)}" for name, value in settings.items())
    return "\n".join([*said, *kept])


def _on_one_line(value: Json) -> str:
    plain = isinstance(value, str) and re.fullmatch(r"[A-Za-z]\w*", value)
    return str(value) if plain else json.dumps(value, ensure_ascii=False)


def sql_settings(body: str) -> dict[str, Json]:
    r"""What the comments at the beginning of SQL set; those that do not read are passed over.

    >>> sql_settings("-- top\n--| result: polars\nselect 1")
    {'result': 'polars'}
    """
    found: dict[str, Json] = {}
    for line in body.split("\n"):
        if line.strip() and not line.lstrip().startswith("--"):
            break
        if _SETTING.match(line):
            read, _ = read_yaml(line.strip().removeprefix("--|"))
            found.update(read or {})
    return found


def changed_sql_settings(body: str, was: Mapping[str, Json], now: Mapping[str, Json]) -> str:
    r"""SQL saying `now` where its comments said `was`; every other line stays as it is.

    >>> changed_sql_settings("-- top\n--| result: rows\nselect 1", {}, {"result": "polars"})
    '-- top\n--| result: polars\nselect 1'
    """
    left = {name: value for name, value in now.items() if name not in was or was[name] != value}
    gone = was.keys() - now.keys()
    lines: list[str] = []
    last, head = 0, True
    for line in body.split("\n"):
        head = head and (not line.strip() or line.lstrip().startswith("--"))
        found = _SETTING.match(line) if head else None
        name = found[1] if found else ""
        if name in gone:
            continue
        said = found is not None and name in left
        lines.append(f"--| {name}: {_on_one_line(left.pop(name))}" if said else line)
        last = len(lines) if found else last
    lines[last:last] = [f"--| {name}: {_on_one_line(value)}" for name, value in left.items()]
    return "\n".join(lines)
