"""What a node streamed, as its user holds it, of this process or of another time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flowbook.events import Event, NodeStreamed
from flowbook.events.values import ValueRef
from flowbook.graph.node import Progress
from flowbook.ids import NodeId
from flowbook.run.stream import Tail


@dataclass(frozen=True, slots=True)
class Artefact:
    """A file that a node made; `ref` says where its bytes are."""

    name: str
    media_type: str
    ref: ValueRef
    _get: Callable[[ValueRef], object] = field(repr=False)

    @property
    def content(self) -> Any:
        """Its bytes; `ValueUnavailable` when they were not kept, or are gone."""
        return self._get(self.ref)


class Streamed:
    """What the last attempt of a node that streamed anything has streamed so far."""

    def __init__(
        self,
        facts: Iterable[NodeStreamed],
        get: Callable[[ValueRef], object],
        tail: Tail | None = None,
    ) -> None:
        found = tuple(facts)
        attempts = [one.attempt for one in found] + ([tail.attempt] if tail else [])
        self.attempt = max(attempts, default=0)
        """The attempt it is of; 0 when none has streamed anything."""
        self.facts = tuple(one for one in found if one.attempt == self.attempt)
        """What is kept of it, as it is recorded."""
        self._get = get
        self._tail = tail if tail is not None and tail.attempt == self.attempt else None

    @property
    def text(self) -> str:
        """What all tokens say; while they still come, and where they are not kept, the end of it.

        Raises `ValueUnavailable` when it is gone.
        """
        kept = self._last("token")
        if kept is None:
            return "" if self._tail is None else self._tail.text
        return str(self._get(kept.value))

    @property
    def tokens(self) -> int:
        """How many there were, as far as they were shown."""
        kept = self._last("token")
        return kept.chunks if kept is not None else self._tail.chunks if self._tail else 0

    @property
    def end(self) -> str | None:
        """The end of what the tokens say as far as it is at hand; None when it is not."""
        return None if self._tail is None else self._tail.text

    @property
    def data(self) -> list[Any]:
        """The chunks of data that are kept, in order; `ValueUnavailable` when one is gone."""
        return [self._get(one.value) for one in self.of("data")]

    @property
    def artefacts(self) -> Mapping[str, Artefact]:
        """The files it made; of several with one name the last."""
        return {
            one.name: Artefact(one.name, one.media_type, one.value, self._get)
            for one in self.of("artefact")
        }

    @property
    def progress(self) -> Progress | None:
        """How far it was at the end."""
        kept = self._last("progress")
        value: Any = None if kept is None else self._get(kept.value)
        return Progress(**value) if isinstance(value, dict) else None

    def of(self, channel: str) -> list[NodeStreamed]:
        """What is kept of one channel, in order."""
        return sorted(
            (one for one in self.facts if one.channel == channel), key=lambda one: one.chunk_index
        )

    def read(self, fact: NodeStreamed) -> object:
        """What is kept of one of `facts`; `ValueUnavailable` when it is gone."""
        return self._get(fact.value)

    def _last(self, channel: str) -> NodeStreamed | None:
        return next(reversed(self.of(channel)), None)

    def __repr__(self) -> str:
        counts = {
            "tokens": self.tokens,
            "chunks of data": len(self.of("data")),
            "artefacts": len(self.of("artefact")),
        }
        told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        return f"<Streamed: {told or 'nothing'}>"


def streamed_by(events: Iterable[Event], node: NodeId, scope: str) -> list[NodeStreamed]:
    """What the events tell of a node's stream."""
    return [
        event
        for event in events
        if isinstance(event, NodeStreamed) and (event.node, event.scope) == (node, scope)
    ]
