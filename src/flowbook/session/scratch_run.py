"""The code of a node, run over the names of a scratch: it is no run, nothing is recorded."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.errors import UsageError
from flowbook.graph.flow import Flow
from flowbook.graph.node import Node, Outputs
from flowbook.graph.spec import NodeSpec
from flowbook.graph.wiring import resolve
from flowbook.ids import NodeId, PortName
from flowbook.nodes.cell_code import NAMES, TAIL, CellText, compile_cell
from flowbook.session.saved import Moment
from flowbook.store.values import Unavailable

if TYPE_CHECKING:
    from types import CodeType, TracebackType

    from flowbook.graph.registry import Registry
    from flowbook.session.live_flow import LiveFlows


class Office(Protocol):
    """What opening a moment needs of its project; `flowbook.Project` is one."""

    live: LiveFlows

    @property
    def registry(self) -> Registry: ...


class Names(Protocol):
    """Where the code runs: a dictionary that knows more names than it has loaded."""

    def bind(self, names: Mapping[str, Any]) -> None:
        """Have these names there."""
        ...

    def get(self, name: str, default: Any = None, /) -> Any: ...
    def __getitem__(self, name: str, /) -> Any: ...
    def __contains__(self, name: object, /) -> bool: ...


def run_code(office: Office, names: Any, moment: Moment, node: NodeSpec, text: str) -> Any:
    """What the node gives when `text` is its code; see `Scratch.run`."""
    kind = office.registry.get(node.kind)
    function = _function(office, moment, node) if text == node.body else None
    if function is not None:
        return _called(names, node, function)
    if _is_definition(text):
        return _called(names, node, _defined(names, node, text))
    if kind is not None and kind.body == "python":
        return _executed(names, replace(node, body=text))
    return _tested(office, names, moment, node)


def _inputs(names: Names, node: NodeSpec) -> dict[str, Any]:
    given = {str(one.name): names[one.name] for one in node.inputs if one.name in names}
    for name, value in given.items():
        if isinstance(value, Unavailable):
            raise UsageError(
                f"{node.id} reads {name!r}, which cannot be had: {value.reason}",
                hint=f"put something in its place: here[{name!r}] = …",
            )
    return given


def _function(office: Office, moment: Moment, node: NodeSpec) -> Callable[..., Any] | None:
    """The function of this process behind the node, if it still says what it said then."""
    for flow in office.live:
        spec = flow.spec()
        now, one = spec.by_id.get(node.id), flow.implementations.get(node.id)
        same = now is not None and spec.id == moment.flow and now.body == node.body
        if same and one is not None and not isinstance(one, Node):
            found: Callable[..., Any] = one
            return found
    return None


def _called(names: Names, node: NodeSpec, function: Callable[..., Any]) -> Any:
    inner = inspect.unwrap(function)
    with _Kept(names, getattr(inner, "__code__", None)):
        return _finished(partial(function, **_inputs(names, node)))


def _defined(names: Any, node: NodeSpec, text: str) -> Callable[..., Any]:
    """The function that a text defines, over the names that are there."""
    filename = CellText.of(replace(node, body=text)).show_in_tracebacks()
    code = compile(text, filename, "exec", dont_inherit=True)
    exec(code, names)  # noqa: S102 - the user's own code, which is what this is for
    found: Callable[..., Any] = names[code.co_names[-1]]
    return found


def _executed(names: Any, node: NodeSpec) -> Any:
    """A cell's code, as a function of what it reads, over the names that are there."""
    inputs = tuple(str(one.name) for one in node.inputs)
    code = compile_cell(CellText.of(node), inputs)
    given = _inputs(names, node)

    def ended(value: Any, bound: Mapping[str, Any]) -> _Ended:
        names.bind(bound)
        return _Ended(value, frozenset(bound))

    names.bind({"__name__": "__main__", NAMES: locals, TAIL: ended})
    function = FunctionType(code.code, names, str(node.id))
    with _Kept(names, code.code):
        result = _finished(partial(function, *(given.get(one) for one in inputs)))
    if not isinstance(result, _Ended):
        return result
    if not node.outputs or not result.names.issuperset(node.outputs):
        return result.value
    ports = {port: names[port] for port in node.outputs}
    return next(iter(ports.values())) if len(ports) == 1 else ports


def _tested(office: Office, names: Names, moment: Moment, node: NodeSpec) -> Any:
    """What a node without Python of its own gives, in a test run of its own."""
    spec = moment.spec
    assert spec is not None  # noqa: S101 - the node is of it
    flow = Flow(moment.flow, host=office)  # type: ignore[arg-type]  # a project
    flow.replace_spec(spec)
    given, wiring = _inputs(names, node), resolve(spec)
    mocks: dict[NodeId, dict[PortName, Any]] = {}
    for edge in wiring.edges:
        if edge.target == node.id and str(edge.input) in given:
            mocks.setdefault(edge.source, {})[edge.output] = given[str(edge.input)]
    params = {
        str(use.param): given[str(use.input)]
        for use in wiring.params
        if use.target == node.id and str(use.input) in given
    }
    stand_ins = {one: Outputs(ports) for one, ports in mocks.items()}
    run = flow.test(params, mocks=stand_ins, only=str(node.id))
    return run.raise_for_status()[node.id].output


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a body fell off its end: its last value, and the names that it had bound."""

    value: Any
    names: frozenset[str]


class _Kept:
    """Keeps the names that a piece of code had bound when it raised."""

    def __init__(self, names: Names, code: CodeType | None) -> None:
        self._names, self._code = names, code

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, _error: object, traceback: TracebackType | None) -> None:
        while traceback is not None:
            if traceback.tb_frame.f_code is self._code:
                self._names.bind(traceback.tb_frame.f_locals)
            traceback = traceback.tb_next


def _is_definition(text: str) -> bool:
    return text.lstrip().startswith(("def ", "async def ", "@"))


def _finished(call: Callable[[], Any]) -> Any:
    """What a call gives; of a coroutine what it comes to, of a generator all that it yields."""
    given = call()
    if inspect.isgenerator(given):
        return list(given)
    if not inspect.isawaitable(given) and not inspect.isasyncgen(given):
        return given
    found: list[Any] = []
    failed: list[BaseException] = []

    async def wait() -> Any:
        return [one async for one in given] if inspect.isasyncgen(given) else await given

    def work() -> None:
        try:
            found.append(asyncio.run(wait()))
        except BaseException as error:  # noqa: BLE001 - raised again where it was asked for
            failed.append(error)

    thread = threading.Thread(target=work, name="flowbook-scratch")  # a kernel has a loop already
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found[0]
