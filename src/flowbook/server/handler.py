"""What every answer of the server has in common: who asks, a thread to ask in, errors as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from http.client import responses
from typing import Any, Final

import msgspec
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado.web import HTTPError, authenticated

from flowbook.errors import FlowbookError, StoreBusy, UsageError
from flowbook.server.place import Missing, Place, place_of
from flowbook.server.routes import Asked, Refusal, Route, refusal
from flowbook.store.audit import acting

_THREADS: Final = ThreadPoolExecutor(32, thread_name_prefix="flowbook-server")
"""Our own: a run may take a minute to begin, and the server's few threads are everybody's."""


class Handler(APIHandler):
    """Base of every handler."""

    auth_resource = "flowbook"

    def place(self) -> Place:
        """What is asked about."""
        return place_of(self.settings)

    def refuse(self, status: int, told: Refusal) -> None:
        """Send a refusal."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(msgspec.json.encode(told))

    def write_error(self, status_code: int, **details: Any) -> None:
        """What Jupyter and tornado refuse, in the same form."""
        error = (details.get("exc_info") or (None, None))[1]
        message = responses.get(status_code, "error")
        if isinstance(error, HTTPError):
            told = error.log_message or message
            message = error.reason or (told % error.args if error.args else told)
        self.refuse(status_code, Refusal(message, None, type(error).__name__))


class RouteHandler(Handler):
    """The routes of one address."""

    routes: Mapping[str, Route] = {}

    def write_error(self, status_code: int, **details: Any) -> None:
        """Say what is allowed where a method is not."""
        if status_code == 405:
            self.set_header("Allow", ", ".join(self.routes))
        super().write_error(status_code, **details)

    @authenticated
    @authorized
    async def get(self, *parts: str) -> None:
        await self._perform(parts)

    @authenticated
    @authorized
    async def post(self, *parts: str) -> None:
        await self._perform(parts)

    @authenticated
    @authorized
    async def put(self, *parts: str) -> None:
        await self._perform(parts)

    @authenticated
    @authorized
    async def delete(self, *parts: str) -> None:
        await self._perform(parts)

    async def _perform(self, parts: Iterable[str]) -> None:
        route = self.routes.get(self.request.method or "")
        if route is None:
            raise HTTPError(405)
        asked = (*parts, *self._asked(route))
        user, address = self.current_user, self.request.remote_ip
        try:
            with acting(actor=user.username, source=f"server {address}"):
                found = await _in_thread(lambda: route.do(self.place(), *asked))
        except FlowbookError as error:
            self.refuse(_status(error, route.misuse), refusal(error))
        else:
            self.set_status(route.status(found) if route.status else route.success)
            self.set_header("Content-Type", "application/json")
            await self.finish(msgspec.json.encode(found, enc_hook=str))

    def _asked(self, route: Route) -> tuple[Asked, ...]:
        """What is asked beyond the address, checked; nothing for a route that takes nothing."""
        if route.most_bytes is not None and len(self.request.body) > route.most_bytes:
            most = f"{route.most_bytes // 1_000_000} MB"
            raise HTTPError(400, "a notebook of more than %s is not read: leave out outputs", most)
        if route.takes is None:
            if route.in_body:
                _read(Asked, self._body())
            return ()
        given = self._body() if route.in_body else self._query(route.takes)
        return (_read(route.takes, given, lax=not route.in_body),)

    def _body(self) -> dict[str, Any]:
        try:
            given: Any = msgspec.json.decode(self.request.body or b"{}") or {}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise HTTPError(400, "the body is no JSON") from None
        if not isinstance(given, dict):
            raise HTTPError(400, "the body must be a JSON object")
        return {name: value for name, value in given.items() if value is not None}

    def _query(self, takes: type[Asked]) -> dict[str, Any]:
        """The arguments of the address that have a meaning here; an empty one is none."""
        names = takes.__struct_encode_fields__
        given = {name: self.get_argument(name, None) for name in names}
        return {name: value for name, value in given.items() if value}


class Nowhere(Handler):
    """Addresses that are none."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Refuse."""
        nothing = Refusal("there is nothing at this address", "see openapi.json", "Missing")
        self.refuse(404, nothing)

    post = put = delete = get


def handlers(routes: Iterable[Route]) -> list[tuple[str, type[RouteHandler]]]:
    """A handler for each address of a table, by the pattern of the address."""
    found: dict[str, dict[str, Route]] = {}
    for route in routes:
        found.setdefault(route.pattern, {})[route.method] = route
    return [(path, _handler(by_method)) for path, by_method in found.items()]


def _handler(routes: dict[str, Route]) -> type[RouteHandler]:
    name = next(iter(routes.values())).name
    return type(f"Handler_{name}", (RouteHandler,), {"routes": routes})


def _read(takes: type[Asked], given: dict[str, Any], *, lax: bool = False) -> Asked:
    known = takes.__struct_encode_fields__
    for name in given:
        if name not in known:
            raise HTTPError(400, "%s is no field; there are %s", name, ", ".join(known) or "none")
    try:
        return msgspec.convert(given, takes, strict=not lax)
    except msgspec.ValidationError as refused:
        raise HTTPError(400, "%s", _in_words(refused, given)) from None


def _in_words(refused: msgspec.ValidationError, given: Mapping[str, Any]) -> str:
    """`Expected `int`, got `str` - at `$.limit`` with what was given."""
    text = str(refused).replace("`", "")
    name = text.rpartition("$.")[2].split("[")[0].split(".")[0]
    found = given.get(name)
    return f"{name}: {text.partition(' - at')[0]}, not {found!r:.80}" if name in given else text


async def _in_thread(do: Callable[[], Any]) -> Any:
    """What `do` gives, done in a thread that knows for whom."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_THREADS, copy_context().run, do)


def _status(error: FlowbookError, misuse: int) -> int:
    if isinstance(error, Missing):
        return 404
    if isinstance(error, StoreBusy):
        return 503
    return misuse if isinstance(error, UsageError) else 500
