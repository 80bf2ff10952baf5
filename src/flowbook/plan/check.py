"""Everything that is wrong with a definition, all at once.

Checks return problems and never raise: what cannot be run can still be drawn, edited and saved.
Each problem names its node, its cell and a line of it, and says what to do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from traitlets import Bool, Enum, Float, Int, TraitError, TraitType

from flowbook.errors import ExpressionError, InvalidFlow, UsageError
from flowbook.expr import AMBIENT
from flowbook.expr.parse import parse
from flowbook.expr.template import Template
from flowbook.graph.choices import On
from flowbook.graph.container import Container
from flowbook.graph.nesting import Nesting, block_of, container_of, names_in
from flowbook.graph.node import Node
from flowbook.graph.node_schema import setting_schema, type_words
from flowbook.graph.options import did_you_mean
from flowbook.graph.placeholder import absent
from flowbook.graph.placing import at, line_of
from flowbook.graph.problem import Problem, Severity
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, Json, Missing, NodeSpec
from flowbook.graph.topology import Topology, show_cycle
from flowbook.graph.wiring import EdgeSpec, Wiring, resolve
from flowbook.ids import NodeId, PortName
from flowbook.plan.containers import container_problems
from flowbook.plan.ending import ending_problems
from flowbook.plan.fitting import type_problems
from flowbook.plan.locks import lock_problems
from flowbook.plan.reading import reading_problems
from flowbook.plan.roles import role_problems

_ONLY_HANDED: Final = "a key goes by what is handed over: make it an input or a parameter"
_NO_SCRIPT: Final = "limit_key cannot be JavaScript: the engine works it out between other things"
_NO_SCRIPT_HINT: Final = "write it in Python's syntax, such as order.customer"


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
        *_run_key(spec, wiring),
        *_run_time(spec),
        *_limit_keys(spec),
        *type_problems(spec, wiring, registry),
        *ending_problems(spec, registry),
        *lock_problems(spec),
        *reading_problems(spec, wiring, registry),
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
            yield at(node, f"two nodes are called {node.id!r}{where}", "rename one of them")


def _cycles(spec: FlowSpec, wiring: Wiring) -> Iterator[Problem]:
    topology = Topology(spec, wiring)
    try:
        topology.order()
    except InvalidFlow:
        cycles = topology.cycles()
    else:
        cycles = ()
    if not cycles:
        return
    nesting = Nesting(spec)
    for cycle in cycles:
        closing = _closing(cycle, wiring, nesting)
        node = spec.node(closing.target)
        wire = f"{closing.source}.{closing.output}"
        read = node.input(closing.input)
        yield at(
            node,
            f"these nodes wait for each other: {show_cycle(cycle)}",
            f"take one of these wires out: {wire} is read here as {closing.input}, from further on",
            (read.line if read else None) or 1,
        )


def _closing(cycle: Sequence[NodeId], wiring: Wiring, nesting: Nesting) -> EdgeSpec:
    """The wire that goes back to where the cycle begins in the notebook."""
    back = (cycle[-1], cycle[0])
    pairs = ((edge, nesting.lifted([(edge.source, edge.target)])) for edge in wiring.edges)
    return next(edge for edge, lifted in pairs if back in lifted)


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
                yield at(
                    node,
                    f"parameter {one.name!r} has the default {one.default!r} here and "
                    f"{there} in {where}",
                    "give both the same default, or two names",
                )


def _run_key(spec: FlowSpec, wiring: Wiring) -> Iterator[Problem]:
    """What runs are counted by has to be among their parameters."""
    written = spec.options.limit_key
    if not written:
        return
    try:
        parsed = parse(written)
    except ExpressionError as refused:
        yield Problem(Severity.ERROR, f"limit_key: {refused.message}", hint=refused.hint)
        return
    if parsed.script is not None:
        yield Problem(Severity.ERROR, _NO_SCRIPT, hint=_NO_SCRIPT_HINT)
    known = tuple(
        {
            *(one.name for one in spec.params),
            *(use.param for use in wiring.params if use.frame is None),
        }
    )
    for name in sorted({path[0] for path in parsed.reads} - set(known)):
        message = f"limit_key: {name!r} is no parameter of the flow"
        hint = _ONLY_HANDED if name in AMBIENT else did_you_mean(name, known)
        yield Problem(Severity.ERROR, message, hint=hint)


def _run_time(spec: FlowSpec) -> Iterator[Problem]:
    if spec.options.timeout_retries and spec.options.timeout is None:
        yield Problem(
            Severity.WARNING,
            "timeout_retries: without a timeout no run is ever out of time",
            hint="say how long a run may take, such as timeout=30m",
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
        if node.options.cache:
            yield at(
                node,
                "a join is not taken from the cache: which inputs it is given, and how they ended, "
                "is another thing in every run",
                "cache the nodes before it, or one behind it",
            )
        if node.kind in registry and issubclass(registry[node.kind], Container):
            yield at(
                node, "a container runs once all its inputs are there", "join in a node before it"
            )
        elif join and node.options.settled:
            yield at(
                node, "settled waits for every input, and join does not", "take one of the two out"
            )
        elif join > there:
            found = f"{there} input{'' if there == 1 else 's'}"
            yield at(
                node,
                f"it joins {'any' if join == 1 else join} of {found} from other nodes beside it",
                "wire more branches to it, or join fewer",
            )


def _node(node: NodeSpec, registry: Registry) -> Iterator[Problem]:
    if node.kind not in registry:
        yield absent(node, registry)
        return
    yield from _doubtful(node, registry)
    node_type = registry[node.kind]
    ports = node_type.ports(node)
    for port in sorted({port for port in ports if ports.count(port) > 1}):
        yield at(node, f"two outputs are called {port!r}", "rename one of them")
    yield from _bounds(node)
    if node_type.asserts and node.options.inside:
        yield at(
            node,
            f"a test runs once, and not in the turns of {node.options.inside!r}",
            "take `in` out, and test what leaves the container",
        )
    if node.options.cache_key:
        yield from _key(node, "cache_key", node.options.cache_key)
    if node_type.body == "config":
        yield from _configuration(node, node_type)
    elif node_type.body == "template":
        yield from _broken_body(node)


def _doubtful(node: NodeSpec, registry: Registry) -> Iterator[Problem]:
    """Two packages offer the kind: which of them runs is worth a word."""
    for fault in registry.faults:
        if fault.kind == node.kind_name:
            yield at(
                node,
                f"{fault.message}; {registry.package(registry[node.kind]) or 'the first'} is taken",
                "flowbook nodes check says more; remove the package you do not mean",
                severity=Severity.WARNING,
            )


def _bounds(node: NodeSpec) -> Iterator[Problem]:
    """Limits that nobody could keep a node to."""
    options = node.options
    limits = {"memory_limit": options.memory_limit, "cpu_limit": options.cpu_limit}
    given = [name for name, limit in limits.items() if limit is not None]
    if given and options.on is not On.PROCESS:
        what = " and ".join(given)
        yield at(node, f"{what} needs a process of its own", "run it with on: process")


def _limit_keys(spec: FlowSpec) -> Iterator[Problem]:
    """What is wrong with them: inside of a container they may name what its turn does."""
    keyed = [node for node in spec.nodes if node.options.limit_key]
    nesting = Nesting(spec if keyed else replace(spec, nodes=()))
    for node in keyed:
        home = nesting.home(node.id)
        owner = NodeId(container_of(home))
        around = spec.by_id.get(owner)
        names = () if around is None else names_in(around, block_of(home))
        yield from _key(node, "limit_key", node.options.limit_key, names)


def _key(
    node: NodeSpec, option: str, written: str, around: Sequence[str] = ()
) -> Iterator[Problem]:
    """An expression over the node's inputs, as far as one can see before it runs."""
    try:
        parsed = parse(written)
    except ExpressionError as refused:
        yield at(node, f"{option}: {refused.message}", refused.hint or "")
        return
    if option == "limit_key" and parsed.script is not None:
        yield at(node, _NO_SCRIPT, _NO_SCRIPT_HINT)
    known = (*(one.name.partition(".")[0] for one in node.inputs), *around)
    for name in sorted({path[0] for path in parsed.reads} - set(known)):
        hint = _ONLY_HANDED if name in AMBIENT else did_you_mean(name, known)
        yield at(node, f"{option}: {name!r} is no input of this node", hint)


