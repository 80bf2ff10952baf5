"""The settings of a project, and what single flows say instead.

A closed set: `SETTINGS` (`flowbook.store.settable`) is the whole of it. A change is a
journalled fact like any other and leaves an entry in the audit, so that every process sees it at
its next look.

A flow may have a say in its own settings by its definition. That is recorded too, for processes
that never load the flow, under a name of its own: what somebody sets for the flow stands before it,
and taking that back brings it out again. It is recorded by the way, since a run that starts does
not wait for a look; until then it holds in this process.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from flowbook.errors import UsageError
from flowbook.ids import FlowId
from flowbook.store.audit import Action, AuditLog, who
from flowbook.store.facts import SettingChanged, StoredFact
from flowbook.store.keeping import Keep
from flowbook.store.settable import SETTINGS, Setting, Value
from flowbook.store.slots import NO_LIMITS, limits_of
from flowbook.store.snapshot import LOCK_SECONDS, Snapshot
from flowbook.store.turn import TURN_SECONDS, turn

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_Key: TypeAlias = tuple[str, str | None]
_SAID = "{} said by the flow"
"""The name under which a flow's own say is recorded; nobody can set it."""


class Origin(StrEnum):
    """Who says what a setting is: nobody, somebody who set it, or the flow's own definition."""

    DEFAULT = "default"
    SET = "set"
    FLOW = "flow"


@dataclass(frozen=True, slots=True)
class SettingRow:
    """What holds: of the project, or of `flow`; `origin` is who says so."""

    name: str
    value: Value
    flow: FlowId | None = None
    origin: Origin = Origin.SET

    @property
    def is_default(self) -> bool:
        """True when nobody has said anything."""
        return self.origin is Origin.DEFAULT


@dataclass(frozen=True, slots=True)
class _Said:
    """What a flow says of itself, None for nothing, and in whose hands it was then."""

    value: Value | None
    actor: str
    source: str


