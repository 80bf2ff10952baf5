"""The default node: a cell of Python, or a decorated function.

A cell runs as a function of its inputs. It sees its inputs, the captured names its spec lists,
builtins and what it imports, in a fresh global namespace per run: it cannot write into the
notebook's, and two runs never meet. What it gives back:

- the declared outputs, when the body binds names so called;
- else the value of `return`, or of the last expression;
- else, when it yields, the list of what it yielded.

An instance travels to another process with its spec and captured names and nothing else; the code
is compiled again there, under the same file name.
"""

from __future__ import annotations

import builtins
import inspect
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from time import monotonic
from types import FunctionType
from typing import Any, ClassVar, Self, final

from flowbook.graph.node import Node, NodeContext, Outputs
from flowbook.graph.spec import NodeSpec
from flowbook.ids import PortName
from flowbook.nodes import examples
from flowbook.nodes.cell_code import (
    NAMES,
    TAIL,
    CellCode,
    CellText,
    code_meaning,
    compile_cell,
    parse_body,
)

_MOMENT = 0.1
"""Seconds that a node may take from one value to the next without telling them."""
_FEW = 5


class PythonNode(Node):
    """A cell of Python, or a decorated function.

    It runs as a function of its inputs, in a namespace of its own: nothing is left behind in the
    notebook. It gives the outputs that its head names; else the value of `return` or of its last
    expression, or the names it binds. A top-level `await` makes it a coroutine, and `yield`
    collects what it yields.

    >>> from flowbook.graph.spec import InputSpec
    >>> from flowbook.ids import NodeId
    >>> spec = NodeSpec(NodeId("twice"), inputs=(InputSpec(PortName("x")),), body="x * 2")
    >>> PythonNode(spec).run(None, {"x": 21})
    42
    """

    kind: ClassVar[str] = "python"
    family: ClassVar[str] = "code"
    example: ClassVar[str] = examples.PYTHON
    body: ClassVar[str] = "python"

    def __init__(
        self,
        spec: NodeSpec,
        *,
        captured: Mapping[str, Any] | None = None,
        function: Callable[..., Any] | None = None,
    ) -> None:
        """Compiles the body; `FlowSyntaxError` names the cell and the line that is wrong."""
        super().__init__(spec)
        self._captured = dict(captured or {})
        self._function = function
        if function is None:
            self._check_outputs(self._cell())

    @classmethod
    def meaning(cls, spec: NodeSpec) -> str:
        """The body as a tree: without comments, blank lines, layout and line numbers."""
        return code_meaning(spec.body)

    @classmethod
    def from_function(cls, spec: NodeSpec, function: Callable[..., Any]) -> Self:
        """A node that calls `function` with the inputs it has parameters for."""
        return cls(spec, function=function)

    def __reduce__(self) -> tuple[Any, ...]:
        made = partial(type(self), captured=self._captured, function=self._function)
        return (made, (self.spec,))

    @property
    def is_async(self) -> bool:
        """True when `run` returns a coroutine."""
        return self._cell().is_async if self._callee is None else self._callee.is_async

    @cached_property
    def _callee(self) -> _Callee | None:
        return None if self._function is None else _Callee(self._function)

    @property
    def filename(self) -> str | None:
        """The file name of this node's frames; None for a function written in C."""
        if self._function is None:
            return self._cell().filename
        code = getattr(_called(self._function), "__code__", None)
        return code.co_filename if code else None

    def bind(self, namespace: Mapping[str, Any]) -> None:
        """Take the captured names as they are now; a missing one is a `NameError` when read."""
        self._captured = {name: namespace[name] for name in self.spec.captures if name in namespace}

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """The outputs, or a coroutine of them."""
        return self._run(context, inputs, {})

    def _run(
        self, context: NodeContext, inputs: Mapping[PortName, Any], more: Mapping[str, Any]
    ) -> Any:
        """Run it with `more` globals than a cell has."""
        if self._callee is not None:
            if self.spec.options.join:  # some have not arrived, and are None
                inputs = {one.name: inputs.get(one.name) for one in self.spec.inputs}
            return self._callee.call(inputs, _Telling(context))
        cell = self._cell()
        cell_globals = {
            "__name__": "__main__",  # so that what the cell defines is pickled by value
            "__builtins__": builtins,
            **self._captured,
            **more,
            TAIL: _Tail,
            NAMES: locals,
        }
        values = [inputs.get(one.name) for one in self.spec.inputs]
        given = FunctionType(cell.code, cell_globals, self.spec.id)(*values)
        if cell.is_async:
            return self._awaited(given, context)
        return _Telling(context).all(given) if cell.streams else self._handed(given)

    async def _awaited(self, given: Any, context: NodeContext | None) -> Any:
        return self._handed(await _collect(given, _Telling(context)))

    def _handed(self, given: Any) -> Any:
        """What the body gave, by port."""
        if not isinstance(given, _Tail):
            return given
        ports = self.ports(self.spec)
        if not self._cell().names.issuperset(ports):
            return given.value
        missing = [port for port in ports if port not in given.names]
        if missing:
            raise NameError(
                f"node {self.name!r} ended without binding its output "
                f"{', '.join(map(repr, missing))}; bind it on every path, or return "
                "flowbook.Outputs({...}) with the ports that are live"
            )
        if len(ports) == 1:
            return given.names[ports[0]]
        return Outputs({port: given.names[port] for port in ports})

    def _cell(self) -> CellCode:
        return compile_cell(CellText.of(self.spec), tuple(one.name for one in self.spec.inputs))

    def _check_outputs(self, cell: CellCode) -> None:
        """A declared output that the body can never give is an error before anything runs."""
        if cell.speaks or cell.streams:
            return
        never = [port for port in self.spec.outputs if port not in cell.names]
        if never and tuple(map(str, never)) != (str(self.name),):
            text = CellText.of(self.spec)
            raise text.refuse(f"the body never binds its output {', '.join(map(repr, never))}", 1)


