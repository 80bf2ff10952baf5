"""Tokens by client credentials, as OAuth 2.0 has it: asked for once, kept until they end.

A token is in memory only, with the pool of its event loop, and never on disk. When a server refuses
it before its time, a new one is asked for, once a request.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus

from flowbook.errors import HttpFailed, UsageError
from flowbook.nodes.http.addresses import public_url
from flowbook.nodes.http.clients import Pool, Token
from flowbook.nodes.pointing import at_setting

if TYPE_CHECKING:
    import httpx

_EARLY: Final = 30.0
"""A token is renewed so many seconds before it ends, or after half its time."""
_LASTS: Final = 300.0
"""Seconds a token is taken to last whose server does not say."""

Fetch = Callable[[str, Mapping[str, str], Mapping[str, str]], Awaitable[bytes]]
"""Posts a form with headers to an address and gives the body of the answer."""


class ClientCredentials:
    """Signs with a token that the client's own id and secret are good for."""

    def __init__(self, given: Mapping[str, str], pool: Pool, fetch: Fetch) -> None:
        if given.get("client_auth", "basic") not in ("basic", "body"):
            raise UsageError("auth: client_auth is basic or body")
        self._given, self._pool, self._fetch = given, pool, fetch
        told = "\0".join(f"{name}={value}" for name, value in sorted(given.items()))
        self._key = hashlib.sha256(told.encode()).digest()
        self._token = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(one for one in (self._given["client_secret"], self._token) if one)

    async def sign(self, request: httpx.Request) -> None:
        self._token = await self._current(refused="")
        request.headers["Authorization"] = f"Bearer {self._token}"

    def may(self, response: httpx.Response) -> bool:
        return response.status_code == 401

    async def renew(self, request: httpx.Request, response: httpx.Response) -> None:
        self._token = await self._current(refused=self._token)
        request.headers["Authorization"] = f"Bearer {self._token}"

    async def _current(self, refused: str) -> str:
        lock = self._pool.locks.setdefault(self._key, asyncio.Lock())
        async with lock:  # one asks, the others have what it was given
            now = asyncio.get_running_loop().time()
            known = self._pool.tokens.get(self._key)
            if known is None or known.until <= now or known.value == refused:
                known = self._pool.tokens[self._key] = await self._asked(now)
            return known.value

    async def _asked(self, now: float) -> Token:
        with at_setting("auth"):
            return await self._ask(now)

    async def _ask(self, now: float) -> Token:
        given = self._given
        form = {"grant_type": "client_credentials"}
        form |= {name: given[name] for name in ("scope", "audience") if name in given}
        headers = {"Accept": "application/json"}
        if given.get("client_auth") == "body":
            form |= {name: given[name] for name in ("client_id", "client_secret")}
        else:
            headers["Authorization"] = _basic(given["client_id"], given["client_secret"])
        content = await self._fetch(given["token_url"], form, headers)
        answer = _read(content)
        if not isinstance(answer.get("access_token"), str):
            url = public_url(given["token_url"])
            raise HttpFailed(
                f"POST {url} answered without an access_token",
                hint="auth.token_url has to be where tokens are given",
                url=url,
                retryable=False,
            )
        lasts = _seconds(answer.get("expires_in"))
        return Token(answer["access_token"], now + max(lasts / 2, lasts - _EARLY))


def _basic(name: str, secret: str) -> str:
    import httpx

    request = httpx.Request("POST", "http://token")
    next(httpx.BasicAuth(quote_plus(name), quote_plus(secret)).auth_flow(request))
    return request.headers["Authorization"]


def _read(content: bytes) -> Mapping[str, Any]:
    try:
        read = json.loads(content)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _seconds(told: object) -> float:
    try:
        return max(0.0, float(str(told)))
    except ValueError:
        return _LASTS
