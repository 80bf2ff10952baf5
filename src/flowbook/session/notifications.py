"""`project.notifications`: the rules about who is told of what, and what became of each notice.

A new rule is off: ask first what it would have told, then let it watch.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, cast

import msgspec

from flowbook.alerts.judging import judged, judged_slots
from flowbook.alerts.notice import Notice, identity
from flowbook.alerts.rule import LAB, Missed, Rule, rule_of
from flowbook.errors import FlowbookError, InvalidRule, UsageError
from flowbook.graph.options import did_you_mean, parse_duration
from flowbook.session.teller import Teller
from flowbook.session.telling import Slots, Telling

if TYPE_CHECKING:
    from pathlib import Path

    from flowbook.session.secrets import Keychain
    from flowbook.store.notices import DeliveryRow, Notices
    from flowbook.store.store import Store

_TOLD = 10


class Office(Protocol):
    """What notifications need of their project; `flowbook.Project` is one."""

    folder: Path

    @property
    def store(self) -> Store: ...
    @property
    def keychain(self) -> Keychain: ...


@dataclass(frozen=True, slots=True)
class RuleTest:
    """What a rule would have told in the last `days`, in that order."""

    rule: Rule
    days: float
    notices: tuple[Notice, ...]

    def __str__(self) -> str:
        times = "once" if len(self.notices) == 1 else f"{len(self.notices)} times"
        told = [f"run {one.run}" if one.run else one.message for one in self.notices]
        more = [f"and {len(told) - _TOLD} more"] if len(told) > _TOLD else []
        which = ": " + ", ".join(told[:_TOLD] + more) if told else ""
        return f"would have fired {times} in the last {self.days:g} days{which}"

    def to_json(self) -> dict[str, Any]:
        """It as plain data."""
        return {
            "rule": self.rule.name,
            "days": self.days,
            "fired": len(self.notices),
            "notices": [msgspec.to_builtins(one) for one in self.notices],
        }


class Notifications:
    """The rules of a project.

    >>> from tempfile import mkdtemp; from pathlib import Path
    >>> from flowbook.session.project import Project
    >>> rules = Project(Path(mkdtemp())).notifications
    >>> rule = rules.add("nightly", "failed", to="lab", flow="daily*", quiet="1h")
    >>> print(rules.test("nightly"))
    would have fired 0 times in the last 30 days
    >>> rules.enable("nightly").enabled
    True
    >>> rules.retry_failed("nightly")
    ()
    """

    def __init__(self, office: Office, teller: Teller, telling: Telling) -> None:
        self._office = office
        self._teller = teller
        self._telling = telling

    @property
    def _notices(self) -> Notices:
        return self._office.store.notices

    @property
    def slots(self) -> list[Slots]:
        """Where times of schedules without a run are found: append what gives them."""
        return self._telling.slots

    # ------------------------------------------------------------ rules

    def rules(self) -> tuple[Rule, ...]:
        """All rules, by name."""
        return self._notices.rules()

    def rule(self, name: str) -> Rule:
        """The rule of that name; `UsageError` when there is none."""
        known = {one.name: one for one in self.rules()}
        if name not in known:
            raise _unknown(name, known)
        return known[name]

    def add(
        self,
        name: str,
        when: str | Mapping[str, Any],
        *,
        to: str | Sequence[str | Mapping[str, Any]] = LAB,
        secret: str = "",
        enable: bool = False,
        **said: Any,
    ) -> Rule:
        """Make a rule, or another one in the place of that name; off unless `enable` is said.

        `when` is failed, timed_out, slow, resources, missed or recovered, or a mapping with that
        as `on` and its numbers (`{"on": "slow", "percentile": 99}`); `to` a channel, whose address
        is the secret of the name `secret`, or several with theirs; what else is said is as in
        `Rule`, `quiet` being seconds or text such as `1h`. Raises `UsageError` for what is no rule.
        """
        fresh = self.made(name, when, to=to, secret=secret, **said)
        if enable:
            fresh = msgspec.structs.replace(fresh, enabled_at=time.time())
        self._notices.keep(name, lambda _: fresh)
        return fresh

    def made(
        self,
        name: str,
        when: str | Mapping[str, Any],
        *,
        to: str | Sequence[str | Mapping[str, Any]] = LAB,
        secret: str = "",
        **said: Any,
    ) -> Rule:
        """The rule that `add` would make, to `test` it or to `say` a word by it; nothing is kept.

        Raises `InvalidRule` with the field that does not fit, `UsageError` for one that there is
        not.
        """
        unknown = sorted(said.keys() - {*Rule.__struct_fields__})
        if unknown:
            raise UsageError(
                f"a rule has no {unknown[0]}", hint=did_you_mean(unknown[0], Rule.__struct_fields__)
            )
        targets = [to] if isinstance(to, str) else list(to)
        given = {
            "name": name,
            "when": {"on": when} if isinstance(when, str) else dict(when),
            "to": [_target(one, secret) for one in targets],
            **said,
            "enabled_at": None,
        }
        try:
            given["quiet"] = parse_duration(said.get("quiet") or 0)
        except ValueError as refused:
            raise InvalidRule(
                f"quiet cannot be {said['quiet']!r}: {refused}", hint="quiet='1h'", field="quiet"
            ) from None
        rule = rule_of(given)
        self._check_channels(rule)
        return rule

    def enable(self, name: str) -> Rule:
        """Let a rule watch from now on: of what was over before it tells nobody."""
        return self._changed(name, time.time())

    def disable(self, name: str) -> Rule:
        """Let a rule watch no longer."""
        return self._changed(name, None)

    def remove(self, name: str) -> None:
        """Take a rule away; what it told stays. `UsageError` when there is none."""
        self.rule(name)
        self._notices.keep(name, lambda _: None)

    def _changed(self, name: str, at: float | None) -> Rule:
        def change(before: Rule | None) -> Rule:
            if before is None:
                raise _unknown(name, ())
            if before.enabled == (at is not None):
                return before
            return msgspec.structs.replace(before, enabled_at=at)

        self.rule(name)
        return cast("Rule", self._notices.keep(name, change))

    @staticmethod
    def _check_channels(rule: Rule) -> None:
        from flowbook.nodes.notify.channels import channel

        for place, target in enumerate(rule.to):
            if target.channel != LAB:
                try:
                    channel(target.channel)
                except UsageError as unknown:
                    raise InvalidRule(
                        unknown.message, hint=unknown.hint, field=f"to.{place}.channel"
                    ) from None

    def channels(self) -> tuple[str, ...]:
        """What a rule can tell by: JupyterLab first, then our channels and those of others."""
        from flowbook.nodes.notify.channels import channels

        return (LAB, *channels())

    def doubts(self, rule: Rule) -> tuple[str, ...]:
        """What would be in the way of telling somebody as things stand, in words."""
        found = []
        for target in rule.to:
            try:
                self._telling.prepared(target)
            except FlowbookError as missing:
                found.append(". ".join(filter(None, (missing.message, missing.hint))))
        return tuple(dict.fromkeys(found))

    # ------------------------------------------------------------ what it tells

    def test(self, name: str | Rule, days: float = 30) -> RuleTest:
        """What a rule would have told in the last `days`, had it been on; tells nobody.

        Raises `UsageError` when there is no such rule, or for no time at all.
        """
        if not 0 < days <= 3660:
            raise UsageError(f"{days:g} days lie outside of 0 to 3660")
        from flowbook.store.judging import facts

        rule = name if isinstance(name, Rule) else self.rule(name)
        until = datetime.now(UTC)
        since = until - timedelta(days=days)
        if isinstance(rule.when, Missed):
            found = [one for slots in self.slots for one in slots(since.timestamp())]
            found.sort(key=lambda one: one.scheduled_for)
            return RuleTest(rule, days, tuple(judged_slots(rule, found)))
        runs = facts(self._notices.snapshot, rule, since=since)
        return RuleTest(rule, days, tuple(judged(rule, runs)))

    def say(self, name: str | Rule) -> dict[str, str]:
        """Send a word to all whom a rule tells: `sent`, or what is in the way, by channel."""
        rule = name if isinstance(name, Rule) else self.rule(name)
        now = time.time()
        notice = Notice(
            id=identity(rule.name, str(now)),
            rule=rule.name,
            event="test",
            flow=rule.flow,
            happened_at=now,
            message=f"A word from the rule {rule.name!r}: this is how it tells you",
            level="info",
        )
        found: dict[str, str] = {}
        for target in rule.to:
            found.setdefault(target.channel, "sent")
            if target.channel == LAB:
                continue
            try:
                asyncio.run(self._telling.deliver(notice, target, notice.key(target)))
            except Exception as failed:  # noqa: BLE001 - a channel of anybody may raise anything
                found[target.channel] = self._telling.told(failed)
        return found

    def history(self, **narrowed: Any) -> tuple[DeliveryRow, ...]:
        """Who was told of what, the latest first.

        Narrow it by `id`, `flow`, `rule`, `run`, `channel`, `status` and `since`; 100 at most,
        unless `limit` says otherwise.
        """
        return self._notices.deliveries(**narrowed)

    def retry(self, id: str) -> DeliveryRow:
        """Send a delivery again that has failed for good: it waits from now on, and is due at once.

        Returns at once; it has as many attempts as a new one, with the same `Idempotency-Key`.
        Raises `UsageError` for one that was sent, that waits, or that there is not.
        """
        (asked,) = self._notices.ask_again([id])
        self._teller.nudge()
        return asked

    def retry_failed(self, rule: str) -> tuple[DeliveryRow, ...]:
        """Send all deliveries of a rule again that have failed for good, as `retry` does.

        The rule may be gone by now. Where nothing of it has failed, nothing is sent.
        """
        failed = self.history(rule=rule, status="failed", limit=10_000)
        asked = self._notices.ask_again(one.id for one in failed)
        if asked:
            self._teller.nudge()
        return asked

    def deliver(self) -> float | None:
        """Judge and send now what waits; seconds until a further attempt, None for none.

        Raises `StoreBusy` when another process is at it.
        """
        return self._telling.sweep() if self._notices.in_use else None


class Notifying:
    """The part of a project that tells people."""

    @cached_property
    def telling(self) -> Telling:
        """Who judges and sends."""
        home = cast("Any", self)
        return Telling(home, slots=[lambda since: home.schedules.agenda.skipped(since)])

    @cached_property
    def teller(self) -> Teller:
        """The thread in which that is done."""
        from flowbook.store.layout import Layout

        office = cast("Office", self)
        mark = Layout(office.folder).notices
        return Teller(lambda: self.telling, mark.exists)

    @cached_property
    def notifications(self) -> Notifications:
        """Rules about who is told of what: `add`, `test`, `enable`, `history`."""
        return Notifications(cast("Office", self), self.teller, self.telling)


def _target(one: str | Mapping[str, Any], secret: str) -> dict[str, Any]:
    if not isinstance(one, str):
        return dict(one)
    return {"channel": one, "secret": secret} if secret and one != LAB else {"channel": one}


def _unknown(name: str, known: Any) -> UsageError:
    hint = did_you_mean(name, tuple(known)) if known else "flowbook notify list"
    return UsageError(f"there is no rule {name!r}", hint=hint)
