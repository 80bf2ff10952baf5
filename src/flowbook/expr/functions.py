"""The functions an expression may call, as one table: name, help, an example that is true.

`FUNCTIONS` is what documentation, completion and the compiler read; the tests evaluate every
example. A function takes the budget and admitted arguments and pays for what it does; what it
returns is charged by its caller. None takes a function, so nothing can be smuggled in to run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flowbook.expr.budget import MAX_ITEMS, Budget, Code, refuse
from flowbook.expr.fields import RECORDS
from flowbook.expr.function import Function
from flowbook.expr.lists import LISTS
from flowbook.expr.pattern import pattern
from flowbook.expr.reckoning import NUMBERS
from flowbook.expr.tables import TABLES, is_table, row_count
from flowbook.expr.times import DATES
from flowbook.expr.wording import TEXTS

_NUMBERS = frozenset({int, float, bool})


def _len(_budget: Budget, value: Any) -> int:
    return row_count(value) if is_table(value) else len(value)


def _extreme(pick: Callable[..., Any]) -> Callable[..., Any]:
    def call(budget: Budget, *values: Any, **default: Any) -> Any:
        many = values[0] if len(values) == 1 else list(values)
        return pick(budget.items(budget.look(many)), **default)

    return call


def _sum(budget: Budget, values: Any, start: Any = 0) -> Any:
    numbers = [start, *budget.items(values)]
    budget.tick(len(numbers) >> 3)
    for number in numbers:
        if type(number) not in _NUMBERS:
            raise refuse(Code.TYPE, f"sum adds numbers, not a {type(number).__name__}")
    return sum(numbers)


def _round(_budget: Budget, value: Any, digits: Any = None) -> Any:
    if digits is not None and (type(digits) is not int or abs(digits) > 400):
        raise refuse(Code.VALUE, "round takes a whole number of digits")
    return round(value, digits)


def _sorted(budget: Budget, values: Any, *, reverse: Any = False) -> list[Any]:
    values = budget.look(values)
    # A sort reads its elements some log n times over.
    budget.tick(budget.weigh(values) >> 4)
    return sorted(budget.items(values), reverse=bool(reverse))


def _range(_budget: Budget, *bounds: Any) -> list[int]:
    numbers = range(*bounds)
    if len(numbers) > MAX_ITEMS:
        raise refuse(Code.TOO_LARGE, f"range gives at most {MAX_ITEMS:,} numbers")
    return list(numbers)


def _str(budget: Budget, value: Any = "") -> str:
    return str(budget.look(value))


def _int(_budget: Budget, value: Any = 0) -> int:
    return int(_number_text(value))


def _float(_budget: Budget, value: Any = 0.0) -> float:
    return float(_number_text(value))


def _number_text(value: Any) -> Any:
    # Reading a number takes time quadratic in its length.
    if type(value) is str and len(value) > 2000:
        raise refuse(Code.TOO_LARGE, "a text of that length is no number")
    return value


def _between(budget: Budget, value: Any, low: Any, high: Any) -> bool:
    value, low, high = budget.look(value), budget.look(low), budget.look(high)
    return bool(low <= value <= high)


def _contains(budget: Budget, many: Any, one: Any) -> bool:
    return budget.look(one) in budget.look(many)


def _matches(budget: Budget, text: Any, wanted: Any) -> bool:
    if type(text) is not str or type(wanted) is not str:
        raise TypeError
    budget.tick(1 + (len(text) >> 6))
    return pattern(wanted).search(text, budget.tick)


def _is_empty(_budget: Budget, value: Any) -> bool:
    if value is None:
        return True
    return type(value) in (str, list, tuple, dict, set) and not value


def _chosen(*_: Any) -> Any:
    raise refuse(Code.FORBIDDEN, "it chooses among values, and is compiled as such")


_BASIC: Final = (
    Function("len", "How many items, keys, letters or rows.", "len([1, 2]) == 2", _len,
             tables=True),
    Function("min", "The smallest, of one list or of several values.", "min(3, 1, 2) == 1",
             _extreme(min), 1, 20, ("default",)),
    Function("max", "The largest, of one list or of several values.",
             "max([], default=0) == 0", _extreme(max), 1, 20, ("default",)),
    Function("sum", "Numbers added up.", "sum([1, 2, 3]) == 6", _sum, 1, 2, ("start",)),
    Function("round", "A number rounded, to so many digits if given.",
             "round(2.345, 1) == 2.3", _round, 1, 2),
    Function("abs", "A number without its sign.", "abs(-3) == 3", lambda _, value: abs(value)),
    Function("any", "True when one of them is true.", "any(x > 2 for x in [1, 3])",
             lambda budget, values: any(budget.items(values))),
    Function("all", "True when each of them is true.", "all(x > 0 for x in [1, 3])",
             lambda budget, values: all(budget.items(values))),
    Function("sorted", "A list in order.", "sorted([1, 3, 2], reverse=True) == [3, 2, 1]",
             _sorted, 1, 1, ("reverse",)),
    Function("range", "Whole numbers from, to (not included), step; at most 10,000.",
             "range(2, 5) == [2, 3, 4]", _range, 1, 3),
    Function("str", "As text.", "str(1.5) == '1.5'", _str, 0),
    Function("int", "As whole number; a fraction is cut off.", "int('42') == 42", _int, 0),
    Function("float", "As number.", "float('1.5') == 1.5", _float, 0),
    Function("bool", "False for 0, None and what is empty.", "bool([]) == False",
             lambda _, value=False: bool(value), 0),
    Function("list", "As list.", "list('ab') == ['a', 'b']",
             lambda budget, values=(): list(budget.items(values)), 0),
    Function("set", "As set: each once, without order.", "len(set([1, 1, 2])) == 2",
             lambda budget, values=(): set(budget.items(budget.look(values))), 0),
    Function("between", "True when a value lies from low to high, both included.",
             "between(200, 200, 299)", _between, 3, 3),
    Function("contains", "True when a text, list or dict holds something.",
             "contains('windy', 'wind')", _contains, 2, 2),
    Function("matches", "True when a text holds the regular expression; ^ and $ anchor it.",
             "matches('id-42', r'^id-[0-9]+$')", _matches, 2, 2),
    Function("is_empty", "True for None and for an empty text, list or dict; 0 is not empty.",
             "is_empty('') and is_empty([]) and not is_empty(0)", _is_empty),
    Function("coalesce", "The first that is there and not None; the others are not looked at.",
             "coalesce({}.x, None, 0, 1) == 0", _chosen, 1, 20, lazy=True),
    Function("default", "A value, or another one where it is not there or None.",
             "default({'a': None}.a, 7) == default({}.a.b, 7) == 7", _chosen, 2, 2, lazy=True),
)  # fmt: skip

GROUPS: Final[Mapping[str, tuple[Function, ...]]] = {
    "Values": _BASIC,
    "Numbers": NUMBERS,
    "Text": TEXTS,
    "Lists": LISTS,
    "Records and JSON": RECORDS,
    "Tables": TABLES,
    "Dates": DATES,
}
"""All functions, as documentation shows them."""
FUNCTIONS: Final[Mapping[str, Function]] = {
    function.name: function for group in GROUPS.values() for function in group
}
"""All functions by name; a name not here does not exist."""
