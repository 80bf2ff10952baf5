"""Nodes that own others (map, foreach, repeat, while, try, group), and those that leave loops.

A node says which container it is in with `#| in: name`. It may read what the container reads, what
the flow around it makes, and the names that the container's turns bring. What leaves is what the
container's outputs are called, else what the nodes at the end of its block give: the value itself
where there is one, a mapping by name where there are more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Final

import traitlets
from traitlets import Bool, Enum, Int, TraitError, Unicode, validate

from flowbook.errors import UsageError
from flowbook.graph.container import CATCH, Container, Policy, TurnEnd, Turns, TurnStart
from flowbook.graph.nesting import ERROR, INDEX, ITEM, LAST, frame_names, own_outputs
from flowbook.graph.node import Node, NodeContext, Outputs
from flowbook.graph.options import Options
from flowbook.graph.spec import NodeSpec
from flowbook.ids import PortName, as_port_name
from flowbook.nodes import container_examples as examples
from flowbook.nodes.gathering import by_name, count, every, one_of, settled, summed
from flowbook.nodes.router import bare, condition_holds, is_script, nested
from flowbook.nodes.tables import rows_of, stacked

ITEMS: Final = PortName("items")
_ASKED: Final = "{{ items }}"


class _Owning(Container):
    """What all of them have."""

    defaults: ClassVar[Options] = Options(pure=True)
    family: ClassVar[str] = "flow"

    result = Unicode(help="The node inside whose output counts; else those at the end.").tag(
        config=True
    )


class _Naming(_Owning):
    """A container whose turns have names of the user's choice."""

    checkpoint_every = Int(0, min=0, help="A checkpoint behind so many turns; 0: none.").tag(
        config=True
    )
    index = Unicode("index", help="What the turn's number is called inside, from 0.").tag(
        config=True
    )

    @classmethod
    def names(cls, spec: NodeSpec, block: str) -> tuple[PortName, ...]:
        """The names of a turn, as the configuration calls them."""
        return frame_names(spec, block)

    def frame(self, start: TurnStart) -> Mapping[PortName, Any]:
        """The names of a turn with their values."""
        values = {
            ITEM: start.item,
            INDEX: start.index,
            LAST: one_of(start.last),
            ERROR: start.error,
        }
        said = {self.spec.config.get(name, name): value for name, value in values.items()}
        names = self._frame_names.get(start.block)
        if names is None:  # once: a map may have a million turns
            names = self._frame_names[start.block] = frame_names(self.spec, start.block)
        return {name: said[name] for name in names}

    @cached_property
    def _frame_names(self) -> dict[str, tuple[PortName, ...]]:
        return {}


class _Items(_Naming):
    """A container with a turn for each item."""

    untemplated: ClassVar[tuple[str, ...]] = ("item", "index", "result")

    over = traitlets.Any(_ASKED, help="What to take the items of: a list, or a table by rows.").tag(
        config=True
    )
    item = Unicode("item", help="What the item is called inside.").tag(config=True)

    @validate("item", "index")
    def _check_name(self, proposal: Any) -> str:
        try:
            return as_port_name(proposal["value"])
        except UsageError as refused:
            raise TraitError(refused.message) from None

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Sequence[Any]:
        """The items; `UsageError` for what has none."""
        return rows_of(self._over(inputs), self.name)

    def _over(self, inputs: Mapping[PortName, Any]) -> Any:
        if not (isinstance(self.over, str) and self.over == _ASKED):
            return self.over
        own = [one.name for one in self.spec.inputs if one.name in inputs]
        if ITEMS in inputs:
            return inputs[ITEMS]
        if len(own) == 1:
            return inputs[own[0]]
        raise UsageError(
            f"{self.kind} {self.name!r} does not know what to go over",
            hint='say it: over: "{{ fetch.rows }}", or call one input items',
        )


