"""One HTTP request.

The request is made on the engine's loop, with one pooled client per loop. A status of 400 or more
fails the attempt: retries are the node's option, not the client's. A request that may change
something carries the run's idempotency key, so that a server that honours it acts once however
often the attempt is repeated. Errors name the URL without its secrets.
"""

from __future__ import annotations

import asyncio
import atexit
import csv
import io
import json
import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import traitlets
from traitlets import CaselessStrEnum, Dict, TraitError, Unicode, validate

from flowbook.errors import HttpFailed, UsageError
from flowbook.graph.node import Node, NodeContext, Outputs
from flowbook.graph.options import parse_duration
from flowbook.ids import PortName
from flowbook.nodes import examples

if TYPE_CHECKING:
    import httpx

_METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SECRET: Final = re.compile(r"key|token|secret|pass|pwd|sig|auth|code|session|cred", re.IGNORECASE)
_EXCERPT: Final = 300
"""Characters of an error's body that its message quotes."""


class HttpNode(Node):
    """Fetches `url` and gives the body.

    Declared outputs called `status` and `headers` carry those; every other carries the body.

    `response` says how the body is read: `json`, `text`, `bytes`, `table` (CSV or JSON as a
    pandas frame, a list of dicts without pandas), or `auto`, which follows the content type and
    reads CSV as a table.
    """

    kind: ClassVar[str] = "http"
    family: ClassVar[str] = "services"
    example: ClassVar[str] = examples.HTTP

    method = CaselessStrEnum(_METHODS, default_value="GET", help="HTTP method.").tag(config=True)
    url = Unicode(help="Address, http:// or https://.").tag(config=True)
    params = Dict(help="Query parameters; one that is null is left out.").tag(config=True)
    headers = Dict(help="Request headers.").tag(config=True)
    json = traitlets.Any(None, help="Body, sent as JSON.").tag(config=True)
    data = traitlets.Any(None, help="Body: text, or a mapping sent as a form.").tag(config=True)
    timeout = traitlets.Any(30.0, help="Give up after this long: 30s, 2m.").tag(config=True)
    response = CaselessStrEnum(
        ("auto", "json", "text", "bytes", "table"),
        default_value="auto",
        help="How the body is read.",
    ).tag(config=True)

    @validate("timeout")
    def _check_timeout(self, proposal: dict[str, Any]) -> float:
        try:
            return parse_duration(proposal["value"])
        except ValueError as refused:
            raise TraitError(f"timeout cannot be {proposal['value']!r}: {refused}") from None

    async def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """The body, or `Outputs`; `HttpFailed` for no answer or a status of 400 and more."""
        answer = await self._ask(context)
        if answer.status_code >= 400:
            raise self._refused(answer)
        body = await self._body(answer)
        ports = self.ports(self.spec)
        known = {"status": answer.status_code, "headers": dict(answer.headers)}
        return Outputs({port: known.get(port, body) for port in ports})

    async def _ask(self, context: NodeContext) -> httpx.Response:
        client = await _client()
        import httpx  # by now it is loaded, in another thread

        where = f"{self.method} {public_url(self.url, self.params)}"
        try:
            return await client.request(
                self.method,
                self.url,
                params={k: v for k, v in self.params.items() if v is not None} or None,
                headers=self._headers(context),
                json=self.json,
                timeout=self.timeout,
                **_content(self.data),
            )
        except httpx.TimeoutException:
            raise self._unanswered(f"{where} gave no answer within {self.timeout:g} s") from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise UsageError(
                f"http node {self.name!r}: {public_url(self.url)!r} is no address: {error}",
                hint="start it with http:// or https://",
            ) from None
        except httpx.HTTPError as error:
            # Without its cause: forty frames of a client say no more than its last line.
            told = f"{type(error).__name__}: {error}".removesuffix(": ")
            raise self._unanswered(f"{where} got no answer: {told}") from None

    def _headers(self, context: NodeContext) -> dict[str, str]:
        headers = {str(name): str(value) for name, value in self.headers.items()}
        given = {name.lower() for name in headers}
        if self.method not in _SAFE and "idempotency-key" not in given:
            headers["Idempotency-Key"] = context.idempotency_key
        return headers

    async def _body(self, answer: httpx.Response) -> Any:
        kind = self.response
        if kind == "auto":
            kind = _kind_of(answer.headers.get("content-type", ""))
        if kind == "bytes":
            return answer.content
        if kind == "text":
            return answer.text
        read = _as_json if kind == "json" else _as_table
        try:
            return await asyncio.to_thread(read, answer)
        except ValueError as error:
            raise HttpFailed(
                f"{self.method} {public_url(str(answer.url))} answered something that is no "
                f"{'JSON' if kind == 'json' else 'table'}: {error}; it begins {_excerpt(answer)}",
                hint="use response: text to see it whole",
                url=public_url(str(answer.url)),
                status=answer.status_code,
            ) from None

    def _refused(self, answer: httpx.Response) -> HttpFailed:
        url = public_url(str(answer.url))
        wait = _retry_after(answer)
        return HttpFailed(
            f"{self.method} {url} answered {answer.status_code} {answer.reason_phrase}: "
            f"{_excerpt(answer)}",
            hint=f"the server asks to wait {wait:g} s before the next attempt" if wait else None,
            url=url,
            status=answer.status_code,
            retry_after=wait,
        )

    def _unanswered(self, message: str) -> HttpFailed:
        return HttpFailed(message, url=public_url(self.url, self.params))


