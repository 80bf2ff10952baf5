"""A state machine that remembers: events go in, run after run, and its state goes on.

Each instance, such as one order, is one variable: its state, its data and its last transition. It
is changed as every variable is: with a version, so that of two events at once each is applied to
what the other left; and once for each node of a run, however often that is tried. The machine is
data, and is checked whole before anything runs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import traitlets
from traitlets import Bool, CaselessStrEnum, Dict, List, TraitError, Unicode, Union, validate

from flowbook.errors import ExpressionError, UsageError
from flowbook.graph.node import Node, NodeContext, Outputs
from flowbook.graph.options import did_you_mean
from flowbook.graph.services import Scope
from flowbook.graph.spec import NodeSpec
from flowbook.ids import PortName, is_port_name
from flowbook.nodes.pointing import at_setting
from flowbook.nodes.router import bare, nested

ANY: Final = "*"
"""In `from`: every state that is not final."""
_KEYS: Final = ("from", "on", "to", "when", "set")
_RECORD: Final = ("state", "previous", "changed", "data")
_EVENT_NAMES: Final = ("event", "type", "name")


@dataclass(frozen=True, slots=True)
class Transition:
    """One way from some states on some events; without `to` it stays and only sets."""

    sources: tuple[str, ...]
    events: tuple[str, ...]
    target: str | None
    when: str = ""
    sets: Mapping[str, Any] = field(default_factory=dict)

    def told(self) -> str:
        """In a few words, for messages."""
        return f"{'|'.join(self.sources)} --{'|'.join(self.events)}--> {self.target or 'itself'}"


class _Known(Exception):
    """Nothing is wrong: there is nothing to write."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        super().__init__()
        self.record = record


