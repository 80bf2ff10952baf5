"""One request and all that belongs to it: redirects, credentials, limits, and a line in the log.

Redirects are followed here and not by the library, because each of them is a request to a host with
its own limits, and because more than one header may have to stay behind when it leads elsewhere.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final

from flowbook.errors import FlowbookError, HttpFailed, UsageError
from flowbook.graph.node import NodeContext
from flowbook.graph.quantities import print_bytes
from flowbook.nodes.http.addresses import is_for, public_url, strip
from flowbook.nodes.http.answer import Answer
from flowbook.nodes.http.auth import Credentials, Nobody, hidden
from flowbook.nodes.http.clients import speaking
from flowbook.nodes.http.hosts import at_host
from flowbook.nodes.http.settings import SAFE, Terms, is_among
from flowbook.nodes.pointing import at_setting

if TYPE_CHECKING:
    import httpx

_TOKEN_SIZE: Final = 1_000_000
"""Bytes that the answer of a token server may have."""


class Exchange:
    """Requests of one run of a node, through one client, under the same terms.

    Cookies go from a redirect to the next request and from page to page, and no further.
    """

    def __init__(
        self,
        terms: Terms,
        client: httpx.AsyncClient,
        context: NodeContext,
        credentials: Credentials | None = None,
        asked: httpx.URL | None = None,
    ) -> None:
        import httpx

        self.terms, self.client, self.context = terms, client, context
        self.credentials: Credentials = credentials or Nobody()
        self._asked = asked
        """Whom credentials are for; None: whoever is asked first."""
        self._cookies = httpx.Cookies()

    def request(self, method: str, url: httpx.URL, **content: Any) -> httpx.Request:
        """A request, not made yet."""
        limits = self.terms.timeouts
        import httpx

        timeout = httpx.Timeout(limits.read, connect=limits.connect, pool=None)
        return self.client.build_request(method, url, timeout=timeout, **content)

    @asynccontextmanager
    async def answer(
        self, request: httpx.Request, also_ok: tuple[int, ...] = ()
    ) -> AsyncIterator[Answer]:
        """The answer, after redirects, while its body is read.

        Raises `HttpFailed` for none, and for a status that is not among those that are `ok`;
        `UsageError` for an address that is none. No message names a secret.
        """
        self._asked = self._asked or request.url
        if not is_for(self._asked, request.url):
            strip(request.headers)
        with self._told(request):
            async with AsyncExitStack() as stack:
                answer = await self._final(request, stack)
                if not is_among(answer.status, self.terms.ok) and answer.status not in also_ok:
                    raise await self._refused(answer)
                yield answer

    async def _final(self, request: httpx.Request, stack: AsyncExitStack) -> Answer:
        """The answer that leads no further; `stack` holds it."""
        seen: set[tuple[str, str]] = set()
        renewed = False
        while True:
            hop = await stack.enter_async_context(AsyncExitStack())
            answer = await hop.enter_async_context(self._hop(request, signed=renewed))
            if not renewed and self._is_ours(request) and self.credentials.may(answer.response):
                await answer.drain()
                await hop.aclose()  # a token may have to be asked of the same host
                await self.credentials.renew(request, answer.response)
                renewed = True
                continue
            following = answer.response.next_request
            if following is None or not self.terms.redirects:
                return answer
            self._check_redirect(answer, following, seen)
            await answer.drain()
            await hop.aclose()
            request, renewed = self._redirected(following), False

    def _check_redirect(
        self, answer: Answer, following: httpx.Request, seen: set[tuple[str, str]]
    ) -> None:
        """Raise `HttpFailed` where there is nothing, where it has been, or after too many."""
        at = (answer.method, str(answer.response.request.url))
        if following.url.scheme not in ("http", "https"):
            why = "redirects to what is no address"
        elif len(seen) >= self.terms.redirects:
            why = f"redirects more than {len(seen)} times"
        elif at in seen:
            why = "redirects in a circle"
        else:
            seen.add(at)
            return
        raise answer.failed(
            f"{why}, at last to {public_url(str(following.url))}",
            hint="follow_redirects: false gives the first answer as it is",
            retryable=False,
        )

    def _is_ours(self, request: httpx.Request) -> bool:
        """True when the credentials are for its server."""
        return self._asked is not None and is_for(self._asked, request.url)

    def _redirected(self, request: httpx.Request) -> httpx.Request:
        if not self._is_ours(request):
            strip(request.headers)
        self._cookies.set_cookie_header(request)
        return request

    @asynccontextmanager
    async def _hop(self, request: httpx.Request, *, signed: bool) -> AsyncIterator[Answer]:
        """One request and its answer, told in the log when it is over."""
        if not signed and self._is_ours(request):
            await self.credentials.sign(request)
        origin = f"{request.url.scheme}://{request.url.netloc.decode()}"
        async with (
            at_host(origin, self.terms.per_host, self.terms.interval),
            asyncio.timeout(self.terms.timeouts.total),  # its turn is not the server's time
        ):
            begun = time.perf_counter()
            answer: Answer | None = None
            try:
                response = await self._sent(request)
                try:
                    if "set-cookie" in response.headers:
                        self._cookies.extract_cookies(response)
                    answer = Answer(response)
                    yield answer
                finally:
                    await response.aclose()
            finally:
                self._log(request, answer, (time.perf_counter() - begun) * 1000)

    async def _sent(self, request: httpx.Request) -> httpx.Response:
        """A request that changes nothing is made once more when its connection was lost."""
        import httpx

        spoken = speaking.set(True)
        try:
            return await self.client.send(request, stream=True, auth=None)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if request.method not in SAFE:
                raise
            return await self.client.send(request, stream=True, auth=None)
        finally:
            speaking.reset(spoken)

    async def post_form(
        self, url: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> bytes:
        """The body that a form is answered with."""
        import httpx

        request = self.request("POST", httpx.URL(url), data=form, headers=headers)
        async with self.answer(request) as answer:
            return (await answer.read(_TOKEN_SIZE)).content

    # ------------------------------------------------------------ what is told

    def told(self, text: str) -> str:
        """`text` without secrets."""
        return hidden(text, self.credentials.secrets)

    async def _refused(self, answer: Answer) -> HttpFailed:
        said = self.told(await answer.excerpt())
        title = f"{answer.status} {answer.response.reason_phrase}".strip()
        failed = answer.failed(
            f"answered {title}: {said}".removesuffix(": "),
            retryable=is_among(answer.status, self.terms.retry_on),
        )
        if failed.retry_after and failed.retryable:
            failed.hint = (
                f"the server asks to wait {failed.retry_after:g} s before the next attempt"
            )
        return failed

    def _log(self, request: httpx.Request, answer: Answer | None, ms: float) -> None:
        came = f"{answer.status} {print_bytes(answer.size)}" if answer else "no answer"
        where = self.told(public_url(str(request.url)))
        self.context.log(
            f"{request.method} {where} {came} {ms:.0f} ms, attempt {self.context.attempt}"
        )

    @contextmanager
    def _told(self, request: httpx.Request) -> Iterator[None]:
        """Whatever goes wrong, said as `HttpFailed` or `UsageError`."""
        import httpx

        try:
            yield
        except FlowbookError:
            raise
        except TimeoutError:
            total = self.terms.timeouts.total
            if total is None:  # not of ours
                raise
            raise self._none(request, f"was not answered in whole within {total:g} s") from None
        except httpx.TimeoutException as error:
            raise self._none(request, self._too_late(error)) from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            with at_setting("url"):
                raise no_address(self.terms.node, str(request.url), error) from None
        except httpx.HTTPError as error:
            raise self._lost(request, error) from None

    def _too_late(self, error: Exception) -> str:
        import httpx

        limits = self.terms.timeouts
        if isinstance(error, httpx.ConnectTimeout):
            return f"was not connected within {limits.connect:g} s"
        return f"gave no answer within {limits.read:g} s"

    def _lost(self, request: httpx.Request, error: Exception) -> HttpFailed:
        # Without its cause: forty frames of a client say no more than its last line.
        mistrust = _mistrust(error)
        if mistrust is not None:
            failed = self._none(request, f"has no certificate that is trusted: {mistrust}")
            failed.retryable = False
            failed.hint = "name the authority's certificates with verify: path/to/ca.pem"
            return failed
        told = f"{type(error).__name__}: {error}".removesuffix(": ")
        return self._none(request, f"got no answer: {told}")

    def _none(self, request: httpx.Request, what: str) -> HttpFailed:
        url = self.told(public_url(str(request.url)))
        return HttpFailed(f"{request.method} {url} {self.told(what)}", url=url)


def _mistrust(error: BaseException | None) -> str | None:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message or str(error)
        error = error.__cause__ or error.__context__
    return None


def no_address(node: str, url: str, error: Exception) -> UsageError:
    """The error for an address that cannot be asked."""
    return UsageError(
        f"http node {node!r}: {public_url(url)!r} is no address: {error}",
        hint="start it with http:// or https://",
    )