class MapNode(_Items):
    """Does the same for every item, several at once, and settles each by itself.

    Its output is a list of `{status: fulfilled, value, index}` and `{status: rejected, reason,
    index}`, in the order of the items; `<name>_values` has the values of those that went well,
    `<name>_summary` is `{total, succeeded, failed, duration_ms}`. With `continue_on_error: false`
    the first failure ends it, and it gives what there is by then; the same when `enough` items have
    gone well. `rest` says what then becomes of the others.
    """

    kind: ClassVar[str] = "map"
    example: ClassVar[str] = examples.MAP
    untemplated: ClassVar[tuple[str, ...]] = (*_Items.untemplated, "enough", "rest")

    max_concurrent = Int(10, min=1, help="How many items are under way at once.").tag(config=True)
    continue_on_error = Bool(True, help="Go on with the others when one fails.").tag(config=True)
    max_retries = Int(0, min=0, help="How many more times a failed item is begun anew.").tag(
        config=True
    )
    enough = traitlets.Any(
        None,
        help="How many items have to go well, or an expression over succeeded, failed, total and "
        "values that says when it is over.",
    ).tag(config=True)
    collect_results = Bool(
        True, help="Give what the items gave; else it is only written down, item by item."
    ).tag(config=True)
    rest = Enum(
        ("cancel", "leave"),
        default_value="cancel",
        help="What becomes of the other items when there are enough: cancel, or leave them be.",
    ).tag(config=True)

    def __init__(self, spec: NodeSpec, **traits: Any) -> None:
        """None may be enough only where the others are left to themselves."""
        super().__init__(spec, **traits)
        least = 0 if spec.config.get("rest") == "leave" else 1
        enough = self.enough
        if isinstance(enough, str) and bare(enough):
            return
        if enough is not None and (type(enough) is not int or enough < least):
            raise UsageError(
                f"enough: {enough!r} is neither a whole number from {least} on nor an expression",
                hint="such as enough: 3, or enough: succeeded * 2 > total",
            )

    @classmethod
    def policy(cls, spec: NodeSpec) -> Policy:
        """As the configuration says; what is malformed counts as not said, never raised."""
        return Policy(
            Turns.EACH,
            window=count(spec, "max_concurrent", 10, least=1),
            stop=spec.config.get("continue_on_error") is False,
            settle=True,
            retries=count(spec, "max_retries", 0),
            enough=count(spec, "enough", -1) if type(spec.config.get("enough")) is int else None,
            asks=isinstance(spec.config.get("enough"), str),
            slow=is_script(spec.config.get("enough")),
            outlasts=spec.config.get("rest") == "leave",
            grows=True,
            checkpoint_every=every(spec),
            collects=spec.config.get("collect_results") is not False,
        )

    @classmethod
    def ports(cls, spec: NodeSpec) -> tuple[PortName, ...]:
        """The settled items, their values, the summary; or those that are asked for, in order."""
        return spec.outputs or own_outputs(spec.id, "map")

    def satisfied(
        self, context: NodeContext, inputs: Mapping[PortName, Any], turns: Sequence[TurnEnd]
    ) -> bool:
        """The value of `enough`, an expression."""
        values = [one_of(turn.gave) for turn in turns if turn.error is None]
        names: dict[Any, Any] = {
            **nested(inputs),
            "values": values,
            "succeeded": len(values),
            "failed": len(turns) - len(values),
            "total": len(rows_of(self._over(inputs), self.name)),
        }
        return condition_holds(self, context, "enough", bare(self.enough), names)

    def gather(self, turns: Sequence[TurnEnd]) -> Outputs:
        """The three outputs."""
        ports, summary = type(self).ports(self.spec), summed(turns)
        if not self.collect_results:
            return Outputs(dict.fromkeys(ports[2:], summary))
        values = [one_of(turn.gave) for turn in turns if turn.error is None]
        made = ([settled(turn) for turn in turns], values, summary)
        return Outputs(dict(zip(ports, made, strict=False)))


