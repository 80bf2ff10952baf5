"""What becomes of the streams of one run, on the engine's loop: they are shown, and kept.

Everything that an attempt streamed is a fact of the run before the attempt's end is one, and the
loop does only a little of it at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from flowbook.events.values import ValueFormat, ValueRef
from flowbook.graph.node import Outputs
from flowbook.ids import PortName
from flowbook.run.excerpt import preview
from flowbook.run.rules.state import RunState
from flowbook.run.rules.stimulus import StepStreamed, Stimulus
from flowbook.run.stage import Stage
from flowbook.run.stream import HEAP, Chunk, News, NodeStream, OfAttempt, Streams
from flowbook.run.values import Refs


class Streaming:
    """Shows and keeps what comes of `streams`; `feed` tells the run, `show` its listeners."""

    def __init__(
        self,
        stage: Stage,
        state: RunState,
        streams: Streams,
        feed: Callable[[Stimulus], None],
        show: Callable[[NodeStream], None],
    ) -> None:
        self._stage, self._state, self._streams = stage, state, streams
        self._feed, self._show = feed, show
        self.under_way: dict[OfAttempt, int] = {}
        """How much of which attempts is being kept; one and the same mapping for good."""
        self._then: dict[OfAttempt, Callable[[], None]] = {}

    def take(self, of: OfAttempt, news: News) -> None:
        """Show what is new of an attempt, and keep what is to be kept of it."""
        show = partial(NodeStream, self._state.key(of[0]), of[1])
        if news.text:
            text = self._stage.told(news.text)
            self._streams.shown(of, text, news.chunks)
            self._show(show("token", text, news.first, news.chunks))
        if news.data is not None:
            text = preview(news.data.value, self._stage.recording, "data")
            self._show(show("data", text, news.data.chunk_index))
        for chunk in news.keep:
            if chunk.channel == "artefact":
                self._show(show("artefact", self._stage.told(chunk.name), chunk.chunk_index))
            self._keep(of, chunk)

    def settle(self, of: OfAttempt, then: Callable[[], None], *, given_up: bool = False) -> None:
        """Call `then` once all that is kept of an attempt is a fact.

        What an attempt streams after it was given up is not taken any more.
        """
        if of in self._then:  # it is given up while it ends: both are told, in that order
            self._then[of] = partial(_both, self._then[of], then)
            return
        chunks = deque(self._streams.end(of, given_up=given_up))
        if not chunks and of not in self.under_way:
            then()
            return
        self._then[of] = then
        self.under_way[of] = self.under_way.get(of, 0) + 1
        self._keep_all(of, chunks)

    def _keep_all(self, of: OfAttempt, chunks: deque[Chunk]) -> None:
        for _ in range(min(HEAP, len(chunks))):
            self._keep(of, chunks.popleft())
        if chunks:
            self._stage.loop.call_soon(self._keep_all, of, chunks)
        else:
            self._one_fewer(of)

    def _keep(self, of: OfAttempt, chunk: Chunk) -> None:
        self.under_way[of] = self.under_way.get(of, 0) + 1
        port = PortName(chunk.name or chunk.channel)
        value = chunk.value
        if chunk.channel == "token":  # a text is worth reading without what was taken out of it
            value = self._stage.told(value)
        self._stage.keeper.keep(Outputs({port: value}), partial(self._kept, of, chunk, port))

    def _kept(self, of: OfAttempt, chunk: Chunk, port: PortName, refs: Refs | Exception) -> None:
        if isinstance(refs, Exception):
            why = self._stage.told(f"it could not be kept: {refs}")
            ref = ValueRef("", ValueFormat.NONE, type(chunk.value).__qualname__, reason=why)
        else:
            ref = refs[port]
        self._feed(
            StepStreamed(
                at=self._stage.clock(),
                step=of[0],
                attempt=of[1],
                channel=chunk.channel,
                value=ref,
                chunk_index=chunk.chunk_index,
                chunks=chunk.chunks,
                name=self._stage.told(chunk.name),
                media_type=chunk.media_type,
            )
        )
        self._one_fewer(of)

    def _one_fewer(self, of: OfAttempt) -> None:
        left = self.under_way[of] = self.under_way[of] - 1
        if not left:
            del self.under_way[of]
            then = self._then.pop(of, None)
            if then is not None:
                then()


def _both(first: Callable[[], None], second: Callable[[], None]) -> None:
    first()
    second()