class StateMachineNode(Node):
    """Takes an event to an instance of a state machine, whose state outlives runs and processes.

    `key` says which instance, `event` what happened: a text, or a mapping with its name under
    `event`, `type` or `name`. Of the transitions that lead from the instance's state on that event
    the first is taken whose `when` holds; `set` gives fields of its `data` new values. `when` and
    the texts of `set` are expressions over `data`, `event`, `state` and the inputs.

    Outputs are the new `state`, the `previous` one, whether it `changed`, and the `data`; with
    `route: true` one port for each state, of which that of the new state has all four. What
    happened before is in the history of the variable `machines/<machine>/<key>`.
    """

    kind: ClassVar[str] = "state_machine"
    begins: ClassVar[str] = (
        "initial: new\ntransitions:\n  - {from: new, on: done, to: over}\nfinal: [over]"
    )
    family: ClassVar[str] = "state"
    untemplated: ClassVar[tuple[str, ...]] = ("transitions",)
    example: ClassVar[str] = """%%flow python happened
happened = {"order": 17, "event": "pay", "amount": 30}

%%flow state_machine order(happened) -> state, previous, changed, data
key: "{{ happened.order }}"
event: "{{ happened }}"
initial: new
data: {paid: 0}
transitions:
  - {from: new, on: pay, to: paid, when: event.amount >= 30, set: {paid: data.paid + event.amount}}
  - {from: new, on: cancel, to: cancelled}
  - {from: paid, on: ship, to: shipped}
final: [shipped, cancelled]
"""

    machine = Unicode(
        help="What the machine is called; the node's name when left out. Nodes of one name share "
        "its instances."
    ).tag(config=True, examples=["orders"])
    key = Union(
        (Unicode(), traitlets.Int()),
        default_value="",
        help="Which instance, such as an order's id.",
    ).tag(config=True, examples=["{{ order.id }}"])
    event = traitlets.Any(
        None,
        allow_none=True,
        help="What happened: a text, or a mapping with its name; the input called `event`, or the "
        "only input there is, when left out.",
    ).tag(config=True, examples=["pay", "{{ happened }}"])
    initial = Unicode(help="The state in which every instance begins.").tag(config=True)
    states = List(
        Unicode(), help="All states, to have misspelt ones found; those that are named when empty."
    ).tag(config=True)
    final = List(Unicode(), help="States in which an instance is over: nothing leads on.").tag(
        config=True
    )
    transitions = Union(
        (List(Dict()), Dict()),
        help="A list of `{from, on, to, when, set}`, in the order in which they are tried; `from` "
        "and `on` may be lists, `from: '*'` is every state that is not final. Or by state and "
        "event: `{new: {pay: paid, cancel: {to: cancelled}}}`.",
    ).tag(config=True)
    data = Dict(help="What an instance has in the beginning.").tag(config=True)
    unknown = CaselessStrEnum(
        ("error", "ignore"),
        default_value="error",
        help="What becomes of an event that leads nowhere from the state the instance is in.",
    ).tag(config=True)
    route = Bool(False, help="One port for each state instead of the four outputs.").tag(
        config=True
    )
    scope = CaselessStrEnum(
        tuple(one.value for one in Scope),
        default_value=Scope.FLOW.value,
        help="Whose instances they are: of the `run`, the `flow`, or `global`.",
    ).tag(config=True)

    def __init__(self, spec: NodeSpec, **traits: Any) -> None:
        """Refuse a machine that cannot be meant, with all that is wrong with it."""
        super().__init__(spec, **traits)
        if self.initial and self.transitions:
            problems = list(problems_of(self))
            if problems:
                raise UsageError("; ".join(problems))

    @classmethod
    def ports(cls, spec: NodeSpec) -> tuple[PortName, ...]:
        """The four outputs, or the states where it routes; what is malformed is left out."""
        if not spec.config.get("route"):
            return tuple(map(PortName, _RECORD))
        given = spec.config
        try:
            ways = tuple(read(given.get("transitions") or []))
        except TraitError:
            ways = ()
        named = [given.get("initial"), *_listed(given.get("states")), *_listed(given.get("final"))]
        states = (one for one in _states(named, ways) if is_port_name(one))
        return tuple(map(PortName, states))

    @validate("transitions")
    def _check_transitions(self, proposal: dict[str, Any]) -> Any:
        for _ in read(proposal["value"]):
            pass
        return proposal["value"]

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Outputs:
        """Take the event; `UsageError` when it leads nowhere and that is an error."""
        if not self.initial or not self.transitions:
            raise UsageError(
                f"state machine {self.name!r} has no beginning or leads nowhere",
                hint="write initial: a state, and transitions:",
            )
        event = self._event(inputs)
        names = {**nested(inputs), "event": event}
        memory = context.services.variables(Scope(self.scope))
        ways = tuple(read(self.transitions))

        def change(held: Any) -> dict[str, Any]:
            record = held or {"state": self.initial, "data": dict(self.data), "transitions": 0}
            if record.get("by") == context.idempotency_key:
                raise _Known(record)
            return self._next(context, record, ways, names)

        try:
            record = memory.update(self.variable, change)
        except _Known as known:
            record = known.record
        told = {name: record.get(name) for name in _RECORD}
        if self.route:
            return Outputs({PortName(told["state"]): told}, result=told)
        return Outputs({PortName(name): value for name, value in told.items()}, result=told)

    @property
    def variable(self) -> str:
        """The variable of the instance."""
        if self.key in ("", None):
            raise UsageError(
                f"state machine {self.name!r} is not told which instance",
                hint='write key: such as "{{ order.id }}"',
            )
        return f"machines/{self.machine or self.name}/{self.key}"

    def _event(self, inputs: Mapping[PortName, Any]) -> Any:
        if self.event is not None:
            return self.event
        if "event" in inputs:
            return inputs[PortName("event")]
        if len(inputs) == 1:
            return next(iter(inputs.values()))
        raise UsageError(
            f"state machine {self.name!r} has {len(inputs)} inputs and none is called 'event'",
            hint='write event: such as "{{ happened }}"',
        )

    def _next(
        self,
        context: NodeContext,
        record: Mapping[str, Any],
        ways: Iterable[Transition],
        names: Mapping[str, Any],
    ) -> dict[str, Any]:
        state, data = record["state"], record["data"]
        event = event_name(names["event"])
        known = {**names, "data": data, "state": state}
        for way in ways:
            if event in way.events and self._leads(way, state):
                if way.when and not self._evaluated(context, way, "when", way.when, known):
                    continue
                sets = {
                    name: self._evaluated(context, way, f"set {name}", value, known)
                    if isinstance(value, str)
                    else value
                    for name, value in way.sets.items()
                }
                target = way.target or state
                return {
                    "state": target,
                    "previous": state,
                    "changed": target != state,
                    "data": {**data, **sets},
                    "event": event,
                    "by": context.idempotency_key,
                    "transitions": record.get("transitions", 0) + 1,
                }
        if self.unknown == "ignore":
            raise _Known({"state": state, "previous": state, "changed": False, "data": data})
        raise self._nowhere(state, event, ways)

    def _leads(self, way: Transition, state: str) -> bool:
        return state not in self.final and (state in way.sources or ANY in way.sources)

    def _evaluated(
        self, context: NodeContext, way: Transition, what: str, text: str, names: Mapping[str, Any]
    ) -> Any:
        try:
            return context.evaluate(bare(text), names)
        except ExpressionError as error:
            with at_setting("transitions", text=text):
                raise ExpressionError(
                    f"{what} of {way.told()} in state machine {self.name!r}: {error.message}",
                    hint=error.hint,
                    code=error.code,
                    column=error.column,
                ) from None

    def _nowhere(self, state: str, event: str, ways: Iterable[Transition]) -> UsageError:
        possible = {one for way in ways if self._leads(way, state) for one in way.events}
        told = f"event {event!r} leads nowhere from state {state!r} of {self.variable!r}"
        if event in possible:
            return UsageError(f"{told}: no condition holds", hint="or say unknown: ignore")
        hint = f"from there lead {', '.join(sorted(possible))}" if possible else "it is final"
        return UsageError(told, hint=f"{hint}; unknown: ignore passes over it")


