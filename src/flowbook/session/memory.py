"""Who changes what is remembered: the node whose code is running, if one is.

The id of a change is the node's idempotency key, the remembered key, and how many changes of that
key this attempt made before. So the second change of `offset` by a node of a run is the same one in
every attempt, in every process.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from flowbook.ids import NodeId
from flowbook.run.places.capture import listening
from flowbook.run.work import StepContext

if TYPE_CHECKING:
    from flowbook.store.memory import Author, Memory
    from flowbook.store.store import Store


class Remembering:
    """The part of a project that remembers."""

    @property
    def store(self) -> Store:
        """Where it is kept."""
        raise NotImplementedError  # a project has one

    @cached_property
    def memory(self) -> Memory:
        """What the project remembers from run to run; `memory.of(name)` is that of a flow."""
        return replace(self.store.memory, author=author)


def author(key: str) -> Author | None:
    """The node that changes `key` now; asking counts as a change."""
    from flowbook.store.memory import Author

    context = getattr(listening.get(), "__self__", None)
    if not isinstance(context, StepContext):
        return None
    if context.writes is None:
        context.writes = {}
    before = context.writes.get(key, 0)
    context.writes[key] = before + 1
    write = f"{context.idempotency_key}:{before}:{key}"
    return Author(context.run_id, NodeId(context.path), context.attempt, write)
