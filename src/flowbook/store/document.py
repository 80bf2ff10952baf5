"""Plain data with tables, arrays and pictures in it: the data as JSON, each part on its own.

Parts are written when all else is known to be plain, so that a value with a stranger in it leaves
nothing behind. The same object in two places is one part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from flowbook.events.values import ValueFormat, ValueRef
from flowbook.store import arrays
from flowbook.store.forms import Form, form_of
from flowbook.store.plain import NotPlain, Plainer

MOST_PARTS = 1000
"""Plain data with more parts than this is not kept."""
BYTES_APART = 64 * 1024
"""Bytes of at least this length are a part; shorter ones stay in the JSON."""
_TAG = "$value"
_encoder = msgspec.json.Encoder()


class Document:
    """The JSON of one value, and references to its parts."""

    def __init__(self, value: object, keep: Callable[[Form, object], ValueRef]) -> None:
        """Raises `NotPlain` for what can be no part either."""
        self._found: dict[int, tuple[Form, object, str, dict[str, Any]]] = {}
        plain = Plainer(part=self._part).convert(value)
        self.parts = tuple(self._kept(*found, keep) for found in self._found.values())
        self.text = _encoder.encode(plain)

    def _part(self, value: object, place: str) -> dict[str, Any] | None:
        if type(value) is bytes and len(value) >= BYTES_APART:
            form: Form | None = Form(ValueFormat.BYTES, "bytes")
        else:
            form = form_of(value)
        if form is None:
            return None
        if form.format is ValueFormat.NPY and (small := arrays.tagged(value)) is not None:
            return small
        if id(value) not in self._found:
            if len(self._found) == MOST_PARTS:
                raise NotPlain(f"more than {MOST_PARTS} tables, arrays or pictures; join them")
            self._found[id(value)] = (form, value, place, {})
        return self._found[id(value)][-1]

    def _kept(
        self,
        form: Form,
        value: object,
        place: str,
        body: dict[str, Any],
        keep: Callable[[Form, object], ValueRef],
    ) -> ValueRef:
        try:
            ref = keep(form, value)
        except OSError:
            raise
        except Exception as error:
            raise NotPlain(f"{form.kind} at {place}: {type(error).__name__}: {error}") from error
        body[_TAG] = msgspec.to_builtins(ref)
        return ref


def joiner(bring: Callable[[ValueRef], object]) -> Callable[[str, Any], object]:
    """What `plain.restore` asks for the parts of a document; `ValueError` for an unknown tag."""

    def part(tag: str, body: Any) -> object:
        if tag == _TAG:
            return bring(msgspec.convert(body, ValueRef))
        if tag == arrays.TAG:
            return arrays.untagged(body)
        raise ValueError(f"unknown tag {tag!r}")

    return part
