"""An answer on its way: its body comes in pieces and is counted before it is kept."""

from __future__ import annotations

import codecs
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from flowbook.errors import HttpFailed, UsageError
from flowbook.graph.quantities import print_bytes
from flowbook.nodes.http.addresses import public_url
from flowbook.nodes.http.encoding import BadEncoding, Unpacker

if TYPE_CHECKING:
    import httpx

_EXCERPT: Final = 300
"""Characters of an error's body that its message quotes."""
_LOOKED_AT: Final = 8_192
"""Bytes of an error's body that are read for it."""
_DRAINED: Final = 65_536
"""Bytes that are read for nothing, to keep a connection."""


class Answer:
    """Status, headers, and the body as it comes; `size` counts what has come of it, unpacked."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.method = response.request.method
        self.status = response.status_code
        self.size = 0

    @property
    def url(self) -> str:
        """As it may be told."""
        return public_url(str(self.response.request.url))

    @property
    def headers(self) -> dict[str, str]:
        """By their names in small letters."""
        return dict(self.response.headers)

    @property
    def content_type(self) -> str:
        return str(self.response.headers.get("content-type", ""))

    @property
    def length(self) -> int | None:
        """Bytes of the body, if the server says so of one that is not packed."""
        told = self.response.headers.get("content-length", "")
        packed = self.response.headers.get("content-encoding", "identity").lower() != "identity"
        return int(told) if re.fullmatch(r"\d{1,18}", told) and not packed else None

    async def pieces(self, max_size: int | None) -> AsyncIterator[bytes]:
        """The body, unpacked; `HttpFailed` once it is larger than `max_size`."""
        if max_size is not None and (self.length or 0) > max_size and self.method != "HEAD":
            raise self._too_large(max_size)
        try:
            unpack = Unpacker(self.response.headers.get("content-encoding", ""))
            async for packed in self.response.aiter_raw():
                for piece in unpack.feed(packed):
                    self.size += len(piece)
                    if max_size is not None and self.size > max_size:
                        raise self._too_large(max_size)
                    yield piece
            unpack.end()
        except BadEncoding as refused:
            raise self.failed(f"answered what cannot be unpacked: {refused}") from None

    async def read(self, max_size: int | None) -> Body:
        """All of the body."""
        content = b"".join([piece async for piece in self.pieces(max_size)])
        return Body(content, self.content_type)

    async def excerpt(self) -> str:
        """How the body begins; nothing of one that cannot be read."""
        begun = bytearray()
        try:
            async for piece in self.pieces(None):
                begun += piece
                if len(begun) >= _LOOKED_AT:
                    break
        except HttpFailed:
            return ""
        return Body(bytes(begun), self.content_type).excerpt

    async def drain(self) -> None:
        """Read what is left if it is little: its connection can be used again then."""
        left = _DRAINED
        if (self.length or 0) <= left:
            async for packed in self.response.aiter_raw():
                left -= len(packed)
                if left < 0:
                    return

    def failed(
        self, what: str, *, hint: str | None = None, retryable: bool | None = None
    ) -> HttpFailed:
        """The error that says `what` became of it."""
        return HttpFailed(
            f"{self.method} {self.url} {what}",
            hint=hint,
            url=self.url,
            status=self.status,
            retry_after=retry_after(self.response.headers.get("retry-after", "")),
            retryable=retryable,
        )

    def _too_large(self, max_size: int) -> HttpFailed:
        told = f"has {self.length:,} bytes" if self.length else "goes on"
        return self.failed(
            f"answered with a body that {told}, beyond max_size: {print_bytes(max_size)}",
            hint="set max_size to more, or save_to to write it to a file",
            retryable=False,
        )


@dataclass(frozen=True, slots=True)
class Body:
    """What came, and what it is said to be."""

    content: bytes
    content_type: str

    def text(self, charset: str = "") -> str:
        """In `charset`, the one that it says, or UTF-8; what does not fit is marked."""
        return self.content.decode(charset or self.charset, errors="replace")

    @property
    def charset(self) -> str:
        """What it says, if there is such a one; else UTF-8."""
        told = re.search(r"charset\s*=\s*\"?([\w.:-]+)", self.content_type, re.IGNORECASE)
        return known_charset(told[1]) if told else "utf-8"

    @property
    def media(self) -> str:
        """`application/json` and the like, without its parameters."""
        return self.content_type.partition(";")[0].strip().lower()

    @property
    def excerpt(self) -> str:
        """How it begins, in one line."""
        text = " ".join(self.text().split())
        return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"


def known_charset(name: str) -> str:
    """`name` as Python calls it; UTF-8 for one that it does not know."""
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "utf-8"


def check_charset(name: str) -> str:
    """`name`; `UsageError` for one that is not known."""
    try:
        codecs.lookup(name or "utf-8")
    except LookupError:
        raise UsageError(
            f"charset cannot be {name!r}", hint="write one such as utf-8 or latin-1"
        ) from None
    return name


def retry_after(told: str, now: datetime | None = None) -> float | None:
    """The seconds a server asks to wait, which it says as such or as a date.

    >>> retry_after("120"), retry_after("soon")
    (120.0, None)
    >>> noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    >>> retry_after("Fri, 01 May 2026 12:00:30 GMT", noon)
    30.0
    """
    if re.fullmatch(r"\d{1,6}", told):
        return float(told)
    try:
        at = parsedate_to_datetime(told)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())