def setting_problems(node: NodeSpec, node_type: type[Node]) -> tuple[Problem, ...]:
    """What is wrong with the settings of one node, by itself."""
    return tuple(_configuration(node, node_type))


def _configuration(node: NodeSpec, node_type: type[Node]) -> Iterator[Problem]:
    known = tuple(node_type.class_trait_names(config=True))
    fixed: dict[str, Any] = {}
    for name, value in node.config.items():
        if name not in known:
            yield at(
                node,
                f"{node.kind} has no setting {name!r}",
                did_you_mean(name, known),
                line_of(node, name),
            )
        elif name in node_type.untemplated:
            fixed[name] = value
            yield from _broken_expressions(node, node_type, name, value)
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
            yield at(node, f"{name}: {refused.message}", refused.hint or "", line_of(node, name))


def _broken_body(node: NodeSpec) -> Iterator[Problem]:
    """The first thing that is wrong with a body that is a template, on its line."""
    try:
        Template.parse(node.body)
    except ExpressionError as refused:
        starts = [found.start() for found in re.finditer(r"\{\{", node.body)]
        broken = (one for one in starts if not _parses(node.body[: node.body.find("}}", one) + 2]))
        first = next(broken, 0)
        line = node.body_line + node.body.count("\n", 0, first)
        yield at(node, refused.message, refused.hint or "", line)


