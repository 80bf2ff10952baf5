"""What running nodes put on their streams: tokens, data, artefacts, and how far they are.

A node says it from any thread, at any rate; the engine's loop takes it over in small heaps. What
waits in between is bounded: of tokens that nobody has been shown yet the newest, of data the chunks
that are to be kept and the newest, of progress the newest. So a node that streams faster than
anybody can look costs neither the loop nor the memory.

What is kept of an attempt is the flow's to say (`StreamKeep`), and is there before the attempt
counts as ended: all its tokens as one text, data and artefacts each as a value by reference, of
progress the last. What is too much is left out, and the numbers of the chunks tell.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeAlias

from flowbook.errors import UsageError
from flowbook.graph.flow_options import StreamKeep
from flowbook.graph.node import Progress
from flowbook.ids import NodeId

MOST_TEXT = 1_000_000
"""Characters of tokens that are kept of one attempt."""
MOST_CHUNKS = 1_000
"""Chunks of data, and artefacts, that are kept of one attempt."""
HEAP = 50
"""Values that the loop takes over at once; the rest waits for the next time."""
TAIL = 20_000
"""Characters of tokens that are at hand for whoever looks at a node."""
_TAILS = 200
"""Nodes of one run whose tokens are at hand."""
_LONGEST_LINE = 16_384

OfAttempt: TypeAlias = tuple[int, int]
"""Step and attempt."""


@dataclass(frozen=True, slots=True)
class NodeStream:
    """A live notice, never journalled: what a node has put on its stream since the last one.

    `text` is what the tokens say, a few words about the newest data, or the artefact's name; it
    stands for `chunks` of them, the first of which is number `chunk_index`.
    """

    node: NodeId
    attempt: int
    channel: str
    text: str
    chunk_index: int = 0
    chunks: int = 1


@dataclass(frozen=True, slots=True)
class Chunk:
    """Something of a stream that is to be kept, as a value."""

    channel: str
    value: Any = field(repr=False)
    chunk_index: int = 0
    chunks: int = 1
    name: str = ""
    media_type: str = ""


@dataclass(slots=True)
class Tail:
    """The end of what the tokens of an attempt say, and how many there were."""

    attempt: int
    text: str = ""
    chunks: int = 0

    def add(self, text: str, chunks: int) -> None:
        self.text = (self.text + text)[-TAIL:]
        self.chunks += chunks


@dataclass(slots=True)
class News:
    """What came of one attempt since it was last asked for: what to show, and what to keep."""

    text: str = ""
    first: int = 0
    chunks: int = 0
    data: Chunk | None = None
    """The newest, however much came."""
    keep: list[Chunk] = field(default_factory=list)


class _Attempt:
    """What one attempt has streamed so far."""

    __slots__ = (
        "artefacts", "data", "kept", "last", "newest", "progress", "queue", "room", "said",
        "shown", "tokens", "torn", "unshown", "wanting",
    )  # fmt: skip

    def __init__(self) -> None:
        self.tokens = self.data = self.artefacts = 0
        """How many there were."""
        self.said: list[str] = []
        """The tokens that are kept; `room` is how many more characters may be."""
        self.room = MOST_TEXT
        self.shown = 0
        """Tokens that were shown."""
        self.unshown: deque[str] = deque()
        self.wanting = 0
        """How many characters the unshown ones have."""
        self.torn = False
        """The first of them were dropped."""
        self.queue: deque[Chunk] = deque()
        """Values on their way to be kept; `kept` counts the data among those that ever were."""
        self.kept = 0
        self.newest: Chunk | None = None
        """The newest data, unless it was shown."""
        self.last: Chunk | None = None
        """The newest data, unless it is in the queue or was."""
        self.progress: Progress | None = None

    def token(self, text: str, chunks: int) -> None:
        self.tokens += chunks
        if self.room > 0:
            self.said.append(text[: self.room])
            self.room -= len(text)
        self.unshown.append(text)
        self.wanting += len(text)
        while self.wanting > TAIL and len(self.unshown) > 1:
            self.wanting -= len(self.unshown.popleft())
            self.torn = True

    def emit(self, value: Any, keep: StreamKeep) -> None:
        chunk = self.newest = Chunk("data", value, self.data)
        self.data += 1
        if keep is StreamKeep.ALL and self.kept < MOST_CHUNKS:
            self.kept += 1
            self.last = None
            self.queue.append(chunk)
        else:
            self.last = chunk

    def news(self, *, by_line: bool, unfinished: bool) -> News:
        """What is new; `by_line`, what is `unfinished` may have to wait."""
        made = News(first=self.shown, data=self.newest)
        self.newest = None
        if self.unshown:
            text = "".join(self.unshown)
            if by_line and self.torn:  # what is left of a line may be the end of a secret
                text = text[text.find("\n") + 1 or len(text) :]
            shown = len(text) if unfinished or not by_line else _finished(text)
            made.text, left = text[:shown], text[shown:]
            self.unshown = deque([left] if left else ())
            self.wanting, self.torn = len(left), False
        made.chunks = self.tokens - self.shown if made.text else 0
        self.shown += made.chunks
        made.keep = [self.queue.popleft() for _ in range(min(HEAP, len(self.queue)))]
        return made

    def rest(self, keep: StreamKeep, *, by_line: bool) -> Iterator[Chunk]:
        """What is kept when the attempt is over; to be asked once."""
        yield from self.queue
        self.queue.clear()
        if keep is StreamKeep.NONE:
            return
        if self.last is not None:
            yield self.last
        if self.said:
            text = "".join(self.said)
            if by_line and self.room < 0:  # it was cut off, maybe in the middle of a secret
                text = text[: text.rfind("\n") + 1]
            yield Chunk("token", text, 0, self.tokens)
        if self.progress is not None:
            told = self.progress
            value = {"done": told.done, "total": told.total, "text": told.text}
            yield Chunk("progress", value)
        self.last, self.progress, self.said = None, None, []


class Streams:
    """The streams of one run. Nodes speak from any thread; all else is for the loop.

    `stir` is called when there is something to take over. `by_line`: whether tokens are shown line
    by line, so that what is redacted of them is not missed because it came in two.
    """

    def __init__(
        self,
        stir: Callable[[], None],
        keep: StreamKeep = StreamKeep.ALL,
        *,
        by_line: Callable[[], bool] = lambda: False,
    ) -> None:
        self._stir, self._keep, self._by_line = stir, keep, by_line
        self._lock = Lock()
        self.attempts: dict[OfAttempt, _Attempt] = {}
        """Those that have streamed something and are not over; always one and the same mapping."""
        self.stirred: dict[OfAttempt, None] = {}
        """The attempts of which something is to be taken over."""
        self._given_up: set[OfAttempt] = set()
        self.tails: OrderedDict[int, Tail] = OrderedDict()
        """By step: what its latest tokens say, as it was shown."""

    # ------------------------------------------------------------ said by nodes

    def token(self, of: OfAttempt, text: str, chunks: int = 1) -> None:
        """An attempt said the next piece of a text."""
        if not isinstance(text, str):
            raise UsageError(f"a token is a text, not {type(text).__name__}", hint="or emit() it")
        with self._lock:
            self._of(of).token(text, chunks)
        self._stir()

    def emit(self, of: OfAttempt, value: Any) -> None:
        """An attempt gave a chunk of data."""
        with self._lock:
            self._of(of).emit(value, self._keep)
        self._stir()

    def artefact(self, of: OfAttempt, name: str, content: bytes, media_type: str) -> None:
        """An attempt made a file; `UsageError` when it made too many."""
        with self._lock:
            mine = self._of(of)
            if mine.artefacts >= MOST_CHUNKS:
                raise UsageError(
                    f"an attempt leaves at most {MOST_CHUNKS:,} artefacts",
                    hint="put several files into one, such as a zip",
                )
            number, mine.artefacts = mine.artefacts, mine.artefacts + 1
            chunk = Chunk("artefact", content, number, name=name, media_type=media_type)
            if self._keep is not StreamKeep.NONE:
                mine.queue.append(chunk)
        self._stir()

    def progress(self, of: OfAttempt, progress: Progress) -> None:
        """An attempt got somewhere."""
        if self._keep is StreamKeep.NONE:
            return
        mine = self.attempts.get(of)
        if mine is None:
            with self._lock:
                mine = self._of(of)
            self.stirred.pop(of, None)  # it is shown in another way
        mine.progress = progress

    def _of(self, of: OfAttempt) -> _Attempt:
        if of in self._given_up:
            return _Attempt()  # nobody's
        self.stirred[of] = None
        mine = self.attempts.get(of)
        if mine is None:
            mine = self.attempts[of] = _Attempt()
        return mine

    # ------------------------------------------------------------ taken over by the loop

    def news(self, *, unfinished: bool = True) -> list[tuple[OfAttempt, News]]:
        """What came since the last time, of all attempts, tokens not yet redacted.

        Unless `unfinished`, tokens wait for the end of their line where that matters.
        """
        how = {"by_line": self._by_line(), "unfinished": unfinished}
        with self._lock:
            stirred, self.stirred = self.stirred, {}
            found = [(of, self.attempts[of].news(**how)) for of in stirred]
            waiting = [of for of in stirred if self.attempts[of].queue]
            self.stirred.update(dict.fromkeys(waiting))
        if waiting:
            self._stir()
        return found

    def end(self, of: OfAttempt, *, given_up: bool = False) -> list[Chunk]:
        """What else is kept of an attempt that is over, or is `given_up` and may go on unheard."""
        with self._lock:
            if given_up:
                self._given_up.add(of)
            mine = self.attempts.pop(of, None)
            self.stirred.pop(of, None)
            if mine is None:
                return []
            return list(mine.rest(self._keep, by_line=self._by_line()))

    def shown(self, of: OfAttempt, text: str, chunks: int) -> None:
        """Have what tokens say at hand."""
        step, attempt = of
        tail = self.tails.get(step)
        if tail is None or tail.attempt != attempt:
            tail = self.tails[step] = Tail(attempt)
            if len(self.tails) > _TAILS:
                self.tails.popitem(last=False)
        tail.add(text, chunks)


def _finished(text: str) -> int:
    """Where the lines of `text` that are whole end, unless the last one is very long."""
    end = text.rfind("\n") + 1
    return len(text) if len(text) - end > _LONGEST_LINE else end
