"""Addresses: how they are told, what is added to them, and whom a credential is for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from flowbook.errors import UsageError

if TYPE_CHECKING:
    import httpx

_SECRET: Final = re.compile(r"key|token|secret|pass|pwd|sig|auth|code|session|cred", re.IGNORECASE)
_ANYONES: Final = re.compile(
    r"accept(-.+)?|cache-control|connection|content-(encoding|language|length|type)|host"
    r"|idempotency-key|if-.+|prefer|range|transfer-encoding|user-agent",
    re.IGNORECASE,
)
"""Headers that another server may see, too; all others are for the one that was asked."""


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
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *pairs_of(params or {})]
    query = "&".join(f"{name}={'…' if _SECRET.search(name) else value}" for name, value in pairs)
    host = parts.netloc.rpartition("@")[2]
    head = f"{parts.scheme}://{host}" if parts.scheme else host
    return f"{head}{parts.path}{f'?{query}' if query else ''}"


def pairs_of(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and values as text: one that is null is left out, a list repeats its name.

    >>> list(pairs_of({"city": ["Oslo", "Rome"], "page": None, "dry": True}))
    [('city', 'Oslo'), ('city', 'Rome'), ('dry', 'true')]
    """
    for name, value in params.items():
        for one in value if isinstance(value, list | tuple) else [value]:
            if one is not None:
                yield str(name), str(one).lower() if isinstance(one, bool) else str(one)


def with_params(url: httpx.URL, params: Mapping[str, Any]) -> httpx.URL:
    """`url` with more behind its own query, which stays as it is written."""
    from urllib.parse import urlencode

    more = urlencode(list(pairs_of(params)))
    if not more:
        return url
    return url.copy_with(query=b"&".join(part for part in (url.query, more.encode()) if part))


def is_for(asked: httpx.URL, url: httpx.URL) -> bool:
    """True when what is for the server of `asked` may be sent to `url`.

    The same scheme, host and port; or the same host's usual ports, from http to https.
    """
    if (asked.scheme, asked.host, _port(asked)) == (url.scheme, url.host, _port(url)):
        return True
    usual = (asked.scheme, _port(asked), url.scheme, _port(url)) == ("http", 80, "https", 443)
    return usual and asked.host == url.host


def _port(url: httpx.URL) -> int | None:
    return url.port or {"http": 80, "https": 443}.get(url.scheme)


def header_text(name: str, value: object) -> str:
    """A header's value as text, a list joined; `UsageError` for one that cannot be sent."""
    parts = value if isinstance(value, list | tuple) else [value]
    text = ", ".join(str(one).lower() if isinstance(one, bool) else str(one) for one in parts)
    if not text.isascii() or not text.replace("\t", " ").isprintable():
        raise UsageError(
            f"header {name!r} has a character that a header cannot have",
            hint="write plain letters and signs, in one line",
        )
    return text


def strip(headers: httpx.Headers) -> None:
    """Take out what a server that was not asked must not see."""
    for name in [name for name in headers if not _ANYONES.fullmatch(name)]:
        del headers[name]
