"""What nodes say their calls of metered services used: checked where it is said, kept per attempt.

Every call is a row of the history. An attempt that makes very many would make one very long event,
so from then on its calls of one model are added up: no token and no dollar is lost, only the rows.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeAlias

from flowbook.errors import UsageError
from flowbook.events.values import Usage

MOST_CALLS = 1000
"""Calls of one attempt that have a row each."""
MOST_TOKENS = 2**53
"""More than any call has, and the largest number a browser counts to."""
_MOST_TEXT = 200
_TOKENS = ("prompt_tokens", "completion_tokens", "total_tokens")
_AMOUNTS = (*_TOKENS, "cost", "is_estimate")

OfAttempt: TypeAlias = tuple[int, int]
"""Step and attempt."""


def usage_of(provider: str, model: str, amounts: Mapping[str, Any]) -> Usage:
    """One call as it is recorded; without a `total_tokens`, that is tokens in and out.

    Raises `UsageError` for an amount that has no such name, is negative or is no number, and for a
    provider or a model without a name.

    >>> usage_of("acme", "small-1", {"prompt_tokens": 7, "completion_tokens": 2}).total_tokens
    9
    """
    for name in amounts:
        if name not in _AMOUNTS:
            raise UsageError(f"usage has no {name!r}", hint=f"there are {', '.join(_AMOUNTS)}")
    counted = {name: _tokens(name, amounts.get(name)) for name in _TOKENS}
    if amounts.get("total_tokens") is None:
        total = counted["prompt_tokens"] + counted["completion_tokens"]
        counted["total_tokens"] = min(total, MOST_TOKENS)
    is_estimate = amounts.get("is_estimate", False)
    if not isinstance(is_estimate, bool):
        raise UsageError(f"is_estimate is {is_estimate!r}", hint="give True or False")
    return Usage(
        _name("provider", provider),
        _name("model", model),
        cost=_cost(amounts.get("cost")),
        is_estimate=is_estimate,
        **counted,
    )


def _name(what: str, text: Any) -> str:
    if not isinstance(text, str) or not text.strip():
        raise UsageError(f"the {what} of a usage is {text!r}", hint="name it with a text")
    if len(text) > _MOST_TEXT:
        raise UsageError(
            f"the {what} of a usage has {len(text)} characters",
            hint=f"name it with at most {_MOST_TEXT}",
        )
    return text.strip().encode("utf-8", "replace").decode()


def _tokens(name: str, given: Any) -> int:
    if given is None:
        return 0
    try:
        count = -1 if isinstance(given, bool) else operator.index(given)
    except TypeError:
        count = -1
    if not 0 <= count <= MOST_TOKENS:
        raise UsageError(f"{name} is {given!r}", hint="give a whole number from 0 on")
    return count


def _cost(given: Any) -> float | None:
    if given is None:
        return None
    try:
        cost = math.nan if isinstance(given, bool | str | bytes) else float(given)
    except (TypeError, ValueError, OverflowError):
        cost = math.nan
    if not 0 <= cost < math.inf:
        raise UsageError(f"cost is {given!r}", hint="give US dollars, a number from 0 on")
    return cost


@dataclass(frozen=True, slots=True)
class Took:
    """What an attempt took: milliseconds of CPU time, and bytes of memory at most."""

    cpu_ms: float
    memory: int
    is_estimate: bool = False


class Meter:
    """What every attempt of one run has used so far; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._used: dict[OfAttempt, _Account] = {}

    def add(self, attempt: OfAttempt, usage: Usage) -> None:
        """An attempt made a call."""
        with self._lock:
            self._used.setdefault(attempt, _Account()).add(usage)

    def take(self, attempt: OfAttempt) -> tuple[Usage, ...]:
        """What the attempt used since the last `take`, in the order it said so."""
        if not self._used:
            return ()
        with self._lock:
            account = self._used.pop(attempt, None)
        return () if account is None else account.calls()


class _Account:
    """The calls of one attempt: the first ones, and the sums of those after."""

    __slots__ = ("_first", "_sums")

    def __init__(self) -> None:
        self._first: list[Usage] = []
        self._sums: dict[tuple[str, str, bool, bool], Usage] = {}

    def add(self, usage: Usage) -> None:
        if len(self._first) < MOST_CALLS:
            self._first.append(usage)
            return
        alike = (usage.provider, usage.model, usage.is_estimate, usage.cost is None)
        known = self._sums.get(alike)
        self._sums[alike] = usage if known is None else _sum(known, usage)

    def calls(self) -> tuple[Usage, ...]:
        return (*self._first, *self._sums.values())


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.provider,
        one.model,
        min(one.prompt_tokens + other.prompt_tokens, MOST_TOKENS),
        min(one.completion_tokens + other.completion_tokens, MOST_TOKENS),
        min(one.total_tokens + other.total_tokens, MOST_TOKENS),
        None if one.cost is None or other.cost is None else one.cost + other.cost,
        one.is_estimate,
    )
