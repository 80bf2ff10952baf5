"""Where values go: by content, so that the same value is kept once.

Small plain data travels inside its reference and costs no I/O. Larger plain data is a JSON object,
text is text, bytes are bytes, and tables (pandas, Polars, Arrow) are Parquet written by pyarrow,
which is the writer that brings a pandas frame back equal. Everything else stays in memory only:
its reference has the format `NONE` and says why. Nothing is ever pickled.

A reference of a kept value is made after its object is durable, so whatever names it can be read.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from flowbook.errors import ValueUnavailable
from flowbook.events import ValueFormat, ValueRef
from flowbook.store.disk import Disk, Durability
from flowbook.store.layout import Layout
from flowbook.store.parquet import columns_of, read_table, write_table
from flowbook.store.plain import NotPlain, Plainer, TooLarge, restore

INLINE_BYTES = 4096
"""JSON of at most this length travels inside the reference."""

_SUFFIX = {
    ValueFormat.JSON: "json",
    ValueFormat.PARQUET: "parquet",
    ValueFormat.TEXT: "txt",
    ValueFormat.BYTES: "bin",
}
_encoder = msgspec.json.Encoder()


class Objects:
    """The `Vault` of one store.

    >>> import tempfile
    >>> vault = Objects(Layout(Path(tempfile.mkdtemp())))
    >>> vault.get(vault.put({"rows": list(range(2000))}))["rows"][-1]
    1999
    """

    def __init__(
        self,
        layout: Layout,
        *,
        durability: Durability = Durability.FSYNC,
        disk: Disk | None = None,
        prepare: Callable[[], object] = lambda: None,
    ) -> None:
        self._layout = layout
        self._durability = durability
        self._disk = disk or Disk()
        self._prepare = prepare

    def inline(self, value: object) -> ValueRef | None:
        """A reference made without any I/O, for plain data of up to 4 KiB; None for all else."""
        try:
            text = _encoder.encode(Plainer(budget=INLINE_BYTES // 2).convert(value))
        except (NotPlain, TooLarge, ValueError, RecursionError):
            return None
        return _inlined(value, text) if len(text) <= INLINE_BYTES else None

    def put(self, value: object) -> ValueRef:
        """Keep `value` durably; blocking.

        A value that cannot be kept is no error: its reference has the format `NONE` and the reason.
        """
        small = self.inline(value)
        if small is not None:
            return small
        try:
            if type(value) is bytes:
                return self._keep_bytes(value, ValueFormat.BYTES, "bytes")
            if type(value) is str:
                encoded = value.encode("utf-8", "surrogatepass")
                return self._keep_bytes(encoded, ValueFormat.TEXT, "str")
            if columns_of(value) is not None:
                return self._keep_table(value)
            text = _encoder.encode(Plainer().convert(value))
            return self._keep_bytes(text, ValueFormat.JSON, type_name(value), _length(value))
        except Exception as error:  # noqa: BLE001  # any library's refusal is a reason, not a failure
            return ValueRef("", ValueFormat.NONE, type_name(value), reason=_reason(error))

    def get(self, ref: ValueRef) -> object:
        """The value as it was; `ValueUnavailable` with the reason when it cannot be had."""
        if ref.format is ValueFormat.NONE:
            raise self._unavailable(ref, ref.reason or "it was kept in memory only")
        try:
            if ref.inline:
                return restore(msgspec.json.decode(ref.inline))
            path = self._path(ref)
            with path.open("rb") as stream:
                if hashlib.file_digest(stream, "sha256").hexdigest() != ref.hash:
                    raise self._unavailable(ref, f"{path} is damaged")
            return self._read(ref, path)
        except FileNotFoundError:
            raise self._unavailable(ref, f"{self._path(ref)} is not there") from None
        except (OSError, ImportError, ValueError) as error:
            raise self._unavailable(ref, str(error)) from error

    def _read(self, ref: ValueRef, path: Path) -> object:
        if ref.format is ValueFormat.PARQUET:
            return read_table(path, ref.type)
        data = path.read_bytes()
        if ref.format is ValueFormat.TEXT:
            return data.decode("utf-8", "surrogatepass")
        return data if ref.format is ValueFormat.BYTES else restore(msgspec.json.decode(data))

    def _keep_bytes(
        self, data: bytes, form: ValueFormat, kind: str, rows: int | None = None
    ) -> ValueRef:
        digest = hashlib.sha256(data).hexdigest()
        final = self._layout.object(digest, _SUFFIX[form])
        if not _touched(final):
            with self._disk.staged(self._ready()) as staged:
                staged.write_bytes(data)
                self._disk.publish(staged, final, self._durability)
        return ValueRef(digest, form, kind, size=len(data), rows=rows)

    def _keep_table(self, value: Any) -> ValueRef:
        with self._disk.staged(self._ready()) as staged:
            rows = write_table(value, staged)
            with staged.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size = staged.stat().st_size
            final = self._layout.object(digest, _SUFFIX[ValueFormat.PARQUET])
            if not _touched(final):
                self._disk.publish(staged, final, self._durability)
        return ValueRef(
            digest,
            ValueFormat.PARQUET,
            type_name(value),
            size=size,
            rows=rows,
            columns=columns_of(value),
        )

    def _ready(self) -> Path:
        self._prepare()
        self._disk.make_directory(self._layout.objects, self._durability)
        return self._layout.objects

    def _path(self, ref: ValueRef) -> Path:
        return self._layout.object(ref.hash, _SUFFIX[ref.format])

    def _unavailable(self, ref: ValueRef, reason: str) -> ValueUnavailable:
        return ValueUnavailable(
            f"the stored {ref.type} cannot be brought back: {reason}",
            hint="run the node again to make it anew",
            ref=ref,
            reason=reason,
        )


def type_name(value: object) -> str:
    """The name a value's type is known by: `dict`, `pandas.DataFrame`.

    >>> type_name({}), type_name(Path())
    ('dict', 'pathlib.PosixPath')
    """
    kind = type(value)
    if kind.__module__ == "builtins":
        return kind.__qualname__
    package = kind.__module__.partition(".")[0]
    public = getattr(sys.modules.get(package), kind.__name__, None)
    return f"{package if public is kind else kind.__module__}.{kind.__qualname__}"


def _inlined(value: object, text: bytes) -> ValueRef:
    return ValueRef(
        hashlib.sha256(text).hexdigest(),
        ValueFormat.JSON,
        type_name(value),
        size=len(text),
        rows=_length(value),
        inline=msgspec.Raw(text),
    )


def _length(value: object) -> int | None:
    """How many rows, of a list of records; other plain data is no table."""
    if not isinstance(value, list) or not value:
        return None
    return len(value) if all(isinstance(one, dict) for one in value) else None


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, NotPlain) else f"{type(error).__name__}: {error}"


def _touched(path: Path) -> bool:
    """True when the object is there; its age then counts from now."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True
