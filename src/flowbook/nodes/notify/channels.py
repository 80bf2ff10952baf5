"""How a notice gets there: by a webhook of one kind or another, by mail, or in a way of one's own.

A channel is anything with `send(notice, delivery)`. Those of other packages are found under the
entry point group `flowbook.channels`, by their name; the built-in ones cannot be replaced.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from importlib.metadata import entry_points
from typing import Any, Final

from flowbook.errors import HttpFailed, UsageError
from flowbook.graph.options import did_you_mean
from flowbook.nodes.notify import payloads
from flowbook.nodes.notify.delivery import Channel, Delivery
from flowbook.nodes.notify.mail import Mail
from flowbook.nodes.notify.payloads import Notice

GROUP: Final = "flowbook.channels"


class Webhook:
    """Posts what `build` makes of a notice to the address."""

    def __init__(self, name: str, build: Callable[[Notice], Mapping[str, Any]]) -> None:
        self._name = name
        self._build = build

    async def send(self, notice: Notice, delivery: Delivery) -> Mapping[str, Any]:
        """`{status}`; `HttpFailed`, which is final for most answers of 400 and more."""
        if not delivery.address.startswith(("http://", "https://")):
            raise UsageError(
                f"{self._name} needs an address that begins with https://",
                hint="keep it as a secret, and write secret: its name",
            )
        status, retry_after = await self._post(notice, delivery)
        if status >= 300:
            raise HttpFailed(
                f"{self._name} answered {status}",
                hint="is the webhook still there?" if status in (403, 404, 410) else None,
                url=HIDDEN,
                status=status,
                retry_after=retry_after,
            )
        return {"status": status}

    async def _post(self, notice: Notice, delivery: Delivery) -> tuple[int, float | None]:
        import httpx

        headers = {"Content-Type": "application/json", "Idempotency-Key": delivery.key}
        content = payloads.encoded(self._build(notice))
        logging.getLogger("httpx").addFilter(_untold)
        quiet = _quiet.set(True)
        try:
            # The certificates are read in a thread: it takes too long for a loop.
            client = await asyncio.to_thread(httpx.AsyncClient, timeout=delivery.timeout)
            async with client:
                answer = await client.post(delivery.address, content=content, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # What the client says may have the address in it.
            raise HttpFailed(
                f"{self._name} gave no answer: {type(error).__name__}", url=HIDDEN
            ) from None
        finally:
            _quiet.reset(quiet)
        asked = answer.headers.get("retry-after", "")
        return answer.status_code, float(asked) if re.fullmatch(r"\d{1,6}", asked) else None


HIDDEN: Final = "(kept back)"
"""What stands for an address in errors."""
_quiet: Final[ContextVar[bool]] = ContextVar("flowbook_quiet", default=False)


def _untold(_: logging.LogRecord) -> bool:
    """False for what an HTTP client logs of an address while a notice is sent."""
    return not _quiet.get()


BUILT_IN: Final[Mapping[str, Channel]] = {
    "webhook": Webhook("webhook", payloads.webhook),
    "slack": Webhook("slack", payloads.slack),
    "discord": Webhook("discord", payloads.discord),
    "email": Mail(),
}


def channels() -> tuple[str, ...]:
    """The names of all channels there are, the built-in ones first.

    >>> channels()[:4]
    ('webhook', 'slack', 'discord', 'email')
    """
    others = {one.name for one in entry_points(group=GROUP)} - {*BUILT_IN}
    return (*BUILT_IN, *sorted(others))


def channel(name: str) -> Channel:
    """The channel of that name; `UsageError` names those there are."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    found = {one.name: one for one in entry_points(group=GROUP)}
    if name not in found:
        raise UsageError(
            f"no channel is called {name!r}", hint=did_you_mean(name, (*BUILT_IN, *found))
        )
    loaded = found[name].load()
    made: Channel = loaded() if isinstance(loaded, type) else loaded
    return made
