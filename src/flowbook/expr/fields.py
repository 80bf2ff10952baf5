"""Paths given as text, and functions over records: dictionaries, and lists of them.

A path is field names with dots and places in brackets, `body.items[0].name`; it is data, read by
a few lines here, and leads through plain dictionaries and lists only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from flowbook.expr.budget import MAX_TEXT, Budget, Code, refuse
from flowbook.expr.function import Function

MAX_STEPS_OF_PATH: Final = 40

Key: TypeAlias = str | int

ABSENT: Final = object()


def steps_of(text: Any) -> tuple[Key, ...]:
    """The steps a path spells.

    >>> steps_of("body.items[0].name")
    ('body', 'items', 0, 'name')
    """
    if type(text) is not str or len(text) > 1_000:
        raise refuse(Code.TYPE, "a path is a text, such as 'body.items[0].name'")
    steps: list[Key] = []
    for name in text.split("."):
        field, *places = name.split("[")
        steps += [field] if field else []
        steps += [_place(place) for place in places]
        if not field and not (places and not steps[: -len(places)]):
            raise refuse(Code.VALUE, "a path is field names with dots, such as body.items[0].name")
    if len(steps) > MAX_STEPS_OF_PATH:
        raise refuse(Code.TOO_COMPLEX, f"a path has at most {MAX_STEPS_OF_PATH} steps")
    return tuple(steps)


def _place(place: str) -> int:
    number = place.removesuffix("]")
    digits = number.removeprefix("-")
    if not place.endswith("]") or not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        raise refuse(Code.VALUE, "a place in a path is a whole number in brackets: rows[0]")
    return int(number)


def led(budget: Budget, value: Any, steps: Iterable[Key]) -> Any:
    """What `steps` lead to from `value`; `ABSENT` when there is nothing."""
    for step in steps:
        budget.steps -= 1
        kind = type(value)
        if kind is dict and type(step) is str:
            value = value.get(step, ABSENT)
        elif kind in (list, tuple) and type(step) is int and -len(value) <= step < len(value):
            value = value[step]
        else:
            return ABSENT
        if value is ABSENT:
            return ABSENT
        value = budget.admit(value)
    return value


def identity(value: Any) -> Any:
    """Something to be hashed that is equal where plain values are."""
    kind = type(value)
    if kind in (list, tuple):
        return (kind is tuple, *map(identity, value))
    if kind is dict:
        return frozenset((identity(key), identity(one)) for key, one in value.items())
    return frozenset(map(identity, value)) if kind is set else value


def records(budget: Budget, rows: Any) -> list[Any]:
    """The elements of a list of records."""
    if type(rows) not in (list, tuple):
        raise refuse(Code.TYPE, f"wanted is a list of records, not a {type(rows).__name__}")
    return list(budget.items(rows))


def by_path(budget: Budget, rows: Any, path: Any) -> list[tuple[Any, Any]]:
    """Each record with what `path` leads to in it, None where that is nothing."""
    steps = steps_of(path)
    found = []
    for row in records(budget, rows):
        budget.tick()
        value = led(budget, row, steps)
        found.append((None if value is ABSENT else value, row))
    return found


def _get(budget: Budget, value: Any, path: Any, default: Any = None) -> Any:
    found = led(budget, value, steps_of(path))
    return default if found is ABSENT else found


def _has(budget: Budget, value: Any, path: Any) -> bool:
    return led(budget, value, steps_of(path)) is not ABSENT


def _dict(value: Any) -> dict[Any, Any]:
    if type(value) is not dict:
        raise refuse(Code.TYPE, f"wanted is a dict, not a {type(value).__name__}")
    return value


def _merge(budget: Budget, *many: Any) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    for one in many:
        budget.tick(1 + (len(_dict(one)) >> 4))
        made |= one
    return made


def _picked(wanted: bool) -> Callable[..., Any]:
    def call(budget: Budget, value: Any, names: Any) -> dict[Any, Any]:
        chosen = set(budget.items(budget.look([names] if type(names) is str else names)))
        budget.tick(1 + (len(_dict(value)) >> 4))
        return {key: one for key, one in value.items() if (key in chosen) is wanted}

    return call


def _pluck(budget: Budget, rows: Any, path: Any) -> list[Any]:
    return [value for value, _ in by_path(budget, rows, path)]


def _sort_by(budget: Budget, rows: Any, path: Any, *, reverse: Any = False) -> list[Any]:
    found = by_path(budget, rows, path)
    budget.tick(budget.weigh([key for key, _ in found]) >> 4)
    # Records without the field come last, whichever way the others go.
    given = [one for one in found if one[0] is not None]
    given.sort(key=lambda one: one[0], reverse=bool(reverse))
    return [row for _, row in given] + [row for key, row in found if key is None]


def _group_by(budget: Budget, rows: Any, path: Any) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for key, row in by_path(budget, rows, path):
        groups.setdefault(_hashed(budget, key), []).append(row)
    return groups


def _index_by(budget: Budget, rows: Any, path: Any) -> dict[Any, Any]:
    return {_hashed(budget, key): row for key, row in by_path(budget, rows, path)}


def _count_by(budget: Budget, rows: Any, path: Any) -> dict[Any, int]:
    counts: dict[Any, int] = {}
    for key, _ in by_path(budget, rows, path):
        key = _hashed(budget, key)
        counts[key] = counts.get(key, 0) + 1
    return counts


def _hashed(budget: Budget, key: Any) -> Any:
    """A key, weighed before it is hashed; a list is none."""
    return budget.look(key)


def _sum_of(budget: Budget, rows: Any, path: Any) -> Any:
    numbers = [value for value, _ in by_path(budget, rows, path) if value is not None]
    for number in numbers:
        if type(number) not in (int, float, bool):
            raise refuse(Code.TYPE, f"sum_of adds numbers, not a {type(number).__name__}")
    return sum(numbers)


def _parse_json(budget: Budget, text: Any) -> Any:
    if type(text) is not str:
        raise TypeError
    if len(text) > MAX_TEXT:
        raise refuse(Code.TOO_LARGE, f"a text of more than {MAX_TEXT:,} characters")
    budget.tick(1 + (len(text) >> 6))
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise refuse(Code.TOO_LARGE, "that JSON is nested too deep") from None


def _no_constant(_name: str) -> Any:
    raise ValueError  # NaN and Infinity are no JSON


def _to_json(budget: Budget, value: Any) -> str:
    return json.dumps(budget.look(value), ensure_ascii=False, allow_nan=False, default=_iso)


def _iso(value: Any) -> str:
    if not hasattr(type(value), "isoformat"):
        raise TypeError
    return str(value.isoformat())


RECORDS: Final = (
    Function("get", "What a path leads to, or a default (None) when there is nothing.",
             "get({'a': {'b': [{'c': 1}]}}, 'a.b[0].c', 0) == 1", _get, 2, 3),
    Function("has", "True when a path leads to something, be it None.",
             "has({'a': {'b': None}}, 'a.b') and not has({}, 'a')", _has, 2, 2),
    Function("pick", "A dict with these fields only.",
             "pick({'a': 1, 'b': 2}, ['a', 'c']) == {'a': 1}", _picked(wanted=True), 2, 2),
    Function("omit", "A dict without these fields.",
             "omit({'a': 1, 'b': 2}, ['a']) == {'b': 2}", _picked(wanted=False), 2, 2),
    Function("merge", "Dicts put together; where two have a field, the later one's counts.",
             "merge({'a': 1, 'b': 1}, {'b': 2}) == {'a': 1, 'b': 2}", _merge, 1, 20),
    Function("pluck", "What a path leads to in each record.",
             "pluck([{'a': {'b': 1}}, {}], 'a.b') == [1, None]", _pluck, 2, 2),
    Function("sort_by", "Records in order of what a path leads to; those without it last.",
             "sort_by([{'n': 2}, {'n': 1}], 'n') == [{'n': 1}, {'n': 2}]",
             _sort_by, 2, 2, ("reverse",)),
    Function("group_by", "A dict of records by what a path leads to.",
             "group_by([{'k': 'a'}, {'k': 'a'}], 'k') == {'a': [{'k': 'a'}, {'k': 'a'}]}",
             _group_by, 2, 2),
    Function("index_by", "A dict of records by what a path leads to; of several, the last.",
             "index_by([{'id': 7, 'x': 1}], 'id')[7].x == 1", _index_by, 2, 2),
    Function("count_by", "How many records there are by what a path leads to.",
             "count_by([{'k': 'a'}, {'k': 'b'}, {'k': 'a'}], 'k') == {'a': 2, 'b': 1}",
             _count_by, 2, 2),
    Function("sum_of", "What a path leads to in each record, added up; records without it are 0.",
             "sum_of([{'n': 2}, {'n': 3}, {}], 'n') == 5", _sum_of, 2, 2),
    Function("parse_json", "The value that JSON text holds.",
             "parse_json('{\"a\": [1, null]}') == {'a': [1, None]}", _parse_json),
    Function("to_json", "A value as JSON text.", "to_json({'a': None}) == '{\"a\": null}'",
             _to_json),
)  # fmt: skip
"""Functions over dictionaries, lists of them, and JSON."""
