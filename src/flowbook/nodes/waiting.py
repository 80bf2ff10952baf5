"""Wait for some time, for a point in time, for a condition, or for a signal.

None of them holds anything while it waits: the wait is journalled, outlives the process, and ends
late rather than early if nobody was there. `delay` and `wait_until` pass on what they were given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import traitlets
from traitlets import Bool, Unicode, validate

from flowbook.errors import UsageError
from flowbook.graph.node import Node, NodeContext
from flowbook.graph.options import Options
from flowbook.graph.suspension import Suspend
from flowbook.ids import PortName
from flowbook.nodes import waiting_examples as examples
from flowbook.nodes.durations import duration, duration_or_none
from flowbook.nodes.router import bare, condition_holds

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")


class Waiting(Node):
    """What nodes that wait have in common; `timeout` is for those that may wait in vain."""

    family: ClassVar[str] = "flow"

    timeout = traitlets.Any(None, help="Wait no longer than this: seconds, or 30s, 5m, 24h.").tag(
        config=True
    )

    @validate("timeout")
    def _check_timeout(self, proposal: dict[str, Any]) -> Any:
        return duration_or_none("timeout", proposal["value"])


class DelayNode(Node):
    """Waits for `seconds`, then passes on what it was given."""

    kind: ClassVar[str] = "delay"
    begins: ClassVar[str] = "seconds: 1"
    family: ClassVar[str] = "flow"
    example: ClassVar[str] = examples.DELAY
    defaults: ClassVar[Options] = Options(pure=True)

    seconds = traitlets.Any(0, help="How long: seconds, or a duration such as 90s, 5m, 2h.").tag(
        config=True
    )

    @validate("seconds")
    def _check_seconds(self, proposal: dict[str, Any]) -> float:
        return duration("seconds", proposal["value"])

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """Its input, when the time is over."""
        if context.resumption is None and self.seconds > 0:
            return Suspend(f"a delay of {self.seconds:g} s", until=self.seconds)
        return passed_on(inputs)


class WaitUntilNode(Waiting):
    """Waits until `time`, or until `condition` holds; then passes on what it was given.

    `time` is ISO 8601 with a zone (`2027-01-31T09:00+01:00`), or the time of a day (`09:00`), which
    is the next time it is that late in `timezone`. The condition is looked at when the node runs,
    and every `every` after; it reads the inputs, `waited` (seconds so far) and `now` (ISO 8601,
    UTC).
    """

    kind: ClassVar[str] = "wait_until"
    begins: ClassVar[str] = "condition: 1 == 1"
    example: ClassVar[str] = examples.WAIT_UNTIL
    defaults: ClassVar[Options] = Options(pure=True)
    untemplated: ClassVar[tuple[str, ...]] = ("condition",)

    time = Unicode(help="When to go on: ISO 8601 with a zone, or the time of a day.").tag(
        config=True
    )
    timezone = Unicode("UTC", help="The zone of a time of day, such as Europe/Oslo.").tag(
        config=True
    )
    condition = Unicode(help="An expression; the node goes on once it holds.").tag(config=True)
    every = traitlets.Any(
        60, help="Between two looks at the condition: 60, 30s, 5m; at least a second."
    ).tag(config=True)
    on_timeout = traitlets.Any(
        "fail", help="When the condition never held: fail, continue, or a value to give."
    ).tag(config=True)

    @validate("every")
    def _check_every(self, proposal: dict[str, Any]) -> float:
        return max(1.0, duration("every", proposal["value"]))

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """Its input, when it is time."""
        if bool(self.time) is bool(self.condition):
            raise UsageError(
                f"wait_until {self.name!r} needs a time or a condition, and not both",
                hint='time: "09:00", or condition: waited > 600',
            )
        if self.condition:
            return self._until_it_holds(context, inputs)
        if context.resumption is None:
            when = moment_of(self.time, self.timezone, datetime.now(UTC))
            if when > datetime.now(UTC):
                return Suspend(f"until {when.isoformat(timespec='seconds')}", until=when)
        return passed_on(inputs)

    def _until_it_holds(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        came, now = context.resumption, datetime.now(UTC)
        since = datetime.fromisoformat(came.data["since"]) if came else now
        if came is not None and came.timed_out:
            return passed_on(inputs)
        waited = (now - since).total_seconds()
        text = bare(self.condition)
        known: Mapping[Any, Any] = {**inputs, "waited": waited, "now": now.isoformat()}
        if condition_holds(self, context, "condition", text, known):
            return passed_on(inputs)
        until, deadline = now + timedelta(seconds=self.every), None
        if self.timeout is not None:
            deadline = since + timedelta(seconds=self.timeout)
        return Suspend(
            f"{text} (looked at every {self.every:g} s)",
            until=None if deadline is not None and until >= deadline else until,
            timeout=deadline,
            on_timeout=self.on_timeout,
            data={"since": since.isoformat()},
        )


class WaitSignalNode(Waiting):
    """Waits for a signal called `signal`, and gives what came with it."""

    kind: ClassVar[str] = "wait_signal"
    begins: ClassVar[str] = "signal: {name}"
    example: ClassVar[str] = examples.WAIT_SIGNAL

    signal = Unicode(help="The signal's name; the node's own when left out.").tag(config=True)
    on_timeout = traitlets.Any(
        "fail",
        help="When it does not come in time: fail, continue (giving nothing), or a value to give.",
    ).tag(config=True)

    fresh = Bool(
        False,
        help="Only a signal counts that is sent while the node waits; earlier ones are kept for "
        "others.",
    ).tag(config=True)

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """The payload of the signal."""
        if context.resumption is None:
            name = self.signal or str(self.name)
            return Suspend(
                f"signal {name}",
                signal=name,
                timeout=self.timeout,
                on_timeout=self.on_timeout,
                fresh=self.fresh,
            )
        return context.resumption.payload


def moment_of(text: str, zone: str, now: datetime) -> datetime:
    """The time that `text` means, seen from `now`; `UsageError` when it means none.

    >>> moment_of("09:00", "UTC", datetime(2027, 1, 31, 10, tzinfo=UTC)).isoformat()
    '2027-02-01T09:00:00+00:00'
    """
    clock = _CLOCK.fullmatch(text.strip())
    try:
        if clock is None:
            when = datetime.fromisoformat(text.strip())
        else:
            here = now.astimezone(ZoneInfo(zone))
            hour, minute, second = (int(part or 0) for part in clock.groups())
            at = time(hour, minute, second)
            when = datetime.combine(here.date(), at, here.tzinfo)
            if when <= now:
                when = datetime.combine(here.date() + timedelta(days=1), at, here.tzinfo)
    except (ValueError, KeyError, OSError) as error:
        raise UsageError(
            f"{text!r} in zone {zone!r} is no time: {error}",
            hint='write "2027-01-31T09:00+01:00" or "09:00"',
        ) from None
    if when.tzinfo is None:
        raise UsageError(
            f"{text!r} is a time without a zone", hint=f'write "{text}Z" for UTC, or "{text}+01:00"'
        )
    return when


def passed_on(inputs: Mapping[PortName, Any]) -> Any:
    """What a node was given, if that is one thing; all by name if it is more."""
    if len(inputs) == 1:
        return next(iter(inputs.values()))
    return dict(inputs) or None