class ForeachNode(_Items):
    """Takes the items one after the other; the first failure is its own.

    `last` inside is what the turn before gave. `collect` says what becomes of the values: a list,
    one table with the item's number as a column, the last one, or nothing.
    """

    kind: ClassVar[str] = "foreach"
    example: ClassVar[str] = examples.FOREACH

    collect = Enum(
        ("list", "table", "last", "nothing"), default_value="list", help="What its output is."
    ).tag(config=True)

    @classmethod
    def policy(cls, spec: NodeSpec) -> Policy:
        """One turn after the other."""
        return Policy(Turns.EACH, grows=True, checkpoint_every=every(spec))

    def gather(self, turns: Sequence[TurnEnd]) -> Outputs:
        """What `collect` says."""
        kept = [turn for turn in turns if not turn.left or turn.gave]
        values = [one_of(turn.gave) for turn in kept]
        port = type(self).ports(self.spec)[0]
        if self.collect == "list":
            return Outputs({port: values})
        if self.collect == "last":
            return Outputs({port: values[-1] if values else None})
        if self.collect == "table":
            numbers = [turn.index or 0 for turn in kept]
            return Outputs({port: stacked(values, numbers, self.index, self.name)})
        return Outputs({port: None})


class RepeatNode(_Naming):
    """Does the same so many times; gives the list of what each turn gave."""

    kind: ClassVar[str] = "repeat"
    example: ClassVar[str] = examples.REPEAT
    untemplated: ClassVar[tuple[str, ...]] = ("index", "result")

    times = traitlets.Any(1, help="How many turns.").tag(config=True)

    @classmethod
    def policy(cls, spec: NodeSpec) -> Policy:
        """One turn after the other."""
        return Policy(Turns.EACH, checkpoint_every=every(spec))

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Sequence[Any]:
        """The numbers of the turns."""
        if type(times := self.times) is not int or times < 0:
            raise UsageError(f"repeat {self.name!r} cannot have {times!r} turns", hint="times: 3")
        return range(times)

    def gather(self, turns: Sequence[TurnEnd]) -> Outputs:
        """The list."""
        values = [one_of(turn.gave) for turn in turns if not turn.left or turn.gave]
        return Outputs({type(self).ports(self.spec)[0]: values})


class WhileNode(_Naming):
    """Turns as long as `condition` holds, and gives what the last turn gave.

    The condition reads the container's inputs, `last` (what the turn before gave, `initial` before
    the first) and `index`. More than `max_iterations` turns are a failure.
    """

    kind: ClassVar[str] = "while"
    begins: ClassVar[str] = "condition: index < 3"
    example: ClassVar[str] = examples.WHILE
    untemplated: ClassVar[tuple[str, ...]] = ("condition", "index", "last", "result")
    expressions: ClassVar[tuple[str, ...]] = ("condition",)

    condition = Unicode(help="An expression; another turn begins while it holds.").tag(config=True)
    initial = traitlets.Any(None, help="What `last` is before the first turn.").tag(config=True)
    max_iterations = Int(1000, min=1, help="More turns than these are a failure.").tag(config=True)
    last = Unicode("last", help="What the value of the turn before is called.").tag(config=True)

    @classmethod
    def policy(cls, spec: NodeSpec) -> Policy:
        """One turn after the other, with a guard."""
        most = count(spec, "max_iterations", 1000, least=1)
        slow = is_script(spec.config.get("condition"))
        return Policy(Turns.WHILE, most=most, slow=slow, checkpoint_every=every(spec))

    def frame(self, start: TurnStart) -> Mapping[PortName, Any]:
        """The number of the turn, and what the one before gave."""
        names = dict(super().frame(start))
        if not start.index:
            names[PortName(self.last)] = self.initial
        return names

    def goes_on(
        self, context: NodeContext, inputs: Mapping[PortName, Any], start: TurnStart
    ) -> bool:
        """The value of the condition; `UsageError` without one."""
        text = bare(self.condition)
        if not text:
            raise UsageError(f"while {self.name!r} has no condition", hint='condition: "last < 10"')
        names: dict[Any, Any] = {**nested(inputs), **nested(start.last or {}), **self.frame(start)}
        return condition_holds(self, context, "condition", text, names)

    def gather(self, turns: Sequence[TurnEnd]) -> Outputs:
        """What the last turn gave; `initial` when there was none."""
        gave = next((turn.gave for turn in reversed(turns) if turn.gave), None)
        return by_name(type(self).ports(self.spec), gave, self.initial)


