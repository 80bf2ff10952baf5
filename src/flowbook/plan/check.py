"""Everything that is wrong with a definition, or with a run's parameters, all at once.

Checks return problems and never raise: what cannot be run can still be drawn, edited and saved.
Each problem names its node, its cell and a line of it, and says what to do.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from traitlets import TraitError

from flowbook.errors import ExpressionError, InvalidFlow, UsageError
from flowbook.expr.parse import parse
from flowbook.expr.template import Template
from flowbook.graph.annotations import Unresolved, resolve_type
from flowbook.graph.container import Container
from flowbook.graph.judging import named_type, type_judge
from flowbook.graph.nesting import Nesting
from flowbook.graph.node import Node
from flowbook.graph.options import did_you_mean
from flowbook.graph.problem import Problem, Severity
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, Json, Missing, NodeSpec, ParamSpec
from flowbook.graph.topology import Topology, show_cycle
from flowbook.graph.wiring import Wiring, resolve
from flowbook.ids import NodeId, PortName
from flowbook.plan.containers import container_problems
from flowbook.plan.ending import ending_problems
from flowbook.plan.locks import lock_problems
from flowbook.plan.plan import Plan
from flowbook.plan.roles import role_problems
from flowbook.plan.types import type_problems


def check(spec: FlowSpec, registry: Registry) -> tuple[Problem, ...]:
    """All problems of `spec`, in notebook order; linear in its size."""
    wiring = resolve(spec)
    found = [
        *wiring.problems,
        *_twins(spec),
        *_cycles(spec, wiring),
        *_clashing_defaults(spec),
        *container_problems(spec, wiring, registry),
        *_joins(spec, wiring, registry),
        *role_problems(spec, wiring),
        *type_problems(spec, wiring, registry),
        *ending_problems(spec, registry),
        *lock_problems(spec),
        *(problem for node in spec.nodes for problem in _node(node, registry)),
    ]
    order = {node.id: i for i, node in enumerate(spec.nodes)}
    found.sort(key=lambda problem: order.get(problem.node or NodeId(""), -1))
    return tuple(found)


def _twins(spec: FlowSpec) -> Iterator[Problem]:
    seen: dict[NodeId, NodeSpec] = {}
    for node in spec.nodes:
        first = seen.setdefault(node.id, node)
        if first is not node:
            where = f" (cell {first.place.cell})" if first.place else ""
            yield _at(node, f"two nodes are called {node.id!r}{where}", "rename one of them")


def _cycles(spec: FlowSpec, wiring: Wiring) -> Iterator[Problem]:
    topology = Topology(spec, wiring)
    try:
        topology.order()
    except InvalidFlow:
        cycles = topology.cycles()
    else:
        cycles = ()
    for cycle in cycles:
        yield _at(
            spec.node(cycle[0]),
            f"these nodes wait for each other: {show_cycle(cycle)}",
            "take one of these wires out",
        )


def _clashing_defaults(spec: FlowSpec) -> Iterator[Problem]:
    """One parameter name with two defaults: which one would a run take?"""
    defaults: dict[PortName, tuple[str, Json | Missing]] = {
        param.name: ("the parameters", param.default) for param in spec.params
    }
    for node in spec.nodes:
        for one in node.inputs:
            if one.wire is not None or isinstance(one.default, Missing):
                continue
            where, first = defaults.setdefault(one.name, (node.id, one.default))
            if (type(first), first) != (type(one.default), one.default):
                there = "none" if isinstance(first, Missing) else repr(first)
                yield _at(
                    node,
                    f"parameter {one.name!r} has the default {one.default!r} here and "
                    f"{there} in {where}",
                    "give both the same default, or two names",
                )


def _joins(spec: FlowSpec, wiring: Wiring, registry: Registry) -> Iterator[Problem]:
    """Nodes that wait for what can never be, or say two things about it."""
    if not any(node.options.joins for node in spec.nodes):
        return
    home = Nesting(spec).home
    beside = (edge.target for edge in wiring.edges if home(edge.source) == home(edge.target))
    branches = Counter(beside)
    for node in (node for node in spec.nodes if node.options.joins):
        join, there = node.options.join, branches[node.id]
        if node.kind in registry and issubclass(registry[node.kind], Container):
            yield _at(
                node, "a container runs once all its inputs are there", "join in a node before it"
            )
        elif join and node.options.settled:
            yield _at(
                node, "settled waits for every input, and join does not", "take one of the two out"
            )
        elif join > there:
            found = f"{there} input{'' if there == 1 else 's'}"
            yield _at(
                node,
                f"it joins {'any' if join == 1 else join} of {found} from other nodes beside it",
                "wire more branches to it, or join fewer",
            )


def _node(node: NodeSpec, registry: Registry) -> Iterator[Problem]:
    if node.kind not in registry:
        yield _at(
            node,
            f"no node type is called {node.kind!r}",
            did_you_mean(node.kind, tuple(registry)),
        )
        return
    node_type = registry[node.kind]
    ports = node_type.ports(node)
    for port in sorted({port for port in ports if ports.count(port) > 1}):
        yield _at(node, f"two outputs are called {port!r}", "rename one of them")
    yield from _cache_key(node)
    if node_type.body == "config":
        yield from _configuration(node, node_type)


def _cache_key(node: NodeSpec) -> Iterator[Problem]:
    """An expression over the node's inputs, as far as one can see before it runs."""
    written = node.options.cache_key
    if not written:
        return
    try:
        reads = parse(written).reads
    except ExpressionError as refused:
        yield _at(node, f"cache_key: {refused.message}", refused.hint or "")
        return
    known = tuple(one.name.partition(".")[0] for one in node.inputs)
    for name in sorted({path[0] for path in reads} - set(known)):
        hint = did_you_mean(name, known)
        yield _at(node, f"cache_key: {name!r} is no input of this node", hint)


