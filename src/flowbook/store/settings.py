"""The settings of a project, and what single flows say instead.

A closed set: `SETTINGS` is the whole of it, with what each takes and what holds until somebody says
otherwise. A change is a journalled fact like any other and leaves an entry in the audit, so that
every process sees it at its next look.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from flowbook.errors import UsageError
from flowbook.ids import FlowId
from flowbook.store.audit import Action, AuditLog
from flowbook.store.facts import SettingChanged, StoredFact
from flowbook.store.keeping import FOREVER, PRESETS, Keep
from flowbook.store.snapshot import Snapshot
from flowbook.store.turn import turn

Value: TypeAlias = str | bool
"""What a setting has."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set. `parse` gives the value as it is kept, or raises `UsageError`."""

    says: str
    default: Value
    parse: Callable[[object], Value]
    per_flow: bool = False


@dataclass(frozen=True, slots=True)
class SettingRow:
    """What holds: of the project, or of `flow`. `is_default` when nobody has set it."""

    name: str
    value: Value
    flow: FlowId | None = None
    is_default: bool = False


def _kept(value: object) -> str:
    return str(Keep.parse(value))


def _kept_for(value: object) -> str:
    keep = Keep.parse(value)
    if keep.last is not None:
        raise UsageError(f"{value!r} counts runs, and this is about time", hint="write 90d")
    return str(keep)


def _bytes(value: object) -> str:
    found = re.fullmatch(r"(\d{1,6})\s*(kb|mb|gb|)", str(value).strip().lower())
    if found is None:
        raise UsageError(f"{value!r} is no size", hint="write 256MB, 2GB, or 0 for none")
    return f"{int(found[1])}{found[2].upper()}"


def bytes_of(size: str) -> int:
    """How many bytes a size setting is.

    >>> bytes_of("256MB"), bytes_of("0")
    (268435456, 0)
    """
    digits = size.rstrip("KMGB")
    return int(digits) * {"": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30}[size[len(digits) :]]


def _switch(value: object) -> bool:
    words = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
    found = words.get(str(value).strip().lower())
    if found is None:
        raise UsageError(f"{value!r} is neither true nor false", hint="write true or false")
    return found


SETTINGS: Mapping[str, Setting] = {
    "retention": Setting(
        f"how long runs are kept: {', '.join(PRESETS)}, any number of days, or last:50",
        FOREVER,
        _kept,
        per_flow=True,
    ),
    "audit_retention": Setting(
        f"how long audit entries are kept: {', '.join(PRESETS)} or any number of days",
        FOREVER,
        _kept_for,
    ),
    "archive": Setting(
        "keep journal files that are folded instead of removing them", False, _switch
    ),
    "cache_memory": Setting(
        "how much of what the cache gives each process holds in memory: 256MB, 2GB, 0 for nothing",
        "256MB",
        _bytes,
    ),
}
"""Every setting, by name."""


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
    ) -> None:
        self._snapshot = snapshot
        self._append = append
        self._audit = audit
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
            if fresh == before.get((name, flow)):
                return _effective(before, name, flow)
            after = {**before, (name, flow): fresh}
            entry = self._audit.entry(
                Action.SETTING_CHANGED,
                flow=flow,
                actor=actor,
                setting=name,
                before=_effective(before, name, flow),
                after=_effective(after, name, flow),
            )
            whose = None if flow is None else FlowId(flow)
            raw = msgspec.Raw(msgspec.json.encode(fresh))
            at = max(time.time(), self._last_change() + 1e-6)  # the latest holds, by any clock
            fact = SettingChanged(at=at, name=name, value=raw, flow=whose)
            self._append([entry, fact]).result()
            self.changes += 1
        return _effective(after, name, flow)

    def all(self) -> tuple[SettingRow, ...]:
        """Every setting of the project, then what single flows say instead."""
        told = self._told()
        rows = [
            SettingRow(name, told.get((name, None), one.default), None, (name, None) not in told)
            for name, one in SETTINGS.items()
        ]
        own = [(name, flow) for name, flow in told if flow is not None]
        rows += [SettingRow(name, told[name, flow], FlowId(flow)) for name, flow in sorted(own)]
        return tuple(rows)

    def retentions(self) -> dict[str | None, Keep]:
        """How long runs are kept, by flow; under None what holds for all others."""
        found = {flow: Keep.parse(v) for (name, flow), v in self._told().items()
                 if name == "retention"}  # fmt: skip
        return {None: Keep(), **found}

    def _told(self) -> dict[tuple[str, str | None], Value]:
        """What was set and not taken back."""
        with self._snapshot.look("settings") as view:
            rows = view.execute("SELECT name, flow, value FROM settings").fetchall()
        told: dict[tuple[str, str | None], Value] = {}
        for name, flow, text in rows:
            value = msgspec.json.decode(text or "null")
            if name in SETTINGS and value is not None:  # a newer flowbook may know others
                told[name, flow] = value
        return told

    def _last_change(self) -> float:
        with self._snapshot.look("settings") as view:
            rows = view.execute("SELECT max(epoch_us(changed_at)) FROM settings").fetchall()
        return (rows[0][0] or 0) / 1e6


def _effective(
    told: Mapping[tuple[str, str | None], Value | None], name: str, flow: str | None
) -> Value:
    for whose in (flow, None):
        value = told.get((name, whose))
        if value is not None:
            return value
    return SETTINGS[name].default


def _known(name: str) -> Setting:
    if name not in SETTINGS:
        raise UsageError(f"there is no setting {name!r}", hint=f"there are {', '.join(SETTINGS)}")
    return SETTINGS[name]
