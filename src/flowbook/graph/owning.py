"""Containers in Python: `with flow.map("each", over=rows):` and its kin.

What is defined in the body of a `with` belongs to that container, unless it says otherwise with
`inside=`. The body runs once, when the flow is defined: it is where nodes are written, and no loop.
A container is data as every node is, so a notebook's cells can say all that is said here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from flowbook.graph.container import CATCH, FINALLY
from flowbook.graph.making import Making, Said, input_of, plain
from flowbook.graph.nesting import frame_names, is_container
from flowbook.graph.refs import NodeRef, PortRef
from flowbook.graph.spec import InputSpec, NodeSpec
from flowbook.ids import NodeId, PortName, as_port_name

_ITEMS = PortName("items")


class ContainerRef(NodeRef):
    """A container of a flow. `with` it, and what is defined there is inside of it.

    Defined in Python, it also has the names of its turns: `each.item` is a wire for a node inside.
    """

    def __init__(self, name: NodeId, owner: Owning) -> None:
        super().__init__(name, owner)
        self._owner = owner

    def _known_ports(self) -> tuple[PortName, ...]:
        """Its outputs, and what its turns are called inside: `each.item`."""
        return (*super()._known_ports(), *frame_names(self._owner.spec().node(self.name)))

    def __enter__(self) -> Self:
        self._owner.homes.append(str(self.name))
        return self

    def __exit__(self, *_: object) -> None:
        self._owner.homes.pop()


class TryRef(ContainerRef):
    """A `try`: `with guard:` its body, `with guard.catch:` and `with guard.finally_:` the rest."""

    @property
    def catch(self) -> Any:
        """Where the nodes are defined that run when one of the body failed; they read `error`."""
        return self._block(CATCH)

    @property
    def finally_(self) -> Any:
        """Where the nodes are defined that run in any case, at the end."""
        return self._block(FINALLY)

    @contextmanager
    def _block(self, block: str) -> Iterator[TryRef]:
        self._owner.homes.append(f"{self.name}.{block}")
        try:
            yield self
        finally:
            self._owner.homes.pop()


class Owning(Making):
    """A draft with a method for each kind of container.

    All take the node's name first, `inputs` (what it reads, by name: a node, a port, or the
    default of a parameter), `outputs`, the options of every node (`retries`, `timeout`, `inside`),
    and the settings of their kind. Defining one again updates it.
    """

    def map(self, name: str, over: Any = None, /, **settings: Any) -> ContainerRef:
        """The same for every item of `over`, `max_concurrent` (10) at once, each settled by itself.

        Args:
            name: The node's name.
            over: A node or a port that gives a list or a table, a list, or the name of either.
            **settings: `max_concurrent`, `continue_on_error`, `max_retries`, `item`, `index`,
                `result` as in the reference of node kinds.

        Raises:
            FlowSyntaxError: an option cannot be what it is.

        >>> from flowbook import Flow
        >>> flow = Flow("tour")
        >>> with flow.map("each", [1, 2, 3], max_concurrent=2) as each:
        ...     @flow.node
        ...     def double(item):
        ...         return item * 2
        >>> flow
        Flow('tour')
          each (map)
            double <- item
        """
        return ContainerRef(self.make("map", name, _over(over), settings), self)

    def each_of(self, name: str, /, *branches: Any, **settings: Any) -> ContainerRef:
        """The same for each of `branches` (nodes or ports), as soon as that is live."""
        said: Said = (tuple(map(_branch, branches)), {})
        return ContainerRef(self.make("each_of", name, said, settings), self)

    def foreach(self, name: str, over: Any = None, /, **settings: Any) -> ContainerRef:
        """The same for every item of `over`, one after the other; the first failure is its own.

        `collect` says what it gives: `list`, `table`, `last` or `nothing`.
        """
        return ContainerRef(self.make("foreach", name, _over(over), settings), self)

    def repeat(self, name: str, times: Any, /, **settings: Any) -> ContainerRef:
        """The same so many times; `times` is a number, or a node that gives one."""
        return ContainerRef(self.make("repeat", name, _given("times", times), settings), self)

    def while_(self, name: str, condition: str, /, **settings: Any) -> ContainerRef:
        """The same as long as `condition` holds, an expression over `last`, `index` and `inputs`.

        `initial` is what `last` is before the first turn, `max_iterations` (1000) its guard.
        """
        said: Said = ((), {"condition": condition})
        return ContainerRef(self.make("while", name, said, settings), self)

    def try_(self, name: str, /, **settings: Any) -> TryRef:
        """Nodes whose failure is caught: see `TryRef`."""
        return TryRef(self.make("try", name, ((), {}), settings), self)

    def group(self, name: str, /, **settings: Any) -> ContainerRef:
        """Several nodes as one, with names of their own."""
        return ContainerRef(self.make("group", name, ((), {}), settings), self)

    def break_(self, name: str, when: Any, /, **options: Any) -> NodeRef:
        """End the loop around it, once `when` (a node or a port, such as a router's) is live."""
        return NodeRef(self.make("break", name, _when(when), options), self)

    def continue_(self, name: str, when: Any, /, **options: Any) -> NodeRef:
        """End the turn around it, once `when` is live; the loop goes on with the next."""
        return NodeRef(self.make("continue", name, _when(when), options), self)

    def stop(self, name: str, when: Any, /, **settings: Any) -> NodeRef:
        """End the run at once, once `when` is live: what goes on is cancelled.

        `status` is how it then ends (`succeeded`, `failed` or `cancelled`), `message` says why.
        """
        return NodeRef(self.make("stop", name, _when(when), settings), self)

    def wait_signal(
        self, name: str, after: Any = None, /, *, timeout: Any = None, **settings: Any
    ) -> NodeRef:
        """Wait for a signal, once `after` is live, and give what comes with it.

        `signal` is its name, that of the node when left out; `timeout` and `on_timeout` say how
        long it waits, and what then.
        """
        inputs = () if after is None else _when(after, "after")[0]
        said: Said = (inputs, {} if timeout is None else {"timeout": timeout})
        return NodeRef(self.make("wait_signal", name, said, settings), self)

    def last_run(self) -> Any:
        """The newest run in this process."""
        raise NotImplementedError(f"{type(self).__name__}.last_run")  # the subclass's duty

    def handle(self, node: NodeSpec, function: Any = None) -> NodeRef:
        """What Python code holds of a node."""
        if node.kind_name == "try":
            return TryRef(node.id, self)
        if is_container(node):
            return ContainerRef(node.id, self)
        return NodeRef(node.id, self, function)


def _over(over: Any) -> Said:
    """The input and the setting that say what a container goes over."""
    if over is None:
        return (), {}
    if isinstance(over, str):
        return (InputSpec(as_port_name(over)),), {"over": f"{{{{ {over} }}}}"}
    if isinstance(over, NodeRef | PortRef):
        return (input_of(_ITEMS, over),), {}
    return (), {"over": plain("over", over)}


def _branch(value: Any) -> InputSpec:
    """An input called like what feeds it."""
    if isinstance(value, str):
        return InputSpec(as_port_name(value))
    name = f"{value.node.name}_{value.port}" if isinstance(value, PortRef) else str(value.name)
    return input_of(name, value)


def _when(value: Any, name: str = "when") -> Said:
    """The input that makes a node run as soon as it is live."""
    if isinstance(value, str):
        return (InputSpec(as_port_name(value)),), {}
    return (input_of(name, value),), {}


def _given(name: str, value: Any) -> Said:
    """A setting: the value itself, or the template of an input that a node feeds."""
    if isinstance(value, NodeRef | PortRef):
        return (input_of(name, value),), {name: f"{{{{ {name} }}}}"}
    return (), {name: plain(name, value)}
