"""Which value is kept in which format, and the file it becomes.

Asking imports no library: a value of one has imported it already.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from flowbook.events.values import ValueFormat
from flowbook.store import arrays, parquet, pickles, pictures
from flowbook.store.codec import Codec, Extent
from flowbook.store.pictures import PIL_IMAGE

SUFFIX: Mapping[ValueFormat, str] = {
    ValueFormat.JSON: "json",
    ValueFormat.PARQUET: "parquet",
    ValueFormat.TEXT: "txt",
    ValueFormat.BYTES: "bin",
    ValueFormat.NPY: "npy",
    ValueFormat.IMAGE: "png",
    ValueFormat.PICKLE: "pickle",
}
"""How the file of an object ends."""

_CODECS: Mapping[ValueFormat, Codec] = {
    ValueFormat.PARQUET: parquet,
    ValueFormat.NPY: arrays,
    ValueFormat.IMAGE: pictures,
    ValueFormat.PICKLE: pickles,
}


class Form(NamedTuple):
    """A format, and the name of the type that comes back from it."""

    format: ValueFormat
    kind: str

    @property
    def pictured(self) -> bool:
        """True when what comes back is a picture of the value."""
        return self.format is ValueFormat.IMAGE and self.kind != PIL_IMAGE


def form_of(value: object) -> Form | None:
    """How a table, an array or a picture is kept; None for all else.

    >>> form_of([1, 2]) is None
    True
    """
    for form, codec in _CODECS.items():
        if (kind := codec.kept_as(value)) is not None:
            return Form(form, kind)
    return None


def raw(value: object) -> tuple[Form, bytes] | None:
    """Text or bytes as what their file holds; None for all else. Exact types only."""
    kind = type(value)
    if kind is str:
        return Form(ValueFormat.TEXT, "str"), str(value).encode("utf-8", "surrogatepass")
    if kind is bytes or kind is bytearray:
        data: Any = value
        return Form(ValueFormat.BYTES, kind.__name__), data
    return None


def write(form: ValueFormat, value: Any, path: Path) -> Extent:
    """Write a value to a new file; any exception is the reason why it cannot be kept."""
    return _CODECS[form].write(value, path)


def read(form: ValueFormat, path: Path, kind: str) -> object:
    """The value in a file of any format but JSON."""
    if form in _CODECS:
        return _CODECS[form].read(path, kind)
    data = path.read_bytes()
    if form is ValueFormat.TEXT:
        return data.decode("utf-8", "surrogatepass")
    return bytearray(data) if kind == "bytearray" else data


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
