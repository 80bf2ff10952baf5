"""What is told of an attempt when it ends, or is given up: what it said, streamed, used and took.

An attempt that is given up has its last word at once, for the run may be over before it stops; what
it still uses until then is told when it has stopped, as long as the run goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import TypeVar

from flowbook.events.values import Usage
from flowbook.run.rules.instruction import Launch
from flowbook.run.rules.stimulus import StepUsed, Stimulus
from flowbook.run.stream import OfAttempt
from flowbook.run.streaming import Streaming
from flowbook.run.words import Words

_T = TypeVar("_T")


class Accounts:
    """The accounts of one run's attempts; `feed` tells the run. Lives on the engine's loop."""

    def __init__(
        self,
        words: Words,
        streaming: Streaming,
        feed: Callable[[Stimulus], None],
        clock: Callable[[], float],
    ) -> None:
        self.words = words
        """What every attempt says."""
        self._streaming = streaming
        self._streamed, self._kept = words.streams.attempts, streaming.under_way
        self._feed, self._clock = feed, clock

    def close(self, order: Launch, then: Callable[[Launch, _T], None], ending: _T) -> None:
        """Call `then` with the ending once all that the attempt said and streamed is told."""
        self.words.drain()
        if self.words.taken or self._streamed or self._kept:
            self._close((order.step, order.attempt), partial(then, order, ending))
        else:  # nobody in the run measures or streams
            then(order, ending)

    def _close(self, of: OfAttempt, then: Callable[[], None]) -> None:
        if self.words.taken:
            then = partial(self._measured, of, then)
        if of in self._streamed or of in self._kept:
            self._streaming.settle(of, then)
        else:
            then()

    def _measured(self, of: OfAttempt, then: Callable[[], None]) -> None:
        """Tell what the attempt took, where it was measured."""
        took = self.words.taken.pop(of, None)
        if took is not None:
            amounts = asdict(took)
            self._feed(StepUsed(at=self._clock(), step=of[0], attempt=of[1], **amounts))
        then()

    def give_up(self, of: OfAttempt, then: Callable[[], None] | None = None) -> None:
        """The same of an attempt that may go on and is heard no more; then, what it used so far."""
        self.words.drain()
        self._streaming.settle(of, then or partial(self.used, of), given_up=True)

    def usage(self, of: OfAttempt) -> tuple[Usage, ...]:
        """What the attempt used, for the event that tells; to be asked once."""
        return self.words.usage(*of)

    def used(self, of: OfAttempt) -> None:
        """Tell what the attempt used, if no event of its end does."""
        usage = self.usage(of)
        if usage:
            self._feed(StepUsed(at=self._clock(), step=of[0], attempt=of[1], usage=usage))