def event_name(event: Any) -> str:
    """What an event is called.

    >>> event_name("pay"), event_name({"type": "pay", "amount": 3})
    ('pay', 'pay')
    """
    if isinstance(event, Mapping):
        event = next((event[name] for name in _EVENT_NAMES if name in event), None)
    if not isinstance(event, str) or not event:
        raise UsageError(
            f"an event is a text or a mapping with its name, not {type(event).__name__}",
            hint="give 'pay', or {'event': 'pay', …}",
        )
    return event


def read(given: Any) -> Iterator[Transition]:
    """Transitions of either form; `TraitError` for the first that is none."""
    if isinstance(given, Mapping):
        for state, events in given.items():
            if not isinstance(events, Mapping):
                raise TraitError(f"transitions of {state!r}: write events, such as {{pay: paid}}")
            for event, way in events.items():
                inner = way if isinstance(way, Mapping) else {"to": way}
                yield _transition({"from": state, "on": event, **inner}, f"{state}.{event}")
        return
    for number, one in enumerate(given or [], start=1):
        yield _transition(one, f"transition {number}")


def _transition(given: Any, place: str) -> Transition:
    if not isinstance(given, Mapping):
        raise TraitError(f"{place} is no mapping; write {{from: new, on: pay, to: paid}}")
    # YAML 1.1 reads a bare `on` as true, and JSON has it as text
    given = {("on" if key is True else str(key)): value for key, value in given.items()}
    unknown = [key for key in given if key not in _KEYS]
    if unknown:
        raise TraitError(f"{place}: unknown key {unknown[0]!r}; {did_you_mean(unknown[0], _KEYS)}")
    sources, events = (_words(given.get(key), f"{place}: {key}") for key in ("from", "on"))
    target, when, sets = given.get("to"), given.get("when", ""), given.get("set", {})
    if target is None and not sets:
        raise TraitError(f"{place}: has neither 'to' nor 'set', so nothing would happen")
    if target is not None and not (isinstance(target, str) and target):
        raise TraitError(f"{place}: to {target!r} is no state")
    if not isinstance(when, str):
        raise TraitError(f"{place}: when {when!r} is no expression; write it in quotes")
    if not isinstance(sets, Mapping):
        raise TraitError(f"{place}: set {sets!r} is no mapping of fields to expressions")
    return Transition(sources, events, target, when, dict(sets))


def _words(given: Any, place: str) -> tuple[str, ...]:
    words = tuple(given) if isinstance(given, list | tuple) else (given,)
    if not words or not all(isinstance(one, str) and one for one in words):
        raise TraitError(f"{place} has to name one or more, not {given!r}")
    return words


def problems_of(node: StateMachineNode) -> Iterator[str]:
    """All that is wrong with a whole machine, in words."""
    ways = tuple(read(node.transitions))
    named = _states([node.initial, *node.final], ways)
    known = tuple(node.states) or named
    for state in named:
        if state not in known:
            yield f"{state!r} is none of the states; {did_you_mean(state, known)}"
    for twice in sorted({one for one in node.states if node.states.count(one) > 1}):
        yield f"state {twice!r} is listed twice"
    yield from _behind_the_end(ways, node.final)
    yield from _shadowed(ways)
    reached = reachable(node.initial, ways, node.final)
    for state in known:
        if state not in reached:
            yield f"no way leads to state {state!r}"
        if node.route and not is_port_name(state):
            yield f"state {state!r} cannot name a port; use letters, digits, _ and -"


def _behind_the_end(ways: Iterable[Transition], final: Iterable[str]) -> Iterator[str]:
    for way in ways:
        for state in {*way.sources} & {*final}:
            yield f"{way.told()} leads on from the final state {state!r}"


def _shadowed(ways: Iterable[Transition]) -> Iterator[str]:
    """Those behind one that is always taken."""
    taken: set[tuple[str, str]] = set()
    for way in ways:
        for state in way.sources:
            for event in way.events:
                if (state, event) in taken:
                    yield f"{way.told()} is never taken: one before it takes {event!r} always"
                if not way.when:
                    taken.add((state, event))


def reachable(initial: str, ways: Iterable[Transition], final: Iterable[str]) -> frozenset[str]:
    """The states an instance can be in."""
    ways, over = tuple(ways), frozenset(final)
    found, waiting = {initial}, deque([initial])
    while waiting:
        state = waiting.popleft()
        if state in over:
            continue
        for way in ways:
            target = way.target
            if target is None or target in found or not {state, ANY} & {*way.sources}:
                continue
            found.add(target)
            waiting.append(target)
    return frozenset(found)


def _states(named: Iterable[Any], ways: Iterable[Transition]) -> tuple[str, ...]:
    """All that are named, in the order in which they are."""
    found = [one for one in named if isinstance(one, str) and one]
    for way in ways:
        found += [one for one in (*way.sources, way.target) if one and one != ANY]
    return tuple(dict.fromkeys(found))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
