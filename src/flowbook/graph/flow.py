"""The live `Flow`: what the user touches in Python.

It is a `Draft` (spec, edits, undo) with a decorator to write nodes and a `Host` to run them. It
decides nothing about running, files or views: those are the host's, and `graph` stays pure.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, overload

from flowbook.errors import UsageError
from flowbook.graph.branching import Branching
from flowbook.graph.calling import Calling
from flowbook.graph.declaring import Declaring
from flowbook.graph.draft import Code
from flowbook.graph.edits import AddNode, ReplaceNode
from flowbook.graph.flow_options import parse_flow_options, parse_priority
from flowbook.graph.flow_schema import Described
from flowbook.graph.host import Host, default_host, remember, set_default_host
from flowbook.graph.memory import Remembering
from flowbook.graph.nesting import Nesting, block_of, homes_of
from flowbook.graph.node import Node
from flowbook.graph.overriding import Overriding
from flowbook.graph.problem import Problem
from flowbook.graph.refs import NodeRef, PortRef
from flowbook.graph.rehearsing import Rehearsing
from flowbook.graph.signature import Out, read_function, types_given
from flowbook.graph.spec import FlowSpec, Json, Missing, NodeSpec
from flowbook.graph.timing import Timed
from flowbook.graph.wiring import resolve
from flowbook.graph.written import placed
from flowbook.ids import FlowId, NodeId

__all__ = ["Flow", "Host", "NodeRef", "Out", "PortRef", "default_host", "set_default_host"]


class Flow(Overriding, Branching, Calling, Described, Declaring, Remembering, Rehearsing, Timed):
    """A flow in Python.

    >>> flow = Flow("tour")
    >>> @flow.node(retries=3)
    ... def fetch(city="Oslo"):
    ...     return {"city": city}
    >>> @flow.node
    ... def shout(place=fetch):
    ...     return place["city"].upper()
    >>> shout(fetch("Bergen"))
    'BERGEN'
    >>> flow
    Flow('tour', city='Oslo')
      fetch <- city
      shout <- fetch
    """

    def __init__(self, name: str, *, host: Host | None = None, **options: Any) -> None:
        """A flow of that name.

        Args:
            name: Unique in its project.
            host: What runs, checks and shows it; the default project when left out.
            **options: `journal`, `durability`, `sensitive_fields`, `log_inputs`, `log_outputs`,
                `allow_pickle`, `retention`, `audit`, `timeout`, `timeout_retries`, `max_runs`,
                `priority`, `key_ttl`, `on_failure` as in `flowbook.graph.flow_options`.

        Raises:
            FlowSyntaxError: an option is unknown or cannot be what it is.
        """
        if not name.strip():
            raise UsageError("a flow needs a name", hint="such as Flow('daily report')")
        super().__init__(FlowSpec(FlowId(name), options=parse_flow_options(options)))
        self._host = host
        self.homes = []
        remember(self)

    @property
    def host(self) -> Host:
        """What runs, checks and shows this flow: its own, else the default at first use."""
        if self._host is None:
            self._host = default_host()
        return self._host

    @overload
    def node(self, function: Callable[..., Any], /) -> NodeRef: ...

    @overload
    def node(self, /, **options: Any) -> Callable[[Callable[..., Any]], NodeRef]: ...

    def node(self, function: Any = None, /, **options: Any) -> Any:
        """Make a function, plain or async, a node of its name; defining it again updates it.

        Args:
            function: What the node runs.
            **options: `retries`, `backoff`, `timeout`, `on`, `pure`, `cache`, `cache_key`, `tags`,
                `inside`, `compensate` (a function does too), `role`, `validate` as in
                `flowbook.graph.options`; `inputs` gives schemas by input; `outputs` names several
                outputs (`["rows: list", "n"]`), or gives their schemas by name; `options` says any
                of these in a mapping; `kind` is another node type that takes a function.

        Raises:
            FlowSyntaxError: an option or a parameter cannot be what it is; it says in which line.
        """
        if function is None:
            return lambda given: self.node(given, **options)
        if isinstance(function, NodeRef) and function.function is not None:
            function = function.function
        if "compensate" in options:
            undoes, inside = options["compensate"], options.get("inside", "")
            options["compensate"] = _name_of(self, undoes, inside)
        _refuse_strangers(self, function)
        with placed(function):
            declared = self.housed(read_function(function, options))
        self._put(declared, function, types_given(options))
        self.settle()
        return NodeRef(declared.id, self, function)

    def add(self, node: Node | NodeSpec) -> NodeRef:
        """Add a node object, or the spec of a node.

        A spec that names no outputs has those of its kind.
        """
        if isinstance(node, NodeSpec):
            self.apply(AddNode(self.housed(self.with_outputs(node))))
            self.settle()
            return self.handle(node)
        config = node.spec.config or _configured(node)
        own = node.spec.kind if node.spec.kind_name == node.kind else node.kind
        spec = replace(node.spec, kind=own or node.spec.kind, config=config)
        spec = self.housed(replace(spec, outputs=spec.outputs or node.ports(spec)))
        self._put(spec, node)
        self.settle()
        return NodeRef(spec.id, self)

    def _put(
        self,
        declared: NodeSpec,
        implementation: Any,
        types: Mapping[tuple[str, str], Any] | None = None,
    ) -> None:
        code = Code(implementation, declared, types or {})
        known = self._state.code.get(declared.id)
        current = self.spec().by_id.get(declared.id)
        every = {**self._state.code, declared.id: code}
        if current is None:
            self._change(AddNode(declared), every)
            return
        merged = _merged(declared, known.declared if known else None, current)
        if merged == current and merged.body:
            # The same text run again: nothing that a user would want to undo.
            self._state = replace(self._state, code=every)
        else:
            self._change(ReplaceNode(merged), every)

    def __getitem__(self, node: str) -> NodeRef:
        found = self.spec().node(NodeId(node))
        function = self.implementations.get(found.id)
        return self.handle(found, None if isinstance(function, Node) else function)

    def __contains__(self, node: object) -> bool:
        return node in self.spec().by_id

    def start(self, /, **params: Any) -> Any:
        """Start a run in the background and return it at once.

        `key` is a run key: a second start with it returns the first run, see `key_ttl`. `priority`
        says, in place of the flow's own, whether it goes before others where limits bind. `only`
        names nodes, or is one: they run with what they need, and all others are skipped as
        `not_asked`. `route` says which version runs: `published`, `pinned(3)`, `canary(10)`, or
        `draft`, which is the flow as it is. A flow with a parameter of such a name is given that.
        """
        how: dict[str, Any] = {}
        for name, parse in _HOW.items():
            if name in params and not any(param.name == name for param in self.params):
                given = params.pop(name)
                if given is not None:
                    how[name] = _said(name, parse, given)
        if self.base is not None:
            params = {**self.given_params, **params}
            needed = self.still_needed()
            how = how if "only" in how or needed is None else {**how, "only": needed}
        return self.host.start(self, params, **how)

    def run(self, /, **params: Any) -> Any:
        """Run to the end and return the run, which says how it went: it does not raise.

        A run that waits for a person, a signal, or a time more than a minute away is returned as it
        is, `suspended`: it goes on by itself, and `run.wait()` blocks until it is over. `key`,
        `priority`, `only` and `route` as in `start`.

        >>> flow = Flow("tour")
        >>> @flow.node
        ... def fetch(): ...
        >>> @flow.node
        ... def report(rows=fetch): ...
        >>> flow.run(only=fetch)["report"].outcome
        <Outcome.SKIPPED: 'skipped'>
        """
        run = self.start(**params)
        run.rest()
        return run

    def last_run(self) -> Any:
        """The newest run in this process; `UsageError` before the first."""
        run = self.host.last_run(self)
        if run is None:
            raise UsageError(f"flow {self.name!r} has not run yet", hint="call flow.run()")
        return run

    def recover(self, run_id: str | None = None, *, again: bool = False) -> Any:
        """Go on with this flow's runs whose process is gone; they are returned at once.

        Nodes that were done are not run again, nodes that were under way begin another attempt.
        Iterate over the answer for the runs, newest first; `refused` has the runs that cannot go
        on, each with the reason. There may be none of either.

        Args:
            run_id: Only this run; whatever keeps it from going on is raised.
            again: Also run again nodes whose values are gone, even if they have effects.

        Raises:
            UsageError: that run is over or not lost, the flow has changed since, or a value is
                gone.
        """
        return self.host.recover(self, run_id, again=again)

    def signal(self, run_id: str, name: str, payload: Any = None) -> str:
        """Leave a signal for a run of this project, whichever process has it, or none.

        The node that waits for `name`, or the first that will, gets `payload`, once.
        """
        return str(self.host.signal(run_id, name, payload))

    def state(self, run_id: str | None = None, *, at: int | None = None) -> Any:
        """What is stored of a run: every node's status, attempts, outputs and what it waits for.

        Of the flow's newest run without `run_id`; as it stood at event number `at` if given.
        """
        return self.host.state(self if run_id is None else run_id, at=at)

    @property
    def cache(self) -> Any:
        """What its cached nodes computed before: `why`, `entries`, `clear`, `warm`."""
        return self.host.cache.of(self)

    def check(self) -> tuple[Problem, ...]:
        """Everything that is wrong with the definition; empty when it can run."""
        return self.host.check(self)

    def canvas(self) -> Any:
        """The flow as a canvas, for display in the notebook."""
        return self.host.view(self, "canvas")

    @classmethod
    def from_notebook(cls, path: Any) -> Any:
        """The flow that the notebook at `path` holds; nothing is executed."""
        return default_host().read_notebook(path)

    def to_notebook(self, path: Any) -> None:
        """Write the flow as a notebook of `%%flow` cells."""
        self.host.write_notebook(self, path)

    def __repr__(self) -> str:
        lines = (f"{'  ' * (depth + 1)}{node}{feeds}" for depth, node, feeds in _lines(self))
        return "\n".join([_title(self), *lines])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td style="padding-left:{1 + 2 * depth}em"><b>{html.escape(node)}</b></td>'
            f"<td>{html.escape(feeds)}</td></tr>"
            for depth, node, feeds in _lines(self)
        )
        return f"<div>{html.escape(_title(self))}</div><table>{rows}</table>"


def _name_of(flow: Flow, undoes: Any, inside: str) -> Any:
    """The name of the node that undoes another; a function becomes one, in the same container."""
    if isinstance(undoes, NodeRef):
        return undoes.name
    return flow.node(inside=inside)(undoes).name if callable(undoes) else undoes


def _node_names(given: Any) -> list[NodeId]:
    """The nodes that are named, one or several, by name or by handle."""
    several = given if isinstance(given, list | tuple | set | frozenset) else [given]
    return [one.name if isinstance(one, NodeRef) else NodeId(str(one)) for one in several]


_HOW: Mapping[str, Callable[[Any], Any]] = {
    "key": str,
    "priority": parse_priority,
    "only": _node_names,
    "route": str,
}
"""What may be said of a run beside its parameters."""


def _refuse_strangers(flow: Flow, function: Callable[..., Any]) -> None:
    defaults = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    for default in defaults:
        node = default.node if isinstance(default, PortRef) else default
        if isinstance(node, NodeRef) and node.flow is not flow:
            raise UsageError(
                f"node {function.__name__!r} of flow {flow.name!r} is wired to {node!r}",
                hint="wires stay inside one flow",
            )


def _configured(node: Node) -> Mapping[str, Json]:
    """The traits that were given: a default stays the kind's to choose, and is not rendered."""
    traits = node.traits(config=True)
    values = {name: getattr(node, name) for name in traits}
    return {name: value for name, value in values.items() if value != traits[name].default(node)}