class Settings:
    """The settings of one project.

    >>> import tempfile; from pathlib import Path; from flowbook.store.store import Store
    >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
    >>> store.settings.set("retention", "30d")
    '30d'
    >>> store.settings.get("retention", flow="tour")
    '30d'
    >>> store.close()
    """

    def __init__(
        self,
        snapshot: Snapshot,
        append: Callable[[list[StoredFact]], Future[None]],
        audit: AuditLog,
        limit: Callable[[Mapping[str, int]], object] = lambda _: None,
    ) -> None:
        self._snapshot = snapshot
        self._append = append
        self._audit = audit
        self._limit = limit
        """Called with the setting `limits` when it is set."""
        self._gate = threading.Lock()
        self._said: dict[_Key, _Said] = {}
        """What flows said in this process."""
        self._unsettled: dict[_Key, _Said] = {}
        self.changes = 0
        """How many changes this process has made."""

    def get(self, name: str, flow: str | None = None) -> Value:
        """What holds, for `flow` or the whole project; `UsageError` for a name that is none."""
        _known(name)
        return _effective(self._told(), name, flow)

    def set(
        self, name: str, value: object, flow: str | None = None, *, actor: str | None = None
    ) -> Value:
        """Set `name`, of `flow` only if that is given; None takes back what was set.

        Gives the value that holds from now on. Raises `UsageError` for a name, value or flow that
        does not fit.
        """
        setting = _known(name)
        if flow is not None and not setting.per_flow:
            raise UsageError(f"{name} is a setting of the project, not of a flow")
        fresh = None if value is None else setting.parse(value)
        with turn(self._snapshot.layout):
            before = self._told()
            after = {**before, (name, flow): fresh}
            if fresh == before.get((name, flow)):
                self._put_in_force(name, fresh)
                return _effective(before, name, flow)
            entry = self._entry(name, flow, before, after, actor=actor)
            fact = self._fact(name, flow, fresh, self._last_change())
            self._append([entry, fact]).result()
            self.changes += 1
            self._put_in_force(name, fresh)
        return _effective(after, name, flow)

    def _put_in_force(self, name: str, value: Value | None) -> None:
        if name == "limits":
            self._limit(limits_of(str(value or NO_LIMITS)))

    def declare(self, name: str, value: object, flow: str) -> None:
        """Take note of what a flow's definition says; None for nothing.

        Costs nothing, and does not wait. It holds in this process at once and is recorded, if it is
        news, by `settle`. Raises `UsageError` as `set` does.
        """
        setting = _known(name)
        fresh = None if value is None else setting.parse(value)
        key = (_SAID.format(name), flow)
        with self._gate:
            known = self._said.get(key)
            if known is None or known.value != fresh:
                self._said[key] = self._unsettled[key] = _Said(fresh, *who())

    def settle(self, budget: float | None = None) -> int:
        """Record what flows have said; how much of it was news.

        Raises `StoreBusy` when others are in the way for longer than `budget` seconds; it is then
        still to be done.
        """
        with self._gate:
            unsettled = dict(self._unsettled)
        if not unsettled:
            return 0
        with turn(self._snapshot.layout, TURN_SECONDS if budget is None else budget):
            before = self._recorded(budget)
            facts: list[StoredFact] = []
            last = self._last_change(budget)
            for (name, flow), said in unsettled.items():
                if before.get((name, flow)) != said.value:
                    facts += self._news(name, flow, said, before, last)
            if facts:
                self._append(facts).result()
                self.changes += 1
        with self._gate:
            for key, said in unsettled.items():
                if self._unsettled.get(key) is said:
                    del self._unsettled[key]
        return len(facts) // 2

    def all(self) -> tuple[SettingRow, ...]:
        """Every setting of the project, then what holds for single flows instead."""
        told = self._told()
        rows = []
        for name, one in SETTINGS.items():
            origin = Origin.SET if (name, None) in told else Origin.DEFAULT
            rows.append(SettingRow(name, told.get((name, None), one.default), None, origin))
        for name in SETTINGS:
            for flow in _flows(told, name):
                origin = Origin.SET if (name, flow) in told else Origin.FLOW
                rows.append(SettingRow(name, _effective(told, name, flow), FlowId(flow), origin))
        return tuple(rows)

    def retentions(self) -> dict[str | None, Keep]:
        """How long runs are kept, by flow; under None what holds for all others."""
        told, name = self._told(), "retention"
        flows: list[str | None] = [None, *_flows(told, name)]
        return {flow: Keep.parse(_effective(told, name, flow)) for flow in flows}

    def _told(self) -> dict[_Key, Value]:
        """What was set and not taken back, and what flows say."""
        told = self._recorded()
        with self._gate:
            for key, said in self._unsettled.items():
                if said.value is not None:
                    told[key] = said.value
                else:
                    told.pop(key, None)
        return told

    def _recorded(self, budget: float | None = None) -> dict[_Key, Value]:
        names = {*SETTINGS, *map(_SAID.format, SETTINGS)}
        with self._look(budget) as view:
            rows = view.execute("SELECT name, flow, value FROM settings").fetchall()
        told: dict[_Key, Value] = {}
        for name, flow, text in rows:
            value = msgspec.json.decode(text or "null")
            if name in names and value is not None:  # a newer flowbook may know others
                told[name, flow] = value
        return told

    def _news(
        self, name: str, flow: str | None, said: _Said, before: Mapping[_Key, Value], last: float
    ) -> list[StoredFact]:
        """The entry and the fact of something new that a flow says."""
        after = {**before, (name, flow): said.value}
        setting = next(one for one in SETTINGS if _SAID.format(one) == name)
        by = {"actor": said.actor, "source": said.source, "reason": "the flow's definition says so"}
        return [
            self._entry(setting, flow, before, after, **by),
            self._fact(name, flow, said.value, last),
        ]

    def _entry(
        self,
        name: str,
        flow: str | None,
        before: Mapping[_Key, Value | None],
        after: Mapping[_Key, Value | None],
        **metadata: str | None,
    ) -> StoredFact:
        held: dict[str, Any] = {
            "before": _effective(before, name, flow),
            "after": _effective(after, name, flow),
        }
        return self._audit.entry(
            Action.SETTING_CHANGED, flow=flow, setting=name, **held, **metadata
        )

    @staticmethod
    def _fact(name: str, flow: str | None, value: Value | None, last: float) -> StoredFact:
        raw = msgspec.Raw(msgspec.json.encode(value))
        at = max(time.time(), last + 1e-6)  # the latest holds, by any clock
        whose = None if flow is None else FlowId(flow)
        return SettingChanged(at=at, name=name, value=raw, flow=whose)

    def _last_change(self, budget: float | None = None) -> float:
        with self._look(budget) as view:
            rows = view.execute("SELECT max(epoch_us(changed_at)) FROM settings").fetchall()
        return (rows[0][0] or 0) / 1e6

    def _look(self, budget: float | None) -> AbstractContextManager[DuckDBPyConnection]:
        return self._snapshot.look("settings", budget=LOCK_SECONDS if budget is None else budget)


def _effective(told: Mapping[_Key, Value | None], name: str, flow: str | None) -> Value:
    for key in ((name, flow), (_SAID.format(name), flow), (name, None)):
        value = told.get(key)
        if value is not None:
            return value
    return SETTINGS[name].default


def _flows(told: Mapping[_Key, Value], name: str) -> list[str]:
    """The flows of which something of their own is known."""
    said = _SAID.format(name)
    return sorted({flow for known, flow in told if known in (name, said) and flow is not None})


def _known(name: str) -> Setting:
    if name not in SETTINGS:
        raise UsageError(f"there is no setting {name!r}", hint=f"there are {', '.join(SETTINGS)}")
    return SETTINGS[name]
