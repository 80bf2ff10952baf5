"""What containers need of the values of a run: items, frames, conditions, and what turns gave.

`decide` knows how many turns there are and how they went; what is in them is known here. Items are
made by the container's own `run`, which is asked again where a run was taken up.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from flowbook.errors import UsageError
from flowbook.events import ItemsAdded, RunStatus
from flowbook.events.values import ValueRef
from flowbook.graph.container import BODY, Container, TurnEnd, Turns, TurnStart
from flowbook.graph.node import Outputs
from flowbook.ids import PortName
from flowbook.plan.plan import FromStep, Inside, Step
from flowbook.run.given import CANCELLED, given, told_at_the_end, told_of
from flowbook.run.rules.growing import ITEMS
from flowbook.run.rules.state import RunState, Scope
from flowbook.run.values import Shelf, inputs_of
from flowbook.run.work import StepContext, Work

Names = Mapping[PortName, Any]
_COUNT = (RunStatus.SUCCEEDED, RunStatus.FAILED)


_ROOM = 256
"""Frames that may lie about before those of turns that are over are looked for."""


class Growing:
    """The items of a container: its own, and behind them those that were added.

    >>> more = []
    >>> items = Growing("ab", more, lambda event: "cd")
    >>> more.append(ItemsAdded(run="r", seq=3, at=0.0, node="each", outputs={}, count=2))
    >>> len(items), items[1], items[3]
    (4, 'b', 'd')
    """

    def __init__(
        self,
        own: Sequence[Any],
        added: Sequence[ItemsAdded],
        more: Callable[[ItemsAdded], Sequence[Any]],
    ) -> None:
        self._own, self._added, self._more = own, added, more
        self._ends = [len(own)]

    def __len__(self) -> int:
        self._look()
        return self._ends[-1]

    def __getitem__(self, index: int) -> Any:
        if index < self._ends[0]:
            return self._own[index]
        self._look()
        at = bisect_right(self._ends, index) - 1
        return self._more(self._added[at])[index - self._ends[at]]

    def _look(self) -> None:
        for event in self._added[len(self._ends) - 1 :]:
            self._ends.append(self._ends[-1] + event.count)


class Added:
    """The items that were added to the containers of a run, for whoever asks by their event."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._held: dict[int, tuple[ValueRef, Sequence[Any]]] = {}

    def hold(self, ref: ValueRef, items: Sequence[Any]) -> None:
        """These items are about to be added under that reference: they need not be read again."""
        self._held[id(ref)] = (ref, items)

    def __call__(self, event: ItemsAdded) -> Sequence[Any]:
        """The items; blocking where another process added them."""
        ref = event.outputs[ITEMS]
        held = self._held.get(id(ref))
        found: Any = self._shelf.fetch(ref) if held is None else held[1]
        self.hold(ref, found)
        return cast("Sequence[Any]", found)


