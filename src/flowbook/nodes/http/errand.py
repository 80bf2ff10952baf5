"""One run of a node: its requests, and its outputs made of what they were answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from flowbook.errors import NotGranted, UsageError
from flowbook.graph.node import NodeContext, Outputs
from flowbook.graph.services import Services
from flowbook.ids import PortName
from flowbook.nodes.files.places import Files
from flowbook.nodes.http.addresses import header_text, with_params
from flowbook.nodes.http.answer import Answer, Body
from flowbook.nodes.http.auth import Credentials, Nobody, given_auth, signer
from flowbook.nodes.http.body import BODIES, body_of
from flowbook.nodes.http.clients import Pool, pool
from flowbook.nodes.http.exchange import Exchange, no_address
from flowbook.nodes.http.reading import reading_of, value_of
from flowbook.nodes.http.settings import MAX_SIZE, SAFE
from flowbook.nodes.http.tokens import ClientCredentials
from flowbook.nodes.http.traits import HttpSettings
from flowbook.nodes.pointing import at_setting

if TYPE_CHECKING:
    import httpx

_QUICK: Final = 65_536
"""A body of so many bytes is read where it is, a larger one in a thread."""


class Errand:
    """What a node has to do, with all that it needs for it."""

    def __init__(
        self,
        node: HttpSettings,
        context: NodeContext,
        inputs: Mapping[PortName, Any],
        exchange: Exchange,
    ) -> None:
        self.node, self.context, self.inputs, self.exchange = node, context, inputs, exchange

    @property
    def max_size(self) -> int:
        """The most bytes that become a value."""
        told = self.exchange.terms.max_size
        return MAX_SIZE if told is None else told

    async def single(self) -> Outputs:
        """The body of one request."""
        with ExitStack() as stack:
            async with self.exchange.answer(self.request(self.url(), stack)) as answer:
                body = await answer.read(self.max_size)
        return self.given(answer, await self.value(answer, body))

    # ------------------------------------------------------------ what is asked

    def url(self) -> httpx.URL:
        """Where the node begins; `UsageError` for what is no address."""
        return with_params(self.address(self.node.url), self.node.params)

    def address(self, text: str, base: httpx.URL | None = None) -> httpx.URL:
        """`text` as an address, seen from `base`."""
        import httpx

        with at_setting("url"):
            try:
                url = httpx.URL(text) if base is None else base.join(text)
            except httpx.InvalidURL as error:
                raise no_address(self.node.name, text, error) from None
            if url.scheme not in ("http", "https") or not url.host:
                raise no_address(self.node.name, text, ValueError("it names no server"))
        return url

    def request(
        self, url: httpx.URL, stack: ExitStack, page: int = 1, json: Any = None
    ) -> httpx.Request:
        """The request of page `page`; what it sends is open as long as `stack`.

        `json` stands for that of the node.
        """
        node = self.node
        given = {name: getattr(node, name) for name in BODIES}
        if json is not None:
            given["json"] = json
        content = body_of(given, lambda: self.files, stack)
        headers = {**content.pop("headers", {}), **self._headers(page)}
        return self.exchange.request(node.method, url, headers=headers, **content)

    @property
    def files(self) -> Files:
        """The files of the project; `UsageError` in another process."""
        return Files(self.context.services, {})

    def _headers(self, page: int) -> dict[str, str]:
        headers = {
            str(name).lower(): header_text(str(name), one)
            for name, one in self.node.headers.items()
            if one is not None
        }
        if self.node.method not in SAFE:
            # Each page is an effect of its own, and the same one in every attempt.
            key = self.context.idempotency_key + (f"/{page}" if page > 1 else "")
            headers.setdefault("idempotency-key", key)
        return headers

    # ------------------------------------------------------------ what it gives

    async def value(self, answer: Answer, body: Body, response: str = "") -> Any:
        """The body as the node likes to have it; `HttpFailed` for what cannot be read so.

        `response` stands for that of the node.
        """
        node = self.node
        response = response or node.response
        reading = reading_of(body) if response == "auto" else response
        try:
            if len(body.content) <= _QUICK and reading != "table":
                return value_of(body, response, node.table, node.charset)
            return await asyncio.to_thread(value_of, body, response, node.table, node.charset)
        except ValueError as error:
            kind = "JSON" if reading == "json" else "table"
            raise answer.failed(
                f"answered something that is no {kind}: {error}; "
                f"it begins {self.exchange.told(body.excerpt)}",
                hint="use response: text to see it whole",
            ) from None

    def given(self, answer: Answer, value: Any) -> Outputs:
        """`value`, and the status and headers of `answer`, by the node's ports."""
        known = {"status": answer.status, "headers": answer.headers}
        ports = type(self.node).ports(self.node.spec)
        return Outputs({port: known.get(port, value) for port in ports})


@asynccontextmanager
async def at_work(
    node: HttpSettings, context: NodeContext, inputs: Mapping[PortName, Any]
) -> AsyncIterator[Errand]:
    """An errand, ready to begin; `UsageError` when the node must not do it here."""
    held = await pool()
    services = services_of(context)
    if services is not None:
        _check_effects(node, services)
        key = ("flowbook.nodes.http", asyncio.get_running_loop())
        services.keep(key, lambda: held, Pool.close)
    verify = node.verify
    if isinstance(verify, str):
        verify = context.services.file(verify)
    elif not verify:
        context.log("certificates are not checked (verify: false)")
    client = await held.client(verify)
    exchange = Exchange(node.terms, client, context)
    if node.auth:
        exchange.credentials = _credentials(node.auth, exchange, held)
    yield Errand(node, context, inputs, exchange)


def _credentials(auth: Mapping[str, Any], exchange: Exchange, held: Pool) -> Credentials:
    given = given_auth(auth, exchange.context.services.secret if "secret" in auth else str)
    if given["type"] != "oauth2_client_credentials":
        return signer(given)
    hides = Nobody(given["client_secret"])
    tokens = Exchange(exchange.terms, exchange.client, exchange.context, hides)
    return ClientCredentials(given, held, tokens.post_form)


def services_of(context: NodeContext) -> Services | None:
    """What the project does for its nodes; None in another process."""
    try:
        return context.services
    except UsageError:
        return None


def _check_effects(node: HttpSettings, services: Services) -> None:
    would = f"send {node.method}" if node.method not in SAFE else f"write {node.save_to}"
    if not services.effects and (node.method not in SAFE or node.save_to):
        raise NotGranted(
            f"http node {node.name!r} would {would}, and a test run changes nothing outside",
            hint="give the test a mock of it, or let the test allow it",
            grant="effects",
            what=would,
        )