def _parses(text: str) -> bool:
    try:
        Template.parse(text)
    except ExpressionError:
        return False
    return True


def _broken_expressions(
    node: NodeSpec, node_type: type[Node], name: str, value: Json
) -> Iterator[Problem]:
    """Expressions a node evaluates itself: a setting, or what stands under `expression` in it."""
    plain = name in node_type.expressions and not issubclass(node_type, Container)
    for one in value if isinstance(value, list) else [value]:
        text = one.get("expression") if isinstance(one, dict) else one if plain else None
        if not isinstance(text, str) or not text.strip():
            continue  # its node type says what is wrong with it
        bare = text.strip()
        if bare.startswith("{{") and bare.endswith("}}"):
            bare = bare[2:-2]
        try:
            parse(bare)
        except ExpressionError as refused:
            line = line_of(node, bare.strip(), name)
            yield at(node, f"{name}: {refused.message}", refused.hint or "", line)


def _refused(node: NodeSpec, node_type: type[Node], fixed: Mapping[str, Any]) -> Iterator[Problem]:
    """What the node type itself says of the values no template will still change."""
    refused = False
    for name, value in fixed.items():
        try:
            node_type(node, **{name: value})
        except (TraitError, UsageError) as error:
            refused = True
            yield at(node, *_told(error, node_type, name, value), line_of(node, name))
    if refused:
        return
    try:
        node_type(node, **fixed)
    except (TraitError, UsageError) as error:
        yield at(node, str(error), "")


def _told(error: Exception, node_type: type[Node], name: str, value: Any) -> tuple[str, str]:
    """What is wrong and what to write; in words of traitlets it names a class nobody wrote."""
    trait = node_type.class_traits().get(name)
    if trait is None or f"{name!r} trait of" not in str(error):
        return str(error), ""
    return f"{name} cannot be {value!r}", f"write {_asked(trait)}"


def _asked(trait: TraitType[Any, Any]) -> str:
    if isinstance(trait, Enum):
        return f"one of {', '.join(map(str, trait.values or ()))}"
    if isinstance(trait, Bool):
        return "true or false"
    if isinstance(trait, Int | Float):
        return f"a {type_words(setting_schema(trait))}"
    return str(trait.info())


def _templates(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value] if "{{" in value else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in _templates(one)]