class Containers:
    """The frames of one run's scopes; lives on the engine's loop.

    `params` are the run's parameters, `work` gives the code of a slot, `context` what it may ask
    for.
    """

    def __init__(
        self,
        state: RunState,
        shelf: Shelf,
        params: Names,
        work: Callable[[int], Work],
        context: Callable[[int], StepContext],
    ) -> None:
        self._state, self._shelf, self._params = state, shelf, params
        self._work, self._context = work, context
        self._inputs: dict[int, dict[PortName, Any]] = {}
        self._items: dict[int, Growing | None] = {}
        self.added = Added(shelf)
        self._frames: dict[int, Names] = {}
        self._room = _ROOM
        self._nodes: dict[int, Container] = {}

    def unfolded(self, i: int, given: object) -> int | None:
        """Take what the container in slot `i` returned; how many turns that makes."""
        if given is None:
            items: Growing | None = None
        elif isinstance(given, Sequence):
            items = Growing(given, self._state.added.setdefault(i, []), self.added)
        else:
            raise UsageError(f"a container unfolds into a sequence, not {type(given).__name__}")
        self._items[i] = items
        self._inputs.pop(i, None)
        self._nodes.pop(i, None)
        return None if items is None else len(items)

    def names(self, number: int) -> Names:
        """What parameters stand for in scope `number`: those of the run, or the turn's frame."""
        if number == 0:
            return self._params
        found = self._frames.get(number)
        if found is None:
            if len(self._frames) >= self._room:  # those of turns that are over can be made again
                scopes = self._state.scopes
                self._frames = {n: f for n, f in self._frames.items() if scopes[n].status is None}
                self._room = 2 * len(self._frames) + _ROOM
            found = self._frames[number] = self._frame(self._state.scopes[number])
        return found

    def inputs(self, i: int) -> dict[PortName, Any]:
        """What the step in slot `i` reads."""
        state = self._state
        number = state.scope[i]
        base = state.scopes[number].base
        if state.standby:
            self._bring(state.steps[i], base)
        found = inputs_of(state.steps[i], base, self._shelf.values, self.names(number))
        if state.names[i] in state.standby:
            return told_at_the_end(state, i, found)
        return given(state, i, found)

    def _bring(self, step: Step, base: int) -> None:
        """Have what a step reads that may run long after, and in another process than, its sources.

        Blocks, but only where a process was lost: else all is at hand.
        """
        for binding in step.bindings:
            if isinstance(binding.source, FromStep):
                self._shelf.look(base + binding.source.step)

    def question(self, i: int, index: int) -> Callable[[], bool]:
        """To be asked from any thread: whether the container in slot `i` wants turn `index`."""
        container, context, given = self._container(i), self._context(i), self._given(i)
        if self._inside(i).policy.asks:
            over = [self._ended(scope) for scope in self._turns(i)]
            return lambda: not container.satisfied(context, given, over)
        start = TurnStart(index=index, last=self._last(i, index))
        return lambda: bool(container.goes_on(context, given, start))

    def gather(self, i: int) -> Outputs:
        """The outputs of the container in slot `i`; blocking, for a worker thread."""
        made = self._container(i).gather([self._ended(scope) for scope in self._turns(i)])
        look = self._work(i).given
        if look is not None:
            look(self._context(i), made)
        return made

    def release(self, number: int) -> None:
        """Let go of what the steps of a scope gave, and of those inside of them."""
        state = self._state
        scope = state.scopes[number]
        self._frames.pop(number, None)
        for i in range(scope.base, scope.base + scope.size):
            self._shelf.values[i] = None
            turning = state.turning.get(i)
            for inner in () if turning is None else turning.scopes.values():
                self.release(inner)

    def forget(self, i: int) -> None:
        """The container in slot `i` is done, but for turns that may go on behind it."""
        turning = self._state.turning.get(i)
        if self._inside(i).policy.outlasts:
            return
        for number in () if turning is None else turning.scopes.values():
            self._frames.pop(number, None)
        for known in (self._items, self._inputs, self._nodes):
            known.pop(i, None)

    # ------------------------------------------------------------ turns

    def _turns(self, i: int) -> Iterator[Scope]:
        """The turns that are to be gathered, in the order of their numbers."""
        state = self._state
        turns = state.turning[i].scopes
        for key in sorted(turns, key=lambda key: (-1 if key[1] is None else key[1], key[0])):
            scope = state.scopes[turns[key]]
            if scope.status in _COUNT:
                yield scope

    def _ended(self, scope: Scope) -> TurnEnd:
        state = self._state
        failed, policy = scope.status is RunStatus.FAILED, self._inside(scope.owner).policy
        return TurnEnd(
            scope.block,
            scope.index,
            {} if failed or not policy.collects else self._gave(scope),
            told_of(state.error[scope.failed], state, scope.failed) if failed else None,
            scope.ms,
            scope.opened_at,
            bool(scope.left),
        )

    def _gave(self, scope: Scope) -> dict[PortName, Any]:
        if scope.gave is not None:
            return {name: self._shelf.fetch(ref) for name, ref in scope.gave.items()}
        gave: dict[PortName, Any] = {}
        for name, source in self._inside(scope.owner).blocks[scope.block].gives:
            outputs = self._shelf.look(scope.base + source.step)
            if outputs is not None and source.port in outputs.ports:
                gave[name] = outputs.ports[source.port]
        return gave

    def _last(self, i: int, index: int | None) -> dict[PortName, Any] | None:
        """What the turn before gave."""
        if not index:
            return None
        number = self._state.turning[i].scopes.get((BODY, index - 1))
        return None if number is None else self._gave(self._state.scopes[number])

    # ------------------------------------------------------------ frames

    def _frame(self, scope: Scope) -> Names:
        i, index = scope.owner, scope.index
        if self._inside(i).policy.turns is Turns.ARRIVING:
            return self._arrived(i, index or 0)
        given = self._given(i)
        items = self._all_items(i)
        start = TurnStart(
            scope.block,
            index,
            None if items is None or index is None else items[index],
            self._last(i, index) if self._inside(i).policy.window == 1 else None,
            self._caught(i) if scope.block else None,
        )
        return {**given, **self._container(i).frame(start)}

    def _arrived(self, i: int, index: int) -> Names:
        """The names of the turn for one input: that input, by its name too; the others are None."""
        inside, found = self._inside(i), self.inputs(i)
        own = self._state.steps[i].bindings[: inside.own]
        branches = [one.input for one in own if isinstance(one.source, FromStep)]
        name = own[index].input
        item = found[name]
        start = TurnStart(index=index, item=item)
        given = {**found, **dict.fromkeys(branches), name: item}
        return {**given, **self._container(i).frame(start)}

    def _caught(self, i: int) -> Mapping[str, Any] | None:
        """What a guarded container's body failed with, if it did."""
        state = self._state
        for number in state.turning[i].scopes.values():
            scope = state.scopes[number]
            if not scope.block and scope.failed >= 0:
                return told_of(state.error[scope.failed], state, scope.failed)
            if not scope.block and scope.status is RunStatus.CANCELLED:
                return {**told_of(None, state, i), "type": "Cancelled", "message": CANCELLED}
        return None

    def _given(self, i: int) -> dict[PortName, Any]:
        found = self._inputs.get(i)
        if found is None:
            found = self._inputs[i] = self.inputs(i)
        return found

    def _all_items(self, i: int) -> Growing | None:
        if i not in self._items:  # unfolded by a process that is gone
            self.unfolded(i, self._work(i).call(self._context(i), self._given(i)))
        return self._items[i]

    def _container(self, i: int) -> Container:
        found = self._nodes.get(i)
        if found is None:
            make = self._work(i).container
            assert make is not None  # noqa: S101 - only containers have turns
            found = self._nodes[i] = make(self._context(i), self._given(i))
        return found

    def _inside(self, i: int) -> Inside:
        inside = self._state.steps[i].inside
        assert inside is not None  # noqa: S101 - only containers have turns
        return inside