def run_setup(spec: NodeSpec, namespace: dict[str, Any]) -> None:
    """Run a setup cell's body in `namespace`, for good; its frames point at the cell."""
    text = CellText.of(spec)
    code = compile(parse_body(text), text.show_in_tracebacks(), "exec", dont_inherit=True)
    exec(code, namespace)  # noqa: S102 - running the user's own setup code is what this is for


@final
class _Tail:
    """How a body that falls off its end hands over: its last value and the names it bound."""

    __slots__ = ("names", "value")

    def __init__(self, value: Any, names: dict[str, Any]) -> None:
        self.value = value
        self.names = names


def _called(function: Callable[..., Any]) -> Any:
    """The function behind decorators, partials and callable objects."""
    function = inspect.unwrap(function)
    while isinstance(function, partial):
        function = inspect.unwrap(function.func)
    if inspect.isroutine(function):
        return getattr(function, "__func__", function)
    return type(function).__call__


class _Callee:
    """A function, and how it wants to be called; found out once, because asking is slow."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        called = _called(function)
        self.is_async = inspect.iscoroutinefunction(called) or inspect.isasyncgenfunction(called)
        self.is_generator = inspect.isgeneratorfunction(called)

    @cached_property
    def _parameters(self) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
        """Those that go by their place, and the others by name; None when it takes all there are.

        `ValueError` for a function written in C that does not tell.
        """
        parameters = inspect.signature(self.function).parameters.values()
        first = tuple(one.name for one in parameters if one.kind is one.POSITIONAL_ONLY)
        named = tuple(one.name for one in parameters if one.name not in first)
        return first, None if any(one.kind is one.VAR_KEYWORD for one in parameters) else named

    def call(self, inputs: Mapping[PortName, Any], telling: _Telling) -> Any:
        """What it gives; the whole of what a generator yields, and of it all a coroutine."""
        by_place, by_name = self._parameters
        values: dict[Any, Any] = {**inputs}
        first = [values.pop(name) for name in by_place]
        if by_name is not None:
            values = {name: values[name] for name in by_name if name in values}
        given = self.function(*first, **values)
        if self.is_async:
            return _collect(given, telling)
        return telling.all(given) if self.is_generator else given


async def _collect(given: Any, telling: _Telling) -> Any:
    """The value of a coroutine; the list of what an async generator yields."""
    if inspect.isasyncgen(given):
        return [telling.told(value) async for value in given]
    return await given


class _Telling:
    """Puts what a node yields on its stream while it goes on.

    One that is quick has nothing to tell: a value is told once the next comes later than in a
    moment, and of those that came at once the last few.
    """

    def __init__(self, context: NodeContext | None) -> None:
        self.context = context
        self.last = monotonic()
        self.untold: deque[Any] = deque(maxlen=_FEW)

    def told(self, value: Any) -> Any:
        """The value, which may have been told."""
        self.untold.append(value)
        now = monotonic()
        if self.context is not None and now - self.last >= _MOMENT:
            self.last = now
            while self.untold:
                self.context.emit(self.untold.popleft())
        return value

    def all(self, given: Iterable[Any]) -> list[Any]:
        """All that a generator yields."""
        return [self.told(value) for value in given]