def _configuration(node: NodeSpec, node_type: type[Node]) -> Iterator[Problem]:
    known = tuple(node_type.class_trait_names(config=True))
    fixed: dict[str, Any] = {}
    for name, value in node.config.items():
        if name not in known:
            yield _at(
                node,
                f"{node.kind} has no setting {name!r}",
                did_you_mean(name, known),
                line_of(node, name),
            )
        elif name in node_type.untemplated:
            fixed[name] = value
            yield from _broken_expressions(node, name, value)
        elif not _templates(value):
            fixed[name] = value
        else:
            yield from _broken_templates(node, name, value)
    yield from _refused(node, node_type, fixed)


def _broken_templates(node: NodeSpec, name: str, value: Json) -> Iterator[Problem]:
    for text in _templates(value):
        try:
            Template.parse(text)
        except ExpressionError as refused:
            yield _at(node, f"{name}: {refused.message}", refused.hint or "", line_of(node, name))


def _broken_expressions(node: NodeSpec, name: str, value: Json) -> Iterator[Problem]:
    """Expressions a node evaluates itself stand under the key `expression`, braces or not."""
    for one in value if isinstance(value, list) else [value]:
        text = one.get("expression") if isinstance(one, dict) else None
        if not isinstance(text, str) or not text.strip():
            continue  # its node type says what is wrong with it
        bare = text.strip()
        if bare.startswith("{{") and bare.endswith("}}"):
            bare = bare[2:-2]
        try:
            parse(bare)
        except ExpressionError as refused:
            line = line_of(node, bare.strip(), name)
            yield _at(node, f"{name}: {refused.message}", refused.hint or "", line)


def _refused(node: NodeSpec, node_type: type[Node], fixed: Mapping[str, Any]) -> Iterator[Problem]:
    """What the node type itself says of the values no template will still change."""
    refused = False
    for name, value in fixed.items():
        try:
            node_type(node, **{name: value})
        except (TraitError, UsageError) as error:
            refused = True
            yield _at(node, str(error), "", line_of(node, name))
    if refused:
        return
    try:
        node_type(node, **fixed)
    except (TraitError, UsageError) as error:
        yield _at(node, str(error), "")


