"""Somebody outside of a run offers items to one of its containers, and is told what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeAlias

from flowbook.errors import UsageError
from flowbook.events.values import ValueRef
from flowbook.graph.options import did_you_mean
from flowbook.run import growing
from flowbook.run.state import RunState

_HINT = "flow.add_items(run, name, items) begins a new run that takes what is done"

Keep: TypeAlias = "Callable[[int, Sequence[Any], Callable[[ValueRef | Exception], None]], None]"
Durable: TypeAlias = "Callable[[int, Callable[[BaseException | None], None]], None]"


@dataclass(frozen=True, slots=True)
class Offer:
    """`items` for `container`; `told` is done once they are durably among its own."""

    state: RunState
    container: str
    items: Sequence[Any]
    told: Future[None]

    def make(self, keep: Keep, when_durable: Durable, *, over: bool) -> None:
        """Have them kept and taken in; on the engine's loop."""
        state = self.state
        i = state.index.get(self.container)
        if i is None:
            known = tuple(name for name in state.index if state.steps[state.index[name]].inside)
            why = f"there is none in run {state.run}" if state.names else "the run has not begun"
            self._refuse(why, did_you_mean(self.container, known))
        elif over or state.over:
            self._refuse(f"run {state.run} is over", _HINT)
        elif why := growing.refusal(state, i):
            self._refuse(why, _HINT)
        else:
            keep(i, self.items, lambda kept: self._kept(kept, i, when_durable))

    def _kept(self, kept: ValueRef | Exception, i: int, when_durable: Durable) -> None:
        if isinstance(kept, Exception):
            self.told.set_exception(kept)
            return
        mine = [e for e in self.state.added.get(i, ()) if e.outputs[growing.ITEMS] is kept]
        if mine:
            when_durable(mine[0].seq, self._durable)
        else:
            self._refuse(growing.refusal(self.state, i) or "it takes none any more", _HINT)

    def _durable(self, error: BaseException | None) -> None:
        if error is None:
            self.told.set_result(None)
        else:
            self.told.set_exception(error)

    def _refuse(self, why: str, hint: str) -> None:
        message = f"no items can be added to {self.container!r}: {why}"
        self.told.set_exception(UsageError(message, hint=hint))
