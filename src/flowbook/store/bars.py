"""The shape of a column at a glance: how its values are spread, as bars of equal width.

Of numbers and times; of a sample, in bounded time. A column that it has no time for has no bars.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

BARS = 20
SAMPLED = 100_000
"""The first rows that bars are of."""
PATIENCE = 0.05
"""Seconds; columns that come later have no bars."""


def bars_of(columns: Sequence[Any], *, patience: float = PATIENCE) -> list[tuple[int, ...]]:
    """For each column how many values fall into each of `BARS` parts of its range.

    >>> import numpy as np
    >>> bars_of([np.array([0.0, 1.0, 1.0]), np.array(["a"])])[0][-1]
    2
    """
    until = time.monotonic() + patience
    return [bars(one) if time.monotonic() < until else () for one in columns]


def bars(values: Any) -> tuple[int, ...]:
    """The bars of one array; none for what are no numbers or times, or for equal values only."""
    import numpy as np

    if isinstance(values, np.ma.MaskedArray):
        values = values.compressed()
    kind = values.dtype.kind
    if kind not in "iufmM" or values.ndim != 1:
        return ()
    if kind in "mM":
        values = values[~np.isnat(values)].astype("int64")
    elif kind == "f":
        values = values[np.isfinite(values)]
    if not values.size or values.min() == values.max():
        return ()
    counts, _ = np.histogram(values, bins=BARS)
    return tuple(int(one) for one in counts)