def line_of(node: NodeSpec, text: str, setting: str = "") -> int:
    r"""The cell line on which a configuration cell writes a setting, or any other text of it.

    A text that is not there as it is stands where its `setting` does; that one on the head's line.

    >>> node = NodeSpec(NodeId("get"), body="params: {url: y}\nurl: x", body_line=2)
    >>> line_of(node, "url"), line_of(node, "url: y"), line_of(node, "nothing")
    (3, 2, 1)
    """
    lines = node.body.split("\n")
    key = re.compile(rf"""['"]?{re.escape(text)}['"]?\s*:""")
    for matches in (key.match, key.search, lambda line: text in line):
        for number, line in enumerate(lines):
            if matches(line):
                return node.body_line + number
    return line_of(node, setting) if setting else 1


def _templates(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value] if "{{" in value else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in _templates(one)]


def _at(node: NodeSpec, message: str, hint: str, line: int | None = 1) -> Problem:
    cell = node.place.cell if node.place else None
    return Problem(Severity.ERROR, message, node.id, cell, line if cell else None, hint or None)


# ---------------------------------------------------------------- parameters of a run


def check_params(plan: Plan, given: Mapping[PortName, Any]) -> tuple[Problem, ...]:
    """What does not fit between a run's parameters and its plan; `given` includes defaults."""
    known = {param.name: param for param in plan.params}
    found = [
        Problem(
            Severity.ERROR,
            f"flow {plan.flow!r} has no parameter {name!r}",
            hint=did_you_mean(name, tuple(known)),
        )
        for name in given
        if name not in known
    ]
    for param in plan.params:
        if param.name in given:
            problem = _misfit(param, given[param.name])
            found += [problem] if problem else []
        elif isinstance(param.default, Missing):
            found.append(
                Problem(
                    Severity.ERROR,
                    f"parameter {param.name!r} has no value",
                    hint=f"give it one: {param.name}=…",
                )
            )
    return tuple(found)


def _misfit(param: ParamSpec, value: Any) -> Problem | None:
    wanted = param_type(param)
    if wanted is None or (value is None and param.default is None):
        return None
    found = type_judge(wanted, from_json=True)(value)
    if found is None:
        return None
    inside = f": {found.expected} expected at {found.path}" if found.path != "$" else ""
    return Problem(
        Severity.ERROR,
        f"parameter {param.name!r} cannot be {value!r}{inside}",
        hint=f"write {_ARTICLES.get(wanted) or named_type(wanted)}",
    )


_ARTICLES: Final[Mapping[Any, str]] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
}


def param_type(param: ParamSpec) -> Any:
    """The type a parameter's annotation, else its default, asks for; None: anything goes.

    >>> param_type(ParamSpec(PortName("city"), "Oslo"))
    <class 'str'>
    """
    if param.annotation:
        for text in (param.annotation, param.annotation.partition("[")[0]):
            with contextlib.suppress(Unresolved):
                return resolve_type(text)
        return None  # an annotation that we cannot check is the user's own business
    default = type(param.default)
    return default if default in _ARTICLES else None


def coerce_params(plan: Plan, pairs: Sequence[str]) -> dict[PortName, Json]:
    """Typed parameters from `name=value` texts, as a command line gives them.

    Raises `UsageError` for a text without `=`. A value that does not fit stays the text it is, so
    that `check_params` names it with all else that is wrong.
    """
    known = {param.name: param for param in plan.params}
    values: dict[PortName, Json] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            raise UsageError(
                f"{pair!r} is no parameter", hint="write name=value, such as city=Oslo"
            )
        port = PortName(name.strip())
        param = known.get(port)
        values[port] = _typed(text, param_type(param) if param else str)
    return values


def _typed(text: str, wanted: Any) -> Json:
    """What the text says, if that is what is wanted, else the text itself."""
    if wanted is str:
        return text
    value = _plain(text)
    return value if wanted is None or type_judge(wanted, from_json=True)(value) is None else text


def _plain(text: str) -> Json:
    """A scalar, list or mapping as YAML's JSON-like core reads it; else the text."""
    lowered = text.strip().lower()
    if lowered in ("true", "yes", "false", "no"):
        return lowered in ("true", "yes")
    try:
        decoded: Json = msgspec.json.decode(text.strip().encode())
    except msgspec.DecodeError:
        return text
    return decoded
