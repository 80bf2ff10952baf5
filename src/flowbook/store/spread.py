"""How the values of one array or series are spread: their median, and bars of equal width.

Of numbers and times, of at most `SAMPLED` values that lie evenly in it, so that it costs no more of
a hundred million values than of a hundred thousand.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flowbook.store.bars import SAMPLED, bars
from flowbook.store.preview import Cell, cell


@dataclass(frozen=True, slots=True)
class Spread:
    """`sampled`: so many values were looked at; None for all of them."""

    median: Cell = None
    bars: tuple[int, ...] = ()
    sampled: int | None = None


def of_values(values: Any) -> Spread:
    """The spread of a NumPy array of one dimension.

    >>> import numpy as np
    >>> of_values(np.array([1.0, 9.0, 2.0, np.nan])).median
    2.0
    """
    import numpy as np

    step = -(-values.size // SAMPLED) or 1
    some = values[::step]
    sampled = int(some.size) if step > 1 else None
    kind = some.dtype.kind
    if kind not in "iufmM":
        return Spread()
    if kind in "mM":
        some = some[~np.isnat(some)]
        middle = np.sort(some)[(some.size - 1) // 2] if some.size else None
    else:
        some = some[np.isfinite(some)]
        middle = np.median(some.astype("float64")) if some.size else None
    return Spread(None if middle is None else cell(middle), bars(some), sampled)


def of_series(series: Any) -> Spread:
    """The spread of a pandas or Polars series; nothing of what it cannot say as plain numbers."""
    size = len(series)
    step = -(-size // SAMPLED) or 1
    with suppress(Exception):
        some = series.iloc[::step] if hasattr(series, "iloc") else series.gather_every(step)
        there = some.dropna() if hasattr(some, "dropna") else some.drop_nulls()
        found = of_values(_plain(there))
        if found.bars or found.median is not None:
            return Spread(found.median, found.bars, len(some) if step > 1 else None)
    return Spread()


def _plain(series: Any) -> Any:
    """Its values as NumPy has them; those of a type that knows what is missing as numbers, too."""
    values = series.to_numpy()
    kind = getattr(getattr(series.dtype, "numpy_dtype", None), "kind", "")
    return values.astype("float64") if values.dtype.kind == "O" and kind in "iuf" else values
