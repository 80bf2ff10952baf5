"""Page after page, as one list or one table.

An answer says what follows it by a link, an address or a cursor; else pages are counted until one
is empty. Whoever leads in a circle is found out. An attempt that fails in the middle leaves what it
has to the next one, which goes on with the page that failed: with a server that refuses every
hundredth request nobody would ever see the end otherwise.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from flowbook.errors import ExpressionError, HttpFailed, UsageError
from flowbook.graph.node import Outputs
from flowbook.nodes.http.addresses import public_url, with_params
from flowbook.nodes.http.answer import Answer, Body
from flowbook.nodes.http.errand import Errand
from flowbook.nodes.http.paging import MAX_PAGES, Paging
from flowbook.nodes.http.reading import as_table, reading_of
from flowbook.nodes.pointing import at_setting
from flowbook.nodes.router import nested
from flowbook.nodes.tables import family

if TYPE_CHECKING:
    import httpx

_CARRIED: Final = 16
"""Runs whose pages wait for their next attempt."""
_carried: Final[OrderedDict[str, _Gathered]] = OrderedDict()


@dataclass(slots=True)
class _Gathered:
    """What there is so far, and which page is next."""

    url: httpx.URL
    json: Any = None
    value: Any = None
    """The number or offset of that page."""
    page: int = 1
    parts: list[Any] = field(default_factory=list)
    """What each page gave: a list, or a table."""
    count: int = 0
    seen: set[str] = field(default_factory=set)
    last: bytes = b""
    """A digest of the page before."""
    answer: Answer | None = None
    """The last that there was."""


async def paged(errand: Errand, paging: Paging) -> Outputs:
    """All pages as one; `HttpFailed` or `UsageError` says which page is at fault."""
    key = errand.context.idempotency_key
    carried = _carried.pop(key, None) if errand.context.attempt > 1 else None
    if carried is not None:
        errand.context.log(f"goes on with page {carried.page}")
        try:
            return await _Pager(errand, paging, carried).run()
        except HttpFailed as failed:
            if not failed.final:
                raise
            errand.context.log(f"page {carried.page} is not there any more; begins again")
    return await _Pager(errand, paging, _begun(errand, paging)).run()


def _begun(errand: Errand, paging: Paging) -> _Gathered:
    gathered = _Gathered(errand.url(), errand.node.json, paging.start)
    return _turned(errand, paging, gathered, paging.first) if paging.counts else gathered


def _turned(
    errand: Errand, paging: Paging, gathered: _Gathered, asked: Mapping[str, Any]
) -> _Gathered:
    """Its next page asked for with `asked`, in the address or in the body."""
    if paging.into == "query":
        url = errand.url()
        for name in asked:
            url = url.copy_remove_param(name) if name in url.params else url
        gathered.url = with_params(url, asked)
    else:
        gathered.json = {**(errand.node.json or {}), **asked}
    return gathered


class _Pager:
    """One attempt at all pages."""

    def __init__(self, errand: Errand, paging: Paging, gathered: _Gathered) -> None:
        self._errand, self._paging, self._so_far = errand, paging, gathered

    async def run(self) -> Outputs:
        so_far, most = self._so_far, self._paging.max_pages or MAX_PAGES
        while True:
            try:
                goes_on = await self._page()
            except HttpFailed as failed:
                self._carry(failed)
                raise
            total = self._paging.max_pages
            self._errand.context.progress(so_far.page, total, f"{so_far.count:,} items")
            if goes_on and not self._is_enough() and so_far.page >= most:
                self._stop_at(most)
                goes_on = False
            if not goes_on or self._is_enough():
                assert so_far.answer is not None  # noqa: S101 - there is a first page
                whole = await asyncio.to_thread(self._joined)
                return self._errand.given(so_far.answer, whole)
            so_far.page += 1

    async def _page(self) -> bool:
        """One page; whether another follows, which is then where to go on."""
        errand, so_far = self._errand, self._so_far
        with ExitStack() as stack:
            request = errand.request(so_far.url, stack, so_far.page, so_far.json)
            past = (404,) if self._paging.counts and so_far.page > 1 else ()
            async with errand.exchange.answer(request, also_ok=past) as answer:
                body = await answer.read(errand.max_size)
        if answer.status in past:
            return False
        so_far.answer = answer
        value = await self._read(answer, body)
        names = {
            **nested(errand.inputs),
            "body": value,
            "headers": answer.headers,
            "status": answer.status,
            "page": so_far.page,
            "url": str(so_far.url),
        }
        part = self._items(names, value)
        if len(part):
            so_far.parts.append(part)
            so_far.count += len(part)
        return self._follow(answer, body, names, len(part))

    async def _read(self, answer: Answer, body: Body) -> Any:
        """JSON stays what it is until all pages are there: expressions read it."""
        table = self._errand.node.response == "table" and reading_of(body) == "json"
        return await self._errand.value(answer, body, "json" if table else "")

    def _items(self, names: Mapping[str, Any], value: Any) -> Any:
        found = self._asked("items", self._paging.items, names) if self._paging.items else value
        if found is None:
            return []
        if isinstance(found, list | tuple):
            return list(found)
        if family(found) is not None:
            return found
        where = "items gives" if self._paging.items else "it is"
        raise UsageError(
            f"page {self._so_far.page} of http node {self._errand.node.name!r} has no list: "
            f"{where} a {type(found).__name__}",
            hint='say where its items are, such as items: "{{ body.results }}"',
        )

    def _asked(self, name: str, text: str, names: Mapping[str, Any]) -> Any:
        try:
            return self._errand.context.evaluate(text, names)
        except ExpressionError as failed:
            told = f"pages: {name} of page {self._so_far.page}: {failed.message}"
            hint = failed.hint or f"it sees {', '.join(map(str, names))}"
            with at_setting("pages", name, text=text):
                raise ExpressionError(
                    told, hint=hint, code=failed.code, column=failed.column
                ) from None

    # ------------------------------------------------------------ what follows

    def _follow(self, answer: Answer, body: Body, names: Mapping[str, Any], count: int) -> bool:
        paging, so_far = self._paging, self._so_far
        if paging.more and not self._asked("more", paging.more, names):
            return False
        if paging.counts:
            if not count:
                return False
            self._check_same(answer, body)
            so_far.value += 1 if paging.kind == "page" else count
            _turned(self._errand, paging, so_far, paging.asked(so_far.value))
            return True
        if paging.kind == "link":
            found = answer.response.links.get("next", {}).get("url")
        else:
            found = self._asked(paging.kind, paging.following, names)
        if found in (None, "", False):
            return False
        self._check_new(answer, str(found))
        if paging.kind == "cursor":
            _turned(self._errand, paging, so_far, paging.asked(found))
        else:
            so_far.url = self._errand.address(str(found), answer.response.request.url)
        return True

    def _check_new(self, answer: Answer, found: str) -> None:
        """Raise `HttpFailed` for what was followed before."""
        seen = self._so_far.seen
        if found in seen:
            what = "cursor" if self._paging.kind == "cursor" else public_url(found)
            raise answer.failed(
                f"leads in a circle: page {self._so_far.page} names a {what} that was followed "
                "already",
                hint="see whether pages: says what follows a page",
                retryable=False,
            )
        seen.add(found)

    def _check_same(self, answer: Answer, body: Body) -> None:
        """Raise `HttpFailed` for a page that is the one before."""
        digest = hashlib.sha256(body.content).digest()
        if digest == self._so_far.last:
            raise answer.failed(
                f"gave page {self._so_far.page - 1} twice",
                hint=f"see whether it goes by {self._paging.param!r}, which pages: may call "
                "otherwise with param",
                retryable=False,
            )
        self._so_far.last = digest

    def _is_enough(self) -> bool:
        most = self._paging.max_items
        return most is not None and self._so_far.count >= most

    def _stop_at(self, most: int) -> None:
        """Say that there is more; an error where nobody has said how many are enough."""
        if self._paging.max_pages is None:
            raise UsageError(
                f"http node {self._errand.node.name!r} has more than {most} pages",
                hint="say how many there may be: pages: {max_pages: 1000}",
            )
        self._errand.context.log(f"stops at max_pages, {most}; there are more")

    def _carry(self, failed: HttpFailed) -> None:
        """Leave what there is to the next attempt, if there will be one."""
        context, more = self._errand.context, self._errand.node.spec.options.retries
        if failed.final or context.attempt > more or self._so_far.page == 1:
            return
        _carried[context.idempotency_key] = self._so_far
        while len(_carried) > _CARRIED:
            _carried.popitem(last=False)

    # ------------------------------------------------------------ what it gives

    def _joined(self) -> Any:
        node, most = self._errand.node, self._paging.max_items
        tables = [part for part in self._so_far.parts if not isinstance(part, list)]
        if tables and len(tables) == len(self._so_far.parts):
            kind = family(tables[0])
            assert kind is not None  # noqa: S101 - `_items` took nothing else
            whole = kind.stack(tables) if len(tables) > 1 else tables[0]
            return whole if most is None else _first_of(whole, most)
        items = [one for part in self._so_far.parts for one in part][:most]
        return as_table(items, node.table) if node.response == "table" else items


def _first_of(table: Any, most: int) -> Any:
    return table.slice(0, most) if hasattr(table, "slice") else table.head(most)
