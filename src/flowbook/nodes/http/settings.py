"""What the settings of a request say, read from what was written: pure, and refused in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

from flowbook.graph.options import parse_duration
from flowbook.graph.quantities import parse_bytes

Statuses: TypeAlias = tuple[tuple[int, int], ...]
"""Ranges, both ends included."""

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing."""
MAX_SIZE: Final = 100_000_000
"""The largest body that becomes a value, in bytes, where nothing else is said."""
MAX_REDIRECTS: Final = 20

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")
_SPANS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_method(value: object) -> str:
    """A method by its name, in capitals.

    >>> parse_method("propfind")
    'PROPFIND'
    """
    if not isinstance(value, str) or _TOKEN.fullmatch(value) is None:
        raise ValueError("write a method such as GET, POST or PROPFIND")
    return value.upper()


def parse_statuses(value: object) -> Statuses:
    """Statuses one by one, by their hundreds, as ranges, or `any`.

    >>> parse_statuses("2xx, 404"), parse_statuses([301, "400-499"])
    (((200, 299), (404, 404)), ((301, 301), (400, 499)))
    """
    if isinstance(value, list | tuple):
        value = ",".join(map(str, value))
    return _statuses(str(value))


@lru_cache(maxsize=64)
def _statuses(text: str) -> Statuses:
    """The same of a text; nodes run often, and say the same every time."""
    return tuple(_range(part) for part in re.split(r"[,\s]+", text.strip().lower()) if part)


def _range(text: str) -> tuple[int, int]:
    if text == "any":
        return 100, 999
    if match := re.fullmatch(r"([1-9])xx", text):
        return int(match[1]) * 100, int(match[1]) * 100 + 99
    match = re.fullmatch(r"([1-9]\d\d)(?:-([1-9]\d\d))?", text)
    if match is None or int(match[1]) > int(match[2] or match[1]):
        raise ValueError("write statuses such as 404, 2xx or 200-204, or any")
    return int(match[1]), int(match[2] or match[1])


def is_among(status: int, statuses: Statuses) -> bool:
    """True when one of the ranges has `status`."""
    return any(low <= status <= high for low, high in statuses)


def parse_rate(value: object) -> float:
    """Seconds between two requests, from `10/s`, `100/m` or `5/2s`; 0 for nothing.

    >>> parse_rate("10/s"), parse_rate("30/m")
    (0.1, 2.0)
    """
    text = str(value or "").strip()
    if not text:
        return 0.0
    match = re.fullmatch(r"(\d{1,9}(?:\.\d+)?)\s*/\s*(\d{1,6})?\s*([smhd])", text)
    if match is None or float(match[1]) == 0:
        raise ValueError("write how many in how long, such as 10/s, 100/m or 5/2s")
    return int(match[2] or 1) * _SPANS[match[3]] / float(match[1])


def parse_redirects(value: object) -> int:
    """How many redirects are followed; true is 20, false is none.

    >>> parse_redirects(True), parse_redirects(3)
    (20, 3)
    """
    if isinstance(value, bool):
        return MAX_REDIRECTS if value else 0
    if isinstance(value, int) and 0 <= value <= 1000:
        return value
    raise ValueError("write true, false, or how many at most")


def parse_max_size(value: object) -> int | None:
    """Bytes; None when nothing is said."""
    return None if value is None else parse_bytes(value)


def parse_verify(value: object) -> bool | str:
    """True, False, or where the certificates are that are trusted."""
    if isinstance(value, bool) or (isinstance(value, str) and value):
        return value
    raise ValueError("write true, the path of a file with certificates, or false")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, without a byte of an answer, and for all of it (None: any time)."""

    connect: float
    read: float
    total: float | None = None


def parse_timeouts(value: object) -> Timeouts:
    """One duration for connecting and for each silence, or `{connect, read, total}`.

    >>> parse_timeouts("30s")
    Timeouts(connect=30.0, read=30.0, total=None)
    >>> parse_timeouts({"connect": "5s", "total": "2m"})
    Timeouts(connect=5.0, read=30.0, total=120.0)
    """
    if not isinstance(value, Mapping):
        seconds = parse_duration(value)
        return Timeouts(seconds, seconds)
    unknown = [key for key in value if key not in ("connect", "read", "total")]
    if unknown:
        raise ValueError(f"it has connect, read and total, and no {unknown[0]!r}")
    read = {key: parse_duration(one) for key, one in value.items() if one is not None}
    return Timeouts(read.get("connect", 30.0), read.get("read", 30.0), read.get("total"))


PARSERS: Final[Mapping[str, Callable[[object], Any]]] = {
    "method": parse_method,
    "timeout": parse_timeouts,
    "ok": parse_statuses,
    "retry_on": parse_statuses,
    "rate": parse_rate,
    "follow_redirects": parse_redirects,
    "max_size": parse_max_size,
    "verify": parse_verify,
}
"""How each setting is read that is more than a word or a number."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How requests are made and judged."""

    node: str
    timeouts: Timeouts
    ok: Statuses
    retry_on: Statuses
    redirects: int
    per_host: int
    interval: float
    """Seconds between two requests to one host."""
    max_size: int | None