class TryNode(_Owning):
    """Runs its nodes; when one fails, those `in: name.catch`; in any case those `in: name.finally`.

    `catch` reads the failure as `error`: `{type, message, node, traceback}`. Without a `catch` the
    failure leaves by the port `<name>_error`, or the output called `error`.
    """

    kind: ClassVar[str] = "try"
    example: ClassVar[str] = examples.TRY

    @classmethod
    def policy(cls, spec: NodeSpec) -> Policy:
        """The body, then what follows from it."""
        return Policy(Turns.GUARDED, told=cls._error_port(spec))

    @classmethod
    def ports(cls, spec: NodeSpec) -> tuple[PortName, ...]:
        """Its own, and the one for the failure."""
        return spec.outputs or own_outputs(spec.id, "try")

    @classmethod
    def names(cls, spec: NodeSpec, block: str) -> tuple[PortName, ...]:
        """`error`, where something has failed."""
        return frame_names(spec, block)

    def frame(self, start: TurnStart) -> Mapping[PortName, Any]:
        """The failure, after the body."""
        return {ERROR: start.error} if start.block else {}

    def gather(self, turns: Sequence[TurnEnd]) -> Outputs:
        """What the body gave, or what caught it; else the failure."""
        went = {turn.block: turn for turn in turns}
        body, caught = went[""], went.get(CATCH)
        told = self._error_port(self.spec)
        ports = tuple(port for port in type(self).ports(self.spec) if port != told)
        if body.error is None or caught is not None:
            return by_name(ports, (body if body.error is None else caught or body).gave, None)
        return Outputs(dict.fromkeys([PortName(told)], body.error))

    @classmethod
    def _error_port(cls, spec: NodeSpec) -> str:
        ports = cls.ports(spec)
        return next((port for port in ports if port in (ERROR, f"{spec.id}_error")), "")


class GroupNode(_Owning):
    """Several nodes as one: names inside are its own, and only its outputs leave."""

    kind: ClassVar[str] = "group"
    example: ClassVar[str] = examples.GROUP

    @classmethod
    def policy(cls, spec: NodeSpec) -> Policy:  # noqa: ARG003 - the same for all
        """One turn."""
        return Policy()

    def gather(self, turns: Sequence[TurnEnd]) -> Outputs:
        """What left it."""
        return by_name(type(self).ports(self.spec), turns[0].gave, None)


class _Leaving(Node):
    """A node that ends the turn it is in as soon as it runs: it runs when what it reads is live."""

    defaults: ClassVar[Options] = Options(pure=True)
    family: ClassVar[str] = "flow"

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """What it was given, if that is one thing."""
        return one_of(inputs) if len(inputs) == 1 else None


class BreakNode(_Leaving):
    """Ends the loop it is in, once its inputs are live: no further turn begins."""

    kind: ClassVar[str] = "break"
    example: ClassVar[str] = examples.BREAK
    leaves: ClassVar[str] = "break"


class ContinueNode(_Leaving):
    """Ends the turn it is in, once its inputs are live; the loop goes on with the next."""

    kind: ClassVar[str] = "continue"
    example: ClassVar[str] = examples.CONTINUE
    leaves: ClassVar[str] = "continue"
