"""NumPy arrays as `.npy`: any shape, any dtype but those that hold Python objects.

Times, text, complex and structured dtypes, byte order and Fortran order come back as they were.
Exact type only: a masked array or a matrix would come back as less than it was. Nothing is pickled
on the way out or in. A small array inside plain data travels within it, as the bytes of such a
file.
"""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path
from typing import Any, BinaryIO

from flowbook.store.codec import Extent

TAG = "$npy"
SMALL_BYTES = 8192
"""An array of at most this size is no object of its own inside plain data."""


def kept_as(value: object) -> str | None:
    """`numpy.ndarray` for an array this module can keep; None for all else."""
    numpy = sys.modules.get("numpy")
    array: Any = value
    if type(array) is not getattr(numpy, "ndarray", None) or array.dtype.hasobject:
        return None
    return "numpy.ndarray"


def write(value: Any, path: Path) -> Extent:
    """Write an array."""
    with path.open("wb") as stream:
        _write(stream, value)
    return Extent()


def _write(stream: BinaryIO, value: Any) -> None:
    import numpy as np

    # Names of fields that are not ASCII need the third version, of which NumPy would warn.
    version = None if str(value.dtype).isascii() else (3, 0)
    np.lib.format.write_array(stream, value, version, allow_pickle=False)


def read(path: Path, _kind: str) -> object:
    """The array at `path`; `ValueError` if it would need Python objects."""
    import numpy as np

    with path.open("rb") as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)


def tagged(value: Any) -> dict[str, str] | None:
    """A small array as part of plain data, None for a larger one."""
    if value.nbytes > SMALL_BYTES:
        return None
    paper = io.BytesIO()
    _write(paper, value)
    return {TAG: base64.b64encode(paper.getvalue()).decode()}


def untagged(text: str) -> object:
    """The array that `tagged` made `text` of."""
    import numpy as np

    return np.lib.format.read_array(io.BytesIO(base64.b64decode(text)), allow_pickle=False)
