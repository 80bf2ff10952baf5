"""What running nodes say, from any thread, brought to the engine's loop in small heaps.

A node that prints in a tight loop costs the run a few events a second, not one per line: text
of one node and stream is joined while it waits. What a node may leave in the journal is bounded;
the rest is still printed, and a last line says that it is missing. Of progress only the newest
counts; what a node says it used is kept until its attempt ends. Where text is redacted, a line that
is not finished waits for its end, so that nothing is missed because it was said in two pieces.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from msgspec.structs import replace

from flowbook.events.values import Usage
from flowbook.graph.adding import listed
from flowbook.graph.flow_options import StreamKeep
from flowbook.graph.node import Progress
from flowbook.run.places.loops import soon
from flowbook.run.stream import News, Streams
from flowbook.run.usage import Meter, Took

LINGER = 0.05
"""Seconds text may wait for more of it."""
PROGRESS_EVERY = 0.1
"""Seconds between two notices of how far a node is; the last one is told in any case."""
_MANY = 1_000
LONGEST_LINE = 16_384
"""Characters of an unfinished line that may wait for its end."""
MOST = 200_000
"""Characters one attempt may leave in the journal."""

Said: TypeAlias = "tuple[int, int, str]"
"""Step, attempt, and stream; '' for progress."""


class Words:
    """The `Voice` of every node of one run; `hear` is called on the loop."""

    def __init__(
        self,
        loop: AbstractEventLoop,
        hear: Callable[[int, int, str, str | Progress | News], None],
        redact: Callable[[str], str] | None = None,
        keep: StreamKeep = StreamKeep.ALL,
        *,
        redacts: Callable[[], bool] | None = None,
    ) -> None:
        self._loop = loop
        self._hear = hear
        self._redact = redact
        self._redacts = redacts or (lambda: redact is not None)
        """Whether there is anything to take out, as of now."""
        self._said: deque[tuple[Said, str | Progress]] = deque()
        self._stirred = False
        self._spent: dict[tuple[int, int], int] = {}
        self._meter = Meter()
        self.taken: dict[tuple[int, int], Took] = {}
        """What attempts took that were measured, until it is told; written from any thread."""
        self._progressed: dict[Said, float] = {}
        self.streams = Streams(self._stir, keep, by_line=self._redacts)
        self._adding: dict[tuple[int, int], dict[str, list[Any]]] = {}

    def say(self, step: int, attempt: int, stream: str, text: str) -> None:
        """A node printed or logged; any thread."""
        self._said.append(((step, attempt, stream), text))
        self._stir()

    def progress(self, step: int, attempt: int, progress: Progress) -> None:
        """A node got somewhere; any thread."""
        self.streams.progress((step, attempt), progress)
        self._said.append(((step, attempt, ""), progress))
        self._stir()

    def used(self, step: int, attempt: int, usage: Usage) -> None:
        """A node made a call that costs; any thread."""
        self._meter.add((step, attempt), usage)

    def adds(self, step: int, attempt: int, container: str, items: Iterable[Any]) -> None:
        """A node has more items for a container; any thread."""
        one = self._adding.setdefault((step, attempt), {})
        one.setdefault(container, []).extend(listed(container, items))

    def additions(self, step: int, attempt: int) -> Mapping[str, list[Any]]:
        """The items the attempt added, by container; to be asked once, when it ends."""
        return self._adding.pop((step, attempt), {}) if self._adding else {}

    def usage(self, step: int, attempt: int) -> tuple[Usage, ...]:
        """What the attempt used, as it may be told; to be asked once, when it ends."""
        found, redact = self._meter.take((step, attempt)), self._redact
        if redact is None or not found:
            return found
        return tuple(
            replace(one, provider=redact(one.provider), model=redact(one.model)) for one in found
        )

    def drain(self, *, unfinished: bool = True, now: float | None = None) -> None:
        """Pass on what was said so far, unfinished lines or not; on the loop.

        At the time `now`, progress that was told a moment ago waits.
        """
        self._stirred = False
        if self.streams.stirred:
            for (step, attempt), news in self.streams.news(unfinished=unfinished):
                self._hear(step, attempt, "", news)
        if self._said:
            self._tell_said(unfinished, now)

    def _tell_said(self, unfinished: bool, now: float | None) -> None:
        texts: dict[Said, list[str]] = {}
        newest: dict[Said, Progress] = {}
        while self._said:
            said, what = self._said.popleft()
            if isinstance(what, Progress):
                newest[said] = what
            else:
                texts.setdefault(said, []).append(what)
        for said, parts in texts.items():
            text = "".join(parts)
            if self._redact is not None and self._redacts():
                text = self._redact(text if unfinished else self._finished(said, text))
            text = self._within_bounds(said, text)
            if text:
                self._hear(*said, text)
        for said, progress in newest.items():
            if now is None or self._may_be_told(said, now):
                self._hear(*said, progress)
            else:
                self._said.appendleft((said, progress))
                self._stir()

    def _may_be_told(self, said: Said, now: float) -> bool:
        """Progress, of which the last notice was not a moment ago."""
        if now - self._progressed.get(said, -PROGRESS_EVERY) < PROGRESS_EVERY:
            return False
        if len(self._progressed) > _MANY:
            self._progressed.clear()
        self._progressed[said] = now
        return True

    def _finished(self, said: Said, text: str) -> str:
        """The lines of `text` that are whole; the rest is said again later."""
        end = text.rfind("\n") + 1
        if end < len(text) <= end + LONGEST_LINE:
            self._said.appendleft((said, text[end:]))
            return text[:end]
        return text

    def _within_bounds(self, said: Said, text: str) -> str:
        attempt = said[:2]
        spent = self._spent.get(attempt, 0)
        self._spent[attempt] = spent + len(text)
        if spent + len(text) <= MOST:
            return text
        if spent > MOST:
            return ""
        return f"{text[: MOST - spent]}\n[flowbook records no more of this node's output]\n"

    def _stir(self) -> None:
        if not self._stirred:
            self._stirred = True
            soon(self._loop, self._loop.call_later, LINGER, self._linger)

    def _linger(self) -> None:
        self.drain(unfinished=not self._redacts(), now=self._loop.time())
