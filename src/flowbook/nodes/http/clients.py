"""The clients of this process, each with its pool of connections, and the tokens they were given.

Connections belong to the event loop they were made on, so there is a `Pool` per loop: made by the
first request, closed with the project, when its loop shuts down its async generators, as runners
do at their end, or at exit. In it is one client for each way of checking certificates. A client
knows nothing of those who ask through it: no cookies, no credentials.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import ssl
from collections.abc import AsyncGenerator
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Final

from flowbook.errors import UsageError
from flowbook.nodes.http.encoding import OFFERED

if TYPE_CHECKING:
    import httpx

CONNECTIONS: Final = 200
"""Open at once, at the most."""
KEPT: Final = 50
"""Idle connections that stay open."""
KEPT_FOR: Final = 30.0
"""Seconds; a server that closes one earlier is noticed before it is used again."""

speaking: Final[ContextVar[bool]] = ContextVar("speaking", default=False)
"""True while a request of ours is made: it has a log line of its own, without secrets."""


@dataclass(slots=True)
class Token:
    """What a token server gave, until when by the loop's clock."""

    value: str
    until: float


@dataclass(slots=True, eq=False)
class Pool:
    """What one event loop holds."""

    clients: dict[bool | str, asyncio.Future[httpx.AsyncClient]] = field(default_factory=dict)
    tokens: dict[object, Token] = field(default_factory=dict, repr=False)
    locks: dict[object, asyncio.Lock] = field(default_factory=dict, repr=False)

    async def client(self, verify: bool | str) -> httpx.AsyncClient:
        """The client that checks certificates so; `UsageError` when those cannot be read."""
        made = self.clients.get(verify)
        if made is None or (made.done() and (made.cancelled() or made.exception() is not None)):
            # Reading certificates takes too long for a thread that others wait for.
            made = asyncio.ensure_future(asyncio.to_thread(_make_client, verify))
            self.clients[verify] = made
        return await asyncio.shield(made)

    async def close(self) -> None:
        """Close all connections and forget the tokens; who asks again begins anew."""
        clients = list(self.clients.values())
        self.clients.clear()
        self.tokens.clear()
        for made in clients:
            with contextlib.suppress(UsageError, asyncio.CancelledError):
                await (await made).aclose()


def _make_client(verify: bool | str) -> httpx.AsyncClient:
    import httpx

    logging.getLogger("httpx").addFilter(_says_nothing)
    client = httpx.AsyncClient(
        verify=_trusting(verify) if isinstance(verify, str) else verify,
        limits=httpx.Limits(
            max_connections=CONNECTIONS,
            max_keepalive_connections=KEPT,
            keepalive_expiry=KEPT_FOR,
        ),
        headers={"Accept-Encoding": OFFERED},
    )
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
    return client


def _trusting(path: str) -> ssl.SSLContext:
    from pathlib import Path

    try:
        if Path(path).is_dir():
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"verify: the certificates in {path!r} cannot be read: {error}",
            hint="name a file of certificates in PEM form",
        ) from None


def _says_nothing(_: logging.LogRecord) -> bool:
    """The library tells whole addresses, and with them secrets; of ours it tells none."""
    return not speaking.get()


@dataclass(frozen=True, slots=True)
class _Held:
    """A loop's pool and the generator that will close it."""

    pool: Pool
    holder: AsyncGenerator[None, None]


_open: Final[dict[asyncio.AbstractEventLoop, _Held]] = {}


async def pool() -> Pool:
    """The running loop's."""
    loop = asyncio.get_running_loop()
    held = _open.get(loop)
    if held is None:
        made = Pool()
        held = _open[loop] = _Held(made, _hold(loop, made))
        await anext(held.holder)
    return held.pool


async def _hold(loop: asyncio.AbstractEventLoop, made: Pool) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        _open.pop(loop, None)
        await made.close()


@atexit.register
def _close_all() -> None:
    """Close what a loop that is still running at exit holds."""
    for loop, held in list(_open.items()):
        if loop.is_running():
            closing = asyncio.run_coroutine_threadsafe(held.holder.aclose(), loop)
            try:
                closing.result(timeout=1)
            except TimeoutError:
                closing.cancel()