def _title(flow: Flow) -> str:
    shown = (
        param.name if isinstance(param.default, Missing) else f"{param.name}={param.default!r}"
        for param in flow.params
    )
    return f"Flow({', '.join([repr(flow.name), *shown])})"


def _lines(flow: Flow) -> Iterator[tuple[int, str, str]]:
    """How deep each node is inside of others, what it is called, and what feeds it."""
    wiring = resolve(flow.spec())
    feeds: dict[NodeId, dict[str, None]] = {}
    for edge in wiring.edges:
        source = (
            edge.source if str(edge.output) == str(edge.source) else f"{edge.source}.{edge.output}"
        )
        feeds.setdefault(edge.target, {})[source] = None
    for use in wiring.params:
        name = use.input if use.frame == use.target else use.param
        feeds.setdefault(use.target, {})[name] = None
    nesting = Nesting(flow.spec())
    waiting = [(0, node) for node in reversed(nesting.members.get("", ()))]
    while waiting:
        depth, node = waiting.pop()
        kind, block = node.kind, block_of(nesting.home(node.id))
        words = [kind] if kind != "python" else []
        words += ["overridden"] if node.id in flow.overrides else []
        words += [f"in {block}"] if block else []
        named = f"{node.id} ({', '.join(words)})" if words else node.id
        yield depth, named, f" <- {', '.join(feeds[node.id])}" if node.id in feeds else ""
        inside = [one for home in homes_of(node.id) for one in nesting.members.get(home, ())]
        waiting += [(depth + 1, one) for one in reversed(inside)]


def _said(name: str, parse: Callable[[Any], Any], given: Any) -> Any:
    try:
        return parse(given)
    except ValueError as refused:
        raise UsageError(f"{name} cannot be {given!r}", hint=str(refused)) from None


def _merged(declared: NodeSpec, before: NodeSpec | None, current: NodeSpec) -> NodeSpec:
    """`declared` anew, keeping what was changed elsewhere since it was declared as `before`.

    Position and cell always stay. An input or the options that the code declares as it did before
    stay as they are now, so that a wire drawn on the canvas outlives running the cell again.
    """
    kept = replace(declared, position=current.position, place=current.place)
    if before is None:
        return kept
    inputs = tuple(
        now
        if before.input(one.name) == one and (now := current.input(one.name)) is not None
        else one
        for one in declared.inputs
    )
    options = current.options if declared.options == before.options else declared.options
    return replace(kept, inputs=inputs, options=options)
