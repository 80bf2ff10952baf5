"""What `pages` says: which kind of paging a server has, and how far to go. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flowbook.graph.options import did_you_mean
from flowbook.nodes.router import bare

MAX_PAGES: Final = 100
"""Pages, where nothing is said; more of them are an error, so that nothing is left out unseen."""

_COMMON: Final = ("kind", "items", "more", "max_pages", "max_items")
PAGINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "link": (),
    "next": ("next",),
    "cursor": ("cursor", "param", "into"),
    "page": ("param", "start", "size", "size_param", "into"),
    "offset": ("param", "start", "size", "size_param", "into"),
}
"""Kinds of paging, and what each has besides that all have."""
_SIZES: Final = {"page": "per_page", "offset": "limit"}


@dataclass(frozen=True, slots=True)
class Paging:
    """How one page leads to the next; `following`, `items` and `more` are expressions."""

    kind: str
    following: str = ""
    param: str = ""
    start: int = 0
    size: int | None = None
    size_param: str = ""
    into: str = "query"
    items: str = ""
    more: str = ""
    max_pages: int | None = None
    max_items: int | None = None

    @property
    def counts(self) -> bool:
        """True when pages have numbers, and end with one that is empty."""
        return self.kind in _SIZES

    @property
    def first(self) -> dict[str, Any]:
        """What the first page is asked with, beside all else."""
        sized = {} if self.size is None else {self.size_param: self.size}
        return {self.param: self.start, **sized} if self.counts else {}

    def asked(self, value: Any) -> dict[str, Any]:
        """What a later page is asked with: its number, its offset, or a cursor."""
        return {**self.first, self.param: value}


def parse_pages(value: object) -> Paging | None:
    """The settings of `pages`; None for none. `ValueError` says what would be accepted.

    >>> parse_pages({"kind": "next", "next": "{{ body.next }}"}).following
    'body.next'
    """
    if value in (None, "", {}):
        return None
    given = {"kind": value} if isinstance(value, str) else value
    if not isinstance(given, Mapping) or given.get("kind") not in PAGINGS:
        raise ValueError(f"write a mapping with a kind of {', '.join(PAGINGS)}")
    kind = str(given["kind"])
    known = (*_COMMON, *PAGINGS[kind])
    for name in given:
        if name not in known:
            raise ValueError(f"kind {kind} has no {name!r}; {did_you_mean(str(name), known)}")
    into = given.get("into", "query")
    if into not in ("query", "json"):
        raise ValueError("into is query or json")
    return Paging(
        kind=kind,
        following=_expression(given, kind) if kind in ("next", "cursor") else "",
        param=str(given.get("param", kind)),
        start=_whole(given, "start", 0, 1 if kind == "page" else 0) or 0,
        size=_whole(given, "size", 1),
        size_param=str(given.get("size_param", _SIZES.get(kind, ""))),
        into=into,
        items=_expression(given, "items", needed=False),
        more=_expression(given, "more", needed=False),
        max_pages=_whole(given, "max_pages", 1),
        max_items=_whole(given, "max_items", 1),
    )


def _expression(given: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
    text = given.get(name)
    if text is None and not needed:
        return ""
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f'{name} is an expression, such as {name}: "{{{{ body.{name} }}}}"')
    return bare(text)


def _whole(given: Mapping[str, Any], name: str, least: int, usual: int | None = None) -> int | None:
    number = given.get(name, usual)
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int) or number < least:
        raise ValueError(f"{name} is a whole number from {least} on")
    return number
