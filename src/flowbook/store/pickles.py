"""Pickles, for flows that allow them: reading one runs whatever code it holds.

`Objects` never comes here by itself; see `Objects.allowing`.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from flowbook.store.codec import Extent


def kept_as(_value: object) -> str | None:
    """None: a pickle is the last resort, never a value's own form."""
    return None


def write(value: Any, path: Path) -> Extent:
    """Pickle a value, with what of its code cannot be imported."""
    import cloudpickle

    with path.open("wb") as stream:
        cloudpickle.dump(value, stream)
    return Extent()


def read(path: Path, _kind: str) -> object:
    """The pickled value; runs code."""
    with path.open("rb") as stream:
        return pickle.load(stream)  # noqa: S301 - the flow allows it
