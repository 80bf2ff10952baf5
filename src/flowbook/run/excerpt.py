"""Values in a few words, for an error that says what came in, and for a stream that is looked at.

However large the value, little of it is touched: the first items, the first row, the start of a
text. What is no plain data, table or array is named by its type, for nobody knows what its `repr`
does. What is called as a secret is called is never shown, and all else goes by the run's recording.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Protocol

from flowbook.events.ports import Recording
from flowbook.ids import PortName

MOST = 300
"""Characters that one value gets."""
MOST_PORTS = 12
"""Inputs of a node that are told."""
_ITEMS = 6
_DEPTH = 3
_TEXT = 4_000
_HIDDEN = "[redacted]"
_SECRET = re.compile(
    r"pass(word|wd|phrase)|secret|token|api_?key|authorization|credential|private_?key", re.I
)
_PLAIN = (bool, int, float, complex)


def previews(values: Mapping[PortName, Any], recording: Recording | None = None) -> dict[str, str]:
    """Each of the values in a few words, without what the recording keeps back.

    >>> previews({PortName("order"): {"no": 7, "items": [1] * 99}, PortName("password"): "x"})
    {'order': "{'no': 7, 'items': [1, 1, 1, 1, 1, 1, … 93 more]}", 'password': '[redacted]'}
    """
    some = dict(list(values.items())[:MOST_PORTS])
    plain = {port: _by_name(port, value, 0) for port, value in some.items()}
    if recording is not None:
        plain = recording.told_inputs(plain)
    told = {str(port): _cut(_words(value)) for port, value in plain.items()}
    if recording is None:
        return told
    return {port: recording.text(text) for port, text in told.items()}


class Reads(Protocol):
    """Who knows what a step reads."""

    def inputs(self, i: int) -> Mapping[PortName, Any]: ...


def told_inputs(reads: Reads, i: int, recording: Recording | None) -> dict[str, str]:
    """What a step that failed was given, in a few words; nothing when that is gone."""
    try:
        return previews(reads.inputs(i), recording)
    except Exception:  # noqa: BLE001 - its error is told in any case
        return {}


def preview(value: Any, recording: Recording | None = None, name: str = "") -> str:
    """The same of one value; '' when the recording keeps all of it back.

    >>> preview(["Oslo", "Bergen"])
    "['Oslo', 'Bergen']"
    """
    return previews({PortName(name): value}, recording).get(name, "")


def _by_name(name: object, value: Any, depth: int) -> Any:
    if isinstance(name, str) and _SECRET.search(name):
        return _HIDDEN
    try:
        return _plain(value, depth)
    except Exception:  # noqa: BLE001 - a table may refuse anything; an excerpt must not fail
        return _Named(value)


def _plain(value: Any, depth: int) -> Any:
    """As much of a value as is shown, as plain data."""
    if value is None or type(value) in _PLAIN:
        return value
    if isinstance(value, str):
        return value[:_TEXT]
    if isinstance(value, dict | list | tuple | set | frozenset):
        return _Named(value) if depth >= _DEPTH else _items(value, depth)
    return _library(value, depth) or _Named(value)


def _items(value: Any, depth: int) -> Any:
    some = [one for one, _ in zip(value, range(_ITEMS), strict=False)]
    more = len(value) - len(some)
    tail = [_More(more)] if more else []
    if isinstance(value, dict):
        made: dict[Any, Any] = {
            _plain(key, depth + 1): _by_name(key, value[key], depth + 1) for key in some
        }
        return {**made, **dict.fromkeys(tail)}
    items = [_by_name("", one, depth + 1) for one in some]
    return [*items, *tail]


def _library(value: Any, depth: int) -> Any:
    """A table as its size and first row, an array as its shape and first values."""
    kind = type(value)
    module = kind.__module__.partition(".")[0]
    if module == "numpy" and hasattr(value, "shape"):
        first = value.flat[:_ITEMS].tolist() if value.shape else [value.item()]
        return {f"{kind.__name__} {value.dtype} {'x'.join(map(str, value.shape))}": first}
    if module == "pyarrow" and hasattr(value, "column_names"):
        rows, names = value.num_rows, value.column_names
        records = value.slice(0, 1).to_pylist()
    elif module in ("pandas", "polars") and hasattr(value, "columns"):
        rows, names = len(value), list(value.columns)
        head = value.head(1)
        records = head.to_dicts() if module == "polars" else head.to_dict("records")
    else:
        return None
    first = _items(records[0], depth) if records else {}
    return {f"{kind.__name__} {rows:,} x {len(names)}": first}


class _More(str):
    """What a text says of items that are left out."""

    def __new__(cls, count: int) -> _More:
        return super().__new__(cls, f"… {count:,} more")


class _Named(str):
    """What is said of a value that is not looked into."""

    def __new__(cls, value: object) -> _Named:
        kind = type(value)
        name = kind.__qualname__
        if isinstance(value, bytes | bytearray | dict | list | tuple | set | frozenset):
            unit = "bytes" if isinstance(value, bytes | bytearray) else "items"
            return super().__new__(cls, f"<{name} of {len(value):,} {unit}>")
        where = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}."
        return super().__new__(cls, f"<{where}{name}>")


def _words(value: Any) -> str:
    if isinstance(value, _More | _Named) or value == _HIDDEN:
        return str(value)
    if isinstance(value, dict):
        parts = [
            str(key) if isinstance(key, _More) else f"{key!r}: {_words(inner)}"
            for key, inner in value.items()
        ]
        return f"{{{', '.join(parts)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_words, value))}]"
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.6g}"
    return repr(value)


def _cut(text: str) -> str:
    return text if len(text) <= MOST else f"{text[:MOST]} …"
