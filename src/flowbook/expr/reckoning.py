"""Functions over numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from flowbook.expr.budget import Budget, Code, refuse
from flowbook.expr.function import Function

_NUMBERS: Final = frozenset({int, float, bool})


def _number(value: Any) -> Any:
    if type(value) not in _NUMBERS:
        raise refuse(Code.TYPE, f"wanted is a number, not a {type(value).__name__}")
    return value


def _numbers(budget: Budget, values: Any) -> list[Any]:
    numbers = [_number(value) for value in budget.items(values)]
    budget.tick(len(numbers) >> 3)
    if not numbers:
        raise refuse(Code.VALUE, "no numbers have neither mean nor median")
    return numbers


def _rounding(work: Callable[[Any], int]) -> Callable[..., Any]:
    return lambda _budget, value: work(_number(value))


def _clamp(_budget: Budget, value: Any, low: Any, high: Any) -> Any:
    return max(_number(low), min(_number(high), _number(value)))


def _percent(_budget: Budget, part: Any, whole: Any, digits: Any = 1) -> Any:
    if type(digits) is not int or not 0 <= digits <= 20:
        raise refuse(Code.VALUE, "percent takes a whole number of digits from 0 to 20")
    return round(100 * _number(part) / _number(whole), digits)


def _mean(budget: Budget, values: Any) -> Any:
    numbers = _numbers(budget, values)
    return sum(numbers) / len(numbers)


def _median(budget: Budget, values: Any) -> Any:
    numbers = sorted(_numbers(budget, values))
    half = len(numbers) // 2
    return numbers[half] if len(numbers) % 2 else (numbers[half - 1] + numbers[half]) / 2


NUMBERS: Final = (
    Function("floor", "The whole number at or below.", "floor(2.7) == 2", _rounding(math.floor)),
    Function("ceil", "The whole number at or above.", "ceil(2.1) == 3", _rounding(math.ceil)),
    Function("clamp", "A number held between a lowest and a highest.", "clamp(12, 0, 10) == 10",
             _clamp, 3, 3),
    Function("percent", "How many percent a part is of the whole, to one digit or so many.",
             "percent(1, 3) == 33.3", _percent, 2, 3),
    Function("mean", "The average of a list of numbers.", "mean([1, 2, 6]) == 3", _mean),
    Function("median", "The middle one of a list of numbers.", "median([9, 1, 2]) == 2", _median),
)  # fmt: skip
"""Functions over numbers."""
