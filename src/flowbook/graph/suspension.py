"""How a node waits for something outside without holding anything: `Suspend` and `Resumption`.

A node that has to wait gives `Suspend` instead of a value. The wait is journalled; the thread is
free, and the process may end. When the time or the signal comes, the node is run again and finds
what came as `context.resumption`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flowbook.errors import UsageError

_EPOCH = datetime.fromtimestamp(0, UTC)


class Suspend(BaseException):
    """Give this, or raise it, to be run again when something has come.

    Args:
        reason: What the node waits for, in words.
        until: Go on at this time: a `datetime` with a zone, or seconds from now.
        signal: Go on when a signal of this name comes.
        timeout: Wait no longer than this for the signal: seconds, or a `datetime` with a zone.
        on_timeout: `fail`; `continue`, which runs the node with `resumption.timed_out`; or any
            other plain JSON, which is what the node then gives, without being run.
        data: Plain JSON by name that comes back as `resumption.data`.
        fresh: A signal that was sent before the wait began does not count.

    Raises:
        UsageError: nothing would ever end the wait, a time has no zone, or what is to be kept is
            not plain JSON.

    >>> import flowbook
    >>> flow = flowbook.Flow("order")
    >>> @flow.node
    ... def paid(order: int = 7):
    ...     came = flowbook.resumption()
    ...     if came is None:
    ...         return Suspend(f"payment of order {order}", signal="paid", timeout=3600)
    ...     return came.payload["amount"]
    >>> run = flow.start()
    >>> run.signal("paid", {"amount": 12.5})
    >>> run.wait()["paid"].output
    12.5
    """

    def __init__(  # noqa: PLR0913 - all but the reason have names
        self,
        reason: str = "",
        *,
        until: datetime | float | None = None,
        signal: str | None = None,
        timeout: datetime | float | None = None,
        on_timeout: Any = "fail",
        data: Mapping[str, Any] | None = None,
        fresh: bool = False,
    ) -> None:
        super().__init__(reason)
        if until is None and not signal and timeout is None:
            raise UsageError(
                "nothing would ever end this wait", hint="give it until=, signal= or timeout="
            )
        self.reason = reason
        self.until = _moment("until", until)
        self.signal = signal
        self.fresh = fresh
        self.timeout = _moment("timeout", timeout)
        self.on_timeout = plain_json("on_timeout", on_timeout)
        self.data: dict[str, Any] = plain_json("data", dict(data or {}))

    def __reduce__(self) -> tuple[Any, ...]:
        return (_remade, (self.__dict__,))


@dataclass(frozen=True, slots=True)
class Resumption:
    """What came to a node that was suspended.

    `by` is `signal`, `time` or `timeout`; `payload` is what came with the signal. `since` and
    `at` are when the wait began and ended, `deadline` when it would have timed out; `data` is what
    the node gave itself to remember.
    """

    by: str
    payload: Any = None
    data: Mapping[str, Any] = field(default_factory=dict)
    since: datetime = _EPOCH
    at: datetime = _EPOCH
    deadline: datetime | None = None

    @property
    def timed_out(self) -> bool:
        """True when it did not come in time."""
        return self.by == "timeout"


current: ContextVar[Resumption | None] = ContextVar("flowbook_resumption", default=None)
"""What came to the node that runs here."""


def resumption() -> Resumption | None:
    """Inside of a node: what it waited for and has come; None when it runs for the first time.

    For decorated functions and cells; a node type of your own asks its `context.resumption`.
    """
    return current.get()


def _moment(name: str, given: datetime | float | None) -> datetime | timedelta | None:
    if given is None:
        return None
    if isinstance(given, datetime):
        if given.tzinfo is None:
            raise UsageError(
                f"{name} is {given.isoformat()}, a time without a zone",
                hint="such as datetime.now(UTC) + timedelta(hours=1)",
            )
        return given
    if type(given) not in (int, float) or not math.isfinite(given):
        raise UsageError(f"{name} is {given!r}, neither a datetime nor a number of seconds")
    try:
        return timedelta(seconds=max(0.0, given))
    except OverflowError:
        raise UsageError(f"{name} is {given!r} seconds, which no calendar has") from None


def plain_json(name: str, given: Any) -> Any:
    """`given` if it is plain JSON; else `UsageError`, which says `name`."""
    try:
        plain = json.loads(json.dumps(given, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"{name} is not plain JSON: {error}") from error
    if plain != given:
        raise UsageError(f"{name} is not plain JSON: it comes back another")
    return plain


def _remade(fields: dict[str, Any]) -> Suspend:
    made = Suspend.__new__(Suspend, fields["reason"])
    made.__dict__.update(fields)
    return made
