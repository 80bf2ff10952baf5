"""Where two values differ first, in words; tables are compared by rows, whoever made them."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from flowbook.graph.judging import shown_value
from flowbook.nodes.tables import family, is_missing, rows_of

MOST = 3
"""Differences that are told."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How values are compared: numbers are equal within `tolerance`, relative or absolute.

    `hides`: names of fields whose values are not shown.
    """

    tolerance: float = 0.0
    hides: frozenset[str] = field(default_factory=frozenset)

    def differences(self, found: Any, wanted: Any) -> list[str]:
        """The first differences, each with its place; empty when there are none.

        >>> Comparison(0.01).differences({"a": [1.0, 2.001]}, {"a": [1.0, 2.5]})
        ['.a[1]: 2.001 (float), expected 2.5 (float)']
        """
        return list(islice(self._walk(_plain(found), _plain(wanted), ""), MOST))

    def _walk(self, found: Any, wanted: Any, path: str) -> Iterator[str]:
        if isinstance(wanted, Mapping) and isinstance(found, Mapping):
            yield from self._mappings(found, wanted, path)
        elif _is_list(wanted) and _is_list(found):
            yield from self._lists(found, wanted, path)
        elif not self._same(found, wanted):
            hidden = path.rpartition(".")[2] in self.hides
            told = ("another value" if hidden else shown_value(found), shown_value(wanted))
            yield f"{path or 'it'}: {told[0]}, expected {'one not shown' if hidden else told[1]}"

    def _mappings(
        self, found: Mapping[Any, Any], wanted: Mapping[Any, Any], path: str
    ) -> Iterator[str]:
        for name in wanted:
            if name not in found:
                yield f"{path}.{name}: is not there, expected {shown_value(wanted[name])}"
        for name in found:
            if name not in wanted:
                yield f"{path}.{name}: is there ({shown_value(found[name])}), and is not expected"
        for name in wanted:
            if name in found:
                yield from self._walk(_plain(found[name]), _plain(wanted[name]), f"{path}.{name}")

    def _lists(self, found: Any, wanted: Any, path: str) -> Iterator[str]:
        if len(found) != len(wanted):
            yield f"{path or 'it'}: has {len(found)} items, expected {len(wanted)}"
        for number, (one, other) in enumerate(zip(found, wanted, strict=False)):
            yield from self._walk(_plain(one), _plain(other), f"{path}[{number}]")

    def _same(self, found: Any, wanted: Any) -> bool:
        if _is_number(found) and _is_number(wanted):
            if math.isnan(found) or math.isnan(wanted):
                return math.isnan(found) and math.isnan(wanted)
            limit = self.tolerance
            if not limit:  # as floats, two large whole numbers may be one
                return bool(found == wanted)
            return math.isclose(found, wanted, rel_tol=limit, abs_tol=limit)
        if isinstance(found, bool) is not isinstance(wanted, bool):
            return False
        try:
            return bool(found == wanted)
        except (TypeError, ValueError):
            return found is wanted


def in_order(value: Any) -> Any:
    """Rows or items in an order of their own, so that two lists are compared as bags.

    >>> in_order([{"a": 2}, {"a": 1}])
    [{'a': 1}, {'a': 2}]
    """
    found = _plain(value)
    return sorted(found, key=repr) if _is_list(found) else found


def _plain(value: Any) -> Any:
    """A table as its rows, an array as its items, everything else as it is."""
    if isinstance(value, str | bytes | int | float | list | tuple | dict | None):
        return value
    if family(value) is not None:
        return [{name: _absent(one) for name, one in row.items()} for row in rows_of(value, "it")]
    as_list = getattr(value, "tolist", None)
    return as_list() if callable(as_list) else value


def _absent(value: Any) -> Any:
    """A cell of a table: what stands for no value, in whichever library, is None."""
    return None if is_missing(value) else value


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
