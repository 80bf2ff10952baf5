"""Remember something from node to node, run to run or flow to flow, and ask for it again.

A variable belongs to a run, to a flow or to the whole project. Every change of it has a version,
and a node that runs again, after a failure or a crash, changes nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import traitlets
from traitlets import Bool, CaselessStrEnum, Int, Unicode

from flowbook.errors import UsageError
from flowbook.graph.memory import Memory
from flowbook.graph.node import Node, NodeContext, Outputs
from flowbook.graph.services import Scope
from flowbook.ids import PortName

VALUE, VERSION = PortName("value"), PortName("version")
_MISSING: Final = object()
_SCOPES: Final = tuple(one.value for one in Scope)


def _scope() -> Any:
    return CaselessStrEnum(
        _SCOPES,
        default_value=Scope.FLOW.value,
        help="Whose variable it is: `run` for this run alone, `flow` for all runs of the flow, "
        "`global` for all flows of the project.",
    ).tag(config=True)


def _variable() -> Any:
    return Unicode(
        help="What the variable is called, such as `offset` or `offsets/{{ city }}`."
    ).tag(config=True, examples=["offset", "offsets/{{ city }}"])


class _OfVariable(Node):
    """What both kinds have."""

    family: ClassVar[str] = "state"
    outputs: ClassVar[tuple[PortName, ...]] = (VALUE, VERSION)

    variable: Any
    scope: Any

    def _memory(self, context: NodeContext) -> Memory:
        if not self.variable:
            raise UsageError(
                f"{self.spec.kind} {self.name!r} names no variable", hint="write variable: its name"
            )
        return context.services.variables(Scope(self.scope))

    def _gives(self, value: Any, version: int) -> Outputs:
        """What its head asks for: both, or one of them."""
        known = {VALUE: value, VERSION: version}
        ports = self.ports(self.spec)
        return Outputs({port: known[port] for port in ports if port in known})


class SetVariableNode(_OfVariable):
    """Changes a variable, durably, and gives its new `value` and `version`.

    Without `value`, that of the input called `value` is taken, or of the only input there is. A
    node that is retried, or goes on after a crash, changes nothing twice.
    """

    kind: ClassVar[str] = "set_variable"
    begins: ClassVar[str] = "variable: {name}\nvalue: 1"
    example: ClassVar[str] = """%%flow python fetched
fetched = {"rows": 3, "last": 120}

%%flow set_variable offset(fetched) -> value, version
variable: offset
value: "{{ fetched.last }}"

%%flow set_variable total(fetched) -> value, version
variable: total
value: "{{ fetched.rows }}"
mode: add
"""

    variable = _variable()
    value = traitlets.Any(
        None, allow_none=True, help="What it becomes, or what is added to it; any plain value."
    ).tag(config=True, examples=["{{ fetched.last }}", 0])
    scope = _scope()
    mode = CaselessStrEnum(
        ("set", "add", "append", "merge", "delete"),
        default_value="set",
        help="`set` replaces the value; `add` adds a number, from 0; `append` puts one more item "
        "at the end of a list; `merge` sets fields of a mapping; `delete` takes the value away.",
    ).tag(config=True)
    if_version = Int(
        None,
        allow_none=True,
        min=0,
        help="Only if that is its version still, else the node fails with `MemoryConflict`; 0: "
        "only if it has no value. With the modes `set` and `delete`.",
    ).tag(config=True)

    def __init__(self, spec: Any, **traits: Any) -> None:
        """Refuse a version with a mode that needs none."""
        super().__init__(spec, **traits)
        if self.if_version is not None and self.mode not in ("set", "delete"):
            raise UsageError(
                f"if_version does not go with mode {self.mode!r}, which loses nothing of others",
                hint="leave one of the two out",
            )

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Outputs:
        """Change it; `MemoryConflict` when it has another version than it should."""
        memory = self._memory(context)
        if self.mode == "delete":
            memory.delete(self.variable, if_version=self.if_version)
            return self._gives(None, 0)
        given = self._given(inputs)
        if self.mode == "set":
            version = memory.set(self.variable, given, if_version=self.if_version)
            return self._gives(given, version)
        change = self._change(given)
        value = memory.update(self.variable, change, _MISSING)
        return self._gives(value, memory.version(self.variable))

    def _given(self, inputs: Mapping[PortName, Any]) -> Any:
        if "value" in self.spec.config or self.value is not None:
            return self.value
        if VALUE in inputs:
            return inputs[VALUE]
        if len(inputs) == 1:
            return next(iter(inputs.values()))
        raise UsageError(
            f"set_variable {self.name!r} has {len(inputs)} inputs and no value",
            hint='write value: such as "{{ fetched.last }}"',
        )

    def _change(self, given: Any) -> Callable[[Any], Any]:
        wanted, empty = {
            "add": ((int, float), 0),
            "append": ((list,), []),
            "merge": ((dict,), {}),
        }[self.mode]

        def change(held: Any) -> Any:
            held = empty if held is _MISSING or held is None else held
            self._refuse(held, wanted, "has")
            if self.mode == "append":
                return [*held, given]
            self._refuse(given, wanted, "is given")
            return {**held, **given} if self.mode == "merge" else held + given

        return change

    def _refuse(self, value: Any, wanted: tuple[type, ...], how: str) -> None:
        if isinstance(value, bool) or not isinstance(value, wanted):
            needs = {"add": "numbers", "append": "a list", "merge": "mappings"}[self.mode]
            raise UsageError(
                f"variable {self.variable!r} {how} a {type(value).__name__}, and mode "
                f"{self.mode!r} needs {needs}",
                hint="use mode: set to replace it",
            )


class GetVariableNode(_OfVariable):
    """Gives the `value` of a variable and its `version`, which is 0 while it has no value.

    The version is what `if_version` of a `set_variable` takes.
    """

    kind: ClassVar[str] = "get_variable"
    begins: ClassVar[str] = "variable: {name}"
    example: ClassVar[str] = """%%flow get_variable offset -> value, version
variable: offset
default: 0

%%flow python since(offset=offset.value)
since = f"everything behind {offset}"
"""

    variable = _variable()
    scope = _scope()
    default = traitlets.Any(
        None, allow_none=True, help="What is given while the variable has no value."
    ).tag(config=True, examples=[0])
    required = Bool(False, help="Fail while the variable has no value.").tag(config=True)

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Outputs:
        """The value; `UsageError` without one, if it is required."""
        memory = self._memory(context)
        version = memory.version(self.variable)
        value = memory.get(self.variable, _MISSING)
        if value is not _MISSING:
            return self._gives(value, max(version, 1))
        if self.required:
            raise UsageError(
                f"variable {self.variable!r} of scope {self.scope!r} has no value",
                hint="set it with set_variable, or: flowbook vars set, or give a default",
            )
        return self._gives(self.default, 0)
