"""What a channel is, and what it is given to deliver a notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from flowbook.nodes.notify.payloads import Notice


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a notice goes and how: an address that is a secret, and what the node says beside it.

    `key` is the same for every attempt, so that a receiver that looks at it hears a thing once.
    `timeout` is in seconds.
    """

    address: str = field(repr=False)
    key: str
    timeout: float
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Channel(Protocol):
    """A way to tell people; `send` raises for what was not delivered."""

    async def send(self, notice: Notice, delivery: Delivery) -> Mapping[str, Any]:
        """Deliver it once; what is known of the delivery, without the address."""
        ...