def public_url(url: str, params: Mapping[str, Any] | None = None) -> str:
    """`url` fit for a message: no user, no password, and the values of secret parameters hidden.

    >>> public_url("https://me:pw@api.test/x?city=Oslo&api_key=123")
    'https://api.test/x?city=Oslo&api_key=…'
    """
    from urllib.parse import parse_qsl, urlsplit

    try:
        parts = urlsplit(url)
    except ValueError:
        return "(no address)"
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *(params or {}).items()]
    query = "&".join(f"{name}={'…' if _SECRET.search(name) else value}" for name, value in pairs)
    host = parts.netloc.rpartition("@")[2]
    head = f"{parts.scheme}://{host}" if parts.scheme else host
    return f"{head}{parts.path}{f'?{query}' if query else ''}"


def _content(data: Any) -> dict[str, Any]:
    if data is None:
        return {}
    return {"data": data} if isinstance(data, Mapping) else {"content": data}


def _kind_of(content_type: str) -> str:
    media = content_type.partition(";")[0].strip().lower()
    if media == "application/json" or media.endswith("+json"):
        return "json"
    if media in ("text/csv", "application/csv"):
        return "table"
    return "text" if media.startswith("text/") or media.endswith("xml") else "bytes"


def _as_json(answer: httpx.Response) -> Any:
    return json.loads(answer.content) if answer.content else None


def _as_table(answer: httpx.Response) -> Any:
    if _kind_of(answer.headers.get("content-type", "")) == "json":
        rows = _as_json(answer)
        if not isinstance(rows, list | dict):
            raise ValueError("a table is a list of objects, or lists by column")
    else:
        rows = None
    try:
        import pandas as pd
    except ImportError:
        return list(csv.DictReader(io.StringIO(answer.text))) if rows is None else rows
    return pd.read_csv(io.BytesIO(answer.content)) if rows is None else pd.DataFrame(rows)


def _excerpt(answer: httpx.Response) -> str:
    text = " ".join(answer.text.split())
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"


def _retry_after(answer: httpx.Response) -> float | None:
    """The seconds a server asks to wait; a date, the header's other form, is not read."""
    asked = answer.headers.get("retry-after", "")
    return float(asked) if re.fullmatch(r"\d{1,6}", asked) else None


@dataclass(frozen=True, slots=True)
class _Held:
    """One event loop's client, being made or made, and the generator that will close it."""

    holder: AsyncGenerator[httpx.AsyncClient, None]
    client: asyncio.Future[httpx.AsyncClient]


_open: Final[dict[asyncio.AbstractEventLoop, _Held]] = {}


async def _client() -> httpx.AsyncClient:
    """The running loop's client: connections are pooled by loop and cannot cross loops."""
    loop = asyncio.get_running_loop()
    held = _open.get(loop)
    if held is None:
        holder = _hold(loop)
        held = _open[loop] = _Held(holder, asyncio.ensure_future(anext(holder)))
    return await asyncio.shield(held.client)


async def _hold(loop: asyncio.AbstractEventLoop) -> AsyncGenerator[httpx.AsyncClient, None]:
    """Own a client until its loop shuts down its async generators, as runners do at their end."""
    try:
        async with await asyncio.to_thread(_make_client) as client:
            yield client
    finally:
        _open.pop(loop, None)


def _make_client() -> httpx.AsyncClient:
    """A client; reading the certificates takes too long for a thread that others wait for."""
    import httpx

    return httpx.AsyncClient(follow_redirects=True)


@atexit.register
def _close_clients() -> None:
    """Close what a loop that is still running at exit holds."""
    for loop, held in list(_open.items()):
        if loop.is_running():
            closing = asyncio.run_coroutine_threadsafe(held.holder.aclose(), loop)
            try:
                closing.result(timeout=1)
            except TimeoutError:
                closing.cancel()
