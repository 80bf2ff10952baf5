"""Functions over lists. What is the same is what `==` calls the same; order stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from flowbook.expr.budget import Budget, Code, refuse
from flowbook.expr.fields import identity
from flowbook.expr.function import Function


def _end(place: int) -> Callable[..., Any]:
    def call(_budget: Budget, many: Any, default: Any = None) -> Any:
        if type(many) not in (list, tuple, str):
            raise refuse(Code.TYPE, f"a {type(many).__name__} has no first and last")
        return many[place] if many else default

    return call


def _unique(budget: Budget, many: Any) -> list[Any]:
    return [one for _, one in _once(budget, many)]


def _once(budget: Budget, many: Any) -> Iterator[tuple[Any, Any]]:
    """Each element once, with its identity."""
    seen = set()
    for one in budget.items(budget.look(many)):
        key = identity(one)
        if key not in seen:
            seen.add(key)
            yield key, one


def _among(budget: Budget, many: Any) -> set[Any]:
    return {key for key, _ in _once(budget, many)}


def _difference(budget: Budget, many: Any, other: Any) -> list[Any]:
    barred = _among(budget, other)
    return [one for key, one in _once(budget, many) if key not in barred]


def _intersection(budget: Budget, many: Any, other: Any) -> list[Any]:
    wanted = _among(budget, other)
    return [one for key, one in _once(budget, many) if key in wanted]


def _union(budget: Budget, many: Any, other: Any) -> list[Any]:
    return _unique(budget, [*budget.items(many), *budget.items(other)])


def _compact(budget: Budget, many: Any) -> list[Any]:
    return [one for one in budget.items(many) if one is not None and one != ""]


def _flatten(budget: Budget, many: Any) -> list[Any]:
    flat: list[Any] = []
    for one in budget.items(many):
        budget.tick()
        flat += list(budget.items(one)) if type(one) in (list, tuple) else [one]
    return flat


def _chunk(budget: Budget, many: Any, size: Any) -> list[list[Any]]:
    if type(size) is not int or size < 1:
        raise refuse(Code.VALUE, "chunk takes a whole number from 1 on")
    whole = list(budget.items(many))
    budget.tick(len(whole) // size)
    return [whole[at : at + size] for at in range(0, len(whole), size)]


def _zip(budget: Budget, *lists: Any) -> list[Any]:
    columns = [list(budget.items(one)) for one in lists]
    budget.tick(min(map(len, columns)) >> 1)
    return [list(row) for row in zip(*columns, strict=False)]


def _enumerate(budget: Budget, many: Any, start: Any = 0) -> list[Any]:
    if type(start) is not int:
        raise TypeError
    whole = list(budget.items(many))
    budget.tick(len(whole) >> 1)
    return [[number, one] for number, one in enumerate(whole, start)]


def _reversed(budget: Budget, many: Any) -> list[Any]:
    return list(budget.items(many))[::-1]


LISTS: Final = (
    Function("first", "The first of a list or text, or a default (None) when it is empty.",
             "first([1, 2]) == 1 and first([], 0) == 0", _end(0), 1, 2),
    Function("last", "The last of a list or text, or a default (None) when it is empty.",
             "last([1, 2]) == 2", _end(-1), 1, 2),
    Function("unique", "Each once, in the order they came.",
             "unique([2, 1, 2, [1], [1]]) == [2, 1, [1]]", _unique),
    Function("compact", "A list without None and empty texts.",
             "compact([0, None, '', 'a']) == [0, 'a']", _compact),
    Function("flatten", "Lists in a list as one list, one level deep.",
             "flatten([[1, 2], 3, [[4]]]) == [1, 2, 3, [4]]", _flatten),
    Function("chunk", "A list cut into lists of at most so many.",
             "chunk([1, 2, 3], 2) == [[1, 2], [3]]", _chunk, 2, 2),
    Function("zip", "Lists side by side, as long as the shortest.",
             "zip([1, 2], ['a', 'b']) == [[1, 'a'], [2, 'b']]", _zip, 1, 20),
    Function("enumerate", "Each with its number, from 0 or a start.",
             "enumerate(['a', 'b'], 1) == [[1, 'a'], [2, 'b']]", _enumerate, 1, 2),
    Function("reversed", "A list the other way round.", "reversed([1, 2]) == [2, 1]", _reversed),
    Function("union", "What is in one list or the other, each once.",
             "union([1, 2], [2, 3]) == [1, 2, 3]", _union, 2, 2),
    Function("intersection", "What is in both lists, each once.",
             "intersection([1, 2], [2, 3]) == [2]", _intersection, 2, 2),
    Function("difference", "What is in the first list and not in the second, each once.",
             "difference([1, 2], [2, 3]) == [1]", _difference, 2, 2),
)  # fmt: skip
"""Functions over lists."""
