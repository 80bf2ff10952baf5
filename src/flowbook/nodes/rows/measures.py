"""What many values come to: sums, means, quantiles and the like, over values in a list.

Nulls are left out, but by `first`, `last` and `list`, which tell what is there. Nothing adds up to
0; its mean, least, greatest and quantiles are null.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Final

from flowbook.errors import UsageError
from flowbook.nodes.rows.columns import shortened

Measure = Callable[[Sequence[Any]], Any]


_ADDED: Final = (int, float, timedelta)


def measure(name: str, *, q: float = 0.5, separator: str = ", ") -> Measure:
    """The measure of that name over a list of values.

    >>> measure("quantile", q=0.25)([1, 2, None, 3])
    1.5
    """
    if name == "quantile":
        return partial(_quantile, q=q)
    if name == "join":
        return partial(_joined, separator=separator)
    return MEASURES[name]


def frozen(value: Any) -> Any:
    """A key under which equal values are one: lists and records by content, NaN is one value.

    Whole and broken numbers are equal where their values are; true is not 1.

    >>> frozen([1, {"a": 2.0}]) == frozen([1.0, {"a": 2}]), frozen(True) == frozen(1)
    (True, False)
    """
    kind = type(value)
    if kind is str or kind is int or value is None:
        return value
    if kind is float:
        return ("nan",) if math.isnan(value) else value
    if kind is bool:
        return ("bool", value)
    if isinstance(value, Mapping):
        pairs = ((str(name), frozen(one)) for name, one in value.items())
        return ("record", tuple(sorted(pairs, key=lambda pair: pair[0])))
    if isinstance(value, list | tuple):
        return ("list", tuple(map(frozen, value)))
    if isinstance(value, set | frozenset):
        return ("set", frozenset(map(frozen, value)))
    try:
        hash(value)
    except TypeError:
        return ("odd", repr(value))
    return value


def as_text(value: Any) -> str:
    """A value as it stands in a text: null as nothing, true and false, dates in ISO."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return str(value)


def present(values: Iterable[Any]) -> list[Any]:
    """Without nulls."""
    return [one for one in values if one is not None]


def least(values: Sequence[Any]) -> Any:
    """The smallest; NaN only where there is nothing else."""
    return _extreme(values, min)


def greatest(values: Sequence[Any]) -> Any:
    """The largest; NaN only where there is nothing else."""
    return _extreme(values, max)


def _extreme(values: Sequence[Any], pick: Callable[[Any], Any]) -> Any:
    found = present(values)
    real = [one for one in found if one == one] or found
    try:
        return pick(real) if real else None
    except TypeError:
        raise UsageError(
            f"{pick.__name__} cannot compare {_kinds(found)}",
            hint="make the column of one type first, with transform",
        ) from None


def total(values: Sequence[Any]) -> Any:
    """The sum of numbers or durations."""
    found = present(values)
    kinds = set(map(type, found))
    strange = next((kind for kind in kinds if not issubclass(kind, _ADDED)), None)
    if strange is not None:
        odd = next(one for one in found if type(one) is strange)
        raise UsageError(
            f"sum adds numbers, and found {shortened(odd)}, a {strange.__name__}",
            hint="convert it first, with transform",
        )
    return sum(found[1:], start=found[0]) if found else 0


def _mean(values: Sequence[Any]) -> Any:
    found = present(values)
    return total(found) / len(found) if found else None


def _std(values: Sequence[Any]) -> Any:
    found = present(values)
    total(found)  # which refuses what is no number
    if len(found) < 2:
        return None
    if any(math.isnan(one) or math.isinf(one) for one in found):
        return math.nan
    centre = math.fsum(found) / len(found)
    return math.sqrt(math.fsum((one - centre) ** 2 for one in found) / (len(found) - 1))


def _quantile(values: Sequence[Any], q: float) -> Any:
    """Between neighbours, in proportion."""
    found = present(values)
    if not found:
        return None
    total(found)
    if any(one != one for one in found):
        return math.nan
    ordered = sorted(found)
    at = q * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def _median(values: Sequence[Any]) -> Any:
    found = _quantile(values, 0.5)
    return float(found) if isinstance(found, int) else found


def _joined(values: Sequence[Any], separator: str) -> str:
    return separator.join(map(as_text, present(values)))


def _kinds(values: Sequence[Any]) -> str:
    return " with ".join(sorted({type(one).__name__ for one in values}))


MEASURES: Final[Mapping[str, Measure]] = {
    "sum": total,
    "mean": _mean,
    "min": least,
    "max": greatest,
    "count": lambda values: len(present(values)),
    "count_distinct": lambda values: len(set(map(frozen, present(values)))),
    "first": lambda values: values[0] if values else None,
    "last": lambda values: values[-1] if values else None,
    "median": _median,
    "std": _std,
    "quantile": partial(_quantile, q=0.5),
    "list": list,
    "join": partial(_joined, separator=", "),
}
