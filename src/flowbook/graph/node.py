"""The node contract: all that a node type, ours or a stranger's, may know of flowbook.

A node is a `HasTraits` object whose traits are its configuration. It names its ports, says how it
likes to run, and computes: `run(context, inputs)`, a function or a coroutine. What it needs of
the world beyond its own client library (a query, an expression, a log line) it asks of the
`NodeContext`; it never opens the store and never learns which engine runs it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypedDict, Unpack

from msgspec import Struct
from traitlets import HasTraits

from flowbook.errors import UsageError
from flowbook.graph.called import Call, Called
from flowbook.graph.memory import Memory
from flowbook.graph.node_schema import configuration_schema
from flowbook.graph.options import Options
from flowbook.graph.services import Services
from flowbook.graph.spec import NodeSpec
from flowbook.graph.suspension import Resumption
from flowbook.ids import FlowId, NodeId, PortName, RunId


class Outputs(Struct, frozen=True):
    """What one run of a node gave: a value per live port.

    A port of the node that is absent here is *dead*: the branch behind it is not taken and its
    nodes are skipped. `result` is what `run["node"].output` shows when it is not simply the value
    of the only port (a router's `{matched_outputs, evaluated_value}`).
    """

    ports: Mapping[PortName, Any]
    result: Any = None


class UsageAmounts(TypedDict, total=False):
    """What one call of a metered service used, as far as it is known; `cost` in US dollars.

    `is_estimate`: the provider did not say, and you counted.
    """

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int | None
    cost: float | None
    is_estimate: bool


class NodeContext(Protocol):
    """What a running node may ask for. Safe to call from the thread the node runs in."""

    @property
    def run_id(self) -> RunId: ...

    @property
    def node(self) -> NodeId: ...

    @property
    def flow(self) -> FlowId:
        """The flow that the run is of."""
        ...

    @property
    def attempt(self) -> int:
        """1 for the first attempt."""
        ...

    @property
    def idempotency_key(self) -> str:
        """Stable over attempts and resumes of this node in this run: send it with effects."""
        ...

    @property
    def path(self) -> str:
        """The node's name in the whole run: `each[3].clean` inside of a container."""
        ...

    @property
    def resumption(self) -> Resumption | None:
        """What came after the node had returned `Suspend`; None when it runs for the first time.

        An attempt that fails after it is repeated with the same.
        """
        ...

    @property
    def memory(self) -> Memory:
        """What the flow remembers from run to run; a node that runs again does not write twice.

        Raises `UsageError` in another process.
        """
        ...

    @property
    def services(self) -> Services:
        """What the project does for its nodes: secrets, grants, files, variables, kept clients.

        Raises `UsageError` in another process.
        """
        ...

    def log(self, text: str) -> None:
        """One line for the run's log."""
        ...

    def progress(self, done: float, total: float | None = None, text: str = "") -> None:
        """How far the node is; shown live, at most ten times a second. The last one is kept."""
        ...

    def token(self, content: str) -> None:
        """The next piece of a text that comes bit by bit, as from a language model; shown live.

        All pieces of an attempt are kept as one text.
        """
        ...

    def emit(self, data: Any) -> None:
        """A chunk of data, before the node is done; kept as a value, as the flow's `streams` says.

        Do not change it afterwards.
        """
        ...

    def artefact(self, name: str, content: Any, media_type: str | None = None) -> None:
        """A file the node made: bytes, text, the `Path` of a file, a figure or a picture.

        `media_type` follows from the name where it is not given. Raises `UsageError` for a name
        that is no file's and for what cannot be made bytes, `OSError` for a file that cannot be
        read.

        >>> import flowbook, pathlib, tempfile
        >>> class Report(Node):
        ...     kind = "report"
        ...     outputs = (PortName("pages"),)
        ...     def run(self, context, inputs):
        ...         for word in ("It", " rains", "."):
        ...             context.token(word)
        ...         context.emit({"page": 1})
        ...         context.artefact("report.html", "<p>It rains.</p>")
        ...         return 1
        >>> project = flowbook.Project(pathlib.Path(tempfile.mkdtemp()))
        >>> _ = project.registry.register(Report)
        >>> flow = flowbook.Flow("weekly", host=project)
        >>> _ = flow.add(Report(NodeSpec(NodeId("report"), kind="report")))
        >>> stream = flow.run()["report"].stream
        >>> stream.text, stream.data, stream.artefacts["report.html"].content
        ('It rains.', [{'page': 1}], b'<p>It rains.</p>')
        """
        ...

    def record_usage(self, provider: str, model: str, **amounts: Unpack[UsageAmounts]) -> None:
        """What one call of a metered service, as of a language model, used.

        It stands in the history with this attempt, however the attempt ends. Raises `UsageError`
        for an amount that is negative or no number, and for a name that is empty.

        >>> import flowbook, pathlib, tempfile
        >>> class Ask(Node):
        ...     kind = "ask"
        ...     outputs = (PortName("answer"),)
        ...     def run(self, context, inputs):
        ...         context.record_usage("acme", "small-1", prompt_tokens=12, cost=0.0004)
        ...         return "yes"
        >>> project = flowbook.Project(pathlib.Path(tempfile.mkdtemp()))
        >>> _ = project.registry.register(Ask)
        >>> flow = flowbook.Flow("asking", host=project)
        >>> _ = flow.add(Ask(NodeSpec(NodeId("asked"), kind="ask")))
        >>> run = flow.run()
        >>> project.history.table("select node, model, total_tokens, cost from usage")[1]
        [('asked', 'small-1', 12, 0.0004)]
        """
        ...

    def add_items(self, container: str, items: Iterable[Any]) -> None:
        """Give a `map` or `foreach` more items, behind those it has, once this attempt succeeds.

        An attempt that fails adds nothing, and a node that runs again adds nothing twice. The node
        fails when there is no such container, or when it takes no items any more.
        """
        ...

    def cancelled(self) -> bool:
        """True once the run wants this node to stop; long loops should look."""
        ...

    def evaluate(self, expression: str, names: Mapping[str, Any]) -> Any:
        """The value of a `{{ }}` expression (without braces) over `names`."""
        ...

    def query(
        self,
        sql: str,
        tables: Mapping[str, Any],
        parameters: Mapping[str, Any],
        *,
        attach: Mapping[str, str] | None = None,
        result: str = "frame",
    ) -> Any:
        """DuckDB SQL over in-memory tables; a pandas frame (an Arrow table without pandas).

        `attach`: files of DuckDB and SQLite to read, by name; no other is read then.
        """
        ...

    async def call(self, wanted: Call) -> Called:
        """Run another flow to its end; only on the engine's loop."""
        ...


class Node(HasTraits):
    """Base of every node type.

    Subclass, set `kind`, declare configuration as traits tagged `config=True`, and write `run`:

    >>> class Double(Node):
    ...     kind = "double"
    ...     outputs = (PortName("value"),)
    ...     def run(self, context, inputs):
    ...         return inputs["value"] * 2
    >>> Double(spec=NodeSpec(NodeId("twice"), kind="double")).run(None, {"value": 21})
    42

    A plain return value goes to the node's only output; several outputs need `Outputs`.
    """

    kind: ClassVar[str] = ""
    body: ClassVar[str] = "config"
    """What a cell's body is for this kind: `config` (YAML of traits), `python`, `sql`, `text`, or
    `template`, a text in which `{{ }}` reads inputs."""
    outputs: ClassVar[tuple[PortName, ...]] = ()
    """Ports when neither the header nor the configuration names any."""
    gives: ClassVar[str] = ""
    """Annotation of its outputs where the node itself says none, such as `DataFrame`."""
    defaults: ClassVar[Options] = Options()
    """Options of nodes of this kind where the user gives none."""
    untemplated: ClassVar[tuple[str, ...]] = ()
    """Traits that stay as written: expressions the node evaluates itself."""
    expressions: ClassVar[tuple[str, ...]] = ()
    """Those of them that are one expression each; what it reads is an input, if it is made."""
    brings: ClassVar[tuple[str, ...]] = ()
    """Names its own expressions have besides its inputs, such as the `value` a router tests."""
    leaves: ClassVar[str] = ""
    """`break` or `continue` for a node that ends the loop, or the turn of it, that it is in."""
    tolerant: ClassVar[bool] = False
    """True for joins: runs once every input is settled and at least one of them is live."""
    version: ClassVar[str] = "1"
    """Of what `run` does: raise it, and nothing computed before is taken from the cache."""
    silent: ClassVar[bool] = False
    """True for what is only read by people: it is no step of a run."""
    asserts: ClassVar[bool] = False
    """True for what only looks at what others gave: it runs where it is asked for, and no more."""
    type_version: ClassVar[int] = 1
    """Of what its configuration means: a class of version 2 is the kind `name.v2`."""
    latest: ClassVar[bool | None] = None
    """Whether the bare name of the kind means this version; None: the highest does."""
    opaque: ClassVar[str] = ""
    """Why its results are never taken from the cache: they go by what no input shows."""
    grace: ClassVar[float] = 0.5
    """Seconds it may take to stop once it is told."""
    family: ClassVar[str] = ""
    """Where it stands among others: `data`, `files`, `flow`, `state`, `services`, `code`."""
    external: ClassVar[bool] = False
    """True when it may change something outside of the process; a test run does not run it."""
    begins: ClassVar[str] = ""
    """What a new cell of it says below its head; `{input}` is what it is fed by, if anything."""
    example: ClassVar[str] = ""
    """Cells that show it at work, each beginning with `%%flow`; run when its page is made."""

    def __init__(self, spec: NodeSpec, **traits: Any) -> None:
        super().__init__(**traits)
        self.spec = spec

    @property
    def name(self) -> NodeId:
        """The node's name in its flow."""
        return self.spec.id

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """Its configuration as a JSON Schema (2020-12), made of its traits.

        A setting that templates are rendered in may also be a text with `{{`; how the schema says
        so, and which words of its own it has, stands in `flowbook.graph.node_schema`.

        >>> from traitlets import Int
        >>> class Wait(Node):
        ...     kind = "wait"
        ...     seconds = Int(1, min=0, help="How long.").tag(config=True)
        >>> seconds = Wait.schema()["properties"]["seconds"]
        >>> seconds["anyOf"][0], seconds["default"], seconds["description"]
        ({'type': 'integer', 'minimum': 0}, 1, 'How long.')
        """
        return configuration_schema(cls)

    @classmethod
    def ports(cls, spec: NodeSpec) -> tuple[PortName, ...]:
        """Output ports a spec of this kind has; override where the configuration decides."""
        return spec.outputs or cls.outputs or (PortName(spec.id),)

    @classmethod
    def ends(cls, spec: NodeSpec) -> str:  # noqa: ARG003 - for subclasses
        """`succeeded`, `failed` or `cancelled` for a node that stops the run so; else nothing."""
        return ""

    @classmethod
    def meaning(cls, spec: NodeSpec) -> str:
        """A text that is equal for bodies that do the same; override to pass over layout.

        A configuration says all by its values, however its text is laid out.
        """
        return "" if cls.body == "config" and spec.config else spec.body

    @classmethod
    def migrate(cls, old: NodeSpec) -> NodeSpec:
        """What a node of the version before this one is in this version.

        Override where settings changed; return a changed copy, and lose nothing:

        >>> from dataclasses import replace
        >>> class Fetch(Node):
        ...     kind = "fetch"
        ...     type_version = 2
        ...     @classmethod
        ...     def migrate(cls, old):
        ...         config = dict(old.config)
        ...         return replace(old, config={"url": config.pop("address"), **config})
        >>> Fetch.migrate(NodeSpec(NodeId("get"), "fetch.v1", config={"address": "x"})).config
        {'url': 'x'}
        """
        return old

    @classmethod
    def from_function(cls, spec: NodeSpec, function: Callable[..., Any]) -> Node:
        """A node of this kind that runs `function`; `UsageError` for kinds that take none."""
        raise UsageError(
            f"node {spec.id!r} of kind {cls.kind!r} cannot run the function {function!r}",
            hint="decorate functions with kind 'python'",
        )

    def bind(self, namespace: Mapping[str, Any]) -> None:
        """Called before `run` with the names the notebook's cells share; code kinds use them."""

    def run(
        self, context: NodeContext, inputs: Mapping[PortName, Any]
    ) -> Any | Outputs | Awaitable[Any | Outputs]:
        """Compute. Raise anything to fail the attempt; a coroutine runs on the engine's loop.

        `Suspend` makes the node wait; `run` is called again when what it waits for has come.
        """
        raise NotImplementedError(f"{type(self).__name__}.run")  # the subclass's one duty


def as_outputs(value: Any, ports: tuple[PortName, ...]) -> Outputs:
    """What a node returned, by port.

    One port takes the value whole; several take a mapping or a tuple of the same length.
    Raises `TypeError` saying what was returned and what was expected.

    >>> dict(as_outputs((1, 2), (PortName("a"), PortName("b"))).ports)
    {'a': 1, 'b': 2}
    """
    if isinstance(value, Outputs):
        strangers = set(value.ports) - set(ports)
        if strangers:
            raise TypeError(f"output {sorted(strangers)} is none of {list(ports)}")
        return value
    if len(ports) <= 1:
        return Outputs(dict.fromkeys(ports, value), result=None if ports else value)
    if isinstance(value, Mapping) and set(value) == set(ports):
        return Outputs(dict(value))
    if isinstance(value, tuple) and len(value) == len(ports):
        return Outputs(dict(zip(ports, value, strict=True)))
    raise TypeError(
        f"returned {type(value).__name__}, expected {len(ports)} values for {', '.join(ports)}"
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a node is: `done` of `total` (None: unknown), and a word about it."""

    done: float
    total: float | None = None
    text: str = field(default="")
