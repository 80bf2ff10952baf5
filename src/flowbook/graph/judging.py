"""Whether a value is of a type: what refuses it says where in it, what was expected, what is there.

The words are ours: a library's message may quote the value, and a value may be a secret.
"""

from __future__ import annotations

import contextlib
import datetime
import decimal
import re
import types
import typing
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any, Final, TypeAlias

import msgspec

Judge: TypeAlias = Callable[[Any], "Found | None"]
SHOWN_MAX: Final = 60
_NATIVE: Final = (
    datetime.datetime, datetime.date, datetime.time, datetime.timedelta, decimal.Decimal,
    uuid.UUID, bytes, bytearray,
)  # fmt: skip
_REFUSED: Final = re.compile(r"Expected `(.+?)`, got `(.+?)`(?: - at `(.+)`)?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Found:
    """A misfit: where in the value, what was expected, and what is there, shown or by its type.

    Of a table `rows` are the first rows it is in, shown, and `columns` others that do not fit.
    """

    path: str
    expected: str
    shown: str
    value_type: str
    rows: tuple[tuple[int, str], ...] = ()
    columns: tuple[str, ...] = ()

    @classmethod
    def of(cls, path: str, expected: str, value: Any) -> Found:
        return cls(path, expected, shown_value(value), type(value).__name__)


def shown_value(value: Any) -> str:
    """A scalar as it is, cut; of all else what it is and how much of it.

    >>> shown_value("x"), shown_value([1, 2]), shown_value(None)
    ("'x' (str)", 'list of 2', 'None')
    """
    word = type(value).__name__
    if value is None:
        return "None"
    if isinstance(value, bool | int | float | str | decimal.Decimal | datetime.date):
        text = repr(value[:SHOWN_MAX] if isinstance(value, str) else value)
        return f"{text if len(text) <= SHOWN_MAX else f'{text[:SHOWN_MAX]}…'} ({word})"
    with contextlib.suppress(Exception):
        return f"{word} of {len(value)}"
    return word


def plain(value: Any) -> Any:
    """A value as JSON would have it: records as mappings, NumPy's scalars as Python's.

    Raises `TypeError` for what has no such form.
    """
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        return dump(mode="json")
    return msgspec.to_builtins(value, enc_hook=_unwrapped)


def _unwrapped(value: Any) -> Any:
    for name in ("tolist", "model_dump"):
        method = getattr(value, name, None)
        if callable(method):
            return method()
    raise TypeError(type(value).__name__)


def type_judge(native: Any, *, from_json: bool = False) -> Judge:
    """By an annotation: strict about types, and an instance for a class.

    `from_json`: of values that JSON brings, where a date is a text and a record a mapping.
    """
    members = _members(native, () if from_json else _NATIVE)

    def judge(value: Any) -> Found | None:
        found = None
        for fits in members:
            found = fits(value)
            if found is None:
                return None
        if len(members) > 1 and found is not None:
            return Found.of("$", named_type(native), value)
        return found

    return judge


def _members(native: Any, kept: tuple[type, ...]) -> list[Judge]:
    """Judges of which one has to agree: more than one for unions that msgspec has no way with."""
    if knows_type(native):
        return [_by_msgspec(native, kept)]
    if typing.get_origin(native) in (typing.Union, types.UnionType):
        return [one for part in typing.get_args(native) for one in _members(part, kept)]
    kind = typing.get_origin(native) or native
    return [_by_class(kind)] if isinstance(kind, type) else [lambda _: None]


def knows_type(native: Any) -> bool:
    """True for a type that msgspec can tell values of."""
    try:
        msgspec.convert(None, native, builtin_types=_NATIVE)
    except msgspec.ValidationError:
        return True
    except Exception:  # noqa: BLE001 - the type is the user's
        return False
    return True


def _by_class(kind: type) -> Judge:
    def judge(value: Any) -> Found | None:
        return None if isinstance(value, kind) else Found.of("$", kind.__name__, value)

    return judge


def _by_msgspec(native: Any, kept: tuple[type, ...]) -> Judge:
    wants_instance = bool(kept) and _is_record(native)

    def judge(value: Any) -> Found | None:
        if wants_instance and isinstance(value, Mapping):
            return Found.of("$", named_type(native), value)
        refused = refused_by(native, value, kept)
        if refused is None:
            return None
        if not _is_record(type(value)):  # it may hold NumPy's numbers
            with contextlib.suppress(Exception):
                bare = msgspec.to_builtins(value, builtin_types=_NATIVE, enc_hook=_unwrapped)
                if refused_by(native, bare, kept) is None:
                    return None
        return _told(refused, native, value)

    return judge


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, msgspec.Struct))


def refused_by(native: Any, value: Any, kept: tuple[type, ...] = _NATIVE) -> str | None:
    """What msgspec says against a value of that type; None when it is one.

    Nothing is read as one of the types `kept`: they are themselves.
    """
    try:
        msgspec.convert(value, native, builtin_types=kept)
    except msgspec.ValidationError as refused:
        return str(refused)
    return None


def _told(refused: str, native: Any, value: Any) -> Found:
    match = _REFUSED.match(refused)
    if match is None:
        return Found.of("$", named_type(native), value)
    path = match[3] or "$"
    if path == "$":
        return Found.of("$", named_type(native), value)
    inner, exact = _followed(value, path, native)
    shown = Found.of(exact, match[1], inner)
    return shown if type(inner).__name__ == match[2] else Found(exact, match[1], match[2], match[2])


def _followed(value: Any, path: str, native: Any) -> tuple[Any, str]:
    """What lies at msgspec's path, which does not name the keys of a mapping."""
    exact = "$"
    for key, index in re.findall(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]", path[1:]):
        try:
            native = None if key else _inside(native)
            if key:
                value, exact = _taken(value, key), f"{exact}.{key}"
            elif index == "...":
                name, value = _offender(value, native)
                exact = f"{exact}.{name}"
            else:
                value, exact = value[int(index)], f"{exact}[{index}]"
        except (TypeError, KeyError, IndexError, AttributeError, ValueError):
            return None, path
    return value, exact


def _inside(native: Any) -> Any:
    """The type of what a list or a mapping holds."""
    union = typing.get_origin(native) in (typing.Union, types.UnionType)
    for one in typing.get_args(native) if union else (native,):
        if inner := typing.get_args(one):
            return inner[-1 if issubclass(typing.get_origin(one), Mapping) else 0]
    raise KeyError("it holds anything")


def _offender(value: Any, inner: Any) -> tuple[str, Any]:
    """The key of a mapping whose value is refused, and that value."""
    for name, one in value.items():
        if refused_by(inner, one) is not None:
            return str(name), one
    raise KeyError("a key is refused")


def _taken(value: Any, key: str) -> Any:
    return value[key] if isinstance(value, Mapping) else getattr(value, key)


def named_type(native: Any) -> str:
    """A type as it is written."""
    if isinstance(native, type) and not typing.get_args(native):
        return native.__name__
    return str(native).replace("typing.", "")
