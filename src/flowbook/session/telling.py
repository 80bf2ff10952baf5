"""Telling: what the rules have to say of all that is over is kept, and what is kept is sent.

Both are done by whoever has the lock of `flowbook.store.notices`, in that order. What was sent is
noted at once, one by one, so that a process that is killed sends again only what it had not noted,
with the same `Idempotency-Key`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from msgspec import structs

from flowbook.alerts.facts import Slot
from flowbook.alerts.judging import judged, judged_slots, slot_subject
from flowbook.alerts.notice import Notice
from flowbook.alerts.rule import Missed, Rule, Target
from flowbook.errors import FlowbookError, UsageError
from flowbook.store.judging import facts, unjudged

if TYPE_CHECKING:
    from flowbook.session.secrets import Keychain
    from flowbook.store.notices import Notices, Waiting
    from flowbook.store.store import Store

ATTEMPT_SECONDS: Final = 10.0
"""How long an attempt may take."""
BACKOFF: Final = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 10_800.0)
"""Seconds until the next attempt, after the first, the second, …; then it is given up."""
_AT_ONCE: Final = 8
_ERROR_LENGTH: Final = 500
_MAIL: Final = ("server", "security", "sender", "user", "secret")

Slots: TypeAlias = Callable[[float], Iterable[Slot]]
"""Gives the times of schedules since then (seconds since the epoch) that brought no run."""


class Office(Protocol):
    """What telling needs of its project; `flowbook.Project` is one."""

    @property
    def store(self) -> Store: ...
    @property
    def keychain(self) -> Keychain: ...


@dataclass(slots=True)
class Telling:
    """Judges and sends for one project. `backoff` is as `BACKOFF`."""

    office: Office
    backoff: tuple[float, ...] = BACKOFF
    slots: list[Slots] = field(default_factory=list)
    """Where times of schedules without a run are found."""

    @property
    def notices(self) -> Notices:
        """What the project keeps of it."""
        return self.office.store.notices

    def sweep(self) -> float | None:
        """Judge what is over, and send what waits; seconds until there is more, None for nothing.

        Raises `StoreBusy` at once when another process is at it.
        """
        with self.notices.mine():
            self.judge()
            return self.send()

    def judge(self, now: float | None = None) -> int:
        """Ask the rules about all that is over and was not judged; how many notices that makes."""
        rules = [rule for rule in self.notices.rules() if rule.enabled]
        if not rules:
            return 0
        since = min(rule.enabled_at or 0.0 for rule in rules)
        found = unjudged(self.notices.snapshot, since, time.time() if now is None else now)
        slots = self._new_slots(rules)
        if not found.runs and not slots:
            return 0
        told_at = self.notices.told_at()
        told = []
        for rule in rules:
            last = {flow: at for (name, flow), at in told_at.items() if name == rule.name}
            for notice in self._of(rule, found.runs, slots, last):
                told.append((self._plain(notice), rule.to))
        return self.notices.write(told, found, tuple(map(slot_subject, slots)))

    def _of(
        self, rule: Rule, runs: Iterable[str], slots: list[Slot], last: Mapping[str, float]
    ) -> Iterable[Notice]:
        since = rule.enabled_at or 0.0
        if isinstance(rule.when, Missed):
            mine = [one for one in slots if one.scheduled_for.timestamp() >= since]
            return judged_slots(rule, mine, last)
        begin = dt.datetime.fromtimestamp(since, dt.UTC)
        ids = tuple(runs)
        found = facts(self.notices.snapshot, rule, runs=ids, since=begin) if ids else []
        return judged(rule, found, last)

    def _new_slots(self, rules: list[Rule]) -> list[Slot]:
        since = [rule.enabled_at or 0.0 for rule in rules if isinstance(rule.when, Missed)]
        if not since or not self.slots:
            return []
        known = self.notices.judged_slots()
        found = (one for slots in self.slots for one in slots(min(since)))
        new = {slot_subject(one): one for one in found}
        return sorted(
            (one for subject, one in new.items() if subject not in known),
            key=lambda one: one.scheduled_for,
        )

    def _plain(self, notice: Notice) -> Notice:
        """The notice without secrets: those of this process are known to it alone."""
        told = self.office.keychain.told
        return structs.replace(
            notice,
            error=told(notice.error),
            message=told(notice.message),
            fields={name: told(value) for name, value in notice.fields.items()},
        )

    # ------------------------------------------------------------ sending

    def send(self) -> float | None:
        """Send what is due; seconds until something is, None when nothing waits."""
        waiting, now = self.notices.waiting(), time.time()
        due = [one for one in waiting if one.next_at is None or one.next_at <= now]
        later = [one.next_at for one in waiting if one.next_at is not None and one.next_at > now]
        later += asyncio.run(self._send_all(due)) if due else []
        return max(0.0, min(later) - time.time()) if later else None

    async def _send_all(self, due: list[Waiting]) -> list[float]:
        """The times of further attempts."""
        places = asyncio.Semaphore(_AT_ONCE)

        async def one_by_one(one: Waiting) -> float | None:
            async with places:
                return await self._attempt(one)

        return [at for at in await asyncio.gather(*map(one_by_one, due)) if at is not None]

    async def _attempt(self, one: Waiting) -> float | None:
        """Try to deliver, and note what became of it; the time of the next attempt, if any."""
        outcome, error, retry_at = "sent", None, None
        try:
            await self.deliver(one.notice, one.target, one.id)
        except Exception as failed:  # noqa: BLE001 - a channel of anybody may raise anything
            error = self.told(failed)
            retry_at = self._retry_at(failed, one.attempts)
            outcome = "failed" if retry_at is None else "retry"
        await asyncio.to_thread(self.notices.tried, one, outcome, error, retry_at)
        return retry_at

    async def deliver(self, notice: Notice, target: Target, key: str) -> None:
        """Deliver a notice once; raises what its channel does."""
        from flowbook.nodes.notify.channels import channel
        from flowbook.nodes.notify.delivery import Delivery

        by = channel(target.channel)
        address, settings = self.prepared(target)
        await by.send(_payload(notice), Delivery(address, key, ATTEMPT_SECONDS, settings))

    def prepared(self, target: Target) -> tuple[str, Mapping[str, Any]]:
        """The address, and what else its channel is told.

        Raises `SecretMissing`, and `UsageError` while e-mail is off.
        """
        settings, secret = self._settings(target)
        return self.office.keychain.secret(secret) if secret else "", settings

    def _settings(self, target: Target) -> tuple[Mapping[str, Any], str]:
        """What the channel is told beside the address, and the name of the secret that has it."""
        if target.channel != "email":
            return {"to": list(target.to)}, target.secret
        said = {one: str(self.office.store.settings.get(f"mail_{one}")) for one in _MAIL}
        said = {one: "" if value == "none" else value for one, value in said.items()}
        if not said["server"] or not said["sender"]:
            raise UsageError(
                "e-mail is off: the project's settings name no server and sender",
                hint="flowbook store settings mail_server mail.example.org, and mail_sender",
            )
        security = self.office.store.settings.get("mail_security")
        secret = target.secret or said["secret"]
        settings = said | {"security": security, "to": list(target.to)}
        return settings, secret if said["user"] else ""

    def _retry_at(self, failed: Exception, attempts: int) -> float | None:
        final = getattr(failed, "final", False) or isinstance(failed, UsageError)
        if final or attempts >= len(self.backoff):
            return None
        asked = getattr(failed, "retry_after", None) or 0.0
        return time.time() + max(self.backoff[attempts], float(asked))

    def told(self, failed: Exception) -> str:
        """What went wrong, without secrets."""
        known = isinstance(failed, FlowbookError)
        said = failed.message if isinstance(failed, FlowbookError) else str(failed)
        text = said if known else f"{type(failed).__name__}: {said}".removesuffix(": ")
        return self.office.keychain.told(text)[:_ERROR_LENGTH]


def _payload(notice: Notice) -> Any:
    """The notice as channels take it."""
    from flowbook.nodes.notify import payloads

    return payloads.Notice(
        event=notice.event,
        flow=notice.flow,
        title=notice.flow,
        run_id=notice.run or "-",
        timestamp=payloads.stamp(dt.datetime.fromtimestamp(notice.happened_at, dt.UTC)),
        error=notice.error,
        message=notice.message,
        fields=notice.fields,
        level=notice.level,
    )
