"""Sensitive fields in text: `ssn=123`, `"ssn": "123"`, `ssn: 123`, `Person(ssn='123')`.

The name is found by a pattern, its value by reading on: a quoted text to its closing quote, a
bracket to the one that closes it, a word to the next delimiter, and behind a colon to the end of
the line or the next comma. What never closes goes to the end of the text.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

_APART: Final = re.compile(r"[-_\s]+")
_QUOTE: Final = re.compile(r"(?:[A-Za-z]{1,2}(?=[\"']))?(\\*(?:\"\"\"|'''|[\"'`]))")
_WORD: Final = re.compile(r"[^\s,;&()\[\]{}'\"<>|]+")
_REST: Final = re.compile(r"[^,;&()\[\]{}'\"<>|\r\n]*")
_ASSIGNED: Final = re.compile(r"[^\S\r\n]*=(?!=)[^\S\r\n]*")
_LITERAL: Final = re.compile(r"[+-]?\.?\d|[\[({]|(?:[A-Za-z]{1,2}(?=[\"']))?\\*[\"'`]")
_CLOSING: Final = {"(": ")", "[": "]", "{": "}", "<": ">"}


def field_key(name: str) -> str:
    """What two names have in common that are alike.

    >>> field_key("Credit-Card number")
    'credit_card_number'
    """
    return _APART.sub("_", name.lower())


class Fields:
    """The names of sensitive fields."""

    def __init__(self, names: Collection[str]) -> None:
        self._keys = frozenset(map(field_key, names))
        self._known: dict[str, bool] = {}
        spelt = (
            r"[-_\s]+".join(map(re.escape, key.split("_")))
            for key in sorted(self._keys, key=len, reverse=True)
        )
        self._pattern = (
            re.compile(
                rf"(?<!\w)(?:{'|'.join(spelt)})(?!\w)\\*[\"'`]?\]?"
                r"[^\S\r\n]*(:=|=>|==|!=|=|:)\s*",
                re.IGNORECASE,
            )
            if self._keys
            else None
        )

    def has(self, name: object) -> bool:
        """True when `name` is one of them."""
        if not self._keys or not isinstance(name, str):
            return False
        known = self._known.get(name)
        if known is None:
            known = field_key(name) in self._keys
            if len(self._known) < 4096:
                self._known[name] = known
        return known

    def replaced(self, text: str, by: str, *, literals: bool = False) -> str:
        """`text` with their values replaced; with `literals` only those that stand there as such.

        >>> Fields(["ssn"]).replaced("got {'ssn': '1-2', 'age': 3}", "?")
        "got {'ssn': '?', 'age': 3}"
        """
        if self._pattern is None:
            return text
        parts: list[str] = []
        at = 0
        while found := self._pattern.search(text, at):
            start = found.end()
            parts.append(text[at:start])
            shown, at = _value(text, start, by, colon=found[1] == ":", literals=literals)
            parts.append(shown)
        if not parts:
            return text
        made = "".join([*parts, text[at:]])
        return text if made == text else made


def _value(text: str, start: int, by: str, *, colon: bool, literals: bool) -> tuple[str, int]:
    """What stands in place of the value at `start`, and where that ends."""
    if text.startswith(by, start):
        return by, start + len(by)
    if literals and not _LITERAL.match(text, start):
        word = _WORD.match(text, start)
        assigned = _ASSIGNED.match(text, word.end()) if word and colon else None
        if assigned is None:
            return "", start
        shown, end = _value(text, assigned.end(), by, colon=False, literals=True)
        return text[start : assigned.end()] + shown, end
    quoted = _QUOTE.match(text, start)
    if quoted is not None:
        return _quoted(text, quoted, by)
    end = _bare_end(text, start)
    if colon and (assigned := _ASSIGNED.match(text, end)):
        shown, after = _value(text, assigned.end(), by, colon=False, literals=False)
        return f"{by}{assigned[0]}{shown}", after
    if colon:
        rest = _REST.match(text, end)
        end = rest.end() if rest else end
    return (by, end) if end > start else ("", start)


def _quoted(text: str, quoted: re.Match[str], by: str) -> tuple[str, int]:
    mark = quoted[1]
    closing = re.compile(r"(?<!\\)" + re.escape(mark)).search(text, quoted.end())
    if closing is None:
        return f"{quoted[0]}{by}", len(text)
    return f"{quoted[0]}{by}{mark}", closing.end()


def _bare_end(text: str, start: int) -> int:
    """The end of words and brackets in a row: `123`, `[1, 2]`, `SSN('1')`."""
    end = start
    while True:
        word = _WORD.match(text, end)
        end = word.end() if word else end
        if end >= len(text) or text[end] not in _CLOSING:
            return end
        end = _balanced_end(text, end)


def _balanced_end(text: str, start: int) -> int:
    """Behind the bracket that closes the one at `start`, quotes respected."""
    expected: list[str] = []
    at = start
    while at < len(text):
        char = text[at]
        if char in "\"'":
            closing = re.compile(r"(?<!\\)" + char).search(text, at + 1)
            at = closing.end() if closing else at + 1
            continue
        if char in _CLOSING:
            expected.append(_CLOSING[char])
        elif expected and char == expected[-1]:
            expected.pop()
            if not expected:
                return at + 1
        at += 1
    return len(text)
