"""Functions over text: forms of it, and what other systems want text encoded as."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode

from flowbook.expr.budget import Budget, Code, refuse
from flowbook.expr.formats import formatted
from flowbook.expr.function import Function

_LONG: Final = 10_000
"""Characters a text may have where its normal form, which may be many times as long, is made."""


def _paid(work: Callable[..., Any], each: int = 6) -> Callable[..., Any]:
    """`work` of texts, and of a text first of all; a step pays for 2 to the `each` letters."""

    def call(budget: Budget, text: Any, *others: Any) -> Any:
        if type(text) is not str:
            raise TypeError
        budget.tick(1 + (len(text) >> each))
        return work(text, *others)

    return call


def _slug(text: str) -> str:
    if len(text) > _LONG:
        raise refuse(Code.TOO_LARGE, f"a text of more than {_LONG:,} characters")
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = (sign for sign in plain if not unicodedata.combining(sign))
    words = "".join(sign if sign.isascii() and sign.isalnum() else " " for sign in kept)
    return "-".join(words.split())


def _truncate(text: str, length: Any, end: Any = "…") -> str:
    if type(length) is not int or length < 0 or type(end) is not str:
        raise TypeError
    return text if len(text) <= length else text[: max(0, length - len(end))] + end


def _format(budget: Budget, value: Any, spec: Any) -> str:
    if type(spec) is not str:
        raise TypeError
    return formatted(budget.look(value), spec)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _unbase64(text: str) -> str:
    return base64.b64decode(text, validate=True).decode()


def _query(budget: Budget, fields: Any) -> str:
    if type(fields) is not dict:
        raise TypeError
    fields = budget.look(fields)
    budget.tick(budget.weigh(fields) << 1)
    return urlencode(fields, doseq=True)


TEXTS: Final = (
    Function("format", "A number or date as text: `,.2f` as in Python, `%d.%m.%Y` for dates.",
             "format(1234.5, ',.2f') == '1,234.50'", _format, 2, 2),
    Function("slug", "A text as part of an address: small letters, digits and dashes.",
             "slug('Über uns, 2026!') == 'uber-uns-2026'", _paid(_slug)),
    Function("truncate", "A text of at most so many characters, with … where it was cut.",
             "truncate('windy day', 6) == 'windy…'", _paid(_truncate), 2, 3),
    Function("quote", "A text as it is written in an address.", "quote('a b/c') == 'a%20b%2Fc'",
             _paid(lambda text: quote(text, safe=""), 3)),
    Function("unquote", "The text that was written in an address.",
             "unquote('a%20b') == 'a b'", _paid(unquote, 3)),
    Function("query", "A dict as the query of an address.",
             "query({'q': 'a b', 'n': 1}) == 'q=a+b&n=1'", _query),
    Function("base64", "A text in base64.", "base64('hi') == 'aGk='", _paid(_base64)),
    Function("unbase64", "The text that base64 holds.", "unbase64('aGk=') == 'hi'",
             _paid(_unbase64)),
    Function("sha256", "The SHA-256 of a text, in hexadecimal digits.",
             "sha256('')[:8] == 'e3b0c442'", _paid(_sha256)),
)  # fmt: skip
"""Functions over text."""
