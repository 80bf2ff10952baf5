"""What a cell can say and a decorator has no function for, said in Python.

`flow.http("get", url=…)` is a cell of kind `http`: every kind that is installed, ours or a
stranger's, is a method of that name. `flow.param` and `flow.setup` are the parameters cell and a
setup cell.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from flowbook.errors import FlowSyntaxError, UnknownKind, UsageError
from flowbook.graph.flow_edits import SetParams, SetSetup
from flowbook.graph.options import did_you_mean
from flowbook.graph.owning import Owning
from flowbook.graph.refs import NodeRef
from flowbook.graph.signature import annotation_text, is_json, source_of
from flowbook.graph.spec import MISSING, NodeSpec, ParamSpec, Wire
from flowbook.graph.written import placed
from flowbook.ids import NodeId, as_node_id, as_port_name

_F = TypeVar("_F", bound=Callable[..., Any])
SETUP = "setup"
"""The kind of what is shared code and no node."""


class Declaring(Owning):
    """A flow in which every kind of node, parameters and setup code are defined by a call."""

    def add_kind(self, kind: str, name: str, body: str = "", /, **given: Any) -> Any:
        """Define a node of any kind, as a cell of it would; `flow.KIND(name, …)` is the same.

        Args:
            kind: The kind, with a version or without: `http`, `http.v1`.
            name: The node's name.
            body: The text of its cell, where that is code, SQL or prose.
            **given: Settings of the kind, options of every node (`retries`, `inside`), and inputs
                that are nodes or ports. A setting that is a node is fed by it. `inputs` (a node, a
                port, `flow.wire(…)`, a default, or `...` for what is called so), `outputs`
                (`["rows: list", "n"]`), `options` and `settings` say the same in mappings, for
                names that are two of these at once. A setting that is a word of Python has `_`
                behind it.

        Raises:
            UnknownKind: no kind is called so.
            FlowSyntaxError: there is no such setting or option; it says in which line.

        >>> from flowbook import Flow
        >>> flow = Flow("tour")
        >>> @flow.node
        ... def sales():
        ...     return [{"city": "Oslo", "total": 3}, {"city": "Rome", "total": 5}]
        >>> best = flow.sql("best", "select city from sales order by total desc limit $n", n=1)
        Traceback (most recent call last):
        ...
        flowbook.errors.FlowSyntaxError: ...: node 'best': kind sql has no setting 'n'
        ...
        >>> best = flow.sql("best", "select city from sales order by total desc limit $n",
        ...                 inputs={"n": 1}, result="rows")
        >>> flow.run()["best"].output
        [{'city': 'Rome'}]
        """
        if kind not in self.kinds:
            raise UnknownKind(
                f"no node type is called {kind!r}",
                hint=self.kinds.hint(kind),
                kind=kind,
                known=tuple(sorted(self.kinds)),
            )
        node = self.make(kind, name, ((), {}), given, body)
        return self.handle(self.spec().node(node))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """A method for each kind: `flow.http`; one that is a word of Python has `_` behind it."""
        if name.startswith("_"):
            raise AttributeError(name)
        for kind in (name, name.removesuffix("_")):
            if kind in self.kinds:
                return partial(self.add_kind, kind)
        known = (*(one for one in dir(type(self)) if not one.startswith("_")), *self.kinds)
        hint = did_you_mean(name, known)
        told = f"; {hint}" if hint.startswith("did") else ""
        raise AttributeError(f"a flow has no method and no kind {name!r}{told}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(kind for kind in self.kinds if kind.isidentifier())})

    def wire(self, node: Any, port: str | None = None) -> Wire:
        """A wire from a node that may be defined later, by its name: a parameter's default.

        >>> from flowbook import Flow
        >>> flow = Flow("tour")
        >>> @flow.node
        ... def report(rows=flow.wire("fetch")): ...
        >>> @flow.node
        ... def fetch(): ...
        >>> flow
        Flow('tour')
          report <- fetch
          fetch
        """
        named = node.name if isinstance(node, NodeRef) else str(node)
        return Wire(as_node_id(named), None if port is None else as_port_name(port))

    def param(
        self, name: str, default: Any = MISSING, /, *, type: Any = None, help: str | None = None
    ) -> None:
        """Declare a parameter of the flow, or declare it anew; nodes read it by its name.

        Args:
            name: What it is called.
            default: What it is when a run is given none; left out: every run has to give it.
            type: What it is checked for: a type, or the text of an annotation.
            help: A line on what it is for.

        Raises:
            FlowSyntaxError: the default is nothing that a parameter can hold.

        >>> from flowbook import Flow
        >>> flow = Flow("tour")
        >>> flow.param("city", "Oslo", type=str, help="where to look")
        >>> flow
        Flow('tour', city='Oslo')
        """
        port = as_port_name(name)
        with placed():
            if default is not MISSING and not is_json(default):
                raise FlowSyntaxError(
                    f"the default of parameter {name!r} is a {default.__class__.__name__}, which "
                    "no run parameter can hold",
                    hint="use None, text, a number, a list or a mapping",
                )
            text = getattr(type, "__name__", None) if isinstance(type, _PLAIN) else type
            text = None if type is None else annotation_text(str(text), name)
        made = ParamSpec(port, default, text, " ".join(help.split()) or None if help else None)
        now = {one.name: one for one in self.spec().params}
        if now.get(port) != made:
            self.apply(SetParams(tuple({**now, port: made}.values())))
        self.settle()

    def setup(self, code: _F | str, /) -> Any:
        """Code that all nodes written as text share; a decorator, too, for a function or a class.

        It runs once, before the first node. Decorated functions have their module around them and
        need none of it; cells have. The same text again changes nothing.

        Raises:
            FlowSyntaxError: the text is no Python.

        >>> from flowbook import Flow
        >>> flow = Flow("tour")
        >>> flow.setup("factor = 3")
        >>> _ = flow.python("tripled", "factor * 2")
        >>> flow.run()["tripled"].output
        6
        """
        text = code if isinstance(code, str) else source_of(code)
        if not isinstance(code, str) and not text:
            raise UsageError(
                f"no source text is known for {code!r}", hint="give the text of the code"
            )
        with placed():
            _refuse_what_is_no_python(text)
        was = self.spec().setup
        taken = {one.id for one in was}
        numbers = (NodeId(f"setup_{number}") for number in range(len(was) + 1))
        name = next(one for one in numbers if one not in taken)
        if not isinstance(code, str):
            name = NodeId(f"setup_{code.__name__}")
        made = NodeSpec(name, kind=SETUP, body=text)
        if text not in [one.body for one in was]:
            kept = [made if one.id == name else one for one in was]
            self.apply(SetSetup(tuple(kept if name in taken else [*was, made])))
            self.settle()
        return None if isinstance(code, str) else code


_PLAIN = type


def _refuse_what_is_no_python(text: str) -> None:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as broken:
        raise FlowSyntaxError(
            f"the setup code is not Python: {getattr(broken, 'msg', broken)}",
            hint="magics and shell lines belong in a cell of their own",
        ) from None
