"""What a rule says: of which runs, when, to whom, and how often at most.

A rule is data, kept as JSON. What it asks for is one of a closed set of conditions; a text from
outside becomes a rule by `rule_of` alone, which checks it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

from flowbook.errors import InvalidRule
from flowbook.events import TriggerKind

LAB: Final = "lab"
"""The channel of those who have JupyterLab open: a notice is there for them when it is written."""
_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
_UNTOLD: Final = (TriggerKind.TEST, TriggerKind.EVAL, TriggerKind.SUBFLOW)
"""Runs that no rule watches unless it names their trigger; a test never."""

_Percent = Annotated[float, msgspec.Meta(gt=0, lt=100)]
_Count = Annotated[int, msgspec.Meta(ge=1, le=10_000)]


class Condition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="on"):
    """What has to be so of a run, or of a time of a schedule."""


class Failed(Condition, frozen=True, kw_only=True, tag="failed"):
    """A run failed, or was lost with its process."""


class TimedOut(Condition, frozen=True, kw_only=True, tag="timed_out"):
    """A run failed because its time, or that of a node, was over; or it had its time again."""


class Slow(Condition, frozen=True, kw_only=True, tag="slow"):
    """A run that succeeded took longer than `percentile` % of the `over` last ones before it did.

    With fewer than `least` of them nothing is slow.
    """

    percentile: _Percent = 95.0
    over: _Count = 50
    least: _Count = 10


class Heavy(Condition, frozen=True, kw_only=True, tag="resources"):
    """A run, or its node `node`, took more than `limit`, or than `percentile` % of the last ones.

    `what` is `cpu`, in seconds, or `memory`, in bytes at most at one time. Without `limit` only
    runs that succeeded count, as for `Slow`.
    """

    what: Literal["cpu", "memory"]
    node: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    limit: Annotated[float, msgspec.Meta(gt=0, le=1e18)] | None = None
    percentile: _Percent = 95.0
    over: _Count = 50
    least: _Count = 10


class Missed(Condition, frozen=True, kw_only=True, tag="missed"):
    """A time of a schedule has come, and nothing ran: it was missed, or skipped."""


class Recovered(Condition, frozen=True, kw_only=True, tag="recovered"):
    """A run succeeded, and the one before it had failed."""


When: TypeAlias = Failed | TimedOut | Slow | Heavy | Missed | Recovered
"""All that a rule can ask for."""


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a notice goes: a channel, and by its name the secret that has the address.

    `to`: who an e-mail is for. The address itself is never here.
    """

    channel: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    secret: Annotated[str, msgspec.Meta(max_length=128)] = ""
    to: Annotated[tuple[str, ...], msgspec.Meta(max_length=50)] = ()


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who is told of what.

    `flow` is a name, or a pattern such as `daily*`; `triggers` what the runs were started by, all
    but sub-flows and evaluations when it is empty. `quiet`: not more than one notice of a flow in
    so many seconds. `first_only`: only the first of a series of failures. `enabled_at`: seconds
    since the epoch from which on runs are watched; None for a rule that is off.

    >>> rule = rule_of({"name": "nightly", "when": {"on": "failed"}, "to": [{"channel": "lab"}]})
    >>> rule.watches("daily", TriggerKind.CRON), rule.watches("daily", TriggerKind.TEST)
    (True, False)
    """

    name: Annotated[str, msgspec.Meta(pattern=_NAME)]
    when: When
    to: Annotated[tuple[Target, ...], msgspec.Meta(min_length=1, max_length=20)]
    flow: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = "*"
    triggers: Annotated[tuple[TriggerKind, ...], msgspec.Meta(max_length=20)] = ()
    quiet: Annotated[float, msgspec.Meta(ge=0, le=366 * 86_400)] = 0.0
    first_only: bool = False
    enabled_at: float | None = None

    @property
    def enabled(self) -> bool:
        """True while it watches."""
        return self.enabled_at is not None

    def of_flow(self, flow: str) -> bool:
        """True for a flow that it is about."""
        return fnmatchcase(flow, self.flow)

    def watches(self, flow: str, trigger: str) -> bool:
        """True for a run that it is about; never for a test."""
        if trigger == TriggerKind.TEST or not self.of_flow(flow):
            return False
        return trigger in self.triggers if self.triggers else trigger not in _UNTOLD

    @property
    def words(self) -> str:
        """What it asks for, in words.

        >>> rule_of({"name": "n", "when": {"on": "slow"}, "to": [{"channel": "lab"}]}).words
        'slow (above 95 % of the last 50)'
        """
        if isinstance(self.when, Slow | Heavy):
            return _measured(self.when)
        return {
            Failed: "failed",
            TimedOut: "out of time",
            Missed: "nothing ran",
            Recovered: "recovered",
        }[type(self.when)]


def rule_of(said: Mapping[str, Any]) -> Rule:
    """The rule that plain data say; `InvalidRule` tells what does not fit, and in which field.

    A field within another is told by its path: `when.percentile`, `to.0.secret`.
    """
    try:
        rule = msgspec.convert(dict(said), Rule)
    except msgspec.ValidationError as refused:
        raise _misfit(refused) from None
    if rule.first_only and not isinstance(rule.when, Failed | TimedOut):
        raise InvalidRule(
            "first_only is about failures, and this rule is not",
            hint="quiet=… is for any rule",
            field="first_only",
        )
    if TriggerKind.TEST in rule.triggers:
        raise InvalidRule(
            "a test run tells nobody", hint="leave the trigger test out", field="triggers"
        )
    for place, target in enumerate(rule.to):
        _check_target(target, place)
    return rule


def _misfit(refused: msgspec.ValidationError) -> InvalidRule:
    """What `Expected `float` < 100.0 - at `$.when.percentile`` says, with its field."""
    what = str(refused).replace("`", "").replace("$.", "")
    missing = re.search(r"missing required field (\w+)", what)
    at = re.sub(r"\[(\d+)\]", r".\1", what.rpartition(" - at ")[2]) if " - at " in what else ""
    field = ".".join(part for part in (at, missing[1] if missing else "") if part)
    if field == "name" and not missing:
        what = (
            "its name begins with a letter or digit; in it are those, '_', '-' and '.', 64 at most"
        )
    return InvalidRule(f"this is no rule: {what}", hint="flowbook notify add --help", field=field)


def _check_target(target: Target, place: int) -> None:
    if target.channel == "email" and not target.to:
        raise InvalidRule(
            "an e-mail needs somebody it is for",
            hint="to=['ada@example.org']",
            field=f"to.{place}.to",
        )
    if target.channel in ("webhook", "slack", "discord") and not target.secret:
        raise InvalidRule(
            f"{target.channel} needs the name of the secret that has its address",
            hint=f"flowbook secrets set {target.channel}_hook, and secret={target.channel}_hook",
            field=f"to.{place}.secret",
        )


def _measured(when: Slow | Heavy) -> str:
    if isinstance(when, Slow):
        return f"slow (above {when.percentile:g} % of the last {when.over})"
    unit = "s of CPU time" if when.what == "cpu" else "bytes of memory"
    bar = f"{when.percentile:g} % of the last {when.over}"
    of = f" of {when.node}" if when.node else ""
    return f"{when.what}{of} above " + (bar if when.limit is None else f"{when.limit:,.15g} {unit}")
