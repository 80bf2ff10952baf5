"""Items on their way to a container: kept, and then told to the run.

A node that runs adds them with what it returns; somebody outside offers them, and is told what
became of that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from flowbook.errors import UsageError
from flowbook.events.values import ValueRef
from flowbook.graph.node import Outputs
from flowbook.graph.options import did_you_mean
from flowbook.ids import PortName
from flowbook.run.places.loops import soon
from flowbook.run.record import Record
from flowbook.run.rules.growing import ITEMS, container_seen, refusal
from flowbook.run.rules.known import ItemsGiven
from flowbook.run.rules.state import RunState
from flowbook.run.rules.stimulus import ItemsOffered, Stimulus
from flowbook.run.stage import Stage
from flowbook.run.values import Keeper, Refs

_ADDED = "+"
"""Before a container's name: the place of what is added to it among a step's references."""
_HINT = "flow.add_items(run, name, items) begins a new run that takes what is done"


def with_additions(outputs: Outputs, added: Mapping[str, list[Any]]) -> Outputs:
    """What is to be kept when a step returns: its outputs, and what it adds to containers."""
    more = {PortName(_ADDED + name): items for name, items in added.items()}
    return Outputs({**outputs.ports, **more}, outputs.result)


class Additions:
    """What is added to the containers of one run; lives on the engine's loop.

    `hold` is told of items that are about to be added, so that they need not be read again.
    """

    def __init__(
        self, state: RunState, keeper: Keeper, hold: Callable[[ValueRef, Sequence[Any]], None]
    ) -> None:
        self._state, self._keeper, self._hold = state, keeper, hold

    def of(
        self, step: int, added: Mapping[str, list[Any]], refs: Refs
    ) -> tuple[ItemsGiven, ...] | UsageError:
        """What a step adds that returns; the references of that are taken out of `refs`."""
        state, found = self._state, []
        for name, items in added.items():
            ref = refs.pop(PortName(_ADDED + name))
            i = container_seen(state, step, name)
            if i is None:
                return UsageError(f"there is no container {name!r} to add items to")
            self._hold(ref, items)
            found.append(ItemsGiven(i, ref, len(items), state.key(step)))
        return tuple(found)

    def keep(
        self, i: int, items: Sequence[Any], then: Callable[[ItemsGiven | Exception], None]
    ) -> None:
        """Keep items for the container in slot `i`, and call `then` on the loop."""

        def kept(refs: Refs | Exception) -> None:
            if isinstance(refs, Exception):
                then(refs)
                return
            self._hold(refs[ITEMS], items)
            then(ItemsGiven(i, refs[ITEMS], len(items)))

        self._keeper.keep(Outputs({ITEMS: items}), kept)


class Offers:
    """What somebody outside offers to the containers of one run."""

    def __init__(
        self,
        stage: Stage,
        state: RunState,
        additions: Additions,
        record: Record,
        feed: Callable[[Stimulus], None],
    ) -> None:
        self._stage, self._state, self._additions = stage, state, additions
        self._record, self._feed = record, feed

    def make(self, container: str, items: Sequence[Any]) -> Future[None]:
        """Add items to a container, from any thread; done once they are durably among its own.

        It fails with `UsageError` when the container takes none.
        """
        told: Future[None] = Future()
        soon(self._stage.loop, self._made, container, items, told)
        return told

    def _made(self, container: str, items: Sequence[Any], told: Future[None]) -> None:
        state = self._state
        i = state.index.get(container)
        if i is None:
            known = [name for name, at in state.index.items() if state.steps[at].inside]
            why = f"there is none in run {state.run}" if state.names else "the run has not begun"
            _refuse(told, container, why, did_you_mean(container, known))
        elif why := f"run {state.run} is over" if state.over else refusal(state, i):
            _refuse(told, container, why, _HINT)
        else:
            self._additions.keep(i, items, lambda kept: self._kept(kept, container, told))

    def _kept(self, kept: ItemsGiven | Exception, container: str, told: Future[None]) -> None:
        if isinstance(kept, Exception):
            told.set_exception(kept)
            return
        state, i = self._state, kept.step
        self._feed(ItemsOffered(at=self._stage.clock(), items=kept))
        mine = [event for event in state.added.get(i, ()) if event.outputs[ITEMS] is kept.items]
        if mine:
            self._record.when_durable(mine[0].seq, lambda error: _tell(told, error))
        else:
            _refuse(told, container, refusal(state, i) or "it takes none any more", _HINT)


def _tell(told: Future[None], error: BaseException | None) -> None:
    if error is None:
        told.set_result(None)
    else:
        told.set_exception(error)


def _refuse(told: Future[None], container: str, why: str, hint: str) -> None:
    message = f"no items can be added to {container!r}: {why}"
    told.set_exception(UsageError(message, hint=hint))
