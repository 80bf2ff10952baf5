"""What is told, and its id: who judges the same thing again makes the same notice."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import msgspec

from flowbook.alerts.rule import Target


class Notice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What somebody is told of a run, or of a time without one.

    `happened_at` is in seconds since the epoch. `error` is why a run failed; `message` is all else.
    """

    id: str
    rule: str
    event: str
    flow: str
    happened_at: float
    run: str | None = None
    error: str = ""
    message: str = ""
    level: str = ""
    fields: Mapping[str, str] = {}

    def key(self, target: Target) -> str:
        """What is the same for every attempt to tell this target of it, and no other's."""
        return identity(self.id, target.channel, target.secret, *target.to)


def identity(*parts: str) -> str:
    """An id that follows from texts, 32 hexadecimal digits.

    >>> identity("a", "bc") == identity("a", "bc"), identity("a", "bc") == identity("ab", "c")
    (True, False)
    """
    return sha256("\0".join(parts).encode()).hexdigest()[:32]
