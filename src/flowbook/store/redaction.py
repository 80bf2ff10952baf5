"""Taking out what must not be written: fields by name, secrets by their text.

A field is found by its name, at any depth, in mappings, in records (dataclasses, named tuples and
their like) and in the columns of tables; case does not matter, and `-`, `_` and spaces are alike.
A secret is found by its text, also as JSON, Python, URLs and base64 spell it, in any text and in
any value. In text a field is also found as `name=value` or `"name": "value"`.

What cannot be looked into is `Opaque`, and whoever asked keeps nothing of it: a guess would leak.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from threading import Lock
from typing import Any, Final
from urllib.parse import quote, quote_plus
from uuid import UUID

from flowbook.store.parquet import kept_as
from flowbook.store.redacted_tables import redacted_table
from flowbook.store.redacted_text import Fields

REDACTED: Final = "[redacted]"
SHORTEST: Final = 4
"""A secret of fewer characters is not looked for: it would be found everywhere."""
_DEEPEST = 100
_SCALARS = (int, float, complex, Decimal, UUID, date, time, timedelta)
_NUMBERLIKE = re.compile(r"[\d.,:+\-eETZ ]+")


class Opaque(Exception):
    """A value, or a part of it, cannot be looked into; the message says which."""


class Redactor:
    """Redacts for one run. `secrets` is asked anew for every value and text.

    >>> redactor = Redactor(["ssn"], lambda: ["hunter2"])
    >>> redactor.value({"SSN": 123, "note": "it is hunter2"})
    {'SSN': '[redacted]', 'note': 'it is [redacted]'}
    >>> redactor.text("login failed: ssn=123, password was hunter2")
    'login failed: ssn=[redacted], password was [redacted]'
    """

    def __init__(
        self, names: Collection[str] = (), secrets: Callable[[], Collection[str]] = tuple
    ) -> None:
        self._fields = Fields(names)
        self._secrets = secrets
        self._lock = Lock()
        self._learned: frozenset[str] = frozenset()
        self._sought: frozenset[str] | None = None
        self._pattern: re.Pattern[str] | None = None
        self.sees_numbers = False
        """A secret may be spelt by a number or a time, so columns of those are looked at, too."""

    def sensitive(self, name: object) -> bool:
        """True for the name of a field that must not be written."""
        if isinstance(name, tuple):  # a column of several levels
            return any(map(self.sensitive, name))
        return self._fields.has(name)

    def learn(self, value: object) -> None:
        """Treat what `value` says as a secret from now on: a sensitive parameter, found by name."""
        if isinstance(value, Mapping):
            value = list(value.values())
        if isinstance(value, list | tuple | set | frozenset):
            for one in value:
                self.learn(one)
        elif value is not None and not isinstance(value, bool) and str(value) != REDACTED:
            self._learned |= {str(value)}

    def text(self, text: str) -> str:
        """`text` without secrets and without the values of sensitive fields."""
        self._refresh()
        return self._in_text(text)

    def code(self, text: str) -> str:
        """As `text`, for source code: of a sensitive field only literals are taken out."""
        self._refresh()
        made = self._without_secrets(text)
        return self._fields.replaced(made, REDACTED, literals=True)

    def value(self, value: object) -> object:
        """`value` without them: the very object when nothing had to go, else a copy.

        Records come back as mappings, since a record may carry more than its fields. Raises
        `Opaque`.
        """
        self._refresh()
        return self._seen(value, 0)

    # ------------------------------------------------------------ values

    def _seen(self, value: Any, depth: int) -> Any:
        if depth > _DEEPEST:
            raise Opaque(f"it is nested deeper than {_DEEPEST}")
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is str:
            return self._in_text(value)
        if kind is dict:
            return self._in_mapping(value, depth)
        if kind in (list, tuple, set, frozenset):
            return self._in_items(value, depth)
        if isinstance(value, _SCALARS):
            return self._in_scalar(value)
        if kind in (bytes, bytearray):
            return self._in_bytes(value)
        return self._in_object(value, depth)

    def _in_mapping(self, value: Mapping[Any, Any], depth: int) -> Mapping[Any, Any]:
        made = {}
        changed = False
        for key, inner in value.items():
            shown = self._seen(key, depth + 1)
            hidden = REDACTED if self.sensitive(key) else self._seen(inner, depth + 1)
            changed = changed or shown is not key or hidden is not inner
            made[shown] = hidden
        return made if changed else value

    def _in_items(self, value: Collection[Any], depth: int) -> Collection[Any]:
        made = [self._seen(one, depth + 1) for one in value]
        if all(new is old for new, old in zip(made, value, strict=True)):
            return value
        try:
            return type(value)(made)  # type: ignore[call-arg]  # one of our four
        except TypeError:  # a record in a set has become a mapping
            return made

    def _in_scalar(self, value: object) -> object:
        found = self._pattern is not None and self._pattern.search(str(value)) is not None
        return REDACTED if found else value

    def _in_bytes(self, value: bytes | bytearray) -> bytes | bytearray:
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = value.decode("latin-1")
            made = self._in_text(text).encode("latin-1")
            for secret in self._sought or ():
                made = made.replace(secret.encode(), REDACTED.encode())
        else:
            made = self._in_text(text).encode()
        return value if made == value else type(value)(made)

    def _in_object(self, value: Any, depth: int) -> Any:
        if kept_as(value) is not None:
            try:
                return redacted_table(value, self, lambda cell: self._seen(cell, depth + 1))
            except Opaque:
                raise
            except Exception as broken:  # noqa: BLE001 - a library may refuse anything
                raise Opaque(
                    f"its columns cannot be looked into: {type(broken).__name__}"
                ) from None
        if type(value).__module__ == "numpy":
            return self._in_numpy(value, depth)
        if type(value).__name__ == "NAType":  # pandas' missing value
            return value
        fields = _record(value)
        if fields is not None:
            return dict(self._in_mapping(fields, depth))
        kind = type(value)
        raise Opaque(f"{kind.__module__}.{kind.__qualname__} cannot be looked into")

    def _in_numpy(self, value: Any, depth: int) -> Any:
        if value.dtype.kind in "biufcmM" and value.dtype.names is None:
            if not getattr(value, "shape", ()):
                return self._in_scalar(value)
            if not self.sees_numbers:
                return value
        if value.dtype.names is not None:
            raise Opaque("an array of records cannot be looked into")
        plain = value.tolist()
        made = self._seen(plain, depth + 1)
        return value if made is plain else made

    # ------------------------------------------------------------ text

    def _in_text(self, text: str) -> str:
        return self._fields.replaced(self._without_secrets(text), REDACTED)

    def _without_secrets(self, text: str) -> str:
        if self._pattern is None or self._pattern.search(text) is None:
            return text
        return self._pattern.sub(REDACTED, text)

    def _refresh(self) -> None:
        with self._lock:  # else an older pattern might take the place of a newer one
            sought = frozenset(one for one in (*self._secrets(), *self._learned) if _is_long(one))
            if sought == self._sought:
                return
            ways = {way for one in sought for way in _spellings(one)}
            spelt = sorted(ways, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, spelt))) if spelt else None
            self.sees_numbers = any(_NUMBERLIKE.fullmatch(one) for one in sought)
            self._sought = sought


def _is_long(secret: str) -> bool:
    return len(secret.strip()) >= SHORTEST and secret != REDACTED


def _spellings(secret: str) -> Iterable[str]:
    """The ways in which text spells a secret that was printed, quoted or sent."""
    stripped = secret.strip()
    encoded = stripped.encode("utf-8", "surrogatepass")
    yield stripped
    yield from (json.dumps(stripped)[1:-1], json.dumps(stripped, ensure_ascii=False)[1:-1])
    yield from (repr(stripped)[1:-1], repr(encoded)[2:-1])
    yield from (quote(encoded), quote(encoded, safe=""), quote_plus(encoded))
    yield from (base64.b64encode(encoded).decode(), base64.urlsafe_b64encode(encoded).decode())


def _record(value: Any) -> dict[str, Any] | None:
    """The fields of a record by name, with whatever else its instance carries; None for others."""
    kind = type(value)
    if dataclasses.is_dataclass(kind):
        names = [one.name for one in dataclasses.fields(kind)]
    elif isinstance(value, tuple) and hasattr(kind, "_fields"):
        names = list(kind._fields)  # the documented name of a named tuple's fields
    elif hasattr(kind, "__struct_fields__"):  # msgspec
        names = list(kind.__struct_fields__)
    elif hasattr(kind, "__attrs_attrs__"):
        names = [one.name for one in kind.__attrs_attrs__]
    elif hasattr(kind, "model_fields"):  # pydantic
        names = list(kind.model_fields)
    else:
        return None
    return {name: getattr(value, name) for name in names if hasattr(value, name)}
